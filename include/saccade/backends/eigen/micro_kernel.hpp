#pragma once

#include <saccade/backends/eigen/vector.hpp>
#include <saccade/core/geometry.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

/// The product of a narrow matrix held in registers: what a convolution consists of. Its rows are read where they lie
/// in an image, so nothing is copied into windows, and the vectors are those of the compiler (GCC and clang).
namespace saccade::inline v0::eigen {

/// Rows of a tile: with two registers a row for the sums, and four for operands, as many as there are registers for.
inline constexpr int max_tile_rows = (vector_registers - 4) / 2;

/// Columns of a tile: two registers.
template <class Scalar>
inline constexpr Index tile_columns = 2 * lanes<Scalar>;

/// Calls `body` with the constants 0 to Count - 1. A loop would be left to the compiler, which unrolls this one at -O3
/// only, and without that the sums of a tile are not in registers.
template <int Count, class Body>
[[gnu::always_inline]] inline void unroll(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) { (body(std::integral_constant<int, I>()), ...); }
  (std::make_integer_sequence<int, Count>());
}

/// Where the terms of a sum lie in the left operand: `count` runs, `stride` apart, of `length` numbers, `step` apart.
struct TermRuns {
  Index count;
  Index stride;
  Index length;
  Index step;
};

/// c[r, 0 : columns] (+)= sum over the terms k of a[r * row_step + k] * b[k, 0 : Vectors * lanes], for Rows rows.
/// Rows of b and c are `b_stride` and `c_stride` apart. Sums are taken term after term.
template <int Rows, int Vectors, class Scalar>
void multiply_tile(const TermRuns& terms, const Scalar* a, Index row_step, const Scalar* b, Index b_stride, Scalar* c,
                   Index c_stride, Index columns, Write write) {
  constexpr Index width = lanes<Scalar>;
  VectorOf<Scalar> sums[Rows][Vectors] = {};
  for (Index run = 0; run < terms.count; ++run, a += terms.stride) {
    const Scalar* left[Rows];
    unroll<Rows>([&](auto row) { left[row] = a + row * row_step; });
    for (Index k = 0; k < terms.length * terms.step; k += terms.step, b += b_stride) {
      VectorOf<Scalar> right[Vectors];
      unroll<Vectors>([&](auto v) { right[v] = load_vector(b + v * width); });
      unroll<Rows>([&](auto row) {
        const VectorOf<Scalar> factor = broadcast(left[row][k]);
        unroll<Vectors>([&](auto v) { sums[row][v] += factor * right[v]; });
      });
    }
  }
  // What follows takes addresses, and a sum whose address is taken would not have been kept in a register.
  VectorOf<Scalar> results[Rows][Vectors];
  unroll<Rows>([&](auto row) { unroll<Vectors>([&](auto v) { results[row][v] = sums[row][v]; }); });
  for (int row = 0; row < Rows; ++row, c += c_stride) {
    for (int v = 0; v < Vectors; ++v) {
      const Index count = columns - v * width;
      if (write == Write::accumulate) results[row][v] += load_part(c + v * width, count);
      store_part(results[row][v], count, c + v * width);
    }
  }
}

/// The same for any number of rows, in tiles of about equal height, and for at most tile_columns columns.
template <class Scalar>
void multiply_rows(const TermRuns& terms, Index rows, const Scalar* a, Index row_step, const Scalar* b, Index b_stride,
                   Scalar* c, Index c_stride, Index columns, Write write) {
  using Kernel = void (*)(const TermRuns&, const Scalar*, Index, const Scalar*, Index, Scalar*, Index, Index, Write);
  static constexpr auto kernels = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::array<Kernel, 2>, max_tile_rows>{
        {{multiply_tile<static_cast<int>(I) + 1, 1, Scalar>, multiply_tile<static_cast<int>(I) + 1, 2, Scalar>}...}};
  }
  (std::make_index_sequence<max_tile_rows>());
  const std::size_t wide = columns > lanes<Scalar> ? 1 : 0;
  const Index tiles = (rows + max_tile_rows - 1) / max_tile_rows;
  for (Index tile = 0, row = 0; tile < tiles; ++tile) {
    const Index height = (rows - row) / (tiles - tile);
    kernels[static_cast<std::size_t>(height - 1)][wide](terms, a + row * row_step, row_step, b, b_stride,
                                                        c + row * c_stride, c_stride, columns, write);
    row += height;
  }
}

}  // namespace saccade::inline v0::eigen
