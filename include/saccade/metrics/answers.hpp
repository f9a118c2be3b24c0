#pragma once

#include <saccade/metrics/area_under_curve.hpp>
#include <saccade/metrics/classification.hpp>
#include <saccade/metrics/group_recognition_rate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// A classifier's answers to images of K classes: one entry an image in each list.
struct Answers {
  Index classes;
  std::vector<std::string> group{};  ///< patient, slide or scene
  std::vector<Index> truth{};
  std::vector<Index> predicted{};
  std::vector<double> probabilities{};  ///< (N, K)
  std::vector<double> cross_entropy{};  ///< -log of the true class' probability

  explicit Answers(Index class_count) : classes(class_count) {}

  /// @param of_image  probability of each class, (K)
  /// @throws ConfigError where there are not K probabilities, or no class `label`
  void add(std::string of_group, Index label, std::span<const double> of_image) {
    expect_config(static_cast<Index>(of_image.size()) == classes,
                  "answers: an image has " + std::to_string(of_image.size()) +
                      " probabilities; expected one for each of " + std::to_string(classes) + " classes");
    expect_config(label >= 0 && label < classes, "answers: the class of an image must be 0 to " +
                                                     std::to_string(classes - 1) + ", but is " + std::to_string(label));
    group.push_back(std::move(of_group));
    truth.push_back(label);
    predicted.push_back(std::max_element(of_image.begin(), of_image.end()) - of_image.begin());
    probabilities.insert(probabilities.end(), of_image.begin(), of_image.end());
    // A probability that was rounded to 0 must not make a mean infinite.
    cross_entropy.push_back(-std::log(std::max(of_image[static_cast<std::size_t>(label)], 1e-12)));
  }

  [[nodiscard]] Index images() const { return static_cast<Index>(truth.size()); }

  /// Probability of class `label`, of each image.
  [[nodiscard]] std::vector<double> score(Index label) const {
    std::vector<double> column(truth.size());
    for (std::size_t i = 0; i < column.size(); ++i)
      column[i] = probabilities[i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(label)];
    return column;
  }

  [[nodiscard]] Confusion confusion() const { return {classes, truth, predicted}; }

  [[nodiscard]] std::vector<GroupScore> by_group() const { return score_groups(group, truth, predicted); }

  [[nodiscard]] double mean_cross_entropy() const {
    double sum = 0;
    for (const double value : cross_entropy) sum += value;
    return truth.empty() ? undefined : sum / static_cast<double>(truth.size());
  }
};

/// The area under the ROC curve of each class against the rest, ready for draws of the images.
class ClassAreas {
 public:
  explicit ClassAreas(const Answers& answers) {
    // Of two classes both have the same curve; rounding of the other probability must not tell them apart.
    if (answers.classes == 2) {
      areas_.assign(2, AreaUnderCurve(answers.truth, answers.score(1), 1));
    } else {
      for (Index label = 0; label < answers.classes; ++label)
        areas_.emplace_back(answers.truth, answers.score(label), label);
    }
  }

  /// Of each class, (K). @param times  how often each image is taken
  [[nodiscard]] std::vector<double> operator()(std::span<const Index> times) const {
    std::vector<double> values;
    for (const AreaUnderCurve& area : areas_) values.push_back(area(times));
    return values;
  }

 private:
  std::vector<AreaUnderCurve> areas_;
};

/// Mean of figures of each class; undefined where that of a class is.
[[nodiscard]] inline double macro_mean(std::span<const double> by_class) {
  double sum = 0;
  for (const double value : by_class) sum += value;
  return sum / static_cast<double>(by_class.size());
}

/// Mean over the classes of the area under the ROC curve of each against the rest. Undefined where a class has no
/// image.
/// Source: Provost and Domingos 2001, "Well-trained PETs", without their weights by class.
[[nodiscard]] inline double macro_area(const Answers& answers) {
  return macro_mean(ClassAreas(answers)(std::vector<Index>(answers.truth.size(), 1)));
}

}  // namespace saccade::metrics
