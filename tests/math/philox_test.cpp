#include <saccade/math/philox.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <set>

using namespace saccade;

namespace {

void check_words(math::PhiloxBlock block, std::uint32_t w0, std::uint32_t w1, std::uint32_t w2, std::uint32_t w3) {
  CHECK(block.word[0] == w0);
  CHECK(block.word[1] == w1);
  CHECK(block.word[2] == w2);
  CHECK(block.word[3] == w3);
}

}  // namespace

TEST_CASE("philox gives the published known answers", "[philox]") {
  // kat_vectors of Random123, philox4x32 with 10 rounds: zeros, ones, the digits of pi.
  check_words(math::philox({{0, 0, 0, 0}}, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  check_words(math::philox({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff), 0x408f276d,
              0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  check_words(math::philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0), 0xd16cfe09,
              0x94fdcceb, 0x5001e420, 0x24126ea1);
}

TEST_CASE("a random block depends on every part of its key", "[philox]") {
  const RandomKey key{.seed = 5, .stream = RandomStream::location, .counter = 7, .first = 3};
  std::set<std::uint32_t> firsts;
  const auto add = [&](const RandomKey& k, std::uint32_t element) {
    firsts.insert(math::random_block(k, element).word[0]);
  };
  add(key, 0);
  add(key, 1);
  for (const std::uint64_t bit : {std::uint64_t{1}, std::uint64_t{1} << 40}) {
    RandomKey other = key;
    other.seed += bit;
    add(other, 0);
    other = key;
    other.counter += bit;
    add(other, 0);
  }
  RandomKey other = key;
  other.stream = RandomStream::category;
  add(other, 0);
  CHECK(firsts.size() == 7);
}

TEST_CASE("a part of a batch draws what the whole batch draws", "[philox]") {
  const RandomKey whole{.seed = 11};
  RandomKey part = whole;
  part.first = 40;
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(math::random_block(part, i).word[2] == math::random_block(whole, 40 + i).word[2]);
  }
}

TEST_CASE("a word becomes a number strictly between 0 and 1, exact in single precision", "[philox]") {
  CHECK(math::unit_interval(0) == 1.0 / 16777216.0);
  CHECK(math::unit_interval(0xffffffff) == 1.0 - 1.0 / 16777216.0);
  CHECK(math::unit_interval(0x80000000) == 0.5 + 1.0 / 16777216.0);
  for (const std::uint32_t word : {0u, 511u, 512u, 0x12345678u, 0xffffffffu}) {
    CHECK(static_cast<double>(static_cast<float>(math::unit_interval(word))) == math::unit_interval(word));
  }
}
