#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

namespace detail {
inline void expect_upsample(std::string_view operation, std::string_view x_name, const Shape& x,
                            std::string_view y_name, const Shape& y) {
  expect_images(operation, x_name, "(B, h, w, C)", x);
  expect_images(operation, y_name, "(B, H, W, C)", y);
  expect_shape(operation, y_name, "(B, H, W, C)", {x[0], y[1], y[2], x[3]}, y);
}
}  // namespace detail

/// Bilinear interpolation of each channel, from any size to any size; see `Corners` for where the samples lie.
///
/// @param x  (B, h, w, C)
/// @param y  (B, H, W, C)
/// @throws ShapeError
template <UpsampleOps B>
void upsample_bilinear(B& b, const Tensor<B>& x, Corners corners, Tensor<B>& y) {
  detail::expect_upsample("upsample_bilinear", "x", b.shape(x), "y", b.shape(y));
  b.upsample_bilinear(x, corners, y);
}

/// The adjoint of `upsample_bilinear`, written to or added to d_x.
///
/// @param d_y  (B, H, W, C)
/// @param d_x  (B, h, w, C)
/// @throws ShapeError
template <TrainableUpsampleOps B>
void upsample_bilinear_backward(B& b, const Tensor<B>& d_y, Corners corners, Tensor<B>& d_x, Write write) {
  detail::expect_upsample("upsample_bilinear_backward", "d_x", b.shape(d_x), "d_y", b.shape(d_y));
  b.upsample_bilinear_backward(d_y, corners, d_x, write);
}

}  // namespace saccade::ops
