#include <saccade/math/random_sequence.hpp>
#include <saccade/metrics/pixel_fraction.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("the paper's five glimpses process 19.48 % of an image", "[metrics]") {
  const std::vector<Box> apart = {
      {0, 0, 112, 112}, {200, 0, 112, 112}, {400, 0, 112, 112}, {0, 200, 112, 112}, {200, 200, 112, 112}};
  const PixelFraction fraction = pixel_fraction(apart, 700, 460);
  CHECK(fraction.processed == Approx(5.0 * 112 * 112 / (700 * 460)));
  CHECK(fraction.processed == Approx(0.1948).epsilon(1e-3));
  CHECK(fraction.unique == fraction.processed);
}

TEST_CASE("overlaps and what lies outside count once and not at all", "[metrics]") {
  const std::vector<Box> twice = {{10, 10, 10, 10}, {10, 10, 10, 10}};
  CHECK(pixel_fraction(twice, 100, 100).processed == Approx(0.02));
  CHECK(pixel_fraction(twice, 100, 100).unique == Approx(0.01));
  const std::vector<Box> corner = {{-5, -5, 10, 10}};
  CHECK(pixel_fraction(corner, 100, 100).processed == Approx(0.01));
  CHECK(pixel_fraction(corner, 100, 100).unique == Approx(0.0025));
  // A plus sign: 3 x 9 and 9 x 3 share 3 x 3.
  const std::vector<Box> plus = {{3, 0, 3, 9}, {0, 3, 9, 3}};
  CHECK(union_area(plus) == 45);
  CHECK(union_area({}) == 0);
}

TEST_CASE("the union of random boxes is what counting pixels gives", "[metrics]") {
  math::RandomSequence random({.seed = 4});
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<Box> boxes;
    std::vector<char> covered(40 * 40, 0);
    for (int i = 0; i < 8; ++i) {
      boxes.push_back({random.between(0, 25), random.between(0, 25), random.between(0, 14), random.between(0, 14)});
      for (Index y = 0; y < boxes.back().height; ++y) {
        for (Index x = 0; x < boxes.back().width; ++x) {
          covered[static_cast<std::size_t>((boxes.back().y + y) * 40 + boxes.back().x + x)] = 1;
        }
      }
    }
    CHECK(union_area(boxes) == std::count(covered.begin(), covered.end(), 1));
  }
}
