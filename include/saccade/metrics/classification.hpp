#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// The value of a figure that is not defined: a rate over no image, an area under a curve of one class.
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Part of whole; undefined where the whole is nothing.
[[nodiscard]] constexpr double rate(Index part, Index whole) {
  return whole == 0 ? undefined : static_cast<double>(part) / static_cast<double>(whole);
}

/// How many images of each class were given each class.
class Confusion {
 public:
  explicit Confusion(Index classes) : classes_(classes), counts_(static_cast<std::size_t>(classes * classes)) {}

  /// @throws ConfigError unless both lists are equally long and hold classes 0 to `classes` - 1
  Confusion(Index classes, std::span<const Index> truth, std::span<const Index> predicted) : Confusion(classes) {
    expect_config(truth.size() == predicted.size(), "confusion: " + std::to_string(truth.size()) + " labels and " +
                                                        std::to_string(predicted.size()) + " predictions");
    for (std::size_t i = 0; i < truth.size(); ++i) add(truth[i], predicted[i]);
  }

  void add(Index truth, Index predicted) {
    expect_config(truth >= 0 && truth < classes_ && predicted >= 0 && predicted < classes_,
                  "confusion: classes must be 0 to " + std::to_string(classes_ - 1) + ", but are " +
                      std::to_string(truth) + " and " + std::to_string(predicted));
    ++counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
  }

  [[nodiscard]] Index classes() const { return classes_; }
  [[nodiscard]] Index count(Index truth, Index predicted) const {
    return counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
  }
  [[nodiscard]] Index of_class(Index truth) const {
    Index sum = 0;
    for (Index predicted = 0; predicted < classes_; ++predicted) sum += count(truth, predicted);
    return sum;
  }
  [[nodiscard]] Index given_class(Index predicted) const {
    Index sum = 0;
    for (Index truth = 0; truth < classes_; ++truth) sum += count(truth, predicted);
    return sum;
  }
  [[nodiscard]] Index images() const { return std::accumulate(counts_.begin(), counts_.end(), Index{0}); }

  /// Share of the images that are right: the image recognition rate.
  [[nodiscard]] double accuracy() const {
    Index right = 0;
    for (Index label = 0; label < classes_; ++label) right += count(label, label);
    return rate(right, images());
  }

  /// Share of the images of class `label` that are right. Of class 1 (malignant) it is the sensitivity, of class 0 the
  /// specificity.
  [[nodiscard]] double recall(Index label) const { return rate(count(label, label), of_class(label)); }

  /// Share of the images given class `label` that are of it.
  [[nodiscard]] double precision(Index label) const { return rate(count(label, label), given_class(label)); }

  /// 2 TP / (2 TP + FP + FN) for class `label`.
  [[nodiscard]] double f1(Index label) const {
    return rate(2 * count(label, label), of_class(label) + given_class(label));
  }

  /// Mean of the recalls of the classes that have images.
  [[nodiscard]] double balanced_accuracy() const {
    double sum = 0;
    Index present = 0;
    for (Index label = 0; label < classes_; ++label) {
      if (of_class(label) == 0) continue;
      sum += recall(label);
      ++present;
    }
    return present == 0 ? undefined : sum / static_cast<double>(present);
  }

 private:
  Index classes_;
  std::vector<Index> counts_;  ///< (classes, classes), rows are the truth
};

/// Share of the right answers among malignant images.
[[nodiscard]] inline double sensitivity(const Confusion& confusion) { return confusion.recall(1); }

/// Share of the right answers among benign images.
[[nodiscard]] inline double specificity(const Confusion& confusion) { return confusion.recall(0); }

/// Area under the ROC curve: the chance that a random image of class 1 scores higher than a random one of class 0,
/// where a tie counts half. Undefined unless both classes have images.
/// @param score  of class 1, an increasing function of its probability
[[nodiscard]] inline double area_under_curve(std::span<const Index> truth, std::span<const double> score) {
  expect_config(truth.size() == score.size(), "area under the curve: " + std::to_string(truth.size()) + " labels and " +
                                                  std::to_string(score.size()) + " scores");
  std::vector<std::size_t> order(truth.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] < score[b]; });
  double positives = 0, negatives = 0, won = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double tied_positives = 0, tied_negatives = 0;
    for (; end < order.size() && score[order[end]] == score[order[begin]]; ++end) {
      (truth[order[end]] == 1 ? tied_positives : tied_negatives) += 1;
    }
    // A score that is not a number equals nothing, itself included; it would hold the loop here for ever.
    expect_config(end > begin, "area under the curve: a score is not a number");
    won += tied_positives * (negatives + tied_negatives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
    begin = end;
  }
  return positives == 0 || negatives == 0 ? undefined : won / (positives * negatives);
}

}  // namespace saccade::metrics
