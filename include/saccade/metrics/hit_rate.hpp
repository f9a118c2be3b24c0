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

/// Share of the images of which a glimpse found a region where the class can be told, by step and at any step, and of
/// which glimpses have found all regions by then: where several tell the class together, none will do alone.
class HitRate {
 public:
  /// @param glimpses  of one image, in the order of steps; a path that ended early finds nothing in its missing steps
  /// @param regions   of the image; an image without one does not count
  void add(std::span<const Box> glimpses, std::span<const Box> regions) {
    if (regions.empty()) return;
    if (hits_.size() < glimpses.size()) {
      hits_.resize(glimpses.size());
      completed_.resize(glimpses.size());
    }
    bool found = false;
    std::vector<bool> unmet(regions.size(), true);
    auto left = static_cast<Index>(regions.size());
    for (std::size_t step = 0; step < glimpses.size(); ++step) {
      bool hit = false;
      const Index before = left;
      for (std::size_t i = 0; i < regions.size(); ++i) {
        if (!hits(glimpses[step], regions[i])) continue;
        hit = true;
        left -= unmet[i] ? 1 : 0;
        unmet[i] = false;
      }
      hits_[step] += hit ? 1 : 0;
      completed_[step] += before > 0 && left == 0 ? 1 : 0;
      found = found || hit;
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

  /// One rate for each step: the share of the images all of whose regions this glimpse or one before it has found.
  [[nodiscard]] std::vector<double> all_by_step() const {
    std::vector<double> rates;
    Index images = 0;
    for (const Index count : completed_) rates.push_back(rate(images += count, images_));
    return rates;
  }

  /// Share of the images of which at least one glimpse found a region.
  [[nodiscard]] double any() const { return rate(found_, images_); }

 private:
  std::vector<Index> hits_;
  std::vector<Index> completed_;  ///< images whose last region was found in this step
  Index found_ = 0;
  Index images_ = 0;
};

}  // namespace saccade::metrics
