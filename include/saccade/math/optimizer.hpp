#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/geometry.hpp>

#include <cmath>

namespace saccade::inline v0::math {

/// One parameter with its moments.
template <class Scalar>
struct AdamState {
  Scalar parameter;
  Scalar first_moment;
  Scalar second_moment;
};

/// One step of Adam for one parameter, `hyper` in the order of AdamHyper:
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     p = p - learning_rate (m / correction1) / (sqrt(v / correction2) + epsilon)
/// Source: Kingma and Ba, ICLR 2015, algorithm 1; epsilon stands where PyTorch has it.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline AdamState<Scalar> adam_step(Scalar gradient, const Scalar* hyper,
                                                                     AdamState<Scalar> state) {
  const Scalar beta1 = hyper[AdamHyper::beta1];
  const Scalar beta2 = hyper[AdamHyper::beta2];
  const Scalar m = beta1 * state.first_moment + (Scalar(1) - beta1) * gradient;
  const Scalar v = beta2 * state.second_moment + (Scalar(1) - beta2) * gradient * gradient;
  const Scalar step =
      (m / hyper[AdamHyper::correction1]) / (std::sqrt(v / hyper[AdamHyper::correction2]) + hyper[AdamHyper::epsilon]);
  return {state.parameter - hyper[AdamHyper::learning_rate] * step, m, v};
}

/// Factor that brings a gradient of squared norm `sum_of_squares` down to the norm `max_norm`; 1 where it is not
/// longer.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar clip_scale(Scalar sum_of_squares, Scalar max_norm) {
  const Scalar norm = std::sqrt(sum_of_squares);
  return norm > max_norm ? max_norm / norm : Scalar(1);
}

}  // namespace saccade::inline v0::math
