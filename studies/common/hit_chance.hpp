#pragma once

#include <saccade/core/box.hpp>
#include <saccade/metrics/hit_rate.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace bench {

/// The share of all windows of `side` pixels inside the image that find the region: what a random glimpse finds by
/// chance. Exact: every window is counted.
[[nodiscard]] inline double hit_chance(saccade::Index side, saccade::Index width, saccade::Index height,
                                       const saccade::Box& region) {
  const auto overlaps = [&](saccade::Index extent, saccade::Index begin, saccade::Index length) {
    std::vector<saccade::Index> lengths;
    for (saccade::Index corner = 0; corner + side <= extent; ++corner)
      lengths.push_back(std::max<saccade::Index>(std::min(corner + side, begin + length) - std::max(corner, begin), 0));
    return lengths;
  };
  const auto across = overlaps(width, region.x, region.width), down = overlaps(height, region.y, region.height);
  const saccade::Index smaller = std::min(side * side, region.area());
  saccade::Index hits = 0;
  for (const saccade::Index x : across)
    for (const saccade::Index y : down) hits += 2 * x * y >= smaller ? 1 : 0;
  const auto windows = static_cast<double>(across.size() * down.size());
  return windows > 0 ? static_cast<double>(hits) / windows : 0;
}

/// What random glimpses find by chance, means over images.
struct HitChance {
  double one = 0;  ///< one glimpse
  double any = 0;  ///< at least one of `glimpses`
};

[[nodiscard]] inline HitChance hit_chance(saccade::Index side, saccade::Index glimpses, saccade::Index width,
                                          saccade::Index height, std::span<const saccade::Box> regions) {
  HitChance chance;
  for (const saccade::Box& region : regions) {
    const double one = hit_chance(side, width, height, region);
    chance.one += one / static_cast<double>(regions.size());
    chance.any += (1 - std::pow(1 - one, static_cast<double>(glimpses))) / static_cast<double>(regions.size());
  }
  return chance;
}

}  // namespace bench
