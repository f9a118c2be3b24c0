#pragma once

#include <saccade/core/box.hpp>
#include <saccade/metrics/classification.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace saccade::inline v0::metrics {

/// Whether a glimpse finds the focus: its box contains the pixel in the middle of the focus' box.
[[nodiscard]] constexpr bool hits(const Box& glimpse, const Box& focus) {
  const Index x = focus.x + focus.width / 2, y = focus.y + focus.height / 2;
  return glimpse.x <= x && x < glimpse.x + glimpse.width && glimpse.y <= y && y < glimpse.y + glimpse.height;
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

}  // namespace saccade::inline v0::metrics
