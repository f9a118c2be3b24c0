#pragma once

#include <saccade/backends/reference/host_tensor.hpp>

#include <algorithm>
#include <cstddef>

/// Tensors as somebody sees them who has mistaken their layout.
namespace wrong {

using Tensor = saccade::reference::HostTensor<double>;
using saccade::Index;

inline void scale(double factor, Tensor& y) {
  for (double& value : y.values) value *= factor;
}

/// The numbers of a matrix read as if it were stored the other way round.
inline Tensor read_as_transposed(const Tensor& w) {
  Tensor result = w;
  const Index rows = w.shape[0], columns = w.shape[1];
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) result.data()[i * columns + j] = w.data()[j * rows + i];
  }
  return result;
}
inline Tensor first_of(const Tensor& slope) { return {{1}, {slope.values.front()}}; }

/// The last kernel column first, and the last row: a convolution instead of a correlation.
inline Tensor flipped_kernel(const Tensor& w) {
  Tensor result = w;
  const Index taps = w.shape[1] * w.shape[2], channels = w.shape[3];
  for (Index i = 0; i < w.shape.size(); ++i) {
    const Index tap = i / channels % taps;
    result.data()[i] = w.data()[i + (taps - 1 - 2 * tap) * channels];
  }
  return result;
}
inline Tensor transposed_image(const Tensor& x) {
  Tensor result{{x.shape[0], x.shape[2], x.shape[1], x.shape[3]}, x.values};
  for (Index i = 0; i < x.shape.size(); ++i) {
    const Index c = i % x.shape[3], column = i / x.shape[3] % x.shape[2];
    const Index row = i / x.shape[3] / x.shape[2] % x.shape[1], b = i / x.shape[3] / x.shape[2] / x.shape[1];
    result.data()[((b * x.shape[2] + column) * x.shape[1] + row) * x.shape[3] + c] = x.data()[i];
  }
  return result;
}
/// The image with its border pixels repeated.
inline Tensor padded(const Tensor& x, saccade::Padding padding) {
  Tensor result{
      {x.shape[0], x.shape[1] + padding.top + padding.bottom, x.shape[2] + padding.left + padding.right, x.shape[3]},
      {}};
  for (Index b = 0; b < x.shape[0]; ++b) {
    for (Index i = -padding.top; i < x.shape[1] + padding.bottom; ++i) {
      for (Index j = -padding.left; j < x.shape[2] + padding.right; ++j) {
        const Index row = std::clamp<Index>(i, 0, x.shape[1] - 1), column = std::clamp<Index>(j, 0, x.shape[2] - 1);
        const double* pixel = x.data() + ((b * x.shape[1] + row) * x.shape[2] + column) * x.shape[3];
        result.values.insert(result.values.end(), pixel, pixel + x.shape[3]);
      }
    }
  }
  return result;
}
/// Channels reordered so that a group takes every groups-th one, or back.
inline Tensor strided(const Tensor& x, Index groups, bool forth) {
  Tensor result = x;
  const Index channels = x.shape.last(), width = channels / groups;
  for (Index i = 0; i < x.shape.size(); ++i) {
    const Index c = i % channels, other = i - c + c % width * groups + c / width;
    if (forth) {
      result.data()[i] = x.data()[other];
    } else {
      result.data()[other] = x.data()[i];
    }
  }
  return result;
}

/// Every group as if it were the first.
inline Tensor first_group(const Tensor& x, Index groups) {
  Tensor result = x;
  const Index channels = x.shape.last();
  for (Index i = 0; i < x.shape.size(); ++i) {
    const Index c = i % channels;
    result.data()[i] = x.data()[i - c + c % (channels / groups)];
  }
  return result;
}

/// The k-th element of the window of output i, or nothing where that is padding.
template <class AnyTensor>
auto in_window(AnyTensor& x, saccade::PoolingGeometry geometry, const Tensor& y, Index i, Index k)
    -> decltype(x.data()) {
  const Index c = i % y.shape[3], column = i / y.shape[3] % y.shape[2];
  const Index row = i / y.shape[3] / y.shape[2] % y.shape[1], b = i / y.shape[3] / y.shape[2] / y.shape[1];
  const Index h = row * geometry.stride + k / geometry.window - geometry.padding;
  const Index w = column * geometry.stride + k % geometry.window - geometry.padding;
  if (h < 0 || h >= x.shape[1] || w < 0 || w >= x.shape[2]) return nullptr;
  return x.data() + ((b * x.shape[1] + h) * x.shape[2] + w) * x.shape[3] + c;
}
inline bool touches_border(const Tensor& x, saccade::PoolingGeometry geometry, const Tensor& y, Index i) {
  for (Index k = 0; k < geometry.window * geometry.window; ++k) {
    if (in_window(x, geometry, y, i, k) == nullptr) return true;
  }
  return false;
}

}  // namespace wrong
