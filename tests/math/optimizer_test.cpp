#include <saccade/math/optimizer.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <limits>

using namespace saccade;

TEST_CASE("two steps of Adam by hand", "[optimizer]") {
  // beta1 = 0.5, beta2 = 0.75, epsilon = 1, learning rate 0.1. Step 1, g = 2: m = 1, v = 1; corrections 0.5 and 0.25:
  // 2 / (sqrt 4 + 1) = 2/3. Step 2, g = -1: m = 0, so the parameter stays; v = 0.75 + 0.25 = 1.
  const std::array<double, AdamHyper::count> first{0.1, 0.5, 0.75, 1.0, 0.5, 0.25, 1, 0},
      second{0.1, 0.5, 0.75, 1.0, 0.75, 0.4375, 2, 0};
  const auto one = math::adam_step<double>(2.0, first.data(), {5.0, 0.0, 0.0});
  CHECK(one.first_moment == Approx(1.0));
  CHECK(one.second_moment == Approx(1.0));
  CHECK(one.parameter == Approx(5.0 - 0.1 * 2.0 / 3.0));
  const auto two = math::adam_step<double>(-1.0, second.data(), one);
  CHECK(two.first_moment == Approx(0.0).margin(1e-15));
  CHECK(two.second_moment == Approx(1.0));
  CHECK(two.parameter == Approx(one.parameter));
}

TEST_CASE("weight decay pulls at the parameter, and not at the moments", "[optimizer]") {
  // The first step above, with a decay of 1/5: 5 - 0.1 (2/3 + 5/5). Two halvings of beta would be seen in the moments
  // if the decay were part of the gradient.
  const std::array<double, AdamHyper::count> hyper{0.1, 0.5, 0.75, 1.0, 0.5, 0.25, 1, 0.2};
  const auto next = math::adam_step<double>(2.0, hyper.data(), {5.0, 0.0, 0.0});
  CHECK(next.first_moment == 1.0);
  CHECK(next.second_moment == 1.0);
  CHECK(next.parameter == Approx(5.0 - 0.1 * (2.0 / 3.0 + 1.0)));
}

TEST_CASE("without weight decay a step of Adam has the bits that it has without the term", "[optimizer]") {
  const std::array<float, AdamHyper::count> hyper{0.013f, 0.9f, 0.999f, 1e-8f, 0.19f, 0.002f, 2, 0};
  for (int i = 0; i < 1000; ++i) {
    const float p = std::sin(static_cast<float>(i)), g = std::cos(static_cast<float>(3 * i)), m = 0.1f * g + 0.01f * p;
    const float v = 0.3f * g * g;
    const auto next = math::adam_step(g, hyper.data(), {p, m, v});
    const float step = (next.first_moment / hyper[AdamHyper::correction1]) /
                       (std::sqrt(next.second_moment / hyper[AdamHyper::correction2]) + hyper[AdamHyper::epsilon]);
    CHECK(next.parameter == p - hyper[AdamHyper::learning_rate] * step);
  }
}

TEST_CASE("the correction of a moment is 1 - beta^step", "[optimizer]") {
  CHECK(math::adam_correction(0.5, 0.0) == 0.0);
  CHECK(math::adam_correction(0.5, 1.0) == 0.5);
  CHECK(math::adam_correction(0.5, 3.0) == 0.875);
  CHECK(math::adam_correction(0.5f, 10.0f) == 1023.0f / 1024.0f);
  CHECK(math::adam_correction(0.75, 3.0) == 37.0 / 64.0);
  CHECK(math::adam_correction(0.0, 1.0) == 1.0);
  for (const double step : {2.0, 7.0, 1000.0, 123457.0}) {
    CHECK(math::adam_correction(0.999, step) == Approx(1 - std::pow(0.999, step)).epsilon(1e-12));
    CHECK(math::adam_correction(0.9, step) == Approx(1 - std::pow(0.9, step)).epsilon(1e-12));
  }
  CHECK(math::adam_correction(0.999f, 16777216.0f) == 1.0f);
}

TEST_CASE("Adam's hyperparameters advance by a step", "[optimizer]") {
  std::array<double, AdamHyper::count> hyper{0.1, 0.5, 0.75, 1.0, 9, 9, 1, 0.5};
  math::advance_adam(hyper.data());
  CHECK(hyper == std::array<double, AdamHyper::count>{0.1, 0.5, 0.75, 1.0, 0.75, 0.4375, 2, 0.5});
}

TEST_CASE("a sum that is not finite has no factor", "[optimizer]") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(std::isnan(math::clip_scale(infinity, 1.0)));
  CHECK(std::isnan(math::clip_scale(-infinity, infinity)));
  CHECK(std::isnan(math::clip_scale(std::numeric_limits<double>::quiet_NaN(), 1.0)));
  CHECK(math::clip_scale(1e300, infinity) == 1.0);
}

TEST_CASE("clipping shortens what is too long and leaves the rest", "[optimizer]") {
  CHECK(math::clip_scale(25.0, 1.0) == Approx(0.2));
  CHECK(math::clip_scale(25.0, 5.0) == 1.0);
  CHECK(math::clip_scale(0.0, 1.0) == 1.0);
}
