#pragma once

#include <saccade/backends/cuda/engine.hpp>
#include <saccade/core/geometry.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

inline void max_pool(const Call& call, const DeviceTensor& x, PoolingGeometry geometry, DeviceTensor& y,
                     DeviceTensor& argmax) {
  call.expect_one_format({{"x", x}, {"y", y}, {"argmax", argmax}});
  const Shape& shape = x.shape();
  max_pool(x.map(), geometry, y.map(), argmax.map(), shape[0], shape[1], shape[2], shape[3], call.stream());
}

inline void max_pool_backward(const Call& call, const DeviceTensor& d_y, const DeviceTensor& argmax,
                              PoolingGeometry geometry, DeviceTensor& d_x, Write write) {
  call.expect_one_format({{"d_y", d_y}, {"argmax", argmax}, {"d_x", d_x}});
  const Shape& shape = d_x.shape();
  max_pool_backward(d_y.map(), argmax.map(), geometry, d_x.map(), write, shape[0], shape[1], shape[2], shape[3],
                    call.stream());
}

inline void global_average_pool(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  const Index batch = x.shape()[0], pixels = x.shape()[1] * x.shape()[2], channels = x.shape()[3];
  global_average_pool(x.map(), call.single(y, "y"), batch, pixels, channels,
                      call.sums(global_average_pool_workspace(batch, pixels, channels)), call.stream());
}

inline void global_average_pool_backward(const Call& call, const DeviceTensor& d_y, DeviceTensor& d_x, Write write) {
  const Shape& shape = d_x.shape();
  global_average_pool_backward(call.single(d_y, "d_y"), d_x.map(), write, shape[0], shape[1] * shape[2], shape[3],
                               call.stream());
}

inline void spatial_softmax(const Call& call, const DeviceTensor& x, DeviceTensor& log_sum, DeviceTensor& position) {
  const Shape& shape = x.shape();
  spatial_softmax(x.map(), call.single(log_sum, "log_sum"), call.single(position, "position"), shape[0], shape[1],
                  shape[2], shape[3], call.stream());
}

inline void spatial_softmax_backward(const Call& call, const DeviceTensor& x, const DeviceTensor& log_sum,
                                     const DeviceTensor& position, const DeviceTensor& d_position, DeviceTensor& d_x,
                                     Write write) {
  call.expect_one_format({{"x", x}, {"d_x", d_x}});
  const Shape& shape = x.shape();
  spatial_softmax_backward(x.map(), call.single(log_sum, "log_sum"), call.single(position, "position"),
                           call.single(d_position, "d_position"), d_x.map(), write, shape[0], shape[1], shape[2],
                           shape[3], call.stream());
}

}  // namespace saccade::cuda
