#include <saccade/math/activation.hpp>
#include <saccade/math/mask.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace saccade;

namespace {

template <class F>
double slope_at(F f, double x) {
  const double h = 1e-6;
  return (f(x + h) - f(x - h)) / (2 * h);
}

}  // namespace

TEST_CASE("rectifiers by hand, at zero too", "[activation]") {
  CHECK(math::relu(2.5) == 2.5);
  CHECK(math::relu(-2.5) == 0.0);
  CHECK_FALSE(std::signbit(math::relu(-0.0)));
  CHECK(math::relu_derivative(math::relu(2.5)) == 1.0);
  CHECK(math::relu_derivative(math::relu(0.0)) == 0.0);
  CHECK(math::prelu(3.0, 0.25) == 3.0);
  CHECK(math::prelu(-4.0, 0.25) == -1.0);
  CHECK(math::prelu(-4.0, -0.5) == 2.0);
  CHECK(math::prelu_derivative(0.0, 0.25) == 0.25);
  CHECK(math::prelu_derivative(1.0, 0.25) == 1.0);
  CHECK(math::prelu_slope_derivative(-4.0) == -4.0);
  CHECK(math::prelu_slope_derivative(4.0) == 0.0);
}

TEST_CASE("the sigmoid is right at both ends of the floating range", "[activation]") {
  CHECK(math::sigmoid(0.0f) == 0.5f);
  CHECK(math::sigmoid(std::log(3.0)) == Approx(0.75));  // 1 / (1 + 1/3)
  CHECK(math::sigmoid(1000.0f) == 1.0f);
  CHECK(math::sigmoid(-1000.0f) == 0.0f);
  CHECK(math::sigmoid(-80.0f) == Approx(1.8048514e-35).epsilon(1e-5).scale(0));
}

TEST_CASE("derivatives from the output are the slopes", "[activation]") {
  for (const double x : {-3.0, -0.4, 0.0, 0.7, 2.0}) {
    CHECK(math::sigmoid_derivative(math::sigmoid(x)) ==
          Approx(slope_at([](double t) { return 1.0 / (1.0 + std::exp(-t)); }, x)).epsilon(1e-7));
    CHECK(math::tanh_derivative(math::tanh(x)) ==
          Approx(slope_at([](double t) { return std::tanh(t); }, x)).epsilon(1e-7));
  }
}

TEST_CASE("NaN passes through", "[activation]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(math::relu(nan)));
  CHECK(std::isnan(math::prelu(nan, 0.25)));
  CHECK(std::isnan(math::sigmoid(nan)));
}

TEST_CASE("the mask multiplies by one to two", "[mask]") {
  CHECK(math::attend(4.0, std::log(3.0)) == Approx(7.0));  // (1 + 0.75) * 4
  CHECK(math::attend(4.0, -1000.0) == 4.0);
  CHECK(math::attend(4.0, 1000.0) == 8.0);
  const auto derivative = math::attend_derivative(4.0, std::log(3.0));
  CHECK(derivative.trunk == Approx(1.75));
  CHECK(derivative.logit == Approx(0.75));  // 4 * 0.75 * 0.25
}
