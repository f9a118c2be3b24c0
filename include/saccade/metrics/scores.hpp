#pragma once

#include <saccade/metrics/answers.hpp>
#include <saccade/metrics/confidence_interval.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// A figure with its 95 % interval over groups.
struct Estimate {
  double value = undefined;
  Interval interval{};
};

/// Figures of one class against the rest.
struct ClassScores {
  Index images = 0;
  Estimate sensitivity{};  ///< recall
  Estimate precision{};
  Estimate f1{};
  Estimate auc{};
};

/// Figures of a classifier over a set of groups. Shares of groups have Wilson's interval; the others, whose unit is the
/// image, a bootstrap over groups. A figure that needs a class of which there is no image is undefined.
struct Scores {
  Estimate group_recognition_rate{};
  Estimate majority_accuracy{};
  Estimate image_accuracy{};
  Estimate balanced_accuracy{};
  Estimate macro_f1{};
  Estimate auc{};  ///< mean over the classes of one against the rest; of two classes the area under the only curve
  std::vector<ClassScores> by_class{};
};

namespace detail {

/// The figures over images in one list, and so are their values below.
[[nodiscard]] inline std::vector<Estimate*> image_figures(Scores& scores) {
  std::vector<Estimate*> list{&scores.image_accuracy, &scores.balanced_accuracy, &scores.macro_f1, &scores.auc};
  for (ClassScores& each : scores.by_class)
    list.insert(list.end(), {&each.sensitivity, &each.precision, &each.f1, &each.auc});
  return list;
}

/// @param times  how often each image is taken
[[nodiscard]] inline std::vector<double> image_values(const Answers& answers, const ClassAreas& areas,
                                                      std::span<const Index> times) {
  Confusion confusion(answers.classes);
  for (std::size_t i = 0; i < times.size(); ++i) confusion.add(answers.truth[i], answers.predicted[i], times[i]);
  const std::vector<double> auc = areas(times);
  std::vector<double> values{confusion.accuracy(), confusion.balanced_accuracy(), confusion.macro_f1(),
                             macro_mean(auc)};
  for (Index label = 0; label < answers.classes; ++label) {
    values.insert(values.end(), {confusion.sensitivity(label), confusion.precision(label), confusion.f1(label),
                                 auc[static_cast<std::size_t>(label)]});
  }
  return values;
}

}  // namespace detail

/// @param seed  of the bootstrap
[[nodiscard]] inline Scores score_answers(const Answers& answers, std::uint64_t seed, Index resamples = 2000) {
  const std::vector<GroupScore> groups = answers.by_group();
  const auto count = static_cast<Index>(groups.size());
  Scores scores;
  const auto share_of_groups = [&](double value) {
    return Estimate{value, count == 0 ? Interval{} : wilson_interval(value * static_cast<double>(count), count)};
  };
  scores.group_recognition_rate = share_of_groups(metrics::group_recognition_rate(groups));
  scores.majority_accuracy = share_of_groups(metrics::majority_accuracy(groups));

  const Confusion confusion = answers.confusion();
  scores.by_class.resize(static_cast<std::size_t>(answers.classes));
  for (Index label = 0; label < answers.classes; ++label)
    scores.by_class[static_cast<std::size_t>(label)].images = confusion.of_class(label);

  std::map<std::string, std::vector<std::size_t>> images_of;  // in the order of `groups`
  for (std::size_t i = 0; i < answers.group.size(); ++i) images_of[answers.group[i]].push_back(i);
  std::vector<std::vector<std::size_t>> images;
  for (auto& [name, list] : images_of) images.push_back(std::move(list));

  const ClassAreas areas(answers);
  const std::vector<Estimate*> figures = detail::image_figures(scores);
  std::vector<Index> times(answers.truth.size(), 1);
  const std::vector<double> values = detail::image_values(answers, areas, times);
  const auto of_draw = [&](std::span<const Index> drawn) {
    std::fill(times.begin(), times.end(), Index{0});
    for (const Index group : drawn)
      for (const std::size_t image : images[static_cast<std::size_t>(group)]) ++times[image];
    return detail::image_values(answers, areas, times);
  };
  const std::vector<Interval> intervals = bootstrap_intervals(count, figures.size(), of_draw, seed, resamples);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    figures[i]->value = values[i];
    // What cannot be said of the images cannot be said of draws that happen to allow it.
    if (!std::isnan(values[i])) figures[i]->interval = intervals[i];
  }
  return scores;
}

}  // namespace saccade::metrics
