#pragma once

#include "tensor.hpp"

namespace torch_example {

/// TrainableLinearOps: x (M, K), w (N, K), y (M, N). A factor beta = 0 makes BLAS overwrite, NaN included.
struct Linear {
  /// y (+)= x w^T
  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) const { multiply_matrices(x, w.t(), write, y); }

  /// y[..., c] += bias[c]
  void add_bias(const Tensor& bias, Tensor& y) const { y.add_(bias); }

  /// d_x (+)= d_y w
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) const {
    multiply_matrices(d_y, w, write, d_x);
  }

  /// d_w (+)= d_y^T x
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) const {
    multiply_matrices(d_y.t(), x, write, d_w);
  }

  /// d_bias[c] (+)= the sum of d_y[..., c]
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) const {
    adopt(at::sum(rows(d_y), 0), write, d_bias);
  }

 private:
  static void multiply_matrices(const Tensor& left, const Tensor& right, Write write, Tensor& product) {
    at::addmm_out(product, product, left, right, write == Write::accumulate ? 1 : 0);
  }
};

}  // namespace torch_example
