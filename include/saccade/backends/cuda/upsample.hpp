#pragma once

#include <saccade/backends/cuda/engine.hpp>
#include <saccade/core/geometry.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// x (B, h, w, C) before, y (B, H, W, C) after.
[[nodiscard]] inline UpsampleSizes upsample_sizes(const Shape& x, const Shape& y) {
  return {.batch = x[0], .height = x[1], .width = x[2], .y_height = y[1], .y_width = y[2], .channels = x[3]};
}

inline void upsample_bilinear(const Call& call, const DeviceTensor& x, Corners corners, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  upsample_bilinear(x.map(), corners, y.map(), upsample_sizes(x.shape(), y.shape()), call.stream());
}

inline void upsample_bilinear_backward(const Call& call, const DeviceTensor& d_y, Corners corners, DeviceTensor& d_x,
                                       Write write) {
  call.expect_one_format({{"d_y", d_y}, {"d_x", d_x}});
  upsample_bilinear_backward(d_y.map(), corners, d_x.map(), write, upsample_sizes(d_x.shape(), d_y.shape()),
                             call.stream());
}

}  // namespace saccade::cuda
