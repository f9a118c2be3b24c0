#pragma once

#include <saccade/core/geometry.hpp>
#include <saccade/core/shape.hpp>

#include <ATen/ATen.h>

#include <utility>

/// What all operations share: how Saccade's tensors look to PyTorch, and how results reach their outputs. Every tensor
/// of the backend is contiguous, row-major, and owns its memory.
namespace torch_example {

using at::Tensor;
using saccade::Index;
using saccade::Shape;
using saccade::Write;

[[nodiscard]] inline Shape shape_of(const Tensor& x) {
  switch (x.dim()) {
    case 0:
      return {};
    case 1:
      return {x.size(0)};
    case 2:
      return {x.size(0), x.size(1)};
    case 3:
      return {x.size(0), x.size(1), x.size(2)};
    default:
      return {x.size(0), x.size(1), x.size(2), x.size(3)};
  }
}

/// (B, H, W, C) as (B, C, H, W) in channels_last layout: another view of the same memory.
[[nodiscard]] inline Tensor channels_first(const Tensor& x) { return x.permute({0, 3, 1, 2}); }

/// (B, C, H, W) as (B, H, W, C), contiguous; copied only if PyTorch did not choose channels_last.
[[nodiscard]] inline Tensor channels_last(const Tensor& x) { return x.permute({0, 2, 3, 1}).contiguous(); }

/// (..., C) as the matrix (N, C): a view.
[[nodiscard]] inline Tensor rows(const Tensor& x) { return x.view({-1, x.size(-1)}); }

/// (+)= by taking over the memory of a new result. Never for a view of an input: the two would share its memory.
inline void adopt(Tensor result, Write write, Tensor& y) {
  if (write == Write::overwrite)
    y = std::move(result);
  else
    y.add_(result);
}

/// (+)= by copying or adding: for views of inputs, and for what is broadcast.
inline void assign(const Tensor& result, Write write, const Tensor& y) {
  if (write == Write::overwrite)
    y.copy_(result);
  else
    y.add_(result);
}

}  // namespace torch_example
