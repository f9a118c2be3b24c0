#pragma once

#include <saccade/backends/reference/host_tensor.hpp>

#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainableConvolutionOps: x (B, H, W, C), w (O, kh, kw, C / groups), y (B, H', W', O).
template <std::floating_point Scalar>
struct Convolution {
  using Tensor = HostTensor<Scalar>;

  /// y[b, i, j, o] = sum_{u, v, c} x[b, i * stride + u - top, j * stride + v - left, g C / groups + c] w[o, u, v, c],
  /// where g is the group of o
  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y) const {
    std::vector<Sum<Scalar>> sums(y.values.size());  // (B, H', W', O)
    for_each_product(x.shape, w.shape, y.shape, geometry, [&](Index ix, Index iw, Index iy) {
      sums.data()[iy] += Sum<Scalar>(x.data()[ix]) * w.data()[iw];
    });
    store_all(sums, Write::overwrite, y);
  }

  /// Adjoint of `convolve` in x: every product goes back to the pixel that it came from.
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) const {
    std::vector<Sum<Scalar>> sums(d_x.values.size());  // (B, H, W, C)
    for_each_product(d_x.shape, w.shape, d_y.shape, geometry, [&](Index ix, Index iw, Index iy) {
      sums.data()[ix] += Sum<Scalar>(d_y.data()[iy]) * w.data()[iw];
    });
    store_all(sums, write, d_x);
  }

  /// Adjoint of `convolve` in w.
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) const {
    std::vector<Sum<Scalar>> sums(d_w.values.size());  // (O, kh, kw, C / groups)
    for_each_product(x.shape, d_w.shape, d_y.shape, geometry, [&](Index ix, Index iw, Index iy) {
      sums.data()[iw] += Sum<Scalar>(d_y.data()[iy]) * x.data()[ix];
    });
    store_all(sums, write, d_w);
  }

 private:
  /// Calls f(place in x, place in w, place in y) for every product of the convolution, in one fixed order.
  template <class F>
  static void for_each_product(const Shape& x, const Shape& w, const Shape& y, ConvolutionGeometry geometry, F f) {
    const Index B = y[0], H = x[1], W = x[2], O = w[0];
    const Index C = w[3], outputs = O / geometry.groups;  // of a group
    for (Index b = 0; b < B; ++b) {
      for (Index i = 0; i < y[1]; ++i) {
        for (Index j = 0; j < y[2]; ++j) {
          for (Index o = 0; o < O; ++o) {
            for (Index u = 0; u < w[1]; ++u) {
              for (Index v = 0; v < w[2]; ++v) {
                const Index row = i * geometry.stride + u - geometry.padding.top;
                const Index column = j * geometry.stride + v - geometry.padding.left;
                if (row < 0 || row >= H || column < 0 || column >= W) continue;
                for (Index c = 0; c < C; ++c) {
                  f(offset(x, b, row, column, o / outputs * C + c), offset(w, o, u, v, c), offset(y, b, i, j, o));
                }
              }
            }
          }
        }
      }
    }
  }

  static void store_all(const std::vector<Sum<Scalar>>& sums, Write write, Tensor& target) {
    for (std::size_t i = 0; i < sums.size(); ++i) store(sums[i], write, target.values[i]);
  }
};

}  // namespace saccade::reference
