#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/geometry.hpp>
#include <saccade/core/symmetry.hpp>

#include <cmath>

/// Where a glimpse looks and what it sees there. The window is made of whole pixels, found in single precision with
/// explicit fma whatever the Scalar, and a float patch value is one fma: crops agree bit for bit on every backend.
namespace saccade::inline SACCADE_NAMESPACE::math {

/// First pixel, on one axis, of a window of `window` pixels over an image of `extent` pixels:
///     centre = (location + 1) / 2 * extent
///     corner = floor(centre - window / 2 + 1/2)
/// Border::inside then shifts it into [0, extent - window]; a window wider than the image stands at location 0.
///
/// @param location  -1 and +1 are the outer edges of the image; NaN counts as 0, and whatever lies further out than a
///                  million half-images as that
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Index glimpse_corner(Scalar location, Index extent, Index window,
                                                              Border border) {
  constexpr Scalar limit = Scalar(1 << 20);
  const bool centred = location != location || (border == Border::inside && window > extent);
  const Scalar bounded = centred ? Scalar(0) : location < -limit ? -limit : location > limit ? limit : location;

  // One rounding: centre - window / 2 + 1/2 = location * extent / 2 + (extent - window + 1) / 2.
  const float position = std::fma(static_cast<float>(bounded), 0.5f * static_cast<float>(extent),
                                  0.5f * static_cast<float>(extent - window + 1));
  const Index corner = static_cast<Index>(std::floor(position));
  if (border == Border::zero || window > extent) return corner;
  return corner < 0 ? 0 : corner > extent - window ? extent - window : corner;
}

/// A square of `size` x `size` pixels whose first one is column x, row y of the oriented image. It may reach beyond.
struct GlimpseWindow {
  Index x = 0;
  Index y = 0;
  Index size = 0;

  friend constexpr bool operator==(const GlimpseWindow&, const GlimpseWindow&) = default;
};

/// The zoom that a number stands for: the nearest one that there is; NaN counts as 0.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Index glimpse_zoom(Scalar number, Index zooms) {
  if (!(number > Scalar(0))) return 0;
  return number < static_cast<Scalar>(zooms - 1) ? static_cast<Index>(number + Scalar(0.5)) : zooms - 1;
}

/// The window of scale `scale`: side * scale_step^(scale + zoom) pixels wide, centred like the finest one.
///
/// @param location       x, y and, where there is a choice, the zoom: geometry.location_size() numbers
/// @param width, height  of the oriented image, in pixels (see oriented_width)
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline GlimpseWindow glimpse_window(const GlimpseGeometry& geometry, Index scale,
                                                                      const Scalar* location, Index width,
                                                                      Index height) {
  const Index zoom = geometry.zooms > 1 ? glimpse_zoom(location[2], geometry.zooms) : 0;
  const Index size = geometry.side * geometry.reduction(scale + zoom);
  return {glimpse_corner(location[0], width, size, geometry.border),
          glimpse_corner(location[1], height, size, geometry.border), size};
}

/// Width of an image of `width` x `height` pixels, seen through `symmetry`.
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Index oriented_width(Symmetry symmetry, Index width, Index height) {
  return transposes(symmetry) ? height : width;
}

/// Height of an image of `width` x `height` pixels, seen through `symmetry`.
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Index oriented_height(Symmetry symmetry, Index width, Index height) {
  return transposes(symmetry) ? width : height;
}

/// (p / 255 - mean) / deviation = gain * p + offset.
template <class Scalar>
struct PixelNormalization {
  Scalar gain;
  Scalar offset;
};

/// Of one channel; `mean` and `deviation` > 0 belong to pixels scaled to [0, 1].
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr PixelNormalization<Scalar> pixel_normalization(float mean,
                                                                                           float deviation) {
  return {Scalar(1) / (Scalar(255) * static_cast<Scalar>(deviation)),
          -static_cast<Scalar>(mean) / static_cast<Scalar>(deviation)};
}

/// Mean over a box of `area` pixels of the normalised pixels, those outside the image counting as 0:
///     (gain * sum + offset * count) / area
///
/// @param sum    of the `count` pixels of the box that lie inside the image
/// @param area   of a box; a power of two, so that dividing by it is exact
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar patch_value(PixelNormalization<Scalar> normalization, Index sum,
                                                            Index count, Index area) {
  return std::fma(static_cast<Scalar>(sum), normalization.gain / static_cast<Scalar>(area),
                  normalization.offset * static_cast<Scalar>(count) / static_cast<Scalar>(area));
}

}  // namespace saccade::math
