#pragma once

#include <saccade/core/shape.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// Channels of every image: red, green, blue.
inline constexpr Index image_channels = 3;

/// Somebody else's 8-bit RGB pixels, interleaved, top row first. Keep the pixels alive while the view is used.
struct ImageView {
  const std::uint8_t* pixels = nullptr;
  Index width = 0;
  Index height = 0;
  Index row_stride = 0;  ///< bytes from one row to the next, at least 3 * width
};

/// Width and height in pixels.
struct ImageSize {
  Index width = 0;
  Index height = 0;

  friend constexpr bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// An 8-bit RGB image that owns its pixels, rows without padding.
struct RgbImage {
  Index width = 0;
  Index height = 0;
  std::vector<std::uint8_t> pixels;  ///< (height, width, 3)

  RgbImage() = default;
  RgbImage(Index width_, Index height_)
      : width(width_), height(height_), pixels(static_cast<std::size_t>(width_ * height_ * image_channels)) {}

  [[nodiscard]] ImageView view() const { return {pixels.data(), width, height, width * image_channels}; }

  /// The three bytes of the pixel at column `x`, row `y`.
  [[nodiscard]] std::uint8_t* at(Index x, Index y) { return pixels.data() + (y * width + x) * image_channels; }
  [[nodiscard]] const std::uint8_t* at(Index x, Index y) const {
    return pixels.data() + (y * width + x) * image_channels;
  }
};

/// An image too large to hold: a tiled slide, a procedural picture, a network store. Only the glimpses are ever read.
///
/// `read_region(x, y, width, height, reduction, pixels)` fills `pixels` (height, width, 3). Its pixel (i, j) is the
/// mean, rounded, of those pixels of the full image that lie in the square of `reduction` x `reduction` pixels whose
/// first one is (x + i * reduction, y + j * reduction). `reduction` is a power of two; a source may serve it from a
/// pyramid. Squares wholly outside the image are never looked at and may hold anything. Several threads may read at
/// once. What it throws comes out of the call that looked.
template <class S>
concept RegionSource = requires(const S& source, Index i, std::span<std::uint8_t> pixels) {
  { source.width() } -> std::convertible_to<Index>;
  { source.height() } -> std::convertible_to<Index>;
  source.read_region(i, i, i, i, i, pixels);
};

}  // namespace saccade
