#pragma once

#include "tensor.hpp"

#include <array>
#include <tuple>

namespace torch_example {

/// TrainableConvolutionOps: x (B, H, W, C), w (O, kh, kw, C), y (B, H', W', O). PyTorch sees (B, C, H, W) and
/// (O, C, kh, kw), both in channels_last layout; where it can, it hands them to oneDNN.
struct Convolution {
  void convolve(const Tensor& x, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& y) const {
    if (y.numel() == 0) return;
    const Window window(geometry);
    adopt(channels_last(at::convolution(channels_first(x), channels_first(w), {}, window.stride, window.padding,
                                        unit_dilation, false, no_output_padding, 1)),
          Write::overwrite, y);
  }

  void convolve_backward_input(const Tensor& d_y, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) const {
    if (d_y.numel() == 0) return assign(at::zeros_like(d_x), write, d_x);
    adopt(channels_last(std::get<0>(backward(d_y, d_x, w, geometry, {true, false, false}))), write, d_x);
  }

  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, saccade::ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) const {
    if (d_y.numel() == 0) return assign(at::zeros_like(d_w), write, d_w);
    adopt(channels_last(std::get<1>(backward(d_y, x, d_w, geometry, {false, true, false}))), write, d_w);
  }

 private:
  struct Window {
    explicit Window(saccade::ConvolutionGeometry geometry)
        : stride{geometry.stride, geometry.stride}, padding{geometry.padding, geometry.padding} {}
    std::array<Index, 2> stride;
    std::array<Index, 2> padding;
  };
  static constexpr std::array<Index, 2> unit_dilation{1, 1};
  static constexpr std::array<Index, 2> no_output_padding{0, 0};

  /// Derivatives by x, w and bias, those that `wanted` names. Of a tensor whose derivative is wanted, the other one
  /// not, only the shape is looked at: its gradient may stand in for it.
  static std::tuple<Tensor, Tensor, Tensor> backward(const Tensor& d_y, const Tensor& x, const Tensor& w,
                                                     saccade::ConvolutionGeometry geometry,
                                                     std::array<bool, 3> wanted) {
    const Window window(geometry);
    return at::convolution_backward(channels_first(d_y), channels_first(x), channels_first(w), c10::nullopt,
                                    window.stride, window.padding, unit_dilation, false, no_output_padding, 1, wanted);
  }
};

}  // namespace torch_example
