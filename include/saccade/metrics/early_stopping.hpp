#pragma once

#include <saccade/metrics/classification.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// Probabilities of each class after each glimpse of an image, (T, K).
using AnswersByGlimpse = std::vector<std::vector<double>>;

/// What stopping by confidence costs and earns at one threshold.
struct StoppingPoint {
  double threshold = 0;
  double glimpses = undefined;  ///< of an image, in the mean
  double accuracy = undefined;  ///< of images
};

/// From stopping after the first glimpse (0) to never before the last (more than 1).
inline constexpr std::array<double, 17> stopping_thresholds{0,    0.2, 0.3,  0.4,  0.5,  0.6,  0.7,  0.75, 0.8,
                                                            0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 1.01};

/// The first glimpse, counted from 1, after which the most probable class is at least as probable as the threshold; the
/// last one where there is none.
[[nodiscard]] inline std::size_t stopping_glimpse(const AnswersByGlimpse& answers, double threshold) {
  for (std::size_t t = 0; t + 1 < answers.size(); ++t)
    if (*std::max_element(answers[t].begin(), answers[t].end()) >= threshold) return t + 1;
  return answers.size();
}

/// Accuracy against mean number of glimpses: each image's sequence ends as soon as its most probable class has reached
/// the threshold, and the answer counts that it has then. Not defined without images.
///
/// @param images  at least one glimpse each
/// Source: Wang et al., "Glance and Focus", NeurIPS 2020, section 3.3.
[[nodiscard]] inline std::vector<StoppingPoint> early_stopping(
    std::span<const AnswersByGlimpse> images, std::span<const Index> truth,
    std::span<const double> thresholds = stopping_thresholds) {
  std::vector<StoppingPoint> curve;
  for (const double threshold : thresholds) {
    StoppingPoint point{.threshold = threshold};
    double glimpses = 0, right = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::size_t last = stopping_glimpse(images[i], threshold);
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

}  // namespace saccade::metrics
