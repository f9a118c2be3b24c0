#pragma once

#include "tensor.hpp"

#include <array>

namespace torch_example {

/// TrainableUpsampleOps: x (B, h, w, C), y (B, H, W, C). Both conventions of the contract are PyTorch's own.
struct Upsample {
  void upsample_bilinear(const Tensor& x, saccade::Corners corners, Tensor& y) const {
    if (y.numel() == 0) return;
    const std::array<Index, 2> size{y.size(1), y.size(2)};
    Tensor out = channels_first(y);
    at::upsample_bilinear2d_out(out, channels_first(x), size, corners == saccade::Corners::aligned);
  }

  void upsample_bilinear_backward(const Tensor& d_y, saccade::Corners corners, Tensor& d_x, Write write) const {
    if (d_x.numel() == 0) return;
    const std::array<Index, 2> size{d_y.size(1), d_y.size(2)};
    const std::array<Index, 4> input{d_x.size(0), d_x.size(3), d_x.size(1), d_x.size(2)};
    adopt(channels_last(
              at::upsample_bilinear2d_backward(channels_first(d_y), size, input, corners == saccade::Corners::aligned)),
          write, d_x);
  }
};

}  // namespace torch_example
