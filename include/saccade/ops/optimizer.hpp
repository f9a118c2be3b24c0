#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

namespace saccade::inline v0::ops {

/// y[0] (+)= sum of x^2.
///
/// @param x  any shape
/// @param y  (1)
/// @throws ShapeError
template <OptimizerOps B>
void sum_of_squares(B& b, const Tensor<B>& x, Tensor<B>& y, Write write) {
  expect_shape("sum_of_squares", "y", "(1)", {1}, b.shape(y));
  b.sum_of_squares(x, y, write);
}

/// Clipping by the global norm: scale[0] = min(1, max_norm / sqrt(sum[0])), and 1 if the sum is 0.
///
/// @param sum       (1)  of squares of all gradients
/// @param max_norm  > 0
/// @param scale     (1)
/// @throws ShapeError, ConfigError
/// Source: Pascanu et al. 2013.
template <OptimizerOps B>
void clip_scale(B& b, const Tensor<B>& sum, Scalar<B> max_norm, Tensor<B>& scale) {
  detail::expect_argument(max_norm > 0, "clip_scale", "max_norm must be positive", static_cast<double>(max_norm));
  expect_shape("clip_scale", "sum", "(1)", {1}, b.shape(sum));
  expect_shape("clip_scale", "scale", "(1)", {1}, b.shape(scale));
  b.clip_scale(sum, max_norm, scale);
}

/// One step of Adam with the gradient s g:
///     m = beta1 m + (1 - beta1) s g,  v = beta2 v + (1 - beta2) (s g)^2
///     p -= learning_rate (m / correction1) / (sqrt(v / correction2) + epsilon)
///
/// @param g, p, m, v  one shape, any; g is the gradient, p, m, v are updated
/// @param scale       (1)  s, from `clip_scale`, or 1
/// @param hyper       (6)  in the order of AdamHyper
/// @throws ShapeError
/// Source: Kingma and Ba 2015, algorithm 1.
template <OptimizerOps B>
void adam_step(B& b, const Tensor<B>& g, const Tensor<B>& scale, const Tensor<B>& hyper, Tensor<B>& p, Tensor<B>& m,
               Tensor<B>& v) {
  expect_shape("adam_step", "scale", "(1)", {1}, b.shape(scale));
  expect_shape("adam_step", "hyper", "(6)", {AdamHyper::count}, b.shape(hyper));
  expect_shape("adam_step", "p", "of the shape of g", b.shape(g), b.shape(p));
  expect_shape("adam_step", "m", "of the shape of g", b.shape(g), b.shape(m));
  expect_shape("adam_step", "v", "of the shape of g", b.shape(g), b.shape(v));
  b.adam_step(g, scale, hyper, p, m, v);
}

}  // namespace saccade::inline v0::ops
