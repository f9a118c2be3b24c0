#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/streamed_image.hpp>

#include <algorithm>
#include <cstdint>
#include <span>

namespace saccade::inline SACCADE_NAMESPACE::report {

/// A streamed image made small enough to be drawn on.
struct Overview {
  RgbImage image{};
  Index reduction = 1;  ///< pixels of the streamed image for one of it, on each axis: a power of two
};

/// Longest side of an overview, in pixels.
inline constexpr Index overview_side = 1600;

/// Reads a streamed image reduced by the least power of two that makes neither side longer than `side`, line by line.
[[nodiscard]] inline Overview read_overview(const StreamedImage& source, Index side = overview_side) {
  Overview overview;
  const auto reduced = [&](Index extent) { return (extent + overview.reduction - 1) / overview.reduction; };
  while (std::max(reduced(source.width()), reduced(source.height())) > side) overview.reduction *= 2;
  overview.image = RgbImage(reduced(source.width()), reduced(source.height()));
  source.read_region(0, 0, overview.image.width, overview.image.height, overview.reduction, overview.image.pixels);
  return overview;
}

/// A box of the streamed image in an overview of it, wide enough to be seen.
[[nodiscard]] inline Box in_overview(const Box& box, Index reduction) {
  constexpr Index least = 3;
  if (reduction == 1) return box;
  const auto first = [&](Index place) {
    return place >= 0 ? place / reduction : -((-place + reduction - 1) / reduction);
  };
  return {first(box.x), first(box.y), std::max(box.width / reduction, least), std::max(box.height / reduction, least)};
}

/// What a box of a streamed image shows, each pixel the mean of `reduction` x `reduction`; white outside the image.
/// @param reduction  of which the box is a multiple
[[nodiscard]] inline RgbImage read_box(const StreamedImage& source, const Box& box, Index reduction = 1) {
  RgbImage image(box.width / reduction, box.height / reduction);
  source.read_region(box.x, box.y, image.width, image.height, reduction, image.pixels);
  for (Index y = 0; y < image.height; ++y) {
    for (Index x = 0; x < image.width; ++x) {
      const Index left = box.x + x * reduction, top = box.y + y * reduction;
      const bool inside = left >= 0 && top >= 0 && left < source.width() && top < source.height();
      if (!inside) std::fill_n(image.at(x, y), image_channels, std::uint8_t{255});
    }
  }
  return image;
}

}  // namespace saccade::report
