#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// Elementwise functions; all tensors of one shape, and y may be the same tensor as x. Derivatives are taken from the
/// output where that is possible; d_x may be the same tensor as d_y when it is overwritten. Below them, rows and
/// columns of matrices, all of different tensors. All throw ShapeError.
namespace saccade::inline SACCADE_NAMESPACE::ops {

namespace detail {
inline void expect_slope(std::string_view operation, const Shape& x, const Shape& slope) {
  expect_channels(operation, "x", x);
  if (slope == Shape{1} || slope == Shape{x.last()}) return;
  throw ShapeError(std::string(operation) + ": slope must be (1) or (C) = " + to_string(Shape{x.last()}) + ", but is " +
                   to_string(slope));
}

/// `narrow` (..., N), or (M) beside a (M, K), must be columns `first` to `first + N` of `wide` (..., K).
inline void expect_columns(std::string_view operation, std::string_view wide_name, const Shape& wide,
                           std::string_view narrow_name, const Shape& narrow, Index first) {
  if (wide.rank() < 2) {
    throw ShapeError(std::string(operation) + ": " + std::string(wide_name) + " must be (..., K), but is " +
                     to_string(wide));
  }
  const bool one_column = wide.rank() == 2 && narrow.rank() == 1;
  bool alike = one_column || narrow.rank() == wide.rank();
  for (std::size_t axis = 0; alike && axis + 1 < wide.rank(); ++axis) alike = narrow[axis] == wide[axis];
  if (!alike) {
    throw ShapeError(std::string(operation) + ": " + std::string(narrow_name) +
                     " must be (..., N), or (M) beside a (M, K), for " + std::string(wide_name) + " " +
                     to_string(wide) + ", but is " + to_string(narrow));
  }
  const Index columns = one_column ? 1 : narrow.last();
  if (first < 0 || columns > wide.last() - first) {
    throw ShapeError(std::string(operation) + ": columns " + std::to_string(first) + " to " +
                     std::to_string(first + columns) + " are not all in " + std::string(wide_name) + " " +
                     to_string(wide));
  }
}
}  // namespace detail

/// y = max(x, 0).
template <PointwiseOps B>
void relu(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("relu", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.relu(x, y);
}

/// d_x (+)= d_y where y > 0, else 0.
template <TrainablePointwiseOps B>
void relu_backward(B& b, const Tensor<B>& y, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) {
  expect_shape("relu_backward", "d_y", "of the shape of y", b.shape(y), b.shape(d_y));
  expect_shape("relu_backward", "d_x", "of the shape of y", b.shape(y), b.shape(d_x));
  b.relu_backward(y, d_y, d_x, write);
}

/// y = min(max(x, 0), 6).
template <PointwiseOps B>
void relu6(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("relu6", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.relu6(x, y);
}

/// d_x (+)= d_y where 0 < y < 6, else 0.
template <TrainablePointwiseOps B>
void relu6_backward(B& b, const Tensor<B>& y, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) {
  expect_shape("relu6_backward", "d_y", "of the shape of y", b.shape(y), b.shape(d_y));
  expect_shape("relu6_backward", "d_x", "of the shape of y", b.shape(y), b.shape(d_x));
  b.relu6_backward(y, d_y, d_x, write);
}

/// y = x where x > 0, else slope x. `x`, `y` (..., C); `slope` (1), shared, or (C), one for each channel.
/// Source: He et al. 2015, "Delving deep into rectifiers", eq. 1.
template <PointwiseOps B>
void prelu(B& b, const Tensor<B>& x, const Tensor<B>& slope, Tensor<B>& y) {
  detail::expect_slope("prelu", b.shape(x), b.shape(slope));
  expect_shape("prelu", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.prelu(x, slope, y);
}

/// d_x (+)= d_y where x > 0, else slope d_y; d_slope (+)= the sum of d_y x where x <= 0, over all that share the slope.
/// `write` governs d_x, `write_slope` d_slope.
template <TrainablePointwiseOps B>
void prelu_backward(B& b, const Tensor<B>& x, const Tensor<B>& slope, const Tensor<B>& d_y, Tensor<B>& d_x, Write write,
                    Tensor<B>& d_slope, Write write_slope) {
  detail::expect_slope("prelu_backward", b.shape(x), b.shape(slope));
  expect_shape("prelu_backward", "d_y", "of the shape of x", b.shape(x), b.shape(d_y));
  expect_shape("prelu_backward", "d_x", "of the shape of x", b.shape(x), b.shape(d_x));
  expect_shape("prelu_backward", "d_slope", "of the shape of slope", b.shape(slope), b.shape(d_slope));
  b.prelu_backward(x, slope, d_y, d_x, write, d_slope, write_slope);
}

/// y = 1 / (1 + exp(-x)).
template <PointwiseOps B>
void sigmoid(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("sigmoid", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.sigmoid(x, y);
}

/// d_x (+)= d_y y (1 - y).
template <TrainablePointwiseOps B>
void sigmoid_backward(B& b, const Tensor<B>& y, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) {
  expect_shape("sigmoid_backward", "d_y", "of the shape of y", b.shape(y), b.shape(d_y));
  expect_shape("sigmoid_backward", "d_x", "of the shape of y", b.shape(y), b.shape(d_x));
  b.sigmoid_backward(y, d_y, d_x, write);
}

/// y = tanh x.
template <PointwiseOps B>
void tanh(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("tanh", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.tanh(x, y);
}

/// d_x (+)= d_y (1 - y^2).
template <TrainablePointwiseOps B>
void tanh_backward(B& b, const Tensor<B>& y, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) {
  expect_shape("tanh_backward", "d_y", "of the shape of y", b.shape(y), b.shape(d_y));
  expect_shape("tanh_backward", "d_x", "of the shape of y", b.shape(y), b.shape(d_x));
  b.tanh_backward(y, d_y, d_x, write);
}

/// y = e^x. Its derivative is y, so that d_x (+)= y d_y is `multiply(b, y, d_y, d_x, write)`.
template <PointwiseOps B>
void exp(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("exp", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.exp(x, y);
}

/// y = ln x; minus infinity where x is 0, NaN where it is negative. No derivative: it is for constants.
template <PointwiseOps B>
void log(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("log", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.log(x, y);
}

/// y = 1 / sqrt(x), for positive x; infinite where x is 0, NaN where it is negative.
template <PointwiseOps B>
void rsqrt(B& b, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("rsqrt", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.rsqrt(x, y);
}

/// y = min(max(x, low), high). No derivative: what is clamped here belongs to the world, not to the policy.
/// @throws ConfigError as well, unless low <= high
template <PointwiseOps B>
void clamp(B& b, const Tensor<B>& x, Scalar<B> low, Scalar<B> high, Tensor<B>& y) {
  detail::expect_ordered("clamp", static_cast<double>(low), static_cast<double>(high));
  expect_shape("clamp", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.clamp(x, low, high, y);
}

/// y = x1 + x2.
template <PointwiseOps B>
void add(B& b, const Tensor<B>& x1, const Tensor<B>& x2, Tensor<B>& y) {
  expect_shape("add", "x2", "of the shape of x1", b.shape(x1), b.shape(x2));
  expect_shape("add", "y", "of the shape of x1", b.shape(x1), b.shape(y));
  b.add(x1, x2, y);
}

/// y (+)= x1 x2, element by element.
template <PointwiseOps B>
void multiply(B& b, const Tensor<B>& x1, const Tensor<B>& x2, Tensor<B>& y, Write write) {
  expect_shape("multiply", "x2", "of the shape of x1", b.shape(x1), b.shape(x2));
  expect_shape("multiply", "y", "of the shape of x1", b.shape(x1), b.shape(y));
  b.multiply(x1, x2, y, write);
}

/// y += alpha x.
template <PointwiseOps B>
void axpy(B& b, Scalar<B> alpha, const Tensor<B>& x, Tensor<B>& y) {
  expect_shape("axpy", "y", "of the shape of x", b.shape(x), b.shape(y));
  b.axpy(alpha, x, y);
}

/// y[m] (+)= sum over k of x[m, k]. `x` (M, K), `y` (M).
template <PointwiseOps B>
void row_sums(B& b, const Tensor<B>& x, Tensor<B>& y, Write write) {
  const Shape shape = b.shape(x);
  expect_rank("row_sums", "x", "(M, K)", 2, shape);
  expect_shape("row_sums", "y", "(M)", {shape[0]}, b.shape(y));
  b.row_sums(x, y, write);
}

/// d_x[m, k] (+)= d_y[m], the adjoint of `row_sums`: the same number for all columns of a row. `d_y` (M), `d_x` (M, K).
template <TrainablePointwiseOps B>
void row_sums_backward(B& b, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) {
  const Shape shape = b.shape(d_x);
  expect_rank("row_sums_backward", "d_x", "(M, K)", 2, shape);
  expect_shape("row_sums_backward", "d_y", "(M)", {shape[0]}, b.shape(d_y));
  b.row_sums_backward(d_y, d_x, write);
}

/// y[m] = table[rows[m]]. `table` (N, K), `y` (M, K); `rows` (M), whole numbers in [0, N), held as labels are and not
/// checked. No derivative: it is for constants.
template <PointwiseOps B>
void take_rows(B& b, const Tensor<B>& table, const Tensor<B>& rows, Tensor<B>& y) {
  const Shape from = b.shape(table), which = b.shape(rows);
  expect_rank("take_rows", "table", "(N, K)", 2, from);
  expect_rank("take_rows", "rows", "(M)", 1, which);
  expect_shape("take_rows", "y", "(M, K)", {which[0], from[1]}, b.shape(y));
  b.take_rows(table, rows, y);
}

/// y (+)= x[..., first : first + N]: some channels of a map, or some columns of a matrix. `x` (..., K) and `y` (..., N)
/// differ in their last axis only; beside a (M, K), `y` may be (M) for N = 1.
template <PointwiseOps B>
void read_columns(B& b, const Tensor<B>& x, Index first, Tensor<B>& y, Write write) {
  detail::expect_columns("read_columns", "x", b.shape(x), "y", b.shape(y), first);
  b.read_columns(x, first, y, write);
}

/// y[..., first : first + N] (+)= x, the other columns stay: the adjoint of `read_columns`.
/// `x` (..., N), `y` (..., K); beside a (M, K), `x` may be (M) for N = 1.
template <PointwiseOps B>
void write_columns(B& b, const Tensor<B>& x, Index first, Tensor<B>& y, Write write) {
  detail::expect_columns("write_columns", "y", b.shape(y), "x", b.shape(x), first);
  b.write_columns(x, first, y, write);
}

}  // namespace saccade::ops
