#pragma once

#include <saccade/backends/eigen/kernels/amx.hpp>
#include <saccade/backends/eigen/kernels/bf16.hpp>

/// A product made of tiles: AmxTiles, or whatever has the same members. A tile of a has 16 rows of 16 pairs of terms, a
/// tile of b 16 pairs of 16 columns, and a tile of sums is (16, 16). Blocks of 2 x 2 sums take each tile that they load
/// twice.
namespace saccade::inline SACCADE_NAMESPACE::eigen::bf16_tiles {

inline constexpr Index tile_rows = 16;
inline constexpr Index tile_terms = 32;
inline constexpr Index strip = 2 * bf16_columns;

/// c (16 Down, 16 Across) = a b; b is one strip, of 16 Across columns. Tiles 0 to 3 are sums, 4 and 5 of a, 6 and 7 of
/// b.
template <int Down, int Across, class Tiles>
SACCADE_AMX void multiply_block(Tiles& tiles, Index terms, const Bf16* a, const Bf16* b, float* c, Index c_stride) {
  constexpr bool two_down = Down == 2, two_across = Across == 2;
  constexpr Index b_stride = Across * bf16_columns * 2;
  const Index a_bytes = terms * Index{sizeof(Bf16)};
  constexpr Index b_bytes = b_stride * Index{sizeof(Bf16)};
  tiles.template zero<0>();
  if constexpr (two_across) tiles.template zero<1>();
  if constexpr (two_down) tiles.template zero<2>();
  if constexpr (two_down && two_across) tiles.template zero<3>();
  for (Index term = 0; term < terms; term += tile_terms, b += tile_terms / 2 * b_stride) {
    tiles.template load<4>(a + term, a_bytes);
    tiles.template load<6>(b, b_bytes);
    tiles.template multiply_add<0, 4, 6>();
    if constexpr (two_across) {
      tiles.template load<7>(b + bf16_columns * 2, b_bytes);
      tiles.template multiply_add<1, 4, 7>();
    }
    if constexpr (two_down) {
      tiles.template load<5>(a + tile_rows * terms + term, a_bytes);
      tiles.template multiply_add<2, 5, 6>();
    }
    if constexpr (two_down && two_across) tiles.template multiply_add<3, 5, 7>();
  }
  const Index c_bytes = c_stride * Index{sizeof(float)};
  float* const below = c + tile_rows * c_stride;
  tiles.template store<0>(c, c_bytes);
  if constexpr (two_across) tiles.template store<1>(c + bf16_columns, c_bytes);
  if constexpr (two_down) tiles.template store<2>(below, c_bytes);
  if constexpr (two_down && two_across) tiles.template store<3>(below + bf16_columns, c_bytes);
}

/// See Bf16Kernels::multiply.
template <class Tiles>
SACCADE_AMX void multiply(Index rows, Index terms, const Bf16* a, const Bf16* packed, Index columns, float* c) {
  Tiles tiles;
  for (Index first = 0; first < columns; first += strip) {
    const bool two_across = first + strip <= columns;
    const Bf16* const b = packed + first * terms;
    for (Index row = 0; row < rows; row += 2 * tile_rows) {
      const bool two_down = row + 2 * tile_rows <= rows;
      const Bf16* const left = a + row * terms;
      float* const to = c + row * columns + first;
      if (two_down && two_across) multiply_block<2, 2>(tiles, terms, left, b, to, columns);
      if (two_down && !two_across) multiply_block<2, 1>(tiles, terms, left, b, to, columns);
      if (!two_down && two_across) multiply_block<1, 2>(tiles, terms, left, b, to, columns);
      if (!two_down && !two_across) multiply_block<1, 1>(tiles, terms, left, b, to, columns);
    }
  }
}

/// The kernels of a unit that multiplies with such tiles.
template <class Tiles>
[[nodiscard]] constexpr Bf16Kernels kernels_of(Bf16Unit unit, void (*round)(Index, const float*, Bf16*)) {
  return {.unit = unit,
          .rows = tile_rows,
          .terms = tile_terms,
          .strip = strip,
          .round = round,
          .multiply = multiply<Tiles>};
}

}  // namespace saccade::eigen::bf16_tiles
