#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/metrics/classification.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// What a threshold on the score of a class gives.
struct RocPoint {
  double false_positive_rate = 0;  ///< 1 - specificity
  double true_positive_rate = 0;   ///< sensitivity

  friend bool operator==(const RocPoint&, const RocPoint&) = default;
};

/// The receiver operating characteristic of one class against the rest, from (0, 0), where no image is called the
/// class, to (1, 1), where every one is: one point for each distinct score. Images of equal scores join in one slanted
/// step, so that the area below the curve is that of area_under_curve. Empty unless the class and the rest have images.
/// @param score  of class `positive`
/// @throws ConfigError where the lists differ in length or a score is not a number
[[nodiscard]] inline std::vector<RocPoint> roc_curve(std::span<const Index> truth, std::span<const double> score,
                                                     Index positive = 1) {
  expect_config(truth.size() == score.size(), "roc_curve: " + std::to_string(truth.size()) + " labels and " +
                                                  std::to_string(score.size()) + " scores");
  expect_config(std::none_of(score.begin(), score.end(), [](double s) { return std::isnan(s); }),
                "roc_curve: a score is not a number");
  std::vector<std::size_t> order(truth.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
  const Index positives = std::count(truth.begin(), truth.end(), positive);
  const Index negatives = static_cast<Index>(truth.size()) - positives;
  if (positives == 0 || negatives == 0) return {};
  std::vector<RocPoint> curve{{}};
  Index found = 0, alarms = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    (truth[order[i]] == positive ? found : alarms) += 1;
    if (i + 1 < order.size() && score[order[i + 1]] == score[order[i]]) continue;
    curve.push_back({rate(alarms, negatives), rate(found, positives)});
  }
  return curve;
}

}  // namespace saccade::metrics
