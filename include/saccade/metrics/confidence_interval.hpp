#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
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

/// 95 % percentile bootstrap over patients, whose images are not independent: patients are drawn with replacement,
/// `resamples` times, and the figure is computed of each draw.
///
/// @param patients   how many there are
/// @param statistic  the figure of some patients, given as positions 0 to patients - 1 with repeats; draws of which it
///                   is not a number (of one class only, say) are left out
/// @param seed       the same seed gives the same interval
/// Source: Efron 1979, "Bootstrap methods: another look at the jackknife".
template <std::invocable<std::span<const Index>> Statistic>
[[nodiscard]] Interval bootstrap_interval(Index patients, const Statistic& statistic, std::uint64_t seed,
                                          Index resamples = 2000) {
  expect_config(resamples >= 1, "bootstrap: resamples must be at least 1, but is " + std::to_string(resamples));
  if (patients == 0) return {};
  std::vector<Index> drawn(static_cast<std::size_t>(patients));
  std::vector<double> values;
  for (Index resample = 0; resample < resamples; ++resample) {
    math::RandomSequence random(
        {.seed = seed, .stream = RandomStream::bootstrap, .counter = static_cast<std::uint64_t>(resample)});
    for (Index& patient : drawn) patient = random.below(static_cast<std::uint64_t>(patients));
    const double value = statistic(std::span<const Index>(drawn));
    if (!std::isnan(value)) values.push_back(value);
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double share) {
    const double position = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], position - static_cast<double>(below));
  };
  return {quantile(0.025), quantile(0.975)};
}

}  // namespace saccade::metrics
