#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/shape.hpp>

#include <cstdint>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// Column and row of a pixel; (0, 0) is the top left one.
struct PixelPosition {
  Index x = 0;
  Index y = 0;

  friend constexpr bool operator==(const PixelPosition&, const PixelPosition&) = default;
};

/// The eight symmetries of the square: tissue has no upright, so each is a valid view of the same slide.
/// Rotations are clockwise as one looks at the picture (x to the right, y down).
enum class Symmetry : std::uint8_t {
  identity,
  rotate_90,
  rotate_180,
  rotate_270,
  flip_horizontal,  ///< left and right change places
  flip_vertical,    ///< top and bottom change places
  transpose,        ///< mirrored at the diagonal from the top left
  anti_transpose,   ///< mirrored at the diagonal from the top right
};

inline constexpr int symmetry_count = 8;

/// Whether `symmetry` exchanges width and height.
SACCADE_HOST_DEVICE constexpr bool transposes(Symmetry symmetry) {
  return symmetry == Symmetry::rotate_90 || symmetry == Symmetry::rotate_270 || symmetry == Symmetry::transpose ||
         symmetry == Symmetry::anti_transpose;
}

/// The source pixel shown at (x, y) of the transformed image. `width` and `height` are those of the source image;
/// the transformed image is `height` x `width` where `transposes(symmetry)`. Positions outside the transformed image
/// map to positions outside the source.
SACCADE_HOST_DEVICE constexpr PixelPosition source_pixel(Symmetry symmetry, Index x, Index y, Index width,
                                                         Index height) {
  switch (symmetry) {
    case Symmetry::rotate_90:
      return {y, height - 1 - x};
    case Symmetry::rotate_180:
      return {width - 1 - x, height - 1 - y};
    case Symmetry::rotate_270:
      return {width - 1 - y, x};
    case Symmetry::flip_horizontal:
      return {width - 1 - x, y};
    case Symmetry::flip_vertical:
      return {x, height - 1 - y};
    case Symmetry::transpose:
      return {y, x};
    case Symmetry::anti_transpose:
      return {width - 1 - y, height - 1 - x};
    case Symmetry::identity:
      break;
  }
  return {x, y};
}

}  // namespace saccade
