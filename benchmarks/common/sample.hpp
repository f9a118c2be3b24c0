#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <vector>

/// Times and what is said of many of them.
namespace bench {

/// Seconds that `work()` takes.
template <class Work>
[[nodiscard]] double seconds_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The smallest value that at least `share` of `values` do not exceed; 0.5 is the median of an odd number of them.
/// `values` may not be empty.
[[nodiscard]] inline double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size())) - 1;
  return values[static_cast<std::size_t>(std::max(rank, 0.0))];
}

[[nodiscard]] inline double median(const std::vector<double>& values) { return quantile(values, 0.5); }

}  // namespace bench
