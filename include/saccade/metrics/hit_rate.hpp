#pragma once

#include <saccade/core/box.hpp>
#include <saccade/metrics/classification.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// Whether a glimpse finds a region: the two boxes have at least half of the smaller one in common. So a small glimpse
/// must lie half inside a large region, and a large glimpse must show half of a small one.
[[nodiscard]] constexpr bool hits(const Box& glimpse, const Box& region) {
  const Index smaller = glimpse.area() < region.area() ? glimpse.area() : region.area();
  return smaller > 0 && 2 * glimpse.intersection(region).area() >= smaller;
}

/// Share of the images of which a glimpse found a region where the class can be told, by step and at any step.
class HitRate {
 public:
  /// @param glimpses  of one image, in the order of steps; a path that ended early finds nothing in its missing steps
  /// @param regions   of the image, any of which will do; an image without one does not count
  void add(std::span<const Box> glimpses, std::span<const Box> regions) {
    if (regions.empty()) return;
    if (hits_.size() < glimpses.size()) hits_.resize(glimpses.size());
    bool found = false;
    for (std::size_t step = 0; step < glimpses.size(); ++step) {
      const Box& glimpse = glimpses[step];
      if (std::none_of(regions.begin(), regions.end(), [&](const Box& region) { return hits(glimpse, region); }))
        continue;
      ++hits_[step];
      found = true;
    }
    found_ += found ? 1 : 0;
    ++images_;
  }

  /// With a region.
  [[nodiscard]] Index images() const { return images_; }

  /// One rate for each step.
  [[nodiscard]] std::vector<double> by_step() const {
    std::vector<double> rates(hits_.size());
    std::transform(hits_.begin(), hits_.end(), rates.begin(), [&](Index count) { return rate(count, images_); });
    return rates;
  }

  /// Share of the images of which at least one glimpse found a region.
  [[nodiscard]] double any() const { return rate(found_, images_); }

 private:
  std::vector<Index> hits_;
  Index found_ = 0;
  Index images_ = 0;
};

}  // namespace saccade::metrics
