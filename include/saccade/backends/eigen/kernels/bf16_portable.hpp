#pragma once

#include <saccade/backends/eigen/kernels/bf16.hpp>

#include <algorithm>

/// The specification of AVX512_BF16: the same bits, unless a sum lies below 2^-126.
namespace saccade::inline SACCADE_NAMESPACE::eigen::bf16_portable {

inline void round(Index count, const float* x, Bf16* y) {
  for (Index i = 0; i < count; ++i) y[i] = round_to_bf16(x[i]);
}

/// See Bf16Kernels::multiply. A product of two bf16 numbers is exact in single precision; of each pair of terms, the
/// second is added first. The sums of a row grow side by side: g++ 12 at -O3 gets one that it adds up in order wrong.
inline void multiply(Index rows, Index terms, const Bf16* a, const Bf16* packed, Index columns, float* c) {
  for (Index row = 0; row < rows; ++row, a += terms, c += columns) {
    std::fill_n(c, columns, 0.0f);
    for (Index pair = 0; pair < terms / 2; ++pair)
      for (Index column = 0; column < columns; ++column) {
        const Bf16* const right =
            packed + column / bf16_columns * bf16_columns * terms + (pair * bf16_columns + column % bf16_columns) * 2;
        c[column] += to_float(a[2 * pair + 1]) * to_float(right[1]);
        c[column] += to_float(a[2 * pair]) * to_float(right[0]);
      }
  }
}

inline constexpr Bf16Kernels kernels{
    .unit = Bf16Unit::portable, .rows = 1, .terms = 2, .strip = bf16_columns, .round = round, .multiply = multiply};

}  // namespace saccade::eigen::bf16_portable
