#pragma once

#include <saccade/core/config.hpp>
#include <saccade/math/activation.hpp>

/// Soft attention, eq. 1: A = (1 + M) T, with M = sigmoid(logit).
namespace saccade::inline SACCADE_NAMESPACE::math {

/// (1 + sigmoid(logit)) * trunk.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar attend(Scalar trunk, Scalar logit) {
  return (Scalar(1) + sigmoid(logit)) * trunk;
}

/// Derivatives of `attend` by its arguments.
template <class Scalar>
struct AttendDerivative {
  Scalar trunk;
  Scalar logit;
};

/// d A / d trunk = 1 + M, d A / d logit = trunk M (1 - M).
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline AttendDerivative<Scalar> attend_derivative(Scalar trunk, Scalar logit) {
  const Scalar mask = sigmoid(logit);
  return {Scalar(1) + mask, trunk * sigmoid_derivative(mask)};
}

}  // namespace saccade::math
