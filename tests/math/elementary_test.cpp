#include <saccade/math/elementary.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace saccade;

TEST_CASE("elementary functions by hand, at the ends of the floating range too", "[elementary]") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(math::exp(0.0f) == 1.0f);
  CHECK(math::exp(std::log(3.0)) == Approx(3.0));
  CHECK(math::exp(-1000.0f) == 0.0f);
  CHECK(math::exp(1000.0f) == infinity);
  CHECK(math::log(1.0f) == 0.0f);
  CHECK(math::log(std::exp(3.0)) == Approx(3.0));
  CHECK(math::log(0.0f) == -infinity);
  CHECK(math::log(infinity) == infinity);
  CHECK(math::rsqrt(4.0f) == 0.5f);
  CHECK(math::rsqrt(0.0625) == 4.0);
  CHECK(math::rsqrt(0.0f) == infinity);
  CHECK(math::rsqrt(infinity) == 0.0f);
}

TEST_CASE("elementary functions pass NaN through", "[elementary]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(math::exp(nan)));
  CHECK(std::isnan(math::log(nan)));
  CHECK(std::isnan(math::log(-1.0)));
  CHECK(std::isnan(math::rsqrt(nan)));
  CHECK(std::isnan(math::rsqrt(-1.0)));
}
