#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>
#include <saccade/ops/pointwise.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// A backend that computes an LSTM cell in one pass. Optional. One that can also train has to offer both directions.
/// Every output is overwritten.
template <class B>
concept FusedLstmCell =
    PointwiseOps<B> &&
    requires(B b, Tensor<B> out, const Tensor<B> in) {
      // (gates_pre, c_prev, gates, c_next, tanh_c, h_next)
      { b.lstm_cell(in, in, out, out, out, out) } -> std::same_as<void>;
    } &&
    (!TrainablePointwiseOps<B> || requires(B b, Tensor<B> out, const Tensor<B> in) {
      // (gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev)
      { b.lstm_cell_backward(in, in, in, in, in, out, out) } -> std::same_as<void>;
    });

/// What the composed LSTM cell needs beside its arguments: three (B, H); empty where the backend is FusedLstmCell.
template <TensorMemory B>
struct LstmScratch {
  Tensor<B> gate;
  Tensor<B> other;
  Tensor<B> d_c;
};

/// Scratch for cells of `batch` samples and `hidden` units.
template <PointwiseOps B>
[[nodiscard]] LstmScratch<B> make_lstm_scratch(B& b, Index batch, Index hidden) {
  const Shape shape = FusedLstmCell<B> ? Shape{0} : Shape{batch, hidden};
  return {b.zeros(shape), b.zeros(shape), b.zeros(shape)};
}

namespace detail {

/// What `lstm_cell` does where the backend has no cell of its own.
template <PointwiseOps B>
void compose_lstm_cell(B& b, const Tensor<B>& gates_pre, const Tensor<B>& c_prev, Tensor<B>& gates, Tensor<B>& c_next,
                       Tensor<B>& tanh_c, Tensor<B>& h_next, LstmScratch<B>& scratch) {
  const Index hidden = b.shape(c_prev)[1];
  const auto activate = [&](Index first, auto activation, Tensor<B>& gate) {
    read_columns(b, gates_pre, first, gate, Write::overwrite);
    activation(gate);
    write_columns(b, gate, first, gates, Write::overwrite);
  };
  const auto as_sigmoid = [&b](Tensor<B>& gate) { sigmoid(b, gate, gate); };
  const auto as_tanh = [&b](Tensor<B>& gate) { tanh(b, gate, gate); };
  activate(hidden, as_sigmoid, scratch.gate);
  multiply(b, scratch.gate, c_prev, c_next, Write::overwrite);  // f c
  activate(0, as_sigmoid, scratch.gate);
  activate(2 * hidden, as_tanh, scratch.other);
  multiply(b, scratch.gate, scratch.other, c_next, Write::accumulate);  // + i g
  tanh(b, c_next, tanh_c);
  activate(3 * hidden, as_sigmoid, scratch.gate);
  multiply(b, scratch.gate, tanh_c, h_next, Write::overwrite);  // o tanh c'
}

/// What `lstm_cell_backward` does where the backend has no cell of its own.
template <TrainablePointwiseOps B>
void compose_lstm_cell_backward(B& b, const Tensor<B>& gates, const Tensor<B>& c_prev, const Tensor<B>& tanh_c,
                                const Tensor<B>& d_h, const Tensor<B>& d_c_next, Tensor<B>& d_gates_pre,
                                Tensor<B>& d_c_prev, LstmScratch<B>& scratch) {
  const Index hidden = b.shape(c_prev)[1];
  auto& [gate, other, d_c] = scratch;
  read_columns(b, gates, 3 * hidden, gate, Write::overwrite);  // o
  multiply(b, d_h, tanh_c, other, Write::overwrite);
  sigmoid_backward(b, gate, other, other, Write::overwrite);
  write_columns(b, other, 3 * hidden, d_gates_pre, Write::overwrite);

  multiply(b, d_h, gate, other, Write::overwrite);
  tanh_backward(b, tanh_c, other, d_c, Write::overwrite);
  add(b, d_c, d_c_next, d_c);

  read_columns(b, gates, hidden, gate, Write::overwrite);  // f
  multiply(b, d_c, gate, d_c_prev, Write::overwrite);
  multiply(b, d_c, c_prev, other, Write::overwrite);
  sigmoid_backward(b, gate, other, other, Write::overwrite);
  write_columns(b, other, hidden, d_gates_pre, Write::overwrite);

  read_columns(b, gates, 0, gate, Write::overwrite);            // i
  read_columns(b, gates, 2 * hidden, other, Write::overwrite);  // g
  multiply(b, d_c, other, other, Write::overwrite);
  sigmoid_backward(b, gate, other, other, Write::overwrite);
  write_columns(b, other, 0, d_gates_pre, Write::overwrite);

  read_columns(b, gates, 2 * hidden, other, Write::overwrite);  // g
  multiply(b, d_c, gate, d_c, Write::overwrite);
  tanh_backward(b, other, d_c, d_c, Write::overwrite);
  write_columns(b, d_c, 2 * hidden, d_gates_pre, Write::overwrite);
}

}  // namespace detail

/// One step of an LSTM after its matrix products. The four blocks of H columns are i, f, g, o, in PyTorch's order:
///     i, f, o = sigmoid(gates_pre),  g = tanh(gates_pre),  c' = f c + i g,  h' = o tanh c'
///
/// @param gates_pre  (B, 4H)  W_x x + W_h h + bias
/// @param c_prev     (B, H)
/// @param gates      (B, 4H)  receives i, f, g, o; `lstm_cell_backward` needs them
/// @param c_next     (B, H)   another tensor than c_prev
/// @param tanh_c     (B, H)   receives tanh c'
/// @param h_next     (B, H)
/// @throws ShapeError
/// Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000.
template <PointwiseOps B>
void lstm_cell(B& b, const Tensor<B>& gates_pre, const Tensor<B>& c_prev, Tensor<B>& gates, Tensor<B>& c_next,
               Tensor<B>& tanh_c, Tensor<B>& h_next, [[maybe_unused]] LstmScratch<B>& scratch) {
  const Shape state = b.shape(c_prev);
  expect_rank("lstm_cell", "c_prev", "(B, H)", 2, state);
  const Index hidden = state[1];
  expect_shape("lstm_cell", "gates_pre", "(B, 4H)", {state[0], 4 * hidden}, b.shape(gates_pre));
  expect_shape("lstm_cell", "gates", "(B, 4H)", {state[0], 4 * hidden}, b.shape(gates));
  expect_shape("lstm_cell", "c_next", "(B, H)", state, b.shape(c_next));
  expect_shape("lstm_cell", "tanh_c", "(B, H)", state, b.shape(tanh_c));
  expect_shape("lstm_cell", "h_next", "(B, H)", state, b.shape(h_next));
  if constexpr (FusedLstmCell<B>) {
    b.lstm_cell(gates_pre, c_prev, gates, c_next, tanh_c, h_next);
  } else {
    detail::compose_lstm_cell(b, gates_pre, c_prev, gates, c_next, tanh_c, h_next, scratch);
  }
}

/// Gradients of `lstm_cell`. With d_c = d_c_next + d_h o (1 - tanh^2 c'):
///     d_i = d_c g i (1 - i),  d_f = d_c c f (1 - f),  d_g = d_c i (1 - g^2),  d_o = d_h tanh c' o (1 - o)
///     d_c_prev = d_c f
/// where d_i to d_o, side by side, are d_gates_pre. Both outputs are overwritten.
///
/// @param gates        (B, 4H), from `lstm_cell`
/// @param c_prev       (B, H)
/// @param tanh_c       (B, H), from `lstm_cell`
/// @param d_h          (B, H)  at h_next
/// @param d_c_next     (B, H)  at c_next, from the step after; zeros at the last step
/// @param d_gates_pre  (B, 4H)
/// @param d_c_prev     (B, H)
/// @throws ShapeError
template <TrainablePointwiseOps B>
void lstm_cell_backward(B& b, const Tensor<B>& gates, const Tensor<B>& c_prev, const Tensor<B>& tanh_c,
                        const Tensor<B>& d_h, const Tensor<B>& d_c_next, Tensor<B>& d_gates_pre, Tensor<B>& d_c_prev,
                        [[maybe_unused]] LstmScratch<B>& scratch) {
  const Shape state = b.shape(c_prev);
  expect_rank("lstm_cell_backward", "c_prev", "(B, H)", 2, state);
  const Index hidden = state[1];
  expect_shape("lstm_cell_backward", "gates", "(B, 4H)", {state[0], 4 * hidden}, b.shape(gates));
  expect_shape("lstm_cell_backward", "tanh_c", "(B, H)", state, b.shape(tanh_c));
  expect_shape("lstm_cell_backward", "d_h", "(B, H)", state, b.shape(d_h));
  expect_shape("lstm_cell_backward", "d_c_next", "(B, H)", state, b.shape(d_c_next));
  expect_shape("lstm_cell_backward", "d_gates_pre", "(B, 4H)", {state[0], 4 * hidden}, b.shape(d_gates_pre));
  expect_shape("lstm_cell_backward", "d_c_prev", "(B, H)", state, b.shape(d_c_prev));
  if constexpr (FusedLstmCell<B>) {
    b.lstm_cell_backward(gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev);
  } else {
    detail::compose_lstm_cell_backward(b, gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev, scratch);
  }
}

}  // namespace saccade::ops
