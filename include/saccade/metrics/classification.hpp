#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>

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

/// How many images of each class were given each class: K x K counts.
class Confusion {
 public:
  /// @throws ConfigError where there is less than one class
  explicit Confusion(Index classes) : classes_(classes) {
    expect_config(classes >= 1, "confusion: classes must be at least 1, but is " + std::to_string(classes));
    counts_.resize(static_cast<std::size_t>(classes * classes));
  }

  /// @throws ConfigError unless both lists are equally long and hold classes 0 to `classes` - 1
  Confusion(Index classes, std::span<const Index> truth, std::span<const Index> predicted) : Confusion(classes) {
    expect_config(truth.size() == predicted.size(), "confusion: " + std::to_string(truth.size()) + " labels and " +
                                                        std::to_string(predicted.size()) + " predictions");
    for (std::size_t i = 0; i < truth.size(); ++i) add(truth[i], predicted[i]);
  }

  void add(Index truth, Index predicted, Index images = 1) {
    expect_config(truth >= 0 && truth < classes_ && predicted >= 0 && predicted < classes_,
                  "confusion: classes must be 0 to " + std::to_string(classes_ - 1) + ", but are " +
                      std::to_string(truth) + " and " + std::to_string(predicted));
    counts_[static_cast<std::size_t>(truth * classes_ + predicted)] += images;
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

  /// Share of the images of class `label` that are right: its recall. Where there are two classes, that of class 1 is
  /// what a test of class 1 calls sensitivity, and that of class 0 its specificity. Undefined where the class has no
  /// image.
  [[nodiscard]] double sensitivity(Index label) const { return rate(count(label, label), of_class(label)); }

  /// Share of the images given class `label` that are of it. Undefined where no image was given it, and where all
  /// images are of this class or none is: the share would be 1 or 0 whatever the classifier does.
  [[nodiscard]] double precision(Index label) const {
    return is_told_apart(label) ? rate(count(label, label), given_class(label)) : undefined;
  }

  /// 2 TP / (2 TP + FP + FN) for class `label`. Undefined where all images are of this class or none is.
  [[nodiscard]] double f1(Index label) const {
    return is_told_apart(label) ? rate(2 * count(label, label), of_class(label) + given_class(label)) : undefined;
  }

  /// Mean of the sensitivities of all classes. Undefined where a class has no image.
  [[nodiscard]] double balanced_accuracy() const {
    return mean_over_classes([this](Index label) { return sensitivity(label); });
  }

  /// Mean of the F1 of all classes. Undefined where a class has no image.
  [[nodiscard]] double macro_f1() const {
    return mean_over_classes([this](Index label) { return f1(label); });
  }

 private:
  /// Whether there are images of class `label` and others.
  [[nodiscard]] bool is_told_apart(Index label) const { return of_class(label) > 0 && of_class(label) < images(); }

  template <class Figure>
  [[nodiscard]] double mean_over_classes(const Figure& figure) const {
    double sum = 0;
    for (Index label = 0; label < classes_; ++label) sum += figure(label);  // not a number plus anything is none
    return sum / static_cast<double>(classes_);
  }

  Index classes_;
  std::vector<Index> counts_;  ///< (classes, classes), rows are the truth
};

}  // namespace saccade::metrics
