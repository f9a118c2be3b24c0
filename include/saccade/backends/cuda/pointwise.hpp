#pragma once

#include <saccade/backends/cuda/engine.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

inline void relu(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  relu(x.map(), y.map(), y.size(), call.stream());
}
inline void relu_backward(const Call& call, const DeviceTensor& y, const DeviceTensor& d_y, DeviceTensor& d_x,
                          Write write) {
  call.expect_one_format({{"y", y}, {"d_y", d_y}, {"d_x", d_x}});
  relu_backward(y.map(), d_y.map(), d_x.map(), write, y.size(), call.stream());
}

inline void relu6(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  relu6(x.map(), y.map(), y.size(), call.stream());
}
inline void relu6_backward(const Call& call, const DeviceTensor& y, const DeviceTensor& d_y, DeviceTensor& d_x,
                           Write write) {
  call.expect_one_format({{"y", y}, {"d_y", d_y}, {"d_x", d_x}});
  relu6_backward(y.map(), d_y.map(), d_x.map(), write, y.size(), call.stream());
}

inline void sigmoid(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  sigmoid(x.map(), y.map(), y.size(), call.stream());
}
inline void sigmoid_backward(const Call& call, const DeviceTensor& y, const DeviceTensor& d_y, DeviceTensor& d_x,
                             Write write) {
  call.expect_one_format({{"y", y}, {"d_y", d_y}, {"d_x", d_x}});
  sigmoid_backward(y.map(), d_y.map(), d_x.map(), write, y.size(), call.stream());
}

inline void tanh(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  tanh(x.map(), y.map(), y.size(), call.stream());
}
inline void tanh_backward(const Call& call, const DeviceTensor& y, const DeviceTensor& d_y, DeviceTensor& d_x,
                          Write write) {
  call.expect_one_format({{"y", y}, {"d_y", d_y}, {"d_x", d_x}});
  tanh_backward(y.map(), d_y.map(), d_x.map(), write, y.size(), call.stream());
}

inline void prelu(const Call& call, const DeviceTensor& x, const DeviceTensor& slope, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  prelu(x.map(), call.single(slope, "slope"), y.map(), x.rows(), x.shape().last(), slope.size(), call.stream());
}
inline void prelu_backward(const Call& call, const DeviceTensor& x, const DeviceTensor& slope, const DeviceTensor& d_y,
                           DeviceTensor& d_x, Write write_x, DeviceTensor& d_slope, Write write_slope) {
  call.expect_one_format({{"x", x}, {"d_y", d_y}, {"d_x", d_x}});
  const Index rows = x.rows(), channels = x.shape().last();
  prelu_backward(x.map(), call.single(slope, "slope"), d_y.map(), d_x.map(), write_x, call.single(d_slope, "d_slope"),
                 write_slope, rows, channels, slope.size(), call.sums(prelu_backward_workspace(rows, channels)),
                 call.stream());
}

inline void exp(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  exp(x.map(), y.map(), y.size(), call.stream());
}
inline void log(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  log(x.map(), y.map(), y.size(), call.stream());
}
inline void rsqrt(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  rsqrt(x.map(), y.map(), y.size(), call.stream());
}
inline void clamp(const Call& call, const DeviceTensor& x, float low, float high, DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  clamp(x.map(), low, high, y.map(), y.size(), call.stream());
}
inline void add(const Call& call, const DeviceTensor& x1, const DeviceTensor& x2, DeviceTensor& y) {
  call.expect_one_format({{"x1", x1}, {"x2", x2}, {"y", y}});
  add(x1.map(), x2.map(), y.map(), y.size(), call.stream());
}
inline void multiply(const Call& call, const DeviceTensor& x1, const DeviceTensor& x2, DeviceTensor& y, Write write) {
  call.expect_one_format({{"x1", x1}, {"x2", x2}, {"y", y}});
  multiply(x1.map(), x2.map(), y.map(), write, y.size(), call.stream());
}
inline void axpy(const Call& call, float alpha, const DeviceTensor& x, DeviceTensor& y) {
  axpy(alpha, x.map(), y.map(), y.size(), call.stream());
}

inline void row_sums(const Call& call, const DeviceTensor& x, DeviceTensor& y, Write write) {
  row_sums(call.single(x, "x"), call.single(y, "y"), write, x.shape()[0], x.shape()[1], call.stream());
}
inline void row_sums_backward(const Call& call, const DeviceTensor& d_y, DeviceTensor& d_x, Write write) {
  row_sums_backward(call.single(d_y, "d_y"), call.single(d_x, "d_x"), write, d_x.shape()[0], d_x.shape()[1],
                    call.stream());
}

inline void take_rows(const Call& call, const DeviceTensor& table, const DeviceTensor& rows, DeviceTensor& y) {
  take_rows(call.single(table, "table"), call.single(rows, "rows"), call.single(y, "y"), y.shape()[0], y.shape()[1],
            call.stream());
}

/// The last axis of (..., K); a column (M) has one.
[[nodiscard]] inline Index columns_of(const Shape& shape) { return shape.rank() == 1 ? 1 : shape.last(); }

inline void read_columns(const Call& call, const DeviceTensor& x, Index first, DeviceTensor& y, Write write) {
  call.expect_one_format({{"x", x}, {"y", y}});
  read_columns(x.map(), first, y.map(), write, x.rows(), columns_of(x.shape()), columns_of(y.shape()), call.stream());
}
inline void write_columns(const Call& call, const DeviceTensor& x, Index first, DeviceTensor& y, Write write) {
  call.expect_one_format({{"x", x}, {"y", y}});
  write_columns(x.map(), first, y.map(), write, y.rows(), columns_of(x.shape()), columns_of(y.shape()), call.stream());
}

}  // namespace saccade::cuda
