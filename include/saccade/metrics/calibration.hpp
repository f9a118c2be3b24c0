#pragma once

#include <saccade/core/error.hpp>
#include <saccade/metrics/answers.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// Images whose answers are about equally sure.
struct CalibrationBin {
  Index images = 0;
  double confidence = undefined;  ///< probability of the answer, mean over the images
  double accuracy = undefined;    ///< share of the images whose answer is right
};

/// Whether answers are as often right as they are sure: points of the reliability diagram, and their distance from its
/// diagonal,
///
///     error = sum_b images_b / N |accuracy_b - confidence_b|,  undefined without images
///
/// Source: Guo et al., "On calibration of modern neural networks", ICML 2017, section 2 (expected calibration error).
struct Calibration {
  double error = undefined;
  double cross_entropy = undefined;  ///< mean of -ln of the true class' probability
  std::vector<CalibrationBin> bins{};
};

/// p^(1/T), scaled to the sum 1: the softmax of logits that are divided by the temperature T.
[[nodiscard]] inline std::vector<double> tempered(std::span<const double> probabilities, double temperature) {
  std::vector<double> values;
  double largest = 0, sum = 0;
  for (const double p : probabilities) largest = std::max(largest, p);
  for (const double p : probabilities) {
    values.push_back(std::pow(p / largest, 1 / temperature));
    sum += values.back();
  }
  for (double& value : values) value /= sum;
  return values;
}

/// @param temperature  that the answers are given first; the most probable class stays the same
/// @param bins         of equal width between 0 and 1
[[nodiscard]] inline Calibration calibration(const Answers& answers, double temperature = 1, std::size_t bins = 15) {
  expect_config(temperature > 0,
                "calibration: the temperature must be greater than 0, but is " + std::to_string(temperature));
  struct Sums {
    Index images = 0, right = 0;
    double confidence = 0;
  };
  std::vector<Sums> sums(bins);
  Calibration result{.bins = std::vector<CalibrationBin>(bins)};
  double cross_entropy = 0;
  const auto classes = static_cast<std::size_t>(answers.classes);
  for (std::size_t i = 0; i < answers.truth.size(); ++i) {
    const std::vector<double> p =
        tempered(std::span<const double>(answers.probabilities).subspan(i * classes, classes), temperature);
    const double confidence = p[static_cast<std::size_t>(answers.predicted[i])];
    const auto place = static_cast<std::size_t>(confidence * static_cast<double>(bins));
    Sums& bin = sums[std::min(place, bins - 1)];
    ++bin.images;
    bin.right += answers.predicted[i] == answers.truth[i] ? 1 : 0;
    bin.confidence += confidence;
    cross_entropy -= std::log(std::max(p[static_cast<std::size_t>(answers.truth[i])], 1e-12));
  }
  if (answers.truth.empty()) return result;
  const auto images = static_cast<double>(answers.truth.size());
  result.cross_entropy = cross_entropy / images;
  result.error = 0;
  for (std::size_t b = 0; b < bins; ++b) {
    if (sums[b].images == 0) continue;
    const auto count = static_cast<double>(sums[b].images);
    result.bins[b] = {sums[b].images, sums[b].confidence / count, static_cast<double>(sums[b].right) / count};
    result.error += count / images * std::abs(result.bins[b].accuracy - result.bins[b].confidence);
  }
  return result;
}

/// The temperature between 1/20 and 20 by which answers have the least cross-entropy, to seven digits; 1 without any.
///
/// In b = 1/T the cross-entropy is convex, and its derivative is the mean of E[ln p] under p^b less ln p of the true
/// class: the place where it changes its sign is halved in. A probability of 0 counts as 1e-12.
/// Source: Guo et al. 2017, section 4.2 (temperature scaling).
[[nodiscard]] inline double calibrating_temperature(const Answers& answers) {
  if (answers.truth.empty()) return 1;
  const auto classes = static_cast<std::size_t>(answers.classes);
  std::vector<double> logs;
  for (const double p : answers.probabilities) logs.push_back(std::log(std::max(p, 1e-12)));
  const auto derivative = [&](double b) {
    double sum = 0;
    for (std::size_t i = 0; i < answers.truth.size(); ++i) {
      const std::span<const double> row = std::span<const double>(logs).subspan(i * classes, classes);
      const double largest = *std::max_element(row.begin(), row.end());
      double weights = 0, mean = 0;
      for (const double log : row) {
        const double weight = std::exp(b * (log - largest));
        weights += weight;
        mean += weight * log;
      }
      sum += mean / weights - row[static_cast<std::size_t>(answers.truth[i])];
    }
    return sum;
  };
  double low = 1.0 / 20, high = 20;
  while (high - low > 1e-8 * high) {
    const double middle = (low + high) / 2;
    (derivative(middle) < 0 ? low : high) = middle;
  }
  return 2 / (low + high);
}

}  // namespace saccade::metrics
