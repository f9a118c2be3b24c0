#include <saccade/math/random_sequence.hpp>

#include "support/catch.hpp"

#include <array>
#include <map>
#include <vector>

using namespace saccade;

TEST_CASE("a sequence hands out the words of its draw in order", "[random]") {
  const RandomKey key{.seed = 7, .stream = RandomStream::user, .counter = 3};
  math::RandomSequence random(key);
  for (std::uint32_t element = 0; element < 3; ++element) {
    for (const std::uint32_t word : math::random_block(key, element).word) CHECK(random.next() == word);
  }
}

TEST_CASE("words that are left out are those that would have come", "[random]") {
  for (std::uint32_t before = 0; before < 10; ++before) {
    for (std::uint32_t words = 0; words < 14; ++words) {
      math::RandomSequence one_by_one({.seed = 3}), skipping({.seed = 3});
      for (std::uint32_t i = 0; i < before; ++i) CHECK(one_by_one.next() == skipping.next());
      for (std::uint32_t i = 0; i < words; ++i) one_by_one.next();
      skipping.skip(words);
      for (int i = 0; i < 6; ++i) CHECK(one_by_one.next() == skipping.next());
    }
  }
}

TEST_CASE("bounded numbers reach both ends and no further", "[random]") {
  math::RandomSequence random({.seed = 1});
  std::map<int, int> seen;
  for (int i = 0; i < 3000; ++i) ++seen[random.between(-1, 1)];
  CHECK(seen.size() == 3);
  // 1000 expected of each; the standard deviation is 26.
  for (const int value : {-1, 0, 1}) CHECK(seen[value] == Approx(1000).margin(130));
}

TEST_CASE("every order of three is as likely", "[random]") {
  std::map<std::vector<int>, int> seen;
  math::RandomSequence random({.seed = 2});
  for (int i = 0; i < 6000; ++i) {
    std::vector<int> values = {0, 1, 2};
    math::shuffle(values, random);
    ++seen[values];
  }
  CHECK(seen.size() == 6);
  // 1000 expected of each; the standard deviation is 29.
  for (const auto& [order, count] : seen) CHECK(count == Approx(1000).margin(145));
}
