#pragma once

#include <saccade/backends/eigen/kernels/bf16.hpp>

/// The specification of AVX512_BF16: the same bits, unless a sum lies below 2^-126.
namespace saccade::inline v0::eigen::bf16_portable {

inline void round(Index count, const float* x, Bf16* y) {
  for (Index i = 0; i < count; ++i) y[i] = round_to_bf16(x[i]);
}

/// See Bf16Kernels::multiply. A product of two bf16 numbers is exact in single precision; of each pair of terms, the
/// second is added first.
inline void multiply(Index rows, Index terms, const Bf16* a, const Bf16* packed, Index columns, float* c) {
  for (Index row = 0; row < rows; ++row)
    for (Index column = 0; column < columns; ++column) {
      const Bf16* const left = a + row * terms;
      const Bf16* const right = packed + column / bf16_columns * bf16_columns * terms + column % bf16_columns * 2;
      float sum = 0;
      for (Index pair = 0; pair < terms / 2; ++pair)
        for (const Index half : {1, 0})
          sum += to_float(left[2 * pair + half]) * to_float(right[pair * bf16_columns * 2 + half]);
      c[row * columns + column] = sum;
    }
}

inline constexpr Bf16Kernels kernels{
    .unit = Bf16Unit::portable, .rows = 1, .terms = 2, .strip = bf16_columns, .round = round, .multiply = multiply};

}  // namespace saccade::inline v0::eigen::bf16_portable
