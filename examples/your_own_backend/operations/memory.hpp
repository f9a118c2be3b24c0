#pragma once

#include "tensor.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>

namespace torch_example {

/// TensorMemory. PyTorch on the CPU has finished when a call returns, so there is nothing to wait for.
template <std::floating_point Scalar>
struct Memory {
  [[nodiscard]] Tensor zeros(const Shape& shape) const {
    std::array<Index, Shape::max_rank> sizes{};
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) sizes[axis] = shape[axis];
    return at::zeros(at::IntArrayRef(sizes.data(), shape.rank()), c10::CppTypeToScalarType<Scalar>::value);
  }

  [[nodiscard]] Shape shape(const Tensor& x) const { return shape_of(x); }

  void fill(Scalar value, Tensor& y) const { y.fill_(value); }

  /// The numbers, not the handle: `y = x` would make two names of one tensor. They may have different shapes.
  void copy(const Tensor& x, Tensor& y) const { y.copy_(x.view(y.sizes())); }

  void upload(std::span<const Scalar> source, Tensor& y) const {
    std::copy(source.begin(), source.end(), y.data_ptr<Scalar>());
  }

  void download(const Tensor& x, std::span<Scalar> target) const {
    std::copy_n(x.data_ptr<Scalar>(), target.size(), target.begin());
  }

  void synchronize() const {}
};

}  // namespace torch_example
