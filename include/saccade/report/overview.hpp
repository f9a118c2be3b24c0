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

/// Pixels of a streamed image at full resolution; white outside it.
[[nodiscard]] inline RgbImage read_box(const StreamedImage& source, const Box& box) {
  RgbImage image(box.width, box.height);
  source.read_region(box.x, box.y, box.width, box.height, 1, image.pixels);
  for (Index y = 0; y < box.height; ++y) {
    for (Index x = 0; x < box.width; ++x) {
      const bool inside = box.x + x >= 0 && box.y + y >= 0 && box.x + x < source.width() && box.y + y < source.height();
      if (!inside) std::fill_n(image.at(x, y), image_channels, std::uint8_t{255});
    }
  }
  return image;
}

}  // namespace saccade::report
