#pragma once

#include <saccade/core/box.hpp>
#include <saccade/metrics/classification.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// Whether a glimpse finds the focus: the two boxes have at least half of the smaller one in common. So a small glimpse
/// must lie half inside a large focus, and a large glimpse must show half of a small one.
[[nodiscard]] constexpr bool hits(const Box& glimpse, const Box& focus) {
  const Index smaller = glimpse.area() < focus.area() ? glimpse.area() : focus.area();
  return smaller > 0 && 2 * glimpse.intersection(focus).area() >= smaller;
}

/// Share of the images whose focus was found, by step and at any step.
class HitRate {
 public:
  /// @param glimpses  of one image, in the order of steps; a path that ended early finds nothing in its missing steps
  void add(std::span<const Box> glimpses, const Box& focus) {
    if (hits_.size() < glimpses.size()) hits_.resize(glimpses.size());
    bool found = false;
    for (std::size_t step = 0; step < glimpses.size(); ++step) {
      if (!hits(glimpses[step], focus)) continue;
      ++hits_[step];
      found = true;
    }
    found_ += found ? 1 : 0;
    ++images_;
  }

  [[nodiscard]] Index images() const { return images_; }

  /// One rate for each step.
  [[nodiscard]] std::vector<double> by_step() const {
    std::vector<double> rates(hits_.size());
    std::transform(hits_.begin(), hits_.end(), rates.begin(), [&](Index count) { return rate(count, images_); });
    return rates;
  }

  /// Share of the images of which at least one glimpse found the focus.
  [[nodiscard]] double any() const { return rate(found_, images_); }

 private:
  std::vector<Index> hits_;
  Index found_ = 0;
  Index images_ = 0;
};

}  // namespace saccade::metrics
