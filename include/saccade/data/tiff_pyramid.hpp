#pragma once

// Opt-in: needs POSIX and libjpeg-turbo.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>
#include <saccade/data/jpeg_encode.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// How a pyramid is written.
struct TiffPyramidOptions {
  int quality = 90;                           ///< of the JPEG tiles, their colours at full resolution
  std::optional<double> microns_per_pixel{};  ///< of the finest level
};

/// Sides of a tile, in pixels.
inline constexpr Index pyramid_tile = 256;

namespace detail {

/// Writes levels, each half of the one before, rounded up, tile by tile as they come: of a level only the tiles are
/// held that make up one of the next.
class TiffPyramid {
 public:
  using Draw = std::function<RgbImage(Index column, Index row)>;

  TiffPyramid(const std::filesystem::path& path, Index width, Index height, const TiffPyramidOptions& options)
      : path_(path), options_(options), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (!file_.open()) throw file_error(path_, "cannot be written", errno);
    do {
      levels_.push_back({.width = width, .height = height});
      levels_.back().offsets.resize(static_cast<std::size_t>(levels_.back().columns() * levels_.back().rows()));
      levels_.back().sizes.resize(levels_.back().offsets.size());
      width = (width + 1) / 2, height = (height + 1) / 2;
    } while (std::max(levels_.back().width, levels_.back().height) > pyramid_tile);
    put_header();
  }

  void write(const Draw& draw) {
    const std::size_t top = levels_.size() - 1;
    for (Index row = 0; row < levels_[top].rows(); ++row)
      for (Index column = 0; column < levels_[top].columns(); ++column)
        static_cast<void>(write_tile(top, column, row, draw));
    put_directories();
    flush();
    if (!file_.close()) throw file_error(path_, "cannot be written", errno);
  }

 private:
  struct Level {
    Index width = 0, height = 0;
    std::vector<std::uint64_t> offsets{}, sizes{};
    [[nodiscard]] Index columns() const { return (width + pyramid_tile - 1) / pyramid_tile; }
    [[nodiscard]] Index rows() const { return (height + pyramid_tile - 1) / pyramid_tile; }
  };

  /// A tile of a level with all that is below it: (tile, tile). White beyond the level.
  RgbImage write_tile(std::size_t level, Index column, Index row, const Draw& draw) {
    RgbImage tile(pyramid_tile, pyramid_tile);
    if (column >= levels_[level].columns() || row >= levels_[level].rows()) {
      std::fill(tile.pixels.begin(), tile.pixels.end(), std::uint8_t{255});
      return tile;
    }
    if (level == 0) {
      tile = draw(column, row);
    } else {
      for (const Index y : {0, 1})
        for (const Index x : {0, 1}) halve(write_tile(level - 1, 2 * column + x, 2 * row + y, draw), tile, x, y);
    }
    const auto at = static_cast<std::size_t>(row * levels_[level].columns() + column);
    const std::vector<std::uint8_t> bytes = encode_jpeg(tile.view(), options_.quality);
    levels_[level].offsets[at] = place();
    levels_[level].sizes[at] = bytes.size();
    put(bytes);
    return tile;
  }

  /// Means of 2 x 2 pixels, rounded, into a quarter of the tile.
  static void halve(const RgbImage& fine, RgbImage& coarse, Index x, Index y) {
    constexpr Index half = pyramid_tile / 2;
    for (Index j = 0; j < half; ++j) {
      for (Index i = 0; i < half; ++i) {
        for (Index c = 0; c < image_channels; ++c) {
          const int sum = fine.at(2 * i, 2 * j)[c] + fine.at(2 * i + 1, 2 * j)[c] + fine.at(2 * i, 2 * j + 1)[c] +
                          fine.at(2 * i + 1, 2 * j + 1)[c];
          coarse.at(x * half + i, y * half + j)[c] = static_cast<std::uint8_t>((sum + 2) / 4);
        }
      }
    }
  }

  [[nodiscard]] std::uint64_t place() const { return written_ + buffer_.size(); }

  void put(std::span<const std::uint8_t> bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    constexpr std::size_t block = std::size_t{1} << 20;
    if (buffer_.size() >= block) flush();
  }

  void put_number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) buffer_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }

  void flush() {
    if (!saccade::detail::write_all(file_.number(), buffer_)) throw file_error(path_, "cannot be written", errno);
    written_ += buffer_.size();
    buffer_.clear();
  }

  /// BigTIFF, little endian; the place of the first directory is filled in at the end.
  void put_header() {
    for (const char letter : {'I', 'I'}) buffer_.push_back(static_cast<std::uint8_t>(letter));
    put_number(43, 2);
    put_number(8, 2);
    put_number(0, 2);
    put_number(0, 8);
  }

  struct Entry {
    std::uint64_t tag, type, count, value;
  };

  std::uint64_t put_list(const std::vector<std::uint64_t>& values) {
    const std::uint64_t at = place();
    for (const std::uint64_t value : values) {
      put_number(value, 8);
      if (buffer_.size() > (std::size_t{1} << 20)) flush();
    }
    return at;
  }

  void put_directories() {
    enum : std::uint64_t { u16 = 3, u32 = 4, fraction = 5, u64 = 16 };
    std::uint64_t first = 0;
    // The last one first, so that each knows where the next lies.
    std::uint64_t next = 0;
    for (std::size_t level = levels_.size(); level-- > 0;) {
      const Level& each = levels_[level];
      const bool many = each.offsets.size() > 1;
      const std::uint64_t offsets = many ? put_list(each.offsets) : each.offsets[0];
      const std::uint64_t sizes = many ? put_list(each.sizes) : each.sizes[0];
      std::vector<Entry> entries{{254, u32, 1, level == 0 ? 0u : 1u},
                                 {256, u32, 1, static_cast<std::uint64_t>(each.width)},
                                 {257, u32, 1, static_cast<std::uint64_t>(each.height)},
                                 {258, u16, 3, 8 | 8 << 16 | std::uint64_t{8} << 32},
                                 {259, u16, 1, 7},  // JPEG
                                 {262, u16, 1, 6},  // YCbCr
                                 {277, u16, 1, 3},
                                 {284, u16, 1, 1},
                                 {322, u32, 1, static_cast<std::uint64_t>(pyramid_tile)},
                                 {323, u32, 1, static_cast<std::uint64_t>(pyramid_tile)},
                                 {324, u64, each.offsets.size(), offsets},
                                 {325, u64, each.sizes.size(), sizes},
                                 {530, u16, 2, 1 | 1 << 16}};  // colours at full resolution
      if (options_.microns_per_pixel) {
        const double factor = static_cast<double>(std::uint64_t{1} << level);
        const auto per_centimetre = static_cast<std::uint64_t>(1e7 / (*options_.microns_per_pixel * factor) + 0.5);
        const std::uint64_t value = per_centimetre | std::uint64_t{1000} << 32;  // thousandths
        entries.push_back({282, fraction, 1, value});
        entries.push_back({283, fraction, 1, value});
        entries.push_back({296, u16, 1, 3});
        std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.tag < b.tag; });
      }
      first = place();
      put_number(entries.size(), 8);
      for (const Entry& entry : entries) {
        put_number(entry.tag, 2);
        put_number(entry.type, 2);
        put_number(entry.count, 8);
        put_number(entry.value, 8);
      }
      put_number(next, 8);
      next = first;
    }
    flush();
    buffer_.clear();
    put_number(first, 8);
    if (::lseek(file_.number(), 8, SEEK_SET) < 0) throw file_error(path_, "cannot be written", errno);
  }

  std::filesystem::path path_;
  TiffPyramidOptions options_;
  saccade::detail::Descriptor file_;
  std::vector<Level> levels_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t written_ = 0;
};

}  // namespace detail

/// Writes an image of any size as a whole slide that OpenSlide reads: a tiled BigTIFF, levels each half of the one
/// before, until one tile shows all of it. Memory: three tiles a level, 16 bytes a tile written, and a megabyte.
///
/// @param draw  the tile of 256 x 256 pixels in that column and row; what lies beyond the image is cut off by readers.
///              Called once for each, in an order in which four that make up one of the next level follow each other
/// @throws FileError; what draw throws
inline void write_tiff_pyramid(const std::filesystem::path& path, Index width, Index height,
                               const std::function<RgbImage(Index, Index)>& draw,
                               const TiffPyramidOptions& options = {}) {
  expect_config(width >= 1 && height >= 1, "tiff pyramid: the image must have pixels, but is " + std::to_string(width) +
                                               " x " + std::to_string(height));
  detail::TiffPyramid(path, width, height, options).write(draw);
}

}  // namespace saccade::data
