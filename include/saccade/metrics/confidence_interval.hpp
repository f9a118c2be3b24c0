#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// Both ends are not a number where there is nothing to estimate from.
struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// Wilson's 95 % interval of a proportion: `successes` (a mean of shares may make it a fraction) out of `trials`.
/// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
[[nodiscard]] inline Interval wilson_interval(double successes, Index trials) {
  if (trials == 0) return {};
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double p = successes / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  return {std::max(centre - half, 0.0), std::min(centre + half, 1.0)};
}

/// 95 % percentile bootstrap over groups (patients, slides), whose images are not independent: groups are drawn with
/// replacement, `resamples` times, and the figures are computed of each draw.
///
/// @param groups      how many there are
/// @param figures     how many numbers `statistics` gives
/// @param statistics  the figures of some groups, given as positions 0 to groups - 1 with repeats; draws of which a
///                    figure is not a number (for want of a class, say) are left out for that figure
/// @param seed        the same seed gives the same intervals
/// Source: Efron 1979, "Bootstrap methods: another look at the jackknife".
template <std::invocable<std::span<const Index>> Statistics>
[[nodiscard]] std::vector<Interval> bootstrap_intervals(Index groups, std::size_t figures, const Statistics& statistics,
                                                        std::uint64_t seed, Index resamples = 2000) {
  expect_config(resamples >= 1, "bootstrap: resamples must be at least 1, but is " + std::to_string(resamples));
  std::vector<Interval> intervals(figures);
  if (groups == 0) return intervals;
  std::vector<Index> drawn(static_cast<std::size_t>(groups));
  std::vector<std::vector<double>> values(figures);
  for (Index resample = 0; resample < resamples; ++resample) {
    math::RandomSequence random(
        {.seed = seed, .stream = RandomStream::bootstrap, .counter = static_cast<std::uint64_t>(resample)});
    for (Index& group : drawn) group = random.below(static_cast<std::uint64_t>(groups));
    const auto of_draw = statistics(std::span<const Index>(drawn));
    for (std::size_t i = 0; i < figures; ++i)
      if (!std::isnan(of_draw[i])) values[i].push_back(of_draw[i]);
  }
  for (std::size_t i = 0; i < figures; ++i) {
    std::vector<double>& sorted = values[i];
    if (sorted.empty()) continue;
    std::sort(sorted.begin(), sorted.end());
    const auto quantile = [&](double share) {
      const double position = share * static_cast<double>(sorted.size() - 1);
      const auto below = static_cast<std::size_t>(position);
      const std::size_t above = std::min(below + 1, sorted.size() - 1);
      return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
    };
    intervals[i] = {quantile(0.025), quantile(0.975)};
  }
  return intervals;
}

/// The same for one figure.
template <std::invocable<std::span<const Index>> Statistic>
[[nodiscard]] Interval bootstrap_interval(Index groups, const Statistic& statistic, std::uint64_t seed,
                                          Index resamples = 2000) {
  const auto one = [&](std::span<const Index> drawn) { return std::array<double, 1>{statistic(drawn)}; };
  return bootstrap_intervals(groups, 1, one, seed, resamples).front();
}

}  // namespace saccade::metrics
