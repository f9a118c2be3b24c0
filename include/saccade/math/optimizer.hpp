#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/geometry.hpp>

#include <cmath>
#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::math {

/// One parameter with its moments.
template <class Scalar>
struct AdamState {
  Scalar parameter;
  Scalar first_moment;
  Scalar second_moment;
};

/// The moments after `gradient`, for the same parameter; see `adam_step`.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline AdamState<Scalar> adam_moments(Scalar gradient, const Scalar* hyper,
                                                                        AdamState<Scalar> state) {
  const Scalar beta1 = hyper[AdamHyper::beta1];
  const Scalar beta2 = hyper[AdamHyper::beta2];
  return {state.parameter, beta1 * state.first_moment + (Scalar(1) - beta1) * gradient,
          beta2 * state.second_moment + (Scalar(1) - beta2) * gradient * gradient};
}

/// The parameter after these moments; deviation = sqrt(v / correction2).
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar adam_parameter(const AdamState<Scalar>& state, Scalar deviation,
                                                               const Scalar* hyper) {
  const Scalar step = (state.first_moment / hyper[AdamHyper::correction1]) / (deviation + hyper[AdamHyper::epsilon]);
  const Scalar direction = step + hyper[AdamHyper::weight_decay] * state.parameter;
  return state.parameter - hyper[AdamHyper::learning_rate] * direction;
}

/// One step of Adam for one parameter, `hyper` in the order of AdamHyper:
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     p = p - learning_rate ((m / correction1) / (sqrt(v / correction2) + epsilon) + weight_decay p)
/// The decay is decoupled: the moments know nothing of it. Without one the last sum has the bits of its first term.
/// Source: Kingma and Ba, ICLR 2015, algorithm 1; Loshchilov and Hutter, ICLR 2019, algorithm 2. Epsilon, and the
/// learning rate before the decay, stand where PyTorch has them.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline AdamState<Scalar> adam_step(Scalar gradient, const Scalar* hyper,
                                                                     AdamState<Scalar> state) {
  state = adam_moments(gradient, hyper, state);
  state.parameter = adam_parameter(state, std::sqrt(state.second_moment / hyper[AdamHyper::correction2]), hyper);
  return state;
}

/// 1 - beta^step, the bias of a moment after `step` steps, a whole number. By repeated squaring in double: of
/// multiplications alone, and one subtraction that cannot be contracted with them, so that all processors agree on the
/// bits.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar adam_correction(Scalar beta, Scalar step) {
  double power = 1, square = static_cast<double>(beta);
  for (auto rest = static_cast<std::uint64_t>(step); rest != 0; rest >>= 1) {
    if (rest & 1) power *= square;
    square *= square;
  }
  return static_cast<Scalar>(std::fma(-1.0, power, 1.0));
}

/// Begins the next step in `hyper`, in the order of AdamHyper: counts it and renews both corrections. In float the
/// count stays at 2^24, where the corrections have long been 1.
template <class Scalar>
SACCADE_HOST_DEVICE inline void advance_adam(Scalar* hyper) {
  hyper[AdamHyper::step] += Scalar(1);
  hyper[AdamHyper::correction1] = adam_correction(hyper[AdamHyper::beta1], hyper[AdamHyper::step]);
  hyper[AdamHyper::correction2] = adam_correction(hyper[AdamHyper::beta2], hyper[AdamHyper::step]);
}

/// Neither infinite nor NaN.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline bool is_finite(Scalar value) {
  return value - value == Scalar(0);
}

/// Factor that brings a gradient of squared norm `sum_of_squares` down to the norm `max_norm`, which may be infinite; 1
/// where it is not longer. NaN where the sum is not finite: such a gradient leads nowhere, see `adam_step` of the
/// contract.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar clip_scale(Scalar sum_of_squares, Scalar max_norm) {
  if (!is_finite(sum_of_squares)) return sum_of_squares - sum_of_squares;
  const Scalar norm = std::sqrt(sum_of_squares);
  return norm > max_norm ? max_norm / norm : Scalar(1);
}

}  // namespace saccade::math
