#pragma once

#include <saccade/core/config.hpp>
#include <saccade/math/philox.hpp>

#include <cmath>
#include <numbers>

namespace saccade::inline v0::math {

/// One number from N(0, 1) for one block: Box and Muller's sqrt(-2 ln u) cos(2 pi v), with u and v from the first two
/// words. In double whatever the Scalar, so that machines differ by no more than a last bit that rounding hides.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar standard_normal(PhiloxBlock block) {
  const double radius = std::sqrt(-2.0 * std::log(unit_interval(block.word[0])));
  return static_cast<Scalar>(radius * std::cos(2.0 * std::numbers::pi * unit_interval(block.word[1])));
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

}  // namespace saccade::inline v0::math
