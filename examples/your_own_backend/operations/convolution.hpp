#pragma once

#include "tensor.hpp"

#include <array>
#include <tuple>

namespace torch_example {

/// TrainableConvolutionOps: x (B, H, W, C), w (O, kh, kw, C / groups), y (B, H', W', O). PyTorch sees (B, C, H, W) and
/// (O, C / groups, kh, kw), both in channels_last layout; where it can, it hands them to oneDNN. Its padding is the
/// same above and below, and left and right: an image that wants another one is padded first.
struct Convolution {
  void convolve(const Tensor& x, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& y) const {
    if (y.numel() == 0) return;
    const Window window(geometry);
    adopt(channels_last(at::convolution(window.padded(channels_first(x)), channels_first(w), {}, window.stride,
                                        window.padding, unit_dilation, false, no_output_padding, geometry.groups)),
          Write::overwrite, y);
  }

  void convolve_backward_input(const Tensor& d_y, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) const {
    if (d_y.numel() == 0) return assign(at::zeros_like(d_x), write, d_x);
    const Tensor d_padded = std::get<0>(backward(d_y, d_x, w, geometry, {true, false, false}));
    adopt(channels_last(Window(geometry).cropped(d_padded, d_x)), write, d_x);
  }

  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, saccade::ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) const {
    if (d_y.numel() == 0) return assign(at::zeros_like(d_w), write, d_w);
    adopt(channels_last(std::get<1>(backward(d_y, x, d_w, geometry, {false, true, false}))), write, d_w);
  }

 private:
  struct Window {
    explicit Window(saccade::ConvolutionGeometry geometry)
        : stride{geometry.stride, geometry.stride}, zeros(geometry.padding) {
      even = zeros.top == zeros.bottom && zeros.left == zeros.right;
      if (even) padding = {zeros.top, zeros.left};
    }

    /// The image (B, C, H, W) that is convolved with `padding`.
    [[nodiscard]] Tensor padded(const Tensor& x) const {
      return even ? x : at::constant_pad_nd(x, {zeros.left, zeros.right, zeros.top, zeros.bottom});
    }
    /// What of a gradient of that image belongs to x (B, H, W, C).
    [[nodiscard]] Tensor cropped(const Tensor& d_padded, const Tensor& x) const {
      if (even) return d_padded;
      return d_padded.narrow(2, zeros.top, x.size(1)).narrow(3, zeros.left, x.size(2));
    }

    std::array<Index, 2> stride;
    std::array<Index, 2> padding{0, 0};
    saccade::Padding zeros;
    bool even;
  };
  static constexpr std::array<Index, 2> unit_dilation{1, 1};
  static constexpr std::array<Index, 2> no_output_padding{0, 0};

  /// Derivatives by x, w and bias, those that `wanted` names. Of a tensor whose derivative is wanted, the other one
  /// not, only the shape is looked at: its gradient may stand in for it.
  static std::tuple<Tensor, Tensor, Tensor> backward(const Tensor& d_y, const Tensor& x, const Tensor& w,
                                                     saccade::ConvolutionGeometry geometry,
                                                     std::array<bool, 3> wanted) {
    const Window window(geometry);
    return at::convolution_backward(channels_first(d_y), window.padded(channels_first(x)), channels_first(w),
                                    c10::nullopt, window.stride, window.padding, unit_dilation, false,
                                    no_output_padding, geometry.groups, wanted);
  }
};

}  // namespace torch_example
