#pragma once

#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/math/bilinear.hpp>

#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainableUpsampleOps: x (B, h, w, C), y (B, H, W, C).
template <std::floating_point Scalar>
struct Upsample {
  using Tensor = HostTensor<Scalar>;

  void upsample_bilinear(const Tensor& x, Corners corners, Tensor& y) const {
    for_each_output(x.shape, y.shape, corners, [&](Index b, Index i, Index j, const Taps& row, const Taps& column) {
      for (Index c = 0; c < y.shape[3]; ++c) {
        const auto at = [&](Index h, Index w) { return x.data()[offset(x.shape, b, h, w, c)]; };
        y.data()[offset(y.shape, b, i, j, c)] =
            math::bilinear(row, column, at(row.index0, column.index0), at(row.index0, column.index1),
                           at(row.index1, column.index0), at(row.index1, column.index1));
      }
    });
  }

  /// The adjoint, said plainly: every output hands its gradient to the four pixels that it read.
  void upsample_bilinear_backward(const Tensor& d_y, Corners corners, Tensor& d_x, Write write) const {
    std::vector<Sum<Scalar>> sums(d_x.values.size());  // (B, h, w, C)
    for_each_output(d_x.shape, d_y.shape, corners, [&](Index b, Index i, Index j, const Taps& row, const Taps& column) {
      for (Index c = 0; c < d_y.shape[3]; ++c) {
        const Sum<Scalar> d = d_y.data()[offset(d_y.shape, b, i, j, c)];
        const auto at = [&](Index h, Index w) -> Sum<Scalar>& { return sums.data()[offset(d_x.shape, b, h, w, c)]; };
        at(row.index0, column.index0) += row.weight0 * column.weight0 * d;
        at(row.index0, column.index1) += row.weight0 * column.weight1 * d;
        at(row.index1, column.index0) += row.weight1 * column.weight0 * d;
        at(row.index1, column.index1) += row.weight1 * column.weight1 * d;
      }
    });
    for (Index i = 0; i < d_x.shape.size(); ++i) store(sums.data()[i], write, d_x.data()[i]);
  }

 private:
  using Taps = math::BilinearTaps<Scalar, Index>;

  /// Calls f(b, i, j, taps of row i, taps of column j) for every pixel (i, j) of the larger image.
  template <class F>
  static void for_each_output(const Shape& x, const Shape& y, Corners corners, F f) {
    const auto rows = math::bilinear_map(corners, x[1], y[1]);
    const auto columns = math::bilinear_map(corners, x[2], y[2]);
    for (Index b = 0; b < y[0]; ++b) {
      for (Index i = 0; i < y[1]; ++i) {
        const Taps row = math::bilinear_taps<Scalar>(rows, x[1], i);
        for (Index j = 0; j < y[2]; ++j) f(b, i, j, row, math::bilinear_taps<Scalar>(columns, x[2], j));
      }
    }
  }
};

}  // namespace saccade::reference
