#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

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

namespace detail {
inline void expect_spatial_softmax(std::string_view operation, std::string_view x_name, const Shape& x,
                                   const Shape& log_sum, std::string_view position_name, const Shape& position) {
  expect_images(operation, x_name, "(B, H, W, C)", x);
  expect_shape(operation, "log_sum", "(B, C)", {x[0], x[3]}, log_sum);
  expect_shape(operation, position_name, "(B, 2 C)", {x[0], 2 * x[3]}, position);
}
}  // namespace detail

/// Where each channel's values are large: the expected position under the softmax over the pixels of the channel.
///
///     a[b, i, j, c] = exp(x[b, i, j, c] - log_sum[b, c]),   log_sum[b, c] = ln sum_ij exp(x[b, i, j, c])
///     position[b, 2 c] = sum_ij a[b, i, j, c] ((2 j + 1) / W - 1),   position[b, 2 c + 1] the same of (2 i + 1) / H - 1
///
/// Positions are (x, y) from -1 to 1, as locations are. What moves in the map moves the position as far.
///
/// @param x         (B, H, W, C)
/// @param log_sum   (B, C), for `spatial_softmax_backward`
/// @param position  (B, 2 C)
/// @throws ShapeError
/// Source: Levine, Finn, Darrell and Abbeel, "End-to-end training of deep visuomotor policies", JMLR 2016, section 5.1.
template <PoolingOps B>
void spatial_softmax(B& b, const Tensor<B>& x, Tensor<B>& log_sum, Tensor<B>& position) {
  detail::expect_spatial_softmax("spatial_softmax", "x", b.shape(x), b.shape(log_sum), "position", b.shape(position));
  b.spatial_softmax(x, log_sum, position);
}

/// d_x[b, i, j, c] (+)= a (d_position[b, 2 c] (u_j - position[b, 2 c])
///                         + d_position[b, 2 c + 1] (v_i - position[b, 2 c + 1])), with u and v the pixel's own position.
///
/// @param x, d_x                (B, H, W, C)
/// @param log_sum               (B, C), as `spatial_softmax` left it
/// @param position, d_position  (B, 2 C)
/// @throws ShapeError
template <TrainablePoolingOps B>
void spatial_softmax_backward(B& b, const Tensor<B>& x, const Tensor<B>& log_sum, const Tensor<B>& position,
                              const Tensor<B>& d_position, Tensor<B>& d_x, Write write) {
  const Shape xs = b.shape(x);
  detail::expect_spatial_softmax("spatial_softmax_backward", "x", xs, b.shape(log_sum), "position", b.shape(position));
  expect_shape("spatial_softmax_backward", "d_position", "(B, 2 C)", b.shape(position), b.shape(d_position));
  expect_shape("spatial_softmax_backward", "d_x", "(B, H, W, C)", xs, b.shape(d_x));
  b.spatial_softmax_backward(x, log_sum, position, d_position, d_x, write);
}

}  // namespace saccade::ops
