#pragma once

#include <saccade/core/image.hpp>
#include <saccade/core/symmetry.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

/// How the pixels of a file lie: a camera or a scanner that was held sideways writes them as it saw them, and says in a
/// tag how a viewer has to turn them.
namespace saccade::inline SACCADE_NAMESPACE::data {

/// What Exif data begin with in a JPEG, in a segment APP1.
inline constexpr std::array<std::uint8_t, 6> exif_mark{'E', 'x', 'i', 'f', 0, 0};

[[nodiscard]] inline bool is_exif(std::span<const std::uint8_t> segment) {
  return segment.size() >= exif_mark.size() && std::equal(exif_mark.begin(), exif_mark.end(), segment.begin());
}

/// What turns the pixels upright: tag 274 of Exif data, which begin as a TIFF file does. Nothing is turned where the
/// tag is missing or cannot be read. Source: Exif 2.32, 4.6.4 A; TIFF 6.0, section 2.
[[nodiscard]] inline Symmetry exif_orientation(std::span<const std::uint8_t> exif) {
  constexpr std::array<std::uint8_t, 4> little{'I', 'I', 42, 0}, big{'M', 'M', 0, 42};
  const auto begins_with = [&](const auto& mark) {
    return exif.size() >= mark.size() && std::equal(mark.begin(), mark.end(), exif.begin());
  };
  const bool is_little = begins_with(little);
  if (!is_little && !begins_with(big)) return Symmetry::identity;
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes && at + bytes <= exif.size(); ++i)
      value = value << 8 | exif[is_little ? at + bytes - 1 - i : at + i];
    return value;
  };
  constexpr std::size_t entry_bytes = 12, orientation_tag = 274;
  const std::size_t directory = number(4, 4), entries = number(directory, 2);
  for (std::size_t i = 0; i < entries && directory + 2 + (i + 1) * entry_bytes <= exif.size(); ++i) {
    const std::size_t entry = directory + 2 + i * entry_bytes;
    if (number(entry, 2) != orientation_tag) continue;
    constexpr std::array<Symmetry, 9> of_value{
        Symmetry::identity,   Symmetry::identity,       Symmetry::flip_horizontal,
        Symmetry::rotate_180, Symmetry::flip_vertical,  Symmetry::transpose,
        Symmetry::rotate_90,  Symmetry::anti_transpose, Symmetry::rotate_270};
    const std::size_t value = number(entry + 8, 2);
    return of_value[value < of_value.size() ? value : 0];
  }
  return Symmetry::identity;
}

/// The size of an image after it is turned.
[[nodiscard]] inline ImageSize turned(ImageSize size, Symmetry symmetry) {
  if (transposes(symmetry)) std::swap(size.width, size.height);
  return size;
}

/// The image itself, turned.
[[nodiscard]] inline RgbImage turned(RgbImage image, Symmetry symmetry) {
  if (symmetry == Symmetry::identity) return image;
  const ImageSize size = turned(ImageSize{image.width, image.height}, symmetry);
  RgbImage result(size.width, size.height);
  for (Index y = 0; y < size.height; ++y) {
    for (Index x = 0; x < size.width; ++x) {
      const PixelPosition source = source_pixel(symmetry, x, y, image.width, image.height);
      std::copy_n(image.at(source.x, source.y), image_channels, result.at(x, y));
    }
  }
  return result;
}

}  // namespace saccade::data
