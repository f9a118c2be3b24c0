#pragma once

#include "tensor.hpp"

#include <tuple>

namespace torch_example {

/// TrainablePointwiseOps. PyTorch's `_out` functions allow that the output is an input.
struct Pointwise {
  void relu(const Tensor& x, Tensor& y) const { at::clamp_min_out(y, x, 0); }
  void relu6(const Tensor& x, Tensor& y) const { at::clamp_out(y, x, 0, 6); }
  void sigmoid(const Tensor& x, Tensor& y) const { at::sigmoid_out(y, x); }
  void tanh(const Tensor& x, Tensor& y) const { at::tanh_out(y, x); }
  void exp(const Tensor& x, Tensor& y) const { at::exp_out(y, x); }
  void log(const Tensor& x, Tensor& y) const { at::log_out(y, x); }
  void rsqrt(const Tensor& x, Tensor& y) const { at::rsqrt_out(y, x); }
  void clamp(const Tensor& x, double low, double high, Tensor& y) const { at::clamp_out(y, x, low, high); }

  /// slope (1) or (C)
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y) const {
    adopt(at::prelu(rows(x), slope).view(x.sizes()), Write::overwrite, y);
  }

  void add(const Tensor& x1, const Tensor& x2, Tensor& y) const { at::add_out(y, x1, x2); }

  void multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write) const {
    if (write == Write::overwrite)
      at::mul_out(y, x1, x2);
    else
      y.addcmul_(x1, x2);
  }

  /// y += alpha x
  void axpy(double alpha, const Tensor& x, Tensor& y) const { y.add_(x, alpha); }

  /// y[m] (+)= the sum of x[m, k]
  void row_sums(const Tensor& x, Tensor& y, Write write) const { adopt(at::sum(x, 1), write, y); }

  /// d_x[m, k] (+)= d_y[m]
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) const { assign(d_y.unsqueeze(1), write, d_x); }

  /// y[m] = table[rows[m]]
  void take_rows(const Tensor& table, const Tensor& rows, Tensor& y) const {
    at::index_select_out(y, table, 0, rows.to(at::kLong));
  }

  /// y (+)= x[..., first : first + N]
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write) const {
    const Tensor narrow = with_columns(y);
    assign(x.narrow(-1, first, narrow.size(-1)), write, narrow);
  }

  /// y[..., first : first + N] (+)= x
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write) const {
    const Tensor narrow = with_columns(x);
    assign(narrow, write, y.narrow(-1, first, narrow.size(-1)));
  }

  void relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    adopt(at::threshold_backward(d_y, y, 0), write, d_x);
  }

  void relu6_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    adopt(at::hardtanh_backward(d_y, y, 0, 6), write, d_x);
  }

  void sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    adopt(at::sigmoid_backward(d_y, y), write, d_x);
  }

  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    adopt(at::tanh_backward(d_y, y), write, d_x);
  }

  /// d_slope sums over everything that shares a slope. The results are new tensors, so d_x may be d_y.
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write_x,
                      Tensor& d_slope, Write write_slope) const {
    auto [by_x, by_slope] = prelu_derivatives(rows(d_y), rows(x), slope);
    adopt(by_x.view(x.sizes()), write_x, d_x);
    adopt(by_slope, write_slope, d_slope);
  }

 private:
  /// By x, (N, C), and by slope.
  static std::tuple<Tensor, Tensor> prelu_derivatives(const Tensor& d_y, const Tensor& x, const Tensor& slope) {
#if __has_include(<ATen/ops/_prelu_kernel_backward.h>)
    // PyTorch 2 has it under another name, and leaves the sum to the caller.
    auto [by_x, by_slope] = at::_prelu_kernel_backward(d_y, x, slope);
    return {by_x, by_slope.sum_to_size(slope.sizes())};
#else
    return at::prelu_backward(d_y, x, slope);
#endif
  }

  /// (M) as (M, 1).
  static Tensor with_columns(const Tensor& x) { return x.dim() == 1 ? x.unsqueeze(1) : x; }
};

}  // namespace torch_example
