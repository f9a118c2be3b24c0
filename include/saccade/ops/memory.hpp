#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

#include <span>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// Every element of `y`, of any shape, becomes `value`.
template <TensorMemory B>
void fill(B& b, Scalar<B> value, Tensor<B>& y) {
  b.fill(value, y);
}

/// y = x, both of one shape.
/// @throws ShapeError
template <TensorMemory B>
void copy(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("copy", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.copy(x, y);
}

/// y = x in row-major order, in another shape of as many elements.
/// @throws ShapeError
template <TensorMemory B>
void reshape(B& b, const Tensor<B>& x, Tensor<B>& y) {
  const Shape from = b.shape(x), to = b.shape(y);
  if (from.size() != to.size())
    throw ShapeError("reshape: y must have as many elements as x, which is " + to_string(from) + ", but is " +
                     to_string(to));
  b.copy(x, y);
}

namespace detail {
inline void expect_count(std::string_view operation, Index count, const Shape& shape) {
  if (count == shape.size()) return;
  throw ShapeError(std::string(operation) + ": a tensor of " + to_string(shape) + " holds " +
                   std::to_string(shape.size()) + " numbers, but " + std::to_string(count) + " were given");
}
}  // namespace detail

/// Copies `source` into `y`, in row-major order.
/// @throws ShapeError
template <TensorMemory B>
void upload(B& b, std::span<const Scalar<B>> source, Tensor<B>& y) {
  detail::expect_count("upload", static_cast<Index>(source.size()), b.shape(y));
  b.upload(source, y);
}

/// Copies `x` into `target`, in row-major order, and waits until it has arrived.
/// @throws ShapeError
template <TensorMemory B>
void download(B& b, const Tensor<B>& x, std::span<Scalar<B>> target) {
  detail::expect_count("download", static_cast<Index>(target.size()), b.shape(x));
  b.download(x, target);
}

}  // namespace saccade::ops
