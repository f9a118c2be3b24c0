#pragma once

#include <saccade/core/geometry.hpp>

#include <cstddef>
#include <string>

/// What operations ask for, by their shapes.
namespace bench {

using saccade::Index;
using saccade::Shape;

/// Arithmetic operations; a multiply-add is two.
struct Operations {
  double flops = 0;     ///< a convolution counted as the direct one
  double winograd = 0;  ///< with 3x3 convolutions of stride 1 as F(4x4, 3x3): 36 products for 16 outputs, not 144
};

/// Of a dense layer: x (M, K) and w (N, K), or any other two of its three matrices that name M, N and K like these.
[[nodiscard]] inline Operations product_of(const Shape& x, const Shape& w) {
  const double flops = 2.0 * static_cast<double>(x[0] * w.size());
  return {flops, flops};
}

/// Of a convolution, in any direction: w (O, kh, kw, C / groups), y (B, H', W', O) its output.
[[nodiscard]] inline Operations convolution_of(const Shape& w, const Shape& y,
                                               const saccade::ConvolutionGeometry& geometry) {
  const double flops = 2.0 * static_cast<double>(y.size() / y[3] * w.size());
  if (w[1] != 3 || w[2] != 3 || geometry.stride != 1 || geometry.groups > 1) return {flops, flops};
  const Index tiles = y[0] * ((y[1] + 3) / 4) * ((y[2] + 3) / 4);
  return {flops, 2.0 * 36.0 * static_cast<double>(tiles * w[0] * w[3])};
}

/// " 3x3", " 7x7/4", " 3x3 of 3 channels", " 5x5/2 in 96 groups".
[[nodiscard]] inline std::string kernel_text(const Shape& w, const saccade::ConvolutionGeometry& geometry) {
  std::string text = " ";
  text.append(std::to_string(w[1])).append("x").append(std::to_string(w[2]));
  if (geometry.stride > 1) text.append("/").append(std::to_string(geometry.stride));
  if (geometry.groups > 1) return text.append(" in ").append(std::to_string(geometry.groups)).append(" groups");
  if (w[3] < 16) text.append(" of ").append(std::to_string(w[3])).append(" channels");
  return text;
}

/// Bytes of the pixels that the glimpses of `images` images average, three each.
[[nodiscard]] inline double pixel_bytes(std::size_t images, const saccade::GlimpseGeometry& geometry) {
  double boxes = 0;
  for (Index scale = 0; scale < geometry.scales; ++scale) boxes += static_cast<double>(Index{1} << (2 * scale));
  return 3.0 * static_cast<double>(images) * static_cast<double>(geometry.side * geometry.side) * boxes;
}

}  // namespace bench
