#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// A dense layer without its bias: y[m, n] (+)= sum_k x[m, k] w[n, k].
///
/// @param x  (M, K)
/// @param w  (N, K)
/// @param y  (M, N)
/// @throws ShapeError
template <LinearOps B>
void linear(B& b, const Tensor<B>& x, const Tensor<B>& w, Tensor<B>& y, Write write) {
  const Shape xs = b.shape(x), ws = b.shape(w);
  expect_rank("linear", "x", "(M, K)", 2, xs);
  expect_rank("linear", "w", "(N, K)", 2, ws);
  expect_shape("linear", "w", "(N, K)", {ws[0], xs[1]}, ws);
  expect_shape("linear", "y", "(M, N)", {xs[0], ws[0]}, b.shape(y));
  b.linear(x, w, y, write);
}

/// d_x[m, k] (+)= sum_n d_y[m, n] w[n, k], the adjoint of `linear` in x.
///
/// @param d_y  (M, N)
/// @param w    (N, K)
/// @param d_x  (M, K)
/// @throws ShapeError
template <TrainableLinearOps B>
void linear_backward_input(B& b, const Tensor<B>& d_y, const Tensor<B>& w, Tensor<B>& d_x, Write write) {
  const Shape ys = b.shape(d_y), ws = b.shape(w);
  expect_rank("linear_backward_input", "d_y", "(M, N)", 2, ys);
  expect_rank("linear_backward_input", "w", "(N, K)", 2, ws);
  expect_shape("linear_backward_input", "w", "(N, K)", {ys[1], ws[1]}, ws);
  expect_shape("linear_backward_input", "d_x", "(M, K)", {ys[0], ws[1]}, b.shape(d_x));
  b.linear_backward_input(d_y, w, d_x, write);
}

/// d_w[n, k] (+)= sum_m d_y[m, n] x[m, k], the adjoint of `linear` in w.
///
/// @param d_y  (M, N)
/// @param x    (M, K)
/// @param d_w  (N, K)
/// @throws ShapeError
template <TrainableLinearOps B>
void linear_backward_weight(B& b, const Tensor<B>& d_y, const Tensor<B>& x, Tensor<B>& d_w, Write write) {
  const Shape ys = b.shape(d_y), xs = b.shape(x);
  expect_rank("linear_backward_weight", "d_y", "(M, N)", 2, ys);
  expect_rank("linear_backward_weight", "x", "(M, K)", 2, xs);
  expect_shape("linear_backward_weight", "x", "(M, K)", {ys[0], xs[1]}, xs);
  expect_shape("linear_backward_weight", "d_w", "(N, K)", {ys[1], xs[1]}, b.shape(d_w));
  b.linear_backward_weight(d_y, x, d_w, write);
}

/// y[..., c] += bias[c].
///
/// @param bias  (C)
/// @param y     (..., C)
/// @throws ShapeError
template <LinearOps B>
void add_bias(B& b, const Tensor<B>& bias, Tensor<B>& y) {
  const Shape ys = b.shape(y);
  detail::expect_channels("add_bias", "y", ys);
  expect_shape("add_bias", "bias", "(C)", {ys.last()}, b.shape(bias));
  b.add_bias(bias, y);
}

/// d_bias[c] (+)= the sum of d_y[..., c] over all other axes.
///
/// @param d_y     (..., C)
/// @param d_bias  (C)
/// @throws ShapeError
template <TrainableLinearOps B>
void add_bias_backward(B& b, const Tensor<B>& d_y, Tensor<B>& d_bias, Write write) {
  const Shape ys = b.shape(d_y);
  detail::expect_channels("add_bias_backward", "d_y", ys);
  expect_shape("add_bias_backward", "d_bias", "(C)", {ys.last()}, b.shape(d_bias));
  b.add_bias_backward(d_y, d_bias, write);
}

}  // namespace saccade::ops
