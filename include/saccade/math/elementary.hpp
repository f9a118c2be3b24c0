#pragma once

#include <saccade/core/config.hpp>

#include <cmath>

/// Elementary functions. NaN passes through.
namespace saccade::inline SACCADE_NAMESPACE::math {

/// e^x.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar exp(Scalar x) {
  return std::exp(x);
}

/// ln x: minus infinity at 0, NaN below it.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar log(Scalar x) {
  return std::log(x);
}

/// 1 / sqrt(x): infinite at 0, NaN below it.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar rsqrt(Scalar x) {
  return Scalar(1) / std::sqrt(x);
}

}  // namespace saccade::math
