#pragma once

#include <saccade/core/image.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

// Everything here is whole-number arithmetic, so that one seed gives the same bytes on every machine and compiler.

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Smooth random texture: 64 x 64 random bytes, periodic, blended between.
class NoiseTile {
 public:
  static constexpr int cell = 256;  ///< coordinates are in 1/256 of a cell

  explicit NoiseTile(math::RandomSequence& random) {
    std::array<std::uint8_t, side * side> values{};
    for (std::size_t i = 0; i < values.size(); i += 4) {
      const std::uint32_t word = random.next();
      for (std::size_t byte = 0; byte < 4; ++byte) values[i + byte] = static_cast<std::uint8_t>(word >> (8 * byte));
    }
    const auto value = [&](std::size_t row, std::size_t column) -> std::uint32_t {
      return values[row % side * side + column % side];
    };
    for (std::size_t row = 0; row < side; ++row)
      for (std::size_t column = 0; column < side; ++column)
        corners_[row * side + column] = value(row, column) | value(row, column + 1) << 8 |
                                        value(row + 1, column) << 16 | value(row + 1, column + 1) << 24;
  }

  /// Value in [0, 255], 127.5 on average. Without branches and with one look at memory, so that compilers make vectors
  /// of a loop over it.
  [[nodiscard, gnu::always_inline]] int operator()(int u, int v) const {
    constexpr int mask = static_cast<int>(side) - 1, row = static_cast<int>(side);
    const int wu = smooth_step(u & 255), wv = smooth_step(v & 255);
    const std::uint32_t corners = corners_[static_cast<std::size_t>(((v >> 8) & mask) * row + ((u >> 8) & mask))];
    const auto corner = [&](int bit) { return static_cast<int>(corners >> bit & 255); };
    const int top = corner(0) * (256 - wu) + corner(8) * wu;
    const int bottom = corner(16) * (256 - wu) + corner(24) * wu;
    return (top * (256 - wv) + bottom * wv) >> 16;
  }

 private:
  static constexpr std::size_t side = 64;  // values on each axis, a power of two

  /// 3 t^2 - 2 t^3, in 1/256.
  static constexpr int smooth_step(int t) { return t * t * (768 - 2 * t) >> 16; }

  std::array<std::uint32_t, side * side> corners_{};  // of each cell of the texture, a byte each
};

/// sin(k pi / 32) for k = 0 to 63, in 1/1024: 32 directions of a half turn, and its other half.
inline constexpr std::array<std::int16_t, 64> sine_table = [] {
  constexpr std::array<std::int16_t, 17> quarter = {0,   100, 200, 297, 392, 483,  569,  650, 724,
                                                    792, 851, 903, 946, 980, 1004, 1019, 1024};
  std::array<std::int16_t, 64> table{};
  for (std::size_t k = 0; k < 64; ++k) {
    const std::size_t half = k % 32;
    const std::int16_t value = quarter[half <= 16 ? half : 32 - half];
    table[k] = k < 32 ? value : static_cast<std::int16_t>(-value);
  }
  return table;
}();

/// Amounts of the two dyes at each pixel, in 1/256: hematoxylin colours nuclei, eosin the rest.
struct DyeMap {
  Index width = 0;
  Index height = 0;
  std::vector<std::int16_t> hematoxylin;  ///< (height, width)
  std::vector<std::int16_t> eosin;        ///< (height, width)

  DyeMap(Index width_, Index height_)
      : width(width_), height(height_), hematoxylin(static_cast<std::size_t>(width_ * height_)), eosin(hematoxylin) {}
};

/// Optical density of one unit of each dye in red, green and blue, in 1/512.
struct Stain {
  std::array<int, 3> hematoxylin = {333, 360, 170};
  std::array<int, 3> eosin = {48, 400, 150};
};

/// Light that passes, by the law of Beer and Lambert: 255 exp(-density / 512), rounded.
inline constexpr std::array<std::uint8_t, 2048> transmitted_light = [] {
  std::array<std::uint8_t, 2048> table{};
  std::uint64_t light = std::uint64_t{1} << 31;
  for (std::uint8_t& entry : table) {
    entry = static_cast<std::uint8_t>((light * 255 + (std::uint64_t{1} << 30)) >> 31);
    light = (light * 4286586875u) >> 32;  // times exp(-1/512)
  }
  return table;
}();

/// The picture of the dyes, with the camera's grain: each pixel's density moves by up to 12/512 either way.
[[nodiscard]] inline RgbImage develop(const DyeMap& dyes, const Stain& stain, math::RandomSequence& random) {
  RgbImage image(dyes.width, dyes.height);
  std::uint8_t* pixel = image.pixels.data();
  std::uint32_t grain = 0;
  for (std::size_t i = 0; i < dyes.hematoxylin.size(); ++i, pixel += image_channels, grain >>= 8) {
    if (i % 4 == 0) grain = random.next();
    const int offset = static_cast<int>((grain & 255) * 25 >> 8) - 12;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const int density =
          (dyes.hematoxylin[i] * stain.hematoxylin[channel] + dyes.eosin[i] * stain.eosin[channel]) / 256 + offset;
      pixel[channel] = transmitted_light[static_cast<std::size_t>(std::clamp(density, 0, 2047))];
    }
  }
  return image;
}

}  // namespace saccade::data
