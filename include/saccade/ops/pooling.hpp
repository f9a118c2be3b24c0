#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

namespace saccade::inline v0::ops {

/// Shape (B, H', W', C) of the max-pooling of `x` (B, H, W, C).
[[nodiscard]] constexpr Shape pooled_shape(const Shape& x, const PoolingGeometry& geometry) {
  return {x[0], sliding_extent(x[1], geometry.window, geometry.stride, geometry.padding),
          sliding_extent(x[2], geometry.window, geometry.stride, geometry.padding), x[3]};
}

namespace detail {
inline void expect_pooling(std::string_view operation, std::string_view x_name, const Shape& x,
                           const PoolingGeometry& geometry, std::string_view y_name, const Shape& y,
                           const Shape& argmax) {
  expect_images(operation, x_name, "(B, H, W, C)", x);
  expect_argument(geometry.window >= 1, operation, "the window must be at least 1",
                  static_cast<double>(geometry.window));
  expect_argument(geometry.stride >= 1, operation, "the stride must be at least 1",
                  static_cast<double>(geometry.stride));
  expect_argument(geometry.padding >= 0 && geometry.padding <= geometry.window / 2, operation,
                  "the padding must be between 0 and half the window", static_cast<double>(geometry.padding));
  expect_window_fits(operation, geometry.window, geometry.window, geometry.padding, x);
  expect_shape(operation, y_name, "(B, H', W', C)", pooled_shape(x, geometry), y);
  expect_shape(operation, "argmax", "(B, H', W', C)", y, argmax);
}
}  // namespace detail

/// The largest value of each window; pixels outside the image never win.
///
/// @param x       (B, H, W, C)
/// @param y       (B, H', W', C), see `pooled_shape`
/// @param argmax  (B, H', W', C), place of the winner in its window, ky * window + kx; the first of equals
/// @throws ShapeError, ConfigError
template <PoolingOps B>
void max_pool(B& b, const Tensor<B>& x, const PoolingGeometry& geometry, Tensor<B>& y, Tensor<B>& argmax) {
  detail::expect_pooling("max_pool", "x", b.shape(x), geometry, "y", b.shape(y), b.shape(argmax));
  b.max_pool(x, geometry, y, argmax);
}

/// d_x (+)= d_y at the winners: the adjoint of `max_pool` for these winners.
///
/// @param d_y, argmax  (B, H', W', C)
/// @param d_x          (B, H, W, C)
/// @throws ShapeError, ConfigError
template <TrainablePoolingOps B>
void max_pool_backward(B& b, const Tensor<B>& d_y, const Tensor<B>& argmax, const PoolingGeometry& geometry,
                       Tensor<B>& d_x, Write write) {
  detail::expect_pooling("max_pool_backward", "d_x", b.shape(d_x), geometry, "d_y", b.shape(d_y), b.shape(argmax));
  b.max_pool_backward(d_y, argmax, geometry, d_x, write);
}

/// y[b, c] = the mean of x[b, :, :, c].
///
/// @param x  (B, H, W, C)
/// @param y  (B, C)
/// @throws ShapeError
template <PoolingOps B>
void global_average_pool(B& b, const Tensor<B>& x, Tensor<B>& y) {
  const Shape xs = b.shape(x);
  detail::expect_images("global_average_pool", "x", "(B, H, W, C)", xs);
  expect_shape("global_average_pool", "y", "(B, C)", {xs[0], xs[3]}, b.shape(y));
  b.global_average_pool(x, y);
}

/// d_x[b, i, j, c] (+)= d_y[b, c] / (H W).
///
/// @param d_y  (B, C)
/// @param d_x  (B, H, W, C)
/// @throws ShapeError
template <TrainablePoolingOps B>
void global_average_pool_backward(B& b, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) {
  const Shape xs = b.shape(d_x);
  detail::expect_images("global_average_pool_backward", "d_x", "(B, H, W, C)", xs);
  expect_shape("global_average_pool_backward", "d_y", "(B, C)", {xs[0], xs[3]}, b.shape(d_y));
  b.global_average_pool_backward(d_y, d_x, write);
}

}  // namespace saccade::inline v0::ops
