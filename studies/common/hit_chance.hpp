#pragma once

#include <saccade/core/box.hpp>
#include <saccade/metrics/hit_rate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace bench {

/// The share of all windows of `side` pixels inside the image that find one of the regions: what a random glimpse finds
/// by chance. Exact: every window is counted.
[[nodiscard]] inline double hit_chance(saccade::Index side, saccade::Index width, saccade::Index height,
                                       std::span<const saccade::Box> regions) {
  struct Overlaps {
    std::vector<saccade::Index> across, down;
    saccade::Index smaller = 0;
  };
  std::vector<Overlaps> of_region;
  for (const saccade::Box& region : regions) {
    const auto overlaps = [&](saccade::Index extent, saccade::Index begin, saccade::Index length) {
      std::vector<saccade::Index> lengths;
      for (saccade::Index corner = 0; corner + side <= extent; ++corner)
        lengths.push_back(
            std::max<saccade::Index>(std::min(corner + side, begin + length) - std::max(corner, begin), 0));
      return lengths;
    };
    of_region.push_back({overlaps(width, region.x, region.width), overlaps(height, region.y, region.height),
                         std::min(side * side, region.area())});
  }
  if (of_region.empty()) return 0;
  saccade::Index hits = 0;
  const std::size_t columns = of_region.front().across.size(), rows = of_region.front().down.size();
  for (std::size_t x = 0; x < columns; ++x) {
    for (std::size_t y = 0; y < rows; ++y) {
      hits += std::any_of(of_region.begin(), of_region.end(),
                          [&](const Overlaps& o) { return 2 * o.across[x] * o.down[y] >= o.smaller; })
                  ? 1
                  : 0;
    }
  }
  const auto windows = static_cast<double>(columns * rows);
  return windows > 0 ? static_cast<double>(hits) / windows : 0;
}

/// What random glimpses find by chance, means over images.
struct HitChance {
  double one = 0;  ///< one glimpse finds a region
  double any = 0;  ///< at least one of `glimpses` does
  double all = 0;  ///< `glimpses` find every region
};

/// @param images  the regions of each, few: by inclusion and exclusion over them, T glimpses find all of an image with
///                the chance sum_S (-1)^|S| (1 - chance of S)^T over its sets S of regions
[[nodiscard]] inline HitChance hit_chance(saccade::Index side, saccade::Index glimpses, saccade::Index width,
                                          saccade::Index height, std::span<const std::vector<saccade::Box>> images) {
  HitChance chance;
  const auto count = static_cast<double>(images.size());
  for (const std::vector<saccade::Box>& regions : images) {
    const auto none_in = [&](double one) { return std::pow(1 - one, static_cast<double>(glimpses)); };
    double all = 0, one = 0;
    for (std::size_t set = 0; set < std::size_t{1} << regions.size(); ++set) {
      std::vector<saccade::Box> members;
      for (std::size_t i = 0; i < regions.size(); ++i)
        if (set >> i & 1) members.push_back(regions[i]);
      one = hit_chance(side, width, height, members);  // the last set is all of them
      all += (members.size() % 2 == 0 ? 1 : -1) * none_in(one);
    }
    chance.one += one / count;
    chance.any += (1 - none_in(one)) / count;
    chance.all += all / count;
  }
  return chance;
}

}  // namespace bench
