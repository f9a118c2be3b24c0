#pragma once

#include <cmath>
#include <limits>
#include <vector>

/// One figure, measured with several seeds.
namespace bench {

/// Not a number where nothing was measured.
[[nodiscard]] inline double mean(const std::vector<double>& values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Standard deviation between seeds; not a number of one.
[[nodiscard]] inline double deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const double value : values) sum += (value - mean(values)) * (value - mean(values));
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

}  // namespace bench
