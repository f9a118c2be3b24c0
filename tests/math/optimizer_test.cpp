#include <saccade/math/optimizer.hpp>

#include "support/catch.hpp"

#include <array>

using namespace saccade;

TEST_CASE("two steps of Adam by hand", "[optimizer]") {
  // beta1 = 0.5, beta2 = 0.75, epsilon = 1, learning rate 0.1. Step 1, g = 2: m = 1, v = 1; corrections 0.5 and 0.25:
  // 2 / (sqrt 4 + 1) = 2/3. Step 2, g = -1: m = 0, so the parameter stays; v = 0.75 + 0.25 = 1.
  const std::array<double, AdamHyper::count> first{0.1, 0.5, 0.75, 1.0, 0.5, 0.25, 1},
      second{0.1, 0.5, 0.75, 1.0, 0.75, 0.4375, 2};
  const auto one = math::adam_step<double>(2.0, first.data(), {5.0, 0.0, 0.0});
  CHECK(one.first_moment == Approx(1.0));
  CHECK(one.second_moment == Approx(1.0));
  CHECK(one.parameter == Approx(5.0 - 0.1 * 2.0 / 3.0));
  const auto two = math::adam_step<double>(-1.0, second.data(), one);
  CHECK(two.first_moment == Approx(0.0).margin(1e-15));
  CHECK(two.second_moment == Approx(1.0));
  CHECK(two.parameter == Approx(one.parameter));
}

TEST_CASE("clipping shortens what is too long and leaves the rest", "[optimizer]") {
  CHECK(math::clip_scale(25.0, 1.0) == Approx(0.2));
  CHECK(math::clip_scale(25.0, 5.0) == 1.0);
  CHECK(math::clip_scale(0.0, 1.0) == 1.0);
}
