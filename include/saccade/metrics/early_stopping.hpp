#pragma once

#include <saccade/metrics/classification.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// Probabilities of each class after each glimpse of an image, (T, K).
using AnswersByGlimpse = std::vector<std::vector<double>>;

/// What stopping early costs and earns at one threshold.
struct StoppingPoint {
  double threshold = 0;
  double glimpses = undefined;  ///< of an image, in the mean
  double accuracy = undefined;  ///< of images
};

/// From stopping after the first glimpse (0) to never before the last (more than 1).
inline constexpr std::array<double, 17> stopping_thresholds{0,    0.2, 0.3,  0.4,  0.5,  0.6,  0.7,  0.75, 0.8,
                                                            0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 1.01};

/// How sure an image's sequence is after each glimpse, (T): a sequence ends where it is sure enough.
using SuretyByGlimpse = std::vector<double>;

/// The probability of the most probable class after each glimpse.
[[nodiscard]] inline SuretyByGlimpse confidence(const AnswersByGlimpse& answers) {
  SuretyByGlimpse list;
  for (const std::vector<double>& p : answers) list.push_back(*std::max_element(p.begin(), p.end()));
  return list;
}

/// The first glimpse, counted from 1, after which the sequence is at least as sure as the threshold; the last one where
/// there is none.
[[nodiscard]] inline std::size_t stopping_glimpse(const SuretyByGlimpse& surety, double threshold) {
  for (std::size_t t = 0; t + 1 < surety.size(); ++t)
    if (surety[t] >= threshold) return t + 1;
  return surety.size();
}

/// Accuracy against mean number of glimpses: each image's sequence ends as soon as it is as sure as the threshold, and
/// the answer counts that it has then. Not defined without images.
///
/// @param images  at least one glimpse each
/// @param surety  of each image
/// Source: Wang et al., "Glance and Focus", NeurIPS 2020, section 3.3, where it is the confidence.
[[nodiscard]] inline std::vector<StoppingPoint> early_stopping(std::span<const AnswersByGlimpse> images,
                                                               std::span<const Index> truth,
                                                               std::span<const SuretyByGlimpse> surety,
                                                               std::span<const double> thresholds) {
  std::vector<StoppingPoint> curve;
  for (const double threshold : thresholds) {
    StoppingPoint point{.threshold = threshold};
    double glimpses = 0, right = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::size_t last = stopping_glimpse(surety[i], threshold);
      const std::vector<double>& p = images[i][last - 1];
      glimpses += static_cast<double>(last);
      right += std::max_element(p.begin(), p.end()) - p.begin() == truth[i] ? 1 : 0;
    }
    if (const auto count = static_cast<double>(images.size()); count > 0) {
      point.glimpses = glimpses / count;
      point.accuracy = right / count;
    }
    curve.push_back(point);
  }
  return curve;
}

/// The same by confidence.
[[nodiscard]] inline std::vector<StoppingPoint> early_stopping(
    std::span<const AnswersByGlimpse> images, std::span<const Index> truth,
    std::span<const double> thresholds = stopping_thresholds) {
  std::vector<SuretyByGlimpse> surety;
  for (const AnswersByGlimpse& answers : images) surety.push_back(confidence(answers));
  return early_stopping(images, truth, surety, thresholds);
}

/// Thresholds for a surety that has no natural scale: its smallest value before the last glimpse, the 16 quantiles
/// i / 16 above it, and one more than all of them. None without images of two glimpses.
[[nodiscard]] inline std::vector<double> thresholds_of(std::span<const SuretyByGlimpse> surety) {
  std::vector<double> values;
  for (const SuretyByGlimpse& each : surety) values.insert(values.end(), each.begin(), each.end() - 1);
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  std::vector<double> thresholds;
  for (std::size_t i = 0; i <= 16; ++i) thresholds.push_back(values[i * (values.size() - 1) / 16]);
  thresholds.push_back(std::nextafter(values.back(), std::numeric_limits<double>::infinity()));
  return thresholds;
}

}  // namespace saccade::metrics
