#pragma once

#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/math/activation.hpp>
#include <saccade/math/elementary.hpp>

#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainablePointwiseOps. Every element is read before its place is written, so y may be x, and d_x may be d_y.
template <std::floating_point Scalar>
struct Pointwise {
  using Tensor = HostTensor<Scalar>;

  void relu(const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::relu(x.data()[i]);
  }

  void relu6(const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::relu6(x.data()[i]);
  }

  /// slope (1), shared, or (C), one a channel
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y) const {
    const Index S = slope.shape.size();
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::prelu(x.data()[i], slope.data()[i % S]);
  }

  void sigmoid(const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::sigmoid(x.data()[i]);
  }

  void tanh(const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::tanh(x.data()[i]);
  }

  void exp(const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::exp(x.data()[i]);
  }

  void log(const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::log(x.data()[i]);
  }

  void rsqrt(const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) y.data()[i] = math::rsqrt(x.data()[i]);
  }

  /// y = min(max(x, low), high); NaN stays
  void clamp(const Tensor& x, Scalar low, Scalar high, Tensor& y) const {
    for (Index i = 0; i < x.shape.size(); ++i) {
      const Scalar value = x.data()[i];
      y.data()[i] = value < low ? low : value > high ? high : value;
    }
  }

  void add(const Tensor& x1, const Tensor& x2, Tensor& y) const {
    for (Index i = 0; i < y.shape.size(); ++i) y.data()[i] = x1.data()[i] + x2.data()[i];
  }

  void multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write) const {
    for (Index i = 0; i < y.shape.size(); ++i) {
      store(Sum<Scalar>(x1.data()[i]) * x2.data()[i], write, y.data()[i]);
    }
  }

  /// y += alpha x
  void axpy(Scalar alpha, const Tensor& x, Tensor& y) const {
    for (Index i = 0; i < y.shape.size(); ++i) {
      store(Sum<Scalar>(alpha) * x.data()[i], Write::accumulate, y.data()[i]);
    }
  }

  /// x (M, K), y (M): y[m] (+)= sum_k x[m, k]
  void row_sums(const Tensor& x, Tensor& y, Write write) const {
    const Index M = x.shape[0], K = x.shape[1];
    for (Index m = 0; m < M; ++m) {
      Sum<Scalar> sum = 0;
      for (Index k = 0; k < K; ++k) sum += x.data()[m * K + k];
      store(sum, write, y.data()[m]);
    }
  }

  /// d_y (M), d_x (M, K): d_x[m, k] (+)= d_y[m]
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) const {
    const Index M = d_x.shape[0], K = d_x.shape[1];
    for (Index m = 0; m < M; ++m) {
      for (Index k = 0; k < K; ++k) store<Scalar>(d_y.data()[m], write, d_x.data()[m * K + k]);
    }
  }

  /// table (N, K), rows (M), y (M, K): y[m] = table[rows[m]]
  void take_rows(const Tensor& table, const Tensor& rows, Tensor& y) const {
    const Index M = y.shape[0], K = y.shape[1];
    for (Index m = 0; m < M; ++m) {
      const Index row = static_cast<Index>(rows.data()[m]);
      for (Index k = 0; k < K; ++k) y.data()[m * K + k] = table.data()[row * K + k];
    }
  }

  /// x (..., K), y (..., N): y (+)= x[..., first : first + N]
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write) const {
    const Index M = rows(x.shape), K = columns(x.shape), N = columns(y.shape);
    for (Index m = 0; m < M; ++m) {
      for (Index n = 0; n < N; ++n) store<Scalar>(x.data()[m * K + first + n], write, y.data()[m * N + n]);
    }
  }

  /// x (..., N), y (..., K): y[..., first : first + N] (+)= x
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write) const {
    const Index M = rows(y.shape), N = columns(x.shape), K = columns(y.shape);
    for (Index m = 0; m < M; ++m) {
      for (Index n = 0; n < N; ++n) store<Scalar>(x.data()[m * N + n], write, y.data()[m * K + first + n]);
    }
  }

  void relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    for (Index i = 0; i < y.shape.size(); ++i) {
      store<Scalar>(d_y.data()[i] * math::relu_derivative(y.data()[i]), write, d_x.data()[i]);
    }
  }

  void relu6_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    for (Index i = 0; i < y.shape.size(); ++i) {
      store<Scalar>(d_y.data()[i] * math::relu6_derivative(y.data()[i]), write, d_x.data()[i]);
    }
  }

  void sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    for (Index i = 0; i < y.shape.size(); ++i) {
      store<Scalar>(d_y.data()[i] * math::sigmoid_derivative(y.data()[i]), write, d_x.data()[i]);
    }
  }

  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    for (Index i = 0; i < y.shape.size(); ++i) {
      store<Scalar>(d_y.data()[i] * math::tanh_derivative(y.data()[i]), write, d_x.data()[i]);
    }
  }

  /// d_slope sums over everything that shares a slope
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write_x,
                      Tensor& d_slope, Write write_slope) const {
    const Index S = slope.shape.size();
    std::vector<Sum<Scalar>> sums(slope.values.size());  // (1) or (C)
    for (Index i = 0; i < x.shape.size(); ++i) {
      const Scalar value = x.data()[i], d = d_y.data()[i];
      sums.data()[i % S] += Sum<Scalar>(d) * math::prelu_slope_derivative(value);
      store<Scalar>(d * math::prelu_derivative(value, slope.data()[i % S]), write_x, d_x.data()[i]);
    }
    for (Index s = 0; s < S; ++s) store(sums.data()[s], write_slope, d_slope.data()[s]);
  }

 private:
  /// All axes of (..., K) but the last.
  static Index rows(const Shape& shape) { return shape.last() == 0 ? 0 : shape.size() / shape.last(); }

  /// The last axis of (..., K); a column (M) has one.
  static Index columns(const Shape& shape) { return shape.rank() == 1 ? 1 : shape.last(); }
};

}  // namespace saccade::reference
