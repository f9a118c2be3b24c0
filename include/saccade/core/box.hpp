#pragma once

#include <saccade/core/shape.hpp>

#include <algorithm>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// An axis-aligned rectangle of whole pixels: columns x to x + width - 1, rows y to y + height - 1.
struct Box {
  Index x = 0;
  Index y = 0;
  Index width = 0;
  Index height = 0;

  /// Number of pixels; 0 where a side is not positive.
  [[nodiscard]] constexpr Index area() const { return width > 0 && height > 0 ? width * height : 0; }

  /// The common part of two boxes; of area 0 where there is none.
  [[nodiscard]] constexpr Box intersection(const Box& other) const {
    const Index left = std::max(x, other.x);
    const Index top = std::max(y, other.y);
    const Index right = std::min(x + width, other.x + other.width);
    const Index bottom = std::min(y + height, other.y + other.height);
    return {left, top, std::max<Index>(right - left, 0), std::max<Index>(bottom - top, 0)};
  }

  friend constexpr bool operator==(const Box&, const Box&) = default;
};

}  // namespace saccade
