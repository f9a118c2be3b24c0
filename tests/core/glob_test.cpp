#include <saccade/core/glob.hpp>

#include "support/catch.hpp"

using saccade::matches_glob;

static_assert(matches_glob("policy.weight", "policy.*"));

TEST_CASE("a pattern stands for whole names", "[glob]") {
  CHECK(matches_glob("encoder.entry", "encoder.entry"));
  CHECK_FALSE(matches_glob("encoder.entry", "encoder"));
  CHECK_FALSE(matches_glob("encoder.entry", "entry"));
  CHECK_FALSE(matches_glob("encoder", "encoder.entry"));
  CHECK(matches_glob("", ""));
  CHECK_FALSE(matches_glob("a", ""));
  CHECK_FALSE(matches_glob("", "?"));
}

TEST_CASE("a star is any characters, dots and none as well", "[glob]") {
  CHECK(matches_glob("", "*"));
  CHECK(matches_glob("encoder.trunk.0.bias", "*.bias"));
  CHECK(matches_glob("encoder.trunk.0.bias", "encoder.*.bias"));
  CHECK(matches_glob("encoder.", "encoder.*"));
  CHECK_FALSE(matches_glob("encoder", "encoder.*"));
  CHECK_FALSE(matches_glob("bias.weight", "*.bias"));
  CHECK(matches_glob("policy", "policy**"));
  // The first place where the rest could begin is not the right one.
  CHECK(matches_glob("a.bias.bias", "*.bias"));
  CHECK(matches_glob("abcabd", "*ab?"));
  CHECK(matches_glob("mississippi", "m*si*p?"));
  CHECK_FALSE(matches_glob("mississippi", "m*si*z?"));
}

TEST_CASE("a question mark is one character", "[glob]") {
  CHECK(matches_glob("encoder.stage2.weight", "encoder.stage?.*"));
  CHECK_FALSE(matches_glob("encoder.stage.weight", "encoder.stage?.*"));
  CHECK_FALSE(matches_glob("encoder.stage12.weight", "encoder.stage?.*"));
}
