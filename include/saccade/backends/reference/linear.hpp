#pragma once

#include <saccade/backends/reference/host_tensor.hpp>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainableLinearOps: x (M, K), w (N, K), y (M, N).
template <std::floating_point Scalar>
struct Linear {
  using Tensor = HostTensor<Scalar>;

  /// y[m, n] (+)= sum_k x[m, k] w[n, k]
  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) const {
    const Index M = x.shape[0], K = x.shape[1], N = w.shape[0];
    for (Index m = 0; m < M; ++m) {
      for (Index n = 0; n < N; ++n) {
        Sum<Scalar> sum = 0;
        for (Index k = 0; k < K; ++k) sum += Sum<Scalar>(x.data()[m * K + k]) * w.data()[n * K + k];
        store(sum, write, y.data()[m * N + n]);
      }
    }
  }

  /// d_x[m, k] (+)= sum_n d_y[m, n] w[n, k]
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) const {
    const Index M = d_y.shape[0], N = w.shape[0], K = w.shape[1];
    for (Index m = 0; m < M; ++m) {
      for (Index k = 0; k < K; ++k) {
        Sum<Scalar> sum = 0;
        for (Index n = 0; n < N; ++n) sum += Sum<Scalar>(d_y.data()[m * N + n]) * w.data()[n * K + k];
        store(sum, write, d_x.data()[m * K + k]);
      }
    }
  }

  /// d_w[n, k] (+)= sum_m d_y[m, n] x[m, k]
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) const {
    const Index M = x.shape[0], N = d_y.shape[1], K = x.shape[1];
    for (Index n = 0; n < N; ++n) {
      for (Index k = 0; k < K; ++k) {
        Sum<Scalar> sum = 0;
        for (Index m = 0; m < M; ++m) sum += Sum<Scalar>(d_y.data()[m * N + n]) * x.data()[m * K + k];
        store(sum, write, d_w.data()[n * K + k]);
      }
    }
  }

  /// y[..., c] += bias[c]
  void add_bias(const Tensor& bias, Tensor& y) const {
    const Index C = y.shape.last();
    for (Index i = 0; i < y.shape.size(); ++i) y.data()[i] += bias.data()[i % C];
  }

  /// d_bias[c] (+)= sum over all other axes of d_y[..., c]
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) const {
    const Index C = d_bias.shape.size();
    for (Index c = 0; c < C; ++c) {
      Sum<Scalar> sum = 0;
      for (Index i = c; i < d_y.shape.size(); i += C) sum += d_y.data()[i];
      store(sum, write, d_bias.data()[c]);
    }
  }
};

}  // namespace saccade::reference
