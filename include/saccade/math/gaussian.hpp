#pragma once

#include <saccade/core/config.hpp>
#include <saccade/math/philox.hpp>

#include <cmath>
#include <numbers>

namespace saccade::inline SACCADE_NAMESPACE::math {

/// cos(2 pi turns) for 0 <= turns <= 1, a multiple of 2^-40 at least. The reduction to an eighth of a turn is exact,
/// and the rest are Taylor polynomials of explicit fma, off by less than 2^-53: the same bits on every machine, without
/// the tables that a general cosine keeps for large angles.
[[nodiscard]] SACCADE_HOST_DEVICE inline double cosine_of_turns(double turns) {
  const double quarter = std::floor(std::fma(4.0, turns, 0.5));
  const double angle = 2.0 * std::numbers::pi * std::fma(-0.25, quarter, turns);
  const double square = angle * angle;
  const bool odd = quarter == 1.0 || quarter == 3.0;  // then it is a sine
  double sum = odd ? 1.0 / 355687428096000.0 : 1.0 / 20922789888000.0;
  sum = std::fma(square, sum, odd ? -1.0 / 1307674368000.0 : -1.0 / 87178291200.0);
  sum = std::fma(square, sum, odd ? 1.0 / 6227020800.0 : 1.0 / 479001600.0);
  sum = std::fma(square, sum, odd ? -1.0 / 39916800.0 : -1.0 / 3628800.0);
  sum = std::fma(square, sum, odd ? 1.0 / 362880.0 : 1.0 / 40320.0);
  sum = std::fma(square, sum, odd ? -1.0 / 5040.0 : -1.0 / 720.0);
  sum = std::fma(square, sum, odd ? 1.0 / 120.0 : 1.0 / 24.0);
  sum = std::fma(square, sum, odd ? -1.0 / 6.0 : -0.5);
  sum = std::fma(square, sum, 1.0);
  const double value = odd ? angle * sum : sum;
  return quarter == 1.0 || quarter == 2.0 ? -value : value;
}

/// One number from N(0, 1) for one block: Box and Muller's sqrt(-2 ln u) cos(2 pi v), with u and v from the first two
/// words. In double whatever the Scalar, so that machines differ by no more than a last bit that rounding hides.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar standard_normal(PhiloxBlock block) {
  const double radius = std::sqrt(-2.0 * std::log(unit_interval(block.word[0])));
  return static_cast<Scalar>(radius * cosine_of_turns(unit_interval(block.word[1])));
}

/// A draw from N(mean, sigma^2). Element (row, column) of a (B, N) draw uses random_block(key, row * N + column).
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar gaussian_draw(Scalar mean, Scalar sigma, PhiloxBlock block) {
  return std::fma(sigma, standard_normal<Scalar>(block), mean);
}

/// ln N(sample; mean, sigma^2) = -((sample - mean) / sigma)^2 / 2 - ln sigma - ln(2 pi) / 2.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar gaussian_log_density(Scalar sample, Scalar mean, Scalar sigma) {
  const Scalar z = (sample - mean) / sigma;
  const Scalar half_log_two_pi = Scalar(0.91893853320467274178L);
  return Scalar(-0.5) * z * z - std::log(sigma) - half_log_two_pi;
}

/// REINFORCE derivative by the mean, for a loss to be minimised; sample and advantage are constants:
///     -advantage * d ln N(sample; mean, sigma^2) / d mean = -advantage * (sample - mean) / sigma^2
/// The sample is the one drawn, before any clamping.
/// Source: Williams 1992; Xu et al. 2019, eq. 3.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar gaussian_policy_derivative(Scalar sample, Scalar mean,
                                                                              Scalar advantage, Scalar sigma) {
  return -advantage * (sample - mean) / (sigma * sigma);
}

}  // namespace saccade::math
