#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/math/philox.hpp>

#include <cmath>

/// The draws that are not Gaussian (see gaussian.hpp); one block an element.
namespace saccade::inline SACCADE_NAMESPACE::math {

/// A draw from the interval (low, high): low + (high - low) * u, with u from the first word.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar uniform_draw(Scalar low, Scalar high, PhiloxBlock block) {
  return std::fma(high - low, static_cast<Scalar>(unit_interval(block.word[0])), low);
}

/// A class drawn by its probability: the first k with p[0] + ... + p[k] > u, with u from the first word; the last class
/// where rounding leaves none. `probabilities` points to `classes` numbers that sum to 1.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Index categorical_draw(const Scalar* probabilities, Index classes,
                                                                   PhiloxBlock block) {
  const double u = unit_interval(block.word[0]);
  double sum = 0.0;
  for (Index k = 0; k < classes - 1; ++k) {
    sum += static_cast<double>(probabilities[k]);
    if (sum > u) return k;
  }
  return classes - 1;
}

}  // namespace saccade::math
