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

/// Area under the ROC curve of one class against the rest: the chance that a random image of the class scores higher
/// than a random one of another class, where a tie counts half. Images are ordered once, so that the areas of many
/// draws of them cost one pass each.
/// Source: Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating characteristic curve".
class AreaUnderCurve {
 public:
  /// @param score     of class `positive`, an increasing function of its probability
  /// @param positive  the class; all others are the rest
  /// @throws ConfigError where the lists differ in length or a score is not a number
  AreaUnderCurve(std::span<const Index> truth, std::span<const double> score, Index positive)
      : order_(truth.size()), positive_(truth.size()), last_of_tie_(truth.size()) {
    expect_config(truth.size() == score.size(), "area under the curve: " + std::to_string(truth.size()) +
                                                    " labels and " + std::to_string(score.size()) + " scores");
    expect_config(std::none_of(score.begin(), score.end(), [](double s) { return std::isnan(s); }),
                  "area under the curve: a score is not a number");
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return score[a] < score[b]; });
    for (std::size_t i = 0; i < order_.size(); ++i) {
      positive_[i] = truth[order_[i]] == positive;
      last_of_tie_[i] = i + 1 == order_.size() || score[order_[i + 1]] != score[order_[i]];
    }
  }

  /// Undefined unless the class and the rest have images.
  /// @param times  how often each image is taken
  [[nodiscard]] double operator()(std::span<const Index> times) const {
    double positives = 0, negatives = 0, won = 0, tied_positives = 0, tied_negatives = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      (positive_[i] ? tied_positives : tied_negatives) += static_cast<double>(times[order_[i]]);
      if (!last_of_tie_[i]) continue;
      won += tied_positives * (negatives + tied_negatives / 2);
      positives += tied_positives;
      negatives += tied_negatives;
      tied_positives = tied_negatives = 0;
    }
    return positives == 0 || negatives == 0 ? undefined : won / (positives * negatives);
  }

 private:
  std::vector<std::size_t> order_;  ///< images by score
  std::vector<bool> positive_;      ///< in that order, and so is the next
  std::vector<bool> last_of_tie_;
};

/// The area over all images, each once. @param positive  as for AreaUnderCurve
[[nodiscard]] inline double area_under_curve(std::span<const Index> truth, std::span<const double> score,
                                             Index positive = 1) {
  return AreaUnderCurve(truth, score, positive)(std::vector<Index>(truth.size(), 1));
}

}  // namespace saccade::metrics
