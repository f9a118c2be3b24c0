#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// Shape (B, H', W', O) of the convolution of `x` (B, H, W, C) with `w` (O, kh, kw, C / groups).
[[nodiscard]] constexpr Shape convolution_shape(const Shape& x, const Shape& w, const ConvolutionGeometry& geometry) {
  const Padding& padding = geometry.padding;
  return {x[0], sliding_extent(x[1], w[1], geometry.stride, padding.top, padding.bottom),
          sliding_extent(x[2], w[2], geometry.stride, padding.left, padding.right), w[0]};
}

namespace detail {
/// Throws ConfigError unless `inputs` and `outputs` channels make `groups` groups.
inline void expect_groups(std::string_view operation, Index inputs, Index outputs, Index groups) {
  expect_argument(groups >= 1, operation, "the groups must be at least 1", static_cast<double>(groups));
  if (inputs % groups == 0 && outputs % groups == 0) return;
  throw ConfigError(std::string(operation) + ": " + std::to_string(inputs) + " input and " + std::to_string(outputs) +
                    " output channels cannot be divided into " + std::to_string(groups) + " groups");
}

inline void expect_convolution(std::string_view operation, std::string_view x_name, const Shape& x,
                               std::string_view w_name, const Shape& w, const ConvolutionGeometry& geometry,
                               std::string_view y_name, const Shape& y) {
  expect_images(operation, x_name, "(B, H, W, C)", x);
  const std::string_view w_symbols = geometry.groups == 1 ? "(O, kh, kw, C)" : "(O, kh, kw, C / groups)";
  expect_rank(operation, w_name, w_symbols, 4, w);
  expect_groups(operation, x[3], w[0], geometry.groups);
  expect_shape(operation, w_name, w_symbols, {w[0], w[1], w[2], x[3] / geometry.groups}, w);
  expect_argument(geometry.stride >= 1, operation, "the stride must be at least 1",
                  static_cast<double>(geometry.stride));
  for (const Index padding :
       {geometry.padding.top, geometry.padding.bottom, geometry.padding.left, geometry.padding.right})
    expect_argument(padding >= 0, operation, "the padding must be at least 0", static_cast<double>(padding));
  if (w[1] < 1 || w[2] < 1) {
    throw ShapeError(std::string(operation) + ": " + std::string(w_name) + " " + std::string(w_symbols) +
                     " must have kh >= 1 and kw >= 1, but is " + to_string(w));
  }
  expect_window_fits(operation, w[2], w[1], geometry.padding, x);
  expect_shape(operation, y_name, "(B, H', W', O)", convolution_shape(x, w, geometry), y);
}
}  // namespace detail

/// Cross-correlation, zero outside the image (s = stride, g = the group of o):
///     y[b, i, j, o] = sum_{u, v, c} x[b, i s + u - top, j s + v - left, g C / groups + c] w[o, u, v, c]
///
/// @param x  (B, H, W, C)
/// @param w  (O, kh, kw, C / groups)
/// @param y  (B, H', W', O), see `convolution_shape`
/// @throws ShapeError, ConfigError
template <ConvolutionOps B>
void convolve(B& b, const Tensor<B>& x, const Tensor<B>& w, const ConvolutionGeometry& geometry, Tensor<B>& y) {
  detail::expect_convolution("convolve", "x", b.shape(x), "w", b.shape(w), geometry, "y", b.shape(y));
  b.convolve(x, w, geometry, y);
}

/// The adjoint of `convolve` in x, written to or added to d_x.
///
/// @param d_y  (B, H', W', O)
/// @param w    (O, kh, kw, C / groups)
/// @param d_x  (B, H, W, C)
/// @throws ShapeError, ConfigError
template <TrainableConvolutionOps B>
void convolve_backward_input(B& b, const Tensor<B>& d_y, const Tensor<B>& w, const ConvolutionGeometry& geometry,
                             Tensor<B>& d_x, Write write) {
  detail::expect_convolution("convolve_backward_input", "d_x", b.shape(d_x), "w", b.shape(w), geometry, "d_y",
                             b.shape(d_y));
  b.convolve_backward_input(d_y, w, geometry, d_x, write);
}

/// The adjoint of `convolve` in w, written to or added to d_w.
///
/// @param d_y  (B, H', W', O)
/// @param x    (B, H, W, C)
/// @param d_w  (O, kh, kw, C / groups)
/// @throws ShapeError, ConfigError
template <TrainableConvolutionOps B>
void convolve_backward_weight(B& b, const Tensor<B>& d_y, const Tensor<B>& x, const ConvolutionGeometry& geometry,
                              Tensor<B>& d_w, Write write) {
  detail::expect_convolution("convolve_backward_weight", "x", b.shape(x), "d_w", b.shape(d_w), geometry, "d_y",
                             b.shape(d_y));
  b.convolve_backward_weight(d_y, x, geometry, d_w, write);
}

}  // namespace saccade::ops
