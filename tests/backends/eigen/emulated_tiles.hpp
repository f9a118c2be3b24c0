#pragma once

#include <saccade/backends/eigen/kernels/bf16_kernels.hpp>

#include <cstdint>
#include <cstring>

/// The tiles of AMX in plain C++, in the order of sums that the processor's manual gives for TDPBF16PS: what stands
/// around the instructions can then be tested on any processor. Tiles are random until they are zeroed or loaded.
class EmulatedTiles {
 public:
  EmulatedTiles() { std::memset(tiles_, 0xa5, sizeof tiles_); }

  template <int Tile>
  void zero() {
    std::memset(tiles_[Tile], 0, sizeof tiles_[Tile]);
  }
  template <int Tile>
  void load(const void* from, std::int64_t stride) {
    for (int row = 0; row < 16; ++row)
      std::memcpy(tiles_[Tile][row], static_cast<const char*>(from) + row * stride, row_bytes);
  }
  template <int Tile>
  void store(void* to, std::int64_t stride) {
    for (int row = 0; row < 16; ++row) std::memcpy(static_cast<char*>(to) + row * stride, tiles_[Tile][row], row_bytes);
  }
  template <int Sum, int Left, int Right>
  void multiply_add() {
    for (int row = 0; row < 16; ++row) {
      for (int column = 0; column < 16; ++column) {
        float halves[2] = {0, 0};
        for (int pair = 0; pair < 16; ++pair)
          for (int half = 0; half < 2; ++half)
            halves[half] += number(Left, row, 2 * pair + half) * number(Right, pair, 2 * column + half);
        float sum;
        char* const place = tiles_[Sum][row] + column * 4;
        std::memcpy(&sum, place, sizeof sum);
        sum += halves[0] + halves[1];
        std::memcpy(place, &sum, sizeof sum);
      }
    }
  }

 private:
  static constexpr int row_bytes = 64;

  float number(int tile, int row, int place) const {
    saccade::eigen::Bf16 value;
    std::memcpy(&value, tiles_[tile][row] + place * 2, sizeof value);
    return to_float(value);
  }

  char tiles_[8][16][row_bytes];
};

/// AMX without AMX.
inline constexpr saccade::eigen::Bf16Kernels emulated_amx =
    saccade::eigen::bf16_tiles::kernels_of<EmulatedTiles>(saccade::Bf16Unit::amx, saccade::eigen::bf16_portable::round);
