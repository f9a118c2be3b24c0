#pragma once

#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace saccade_test {

using saccade::Index;

/// A tiled TIFF without compression, a directory for each level: the smallest file that OpenSlide takes for a slide.
/// Sides are at least those of a tile where pixels are looked at: some versions of libtiff (Debian's 4.5.0-6+deb12u4)
/// shift smaller ones.
inline std::string tiled_tiff(const std::vector<saccade::RgbImage>& levels) {
  constexpr Index tile = 32;
  std::string file("II*\0\0\0\0\0", 8);
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file.push_back(static_cast<char>(value >> (8 * i) & 255u));
  };
  std::size_t link = 4;  // where the place of the next directory belongs
  for (std::size_t level = 0; level < levels.size(); ++level) {
    const saccade::RgbImage& image = levels[level];
    const Index columns = (image.width + tile - 1) / tile, rows = (image.height + tile - 1) / tile;
    std::vector<std::size_t> offsets;
    for (Index t = 0; t < columns * rows; ++t) {
      offsets.push_back(file.size());
      for (Index y = 0; y < tile; ++y) {
        for (Index x = 0; x < tile; ++x) {
          const Index column = std::min(t % columns * tile + x, image.width - 1);
          const Index row = std::min(t / columns * tile + y, image.height - 1);
          for (int c = 0; c < 3; ++c) put(image.at(column, row)[c], 1);
        }
      }
    }
    const auto list = [&](const std::vector<std::size_t>& values, int bytes) {
      const std::size_t at = file.size();
      for (const std::size_t value : values) put(value, bytes);
      return at;
    };
    const std::size_t bits = list({8, 8, 8}, 2), places = list(offsets, 4);
    const std::size_t sizes = list(std::vector<std::size_t>(offsets.size(), 3 * tile * tile), 4);
    const bool many = offsets.size() > 1;
    const std::size_t directory = file.size();
    for (int i = 0; i < 4; ++i)
      file[link + static_cast<std::size_t>(i)] = static_cast<char>(directory >> (8 * i) & 255u);
    struct Entry {
      std::uint64_t tag, type, count, value;
    };
    const Entry entries[] = {{254, 4, 1, level == 0 ? 0u : 1u},
                             {256, 4, 1, static_cast<std::uint64_t>(image.width)},
                             {257, 4, 1, static_cast<std::uint64_t>(image.height)},
                             {258, 3, 3, bits},
                             {259, 3, 1, 1},  // no compression
                             {262, 3, 1, 2},  // RGB
                             {277, 3, 1, 3},
                             {284, 3, 1, 1},
                             {322, 4, 1, tile},
                             {323, 4, 1, tile},
                             {324, 4, offsets.size(), many ? places : offsets[0]},
                             {325, 4, offsets.size(), many ? sizes : 3 * tile * tile}};
    put(std::size(entries), 2);
    for (const Entry& entry : entries) {
      put(entry.tag, 2);
      put(entry.type, 2);
      put(entry.count, 4);
      put(entry.value, 4);
    }
    link = file.size();
    put(0, 4);
  }
  return file;
}

}  // namespace saccade_test
