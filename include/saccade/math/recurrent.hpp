#pragma once

#include <saccade/core/config.hpp>
#include <saccade/math/activation.hpp>

/// One unit of an LSTM cell; gates in the order i, f, g, o, as in PyTorch.
/// Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
namespace saccade::inline SACCADE_NAMESPACE::math {

/// Four numbers, one a gate: before activation, after it, or derivatives.
template <class Scalar>
struct LstmGates {
  Scalar input;      ///< i, sigmoid
  Scalar forget;     ///< f, sigmoid
  Scalar candidate;  ///< g, tanh
  Scalar output;     ///< o, sigmoid
};

/// What a cell hands to its next step.
template <class Scalar>
struct LstmState {
  Scalar hidden;  ///< h
  Scalar cell;    ///< c
};

/// The gates from what W x + U h + b gave.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline LstmGates<Scalar> lstm_gates(LstmGates<Scalar> preactivation) {
  return {sigmoid(preactivation.input), sigmoid(preactivation.forget), math::tanh(preactivation.candidate),
          sigmoid(preactivation.output)};
}

/// c' = f c + i g, h' = o tanh(c').
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline LstmState<Scalar> lstm_step(LstmGates<Scalar> gates, Scalar cell) {
  const Scalar next = gates.forget * cell + gates.input * gates.candidate;
  return {gates.output * math::tanh(next), next};
}

/// Derivatives of the loss by what a step was given.
template <class Scalar>
struct LstmGradient {
  LstmGates<Scalar> preactivation;
  Scalar cell;
};

/// Backward of lstm_gates and lstm_step together.
///
/// @param gates      after activation
/// @param cell       c, before the step
/// @param next_cell  c', after it
/// @param d_next     d loss / d h' and d loss / d c', the latter without the part that comes through h'
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline LstmGradient<Scalar> lstm_step_backward(LstmGates<Scalar> gates, Scalar cell,
                                                                                 Scalar next_cell,
                                                                                 LstmState<Scalar> d_next) {
  const Scalar squashed = math::tanh(next_cell);
  const Scalar d_cell = d_next.cell + d_next.hidden * gates.output * tanh_derivative(squashed);
  return {{d_cell * gates.candidate * sigmoid_derivative(gates.input), d_cell * cell * sigmoid_derivative(gates.forget),
           d_cell * gates.input * tanh_derivative(gates.candidate),
           d_next.hidden * squashed * sigmoid_derivative(gates.output)},
          d_cell * gates.forget};
}

}  // namespace saccade::math
