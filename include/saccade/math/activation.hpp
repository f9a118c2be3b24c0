#pragma once

#include <saccade/core/config.hpp>

#include <cmath>

/// Activation functions, and their derivatives written in the output y where that is possible: backward then needs
/// no input. NaN passes through every one of them, so that a broken loss is seen.
namespace saccade::inline SACCADE_NAMESPACE::math {

/// max(x, 0).
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar relu(Scalar x) {
  return x <= Scalar(0) ? Scalar(0) : x;
}

/// d relu / d x from y = relu(x); 0 at 0, as in PyTorch.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar relu_derivative(Scalar y) {
  return y > Scalar(0) ? Scalar(1) : Scalar(0);
}

/// min(max(x, 0), 6). Source: Howard et al., "MobileNets", 2017.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar relu6(Scalar x) {
  return x <= Scalar(0) ? Scalar(0) : x >= Scalar(6) ? Scalar(6) : x;
}

/// d relu6 / d x from y = relu6(x); 0 at 0 and at 6, as in PyTorch.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar relu6_derivative(Scalar y) {
  return y > Scalar(0) && y < Scalar(6) ? Scalar(1) : Scalar(0);
}

/// x where x > 0, slope * x elsewhere. Source: He et al., ICCV 2015.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar prelu(Scalar x, Scalar slope) {
  return x > Scalar(0) ? x : slope * x;
}

/// d prelu / d x, from the input: the sign of y says nothing where the slope is not positive.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar prelu_derivative(Scalar x, Scalar slope) {
  return x > Scalar(0) ? Scalar(1) : slope;
}

/// d prelu / d slope, from the input.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar prelu_slope_derivative(Scalar x) {
  return x > Scalar(0) ? Scalar(0) : x;
}

/// 1 / (1 + exp(-x)). The exponential is only taken of numbers <= 0, so it cannot overflow.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar sigmoid(Scalar x) {
  const Scalar e = std::exp(-std::abs(x));
  return (x < Scalar(0) ? e : Scalar(1)) / (Scalar(1) + e);
}

/// d sigmoid / d x from y = sigmoid(x).
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar sigmoid_derivative(Scalar y) {
  return y * (Scalar(1) - y);
}

/// The hyperbolic tangent.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar tanh(Scalar x) {
  return std::tanh(x);
}

/// d tanh / d x from y = tanh(x); (1 - y) (1 + y) keeps its precision near saturation.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar tanh_derivative(Scalar y) {
  return (Scalar(1) - y) * (Scalar(1) + y);
}

}  // namespace saccade::math
