#pragma once

#include <saccade/backends/reference/host_tensor.hpp>

#include <vector>

namespace saccade::inline v0::reference {

/// TrainablePoolingOps: x (B, H, W, C), y and argmax (B, H', W', C).
template <std::floating_point Scalar>
struct Pooling {
  using Tensor = HostTensor<Scalar>;

  /// y = largest value of the window; argmax = ky * window + kx of the first largest one inside the image
  void max_pool(const Tensor& x, PoolingGeometry geometry, Tensor& y, Tensor& argmax) const {
    const Index B = y.shape[0], C = y.shape[3];
    for (Index b = 0; b < B; ++b) {
      for (Index i = 0; i < y.shape[1]; ++i) {
        for (Index j = 0; j < y.shape[2]; ++j) {
          for (Index c = 0; c < C; ++c) {
            Index best = -1;
            Scalar largest = 0;
            for (Index k = 0; k < geometry.window * geometry.window; ++k) {
              const Index row = i * geometry.stride + k / geometry.window - geometry.padding;
              const Index column = j * geometry.stride + k % geometry.window - geometry.padding;
              if (row < 0 || row >= x.shape[1] || column < 0 || column >= x.shape[2]) continue;
              const Scalar value = x.data()[offset(x.shape, b, row, column, c)];
              if (best < 0 || value > largest) {
                best = k;
                largest = value;
              }
            }
            y.data()[offset(y.shape, b, i, j, c)] = largest;
            argmax.data()[offset(y.shape, b, i, j, c)] = static_cast<Scalar>(best);
          }
        }
      }
    }
  }

  /// d_x (+)= each d_y at the place that `argmax` names
  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, PoolingGeometry geometry, Tensor& d_x,
                         Write write) const {
    const Index B = d_y.shape[0], C = d_y.shape[3];
    std::vector<Sum<Scalar>> sums(d_x.values.size());  // (B, H, W, C)
    for (Index b = 0; b < B; ++b) {
      for (Index i = 0; i < d_y.shape[1]; ++i) {
        for (Index j = 0; j < d_y.shape[2]; ++j) {
          for (Index c = 0; c < C; ++c) {
            const Index from = offset(d_y.shape, b, i, j, c);
            const Index k = static_cast<Index>(argmax.data()[from]);
            const Index row = i * geometry.stride + k / geometry.window - geometry.padding;
            const Index column = j * geometry.stride + k % geometry.window - geometry.padding;
            sums.data()[offset(d_x.shape, b, row, column, c)] += d_y.data()[from];
          }
        }
      }
    }
    for (Index i = 0; i < d_x.shape.size(); ++i) store(sums.data()[i], write, d_x.data()[i]);
  }

  /// y[b, c] = sum_{h, w} x[b, h, w, c] / (H W)
  void global_average_pool(const Tensor& x, Tensor& y) const {
    const Index B = x.shape[0], P = x.shape[1] * x.shape[2], C = x.shape[3];
    for (Index b = 0; b < B; ++b) {
      for (Index c = 0; c < C; ++c) {
        Sum<Scalar> sum = 0;
        for (Index p = 0; p < P; ++p) sum += x.data()[(b * P + p) * C + c];
        y.data()[b * C + c] = static_cast<Scalar>(sum / static_cast<Sum<Scalar>>(P));
      }
    }
  }

  /// d_x[b, h, w, c] (+)= d_y[b, c] / (H W)
  void global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write) const {
    const Index B = d_x.shape[0], P = d_x.shape[1] * d_x.shape[2], C = d_x.shape[3];
    for (Index b = 0; b < B; ++b) {
      for (Index p = 0; p < P; ++p) {
        for (Index c = 0; c < C; ++c) {
          store(d_y.data()[b * C + c] / static_cast<Sum<Scalar>>(P), write, d_x.data()[(b * P + p) * C + c]);
        }
      }
    }
  }
};

}  // namespace saccade::inline v0::reference
