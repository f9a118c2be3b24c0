#include <saccade/math/gaussian.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

using namespace saccade;

TEST_CASE("the largest and smallest normal numbers are those of Box and Muller", "[gaussian]") {
  // u = v = 2^-24: sqrt(-2 ln 2^-24) = sqrt(48 ln 2) = 5.768107546; half a turn later, its negative.
  CHECK(math::standard_normal<double>({{0, 0, 9, 9}}) == Approx(5.768107546).epsilon(1e-9));
  CHECK(math::standard_normal<double>({{0, 0x80000000, 9, 9}}) == Approx(-5.768107546).epsilon(1e-9));
  // A quarter turn gives the other axis: cos(pi/2 + 2 pi 2^-24) is nearly 0.
  CHECK(std::abs(math::standard_normal<double>({{0, 0x40000000, 9, 9}})) < 1e-5);
}

TEST_CASE("the cosine of turns is exact at the quarters and agrees with the library's between them", "[gaussian]") {
  CHECK(math::cosine_of_turns(0.0) == 1.0);
  CHECK(math::cosine_of_turns(0.25) == 0.0);
  CHECK(math::cosine_of_turns(0.5) == -1.0);
  CHECK(math::cosine_of_turns(0.75) == 0.0);
  CHECK(math::cosine_of_turns(1.0) == 1.0);
  CHECK(math::cosine_of_turns(1.0 / 6.0) == Approx(0.5).epsilon(1e-15));

  // Of the long double 2 pi v the library's cosine is as good as exact: the error is our own, of one last bit.
  double worst = 0;
  for (std::uint32_t word = 0; word < (1u << 23); word += 97) {
    const double turns = math::unit_interval(word << 9);
    const long double exact = std::cos(6.283185307179586476925286766559L * static_cast<long double>(turns));
    worst = std::max(worst, std::abs(math::cosine_of_turns(turns) - static_cast<double>(exact)));
  }
  CHECK(worst < 2.3e-16);
}

TEST_CASE("the normal numbers have the moments of N(0, 1) and neighbours are independent", "[gaussian]") {
  constexpr std::uint32_t n = 200000;
  const RandomKey key{.seed = 2019, .stream = RandomStream::location, .counter = 4};
  RandomKey next = key;
  ++next.counter;
  double sum = 0, square = 0, cube = 0, fourth = 0, inside = 0, neighbours = 0, counters = 0, previous = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const double z = math::standard_normal<double>(math::random_block(key, i));
    sum += z;
    square += z * z;
    cube += z * z * z;
    fourth += z * z * z * z;
    inside += std::abs(z) < 1.0 ? 1.0 : 0.0;
    neighbours += z * previous;
    counters += z * math::standard_normal<double>(math::random_block(next, i));
    previous = z;
  }
  // Four standard errors each: of z^k they are 1, sqrt 2, sqrt 15, sqrt 96 over sqrt n.
  const double error = 4.0 / std::sqrt(static_cast<double>(n));
  CHECK(std::abs(sum / n) < error);
  CHECK(std::abs(square / n - 1.0) < error * std::sqrt(2.0));
  CHECK(std::abs(cube / n) < error * std::sqrt(15.0));
  CHECK(std::abs(fourth / n - 3.0) < error * std::sqrt(96.0));
  CHECK(std::abs(inside / n - 0.6826895) < error * std::sqrt(0.6827 * 0.3173));
  CHECK(std::abs(neighbours / n) < error);
  CHECK(std::abs(counters / n) < error);
}

TEST_CASE("a draw is moved by its mean and spread by its sigma", "[gaussian]") {
  const math::PhiloxBlock block = math::random_block({.seed = 1}, 0);
  const double z = math::standard_normal<double>(block);
  CHECK(math::gaussian_draw(0.25, 0.5, block) == Approx(0.25 + 0.5 * z));
  CHECK(math::gaussian_draw(0.25f, 0.0f, block) == 0.25f);
}

TEST_CASE("the density of a Gaussian, by hand and as an integral", "[gaussian]") {
  // ln N(0; 0, 1) = -ln(2 pi) / 2; one deviation further out it is 1/2 less; sigma = 2 takes away ln 2.
  CHECK(math::gaussian_log_density(0.0, 0.0, 1.0) == Approx(-0.9189385332));
  CHECK(math::gaussian_log_density(1.0, 2.0, 1.0) == Approx(-1.4189385332));
  CHECK(math::gaussian_log_density(5.0, 1.0, 2.0) == Approx(-0.9189385332 - 2.0 - 0.6931471806));

  double integral = 0;
  for (int i = -1000; i <= 1000; ++i) integral += std::exp(math::gaussian_log_density(0.3 + i * 0.002, 0.3, 0.2));
  CHECK(integral * 0.002 == Approx(1.0).epsilon(1e-9));
}

TEST_CASE("the policy derivative is -advantage times the slope of the log-density", "[gaussian]") {
  // -2 * (0.9 - 0.4) / 0.5^2 = -4: a good sample pulls the mean towards itself under descent.
  CHECK(math::gaussian_policy_derivative(0.9, 0.4, 2.0, 0.5) == Approx(-4.0));

  const double sample = -0.7, mean = 0.2, sigma = 0.3, h = 1e-6;
  const double slope =
      (math::gaussian_log_density(sample, mean + h, sigma) - math::gaussian_log_density(sample, mean - h, sigma)) /
      (2 * h);
  CHECK(math::gaussian_policy_derivative(sample, mean, 1.5, sigma) == Approx(-1.5 * slope).epsilon(1e-7));
}
