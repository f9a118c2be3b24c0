#pragma once

#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/math/cell.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::reference {

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

  /// log_sum[b, c] = ln sum_p exp(x[b, p, c]); position[b, 2 c] = sum_p exp(x[b, p, c] - log_sum[b, c]) u_p, and
  /// position[b, 2 c + 1] of v_p, where (u_p, v_p) is the middle of pixel p
  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) const {
    const Index B = x.shape[0], H = x.shape[1], W = x.shape[2], C = x.shape[3];
    for (Index b = 0; b < B; ++b) {
      for (Index c = 0; c < C; ++c) {
        const auto value = [&](Index p) { return static_cast<Sum<Scalar>>(x.data()[(b * H * W + p) * C + c]); };
        Sum<Scalar> largest = value(0), sum = 0, across = 0, down = 0;
        for (Index p = 1; p < H * W; ++p) largest = std::max(largest, value(p));
        for (Index p = 0; p < H * W; ++p) {
          const Sum<Scalar> weight = std::exp(value(p) - largest);
          sum += weight;
          across += weight * math::cell_centre<Sum<Scalar>>(p % W, W);
          down += weight * math::cell_centre<Sum<Scalar>>(p / W, H);
        }
        log_sum.data()[b * C + c] = static_cast<Scalar>(largest + std::log(sum));
        position.data()[(b * C + c) * 2] = static_cast<Scalar>(across / sum);
        position.data()[(b * C + c) * 2 + 1] = static_cast<Scalar>(down / sum);
      }
    }
  }

  /// d_x[b, p, c] (+)= exp(x[b, p, c] - log_sum[b, c]) (d_position[b, 2 c] (u_p - position[b, 2 c])
  ///                   + d_position[b, 2 c + 1] (v_p - position[b, 2 c + 1]))
  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write) const {
    const Index B = x.shape[0], H = x.shape[1], W = x.shape[2], C = x.shape[3];
    for (Index b = 0; b < B; ++b) {
      for (Index p = 0; p < H * W; ++p) {
        const auto u = math::cell_centre<Sum<Scalar>>(p % W, W), v = math::cell_centre<Sum<Scalar>>(p / W, H);
        for (Index c = 0; c < C; ++c) {
          const Index pixel = (b * H * W + p) * C + c, channel = b * C + c;
          const auto weight = std::exp(static_cast<Sum<Scalar>>(x.data()[pixel]) - log_sum.data()[channel]);
          store(weight * (d_position.data()[2 * channel] * (u - position.data()[2 * channel]) +
                          d_position.data()[2 * channel + 1] * (v - position.data()[2 * channel + 1])),
                write, d_x.data()[pixel]);
        }
      }
    }
  }
};

}  // namespace saccade::reference
