#pragma once

#include <saccade/backends/reference/host_tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TensorMemory.
template <std::floating_point Scalar>
struct Memory {
  using Tensor = HostTensor<Scalar>;

  [[nodiscard]] Tensor zeros(const Shape& shape) const {
    return {shape, std::vector<Scalar>(static_cast<std::size_t>(shape.size()))};
  }

  [[nodiscard]] Shape shape(const Tensor& tensor) const { return tensor.shape; }

  void fill(Scalar value, Tensor& y) const { std::fill(y.values.begin(), y.values.end(), value); }

  void copy(const Tensor& x, Tensor& y) const { std::copy(x.values.begin(), x.values.end(), y.values.begin()); }

  void upload(std::span<const Scalar> source, Tensor& y) const {
    std::copy(source.begin(), source.end(), y.values.begin());
  }

  void download(const Tensor& x, std::span<Scalar> target) const {
    std::copy(x.values.begin(), x.values.end(), target.begin());
  }

  /// Nothing is ever pending.
  void synchronize() const {}
};

}  // namespace saccade::reference
