#pragma once

#include <saccade/core/box.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// How much of an image was looked at, as shares of its area.
struct PixelFraction {
  double processed = 0;  ///< every glimpse counts in full, overlaps and parts beyond the border included
  double unique = 0;     ///< pixels of the image that at least one glimpse covers
};

/// Area covered by at least one of `boxes`, exactly: columns between neighbouring edges are swept, and in each the
/// covered rows are merged.
[[nodiscard]] inline Index union_area(std::span<const Box> boxes) {
  std::vector<Index> edges;
  for (const Box& box : boxes) {
    if (box.area() == 0) continue;
    edges.push_back(box.x);
    edges.push_back(box.x + box.width);
  }
  std::sort(edges.begin(), edges.end());
  Index area = 0;
  std::vector<std::pair<Index, Index>> rows;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const Index left = edges[i], width = edges[i + 1] - left;
    if (width == 0) continue;
    rows.clear();
    for (const Box& box : boxes) {
      if (box.area() > 0 && box.x <= left && left < box.x + box.width) rows.emplace_back(box.y, box.y + box.height);
    }
    std::sort(rows.begin(), rows.end());
    Index covered = 0, bottom = rows.empty() ? 0 : rows.front().first;
    for (const auto& [from, to] : rows) {
      covered += std::max<Index>(to - std::max(from, bottom), 0);
      bottom = std::max(bottom, to);
    }
    area += covered * width;
  }
  return area;
}

/// Five glimpses of 112 x 112 in an image of 700 x 460 process 0.1948 of it; what is unique depends on their overlap.
/// @param glimpses  the boxes read, in pixels of the image; they may reach beyond its border
[[nodiscard]] inline PixelFraction pixel_fraction(std::span<const Box> glimpses, Index width, Index height) {
  const Box image{0, 0, width, height};
  Index processed = 0;
  std::vector<Box> inside;
  for (const Box& glimpse : glimpses) {
    processed += glimpse.area();
    inside.push_back(glimpse.intersection(image));
  }
  const auto area = static_cast<double>(image.area());
  return {static_cast<double>(processed) / area, static_cast<double>(union_area(inside)) / area};
}

}  // namespace saccade::metrics
