#pragma once

#include "numbers.hpp"

#include <array>
#include <cstdint>

/// The convolution that the fake cuDNN computes, by plain loops over tensors with any strides. There are as many groups
/// as the channels of w go into those of x.
namespace saccade_test::emulation {

using Four = std::array<std::int64_t, 4>;

/// A tensor by its extents and strides in the order batch, channel, row, column; of weights: output, input, row,
/// column.
struct StridedTensor {
  Number number = Number::single;
  Four extents{};
  Four strides{};

  [[nodiscard]] std::size_t bytes() const;
};

enum class Product { forward, backward_data, backward_filter };

struct Convolution {
  Product product = Product::forward;
  StridedTensor x, w, y;
  std::array<std::int64_t, 2> stride{}, before{}, after{};  ///< and zeros before and after, of rows and columns
  bool tf32 = false;  ///< whether numbers in single precision are rounded before they are multiplied

  /// Whether the extents of y are those of x convolved with w.
  [[nodiscard]] bool is_consistent() const;

  /// Computes the tensor that `product` names from the other two, summed in double precision.
  void run(void* x_data, void* w_data, void* y_data) const;
};

}  // namespace saccade_test::emulation
