#pragma once

#include <saccade/backends/cuda/engine.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// y (+)= a b, where a product over nothing is 0.
inline void product(const Call& call, const Factor& a, const Factor& b, Map y, Write write, const ProductSizes& sizes) {
  if (sizes.rows == 0 || sizes.columns == 0) return;
  if (sizes.inner > 0) {
    call.engine().products().multiply(a, b, y, write, sizes, call.operation());
  } else if (write == Write::overwrite) {
    fill(0.0f, y, sizes.rows * sizes.columns, call.stream());
  }
}

/// x (M, K), w (N, K), y (M, N): y (+)= x w^T.
inline void linear(const Call& call, const DeviceTensor& x, const DeviceTensor& w, DeviceTensor& y, Write write) {
  const Factor inputs{{call.single(x, "x"), Format::single}, false},
      weights{{call.single(w, "w"), Format::single}, true};
  product(call, inputs, weights, {call.single(y, "y"), Format::single}, write,
          {.rows = x.shape()[0], .columns = w.shape()[0], .inner = x.shape()[1]});
}

/// d_x (M, K) (+)= d_y (M, N) w (N, K).
inline void linear_backward_input(const Call& call, const DeviceTensor& d_y, const DeviceTensor& w, DeviceTensor& d_x,
                                  Write write) {
  const Factor gradient{{call.single(d_y, "d_y"), Format::single}}, weights{{call.single(w, "w"), Format::single}};
  product(call, gradient, weights, {call.single(d_x, "d_x"), Format::single}, write,
          {.rows = d_y.shape()[0], .columns = w.shape()[1], .inner = w.shape()[0]});
}

/// d_w (N, K) (+)= d_y^T x.
inline void linear_backward_weight(const Call& call, const DeviceTensor& d_y, const DeviceTensor& x, DeviceTensor& d_w,
                                   Write write) {
  const Factor gradient{{call.single(d_y, "d_y"), Format::single}, true},
      inputs{{call.single(x, "x"), Format::single}, false};
  product(call, gradient, inputs, {call.single(d_w, "d_w"), Format::single}, write,
          {.rows = d_w.shape()[0], .columns = d_w.shape()[1], .inner = x.shape()[0]});
}

inline void add_bias(const Call& call, const DeviceTensor& bias, DeviceTensor& y) {
  add_bias(call.single(bias, "bias"), y.map(), y.rows(), y.shape().last(), call.stream());
}

inline void add_bias_backward(const Call& call, const DeviceTensor& d_y, DeviceTensor& d_bias, Write write) {
  const Index rows = d_y.rows(), channels = d_y.shape().last();
  add_bias_backward(d_y.map(), call.single(d_bias, "d_bias"), write, rows, channels,
                    call.sums(add_bias_backward_workspace(rows, channels)), call.stream());
}

}  // namespace saccade::cuda
