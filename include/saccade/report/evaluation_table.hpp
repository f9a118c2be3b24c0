#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/report/policy_result.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// Results of an evaluation as plain text, in columns. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// "0.931"; a dash where it is not defined.
[[nodiscard]] inline std::string figure_text(double value) {
  return std::isfinite(value) ? fixed_text(value, 3) : "-";
}

/// "0.931 [0.872, 0.968]".
[[nodiscard]] inline std::string figure_text(const metrics::Estimate& estimate) {
  return figure_text(estimate.value) + " [" + figure_text(estimate.interval.low) + ", " +
         figure_text(estimate.interval.high) + "]";
}

namespace detail {

/// Pads to a width: from the left for a number, from the right for a word. A wider text stays whole.
[[nodiscard]] inline std::string padded(const std::string& text, std::size_t width, bool word) {
  const std::string room(width > text.size() ? width - text.size() : 0, ' ');
  return word ? text + room : room + text;
}

}  // namespace detail

/// A line for each policy, and what the columns are. @param group_noun  "patient"
[[nodiscard]] inline std::string policy_table(std::span<const PolicyResult> results, const std::string& group_noun) {
  using detail::padded;
  const std::string groups = group_noun + 's';
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    constexpr std::size_t widths[] = {8, 21, 8, 8, 6, 6, 9, 6, 6};
    for (std::size_t i = 0; i < cells.size(); ++i) text += (i == 0 ? "" : "  ") + padded(cells[i], widths[i], i < 2);
    text += '\n';
  };
  line({"policy", groups + " [95 %]", "majority", "images", "balan.", "AUC", "processed", "unique", "hits"});
  for (const PolicyResult& result : results) {
    const metrics::Scores& s = result.scores;
    line({to_string(result.policy), figure_text(s.group_recognition_rate), figure_text(s.majority_accuracy.value),
          figure_text(s.image_accuracy.value), figure_text(s.balanced_accuracy.value), figure_text(s.auc.value),
          figure_text(result.pixels.processed), figure_text(result.pixels.unique),
          result.hit_rate ? figure_text(result.hit_rate->any()) : "-"});
  }
  return text + '\n' + groups + ": " + group_noun + " recognition rate, the mean over " + groups +
         " of (images right / images)\nmajority: share of the " + groups +
         " of which more than half of the images are right\n"
         "balan., AUC: mean sensitivity of the classes, and their mean area under the ROC curve, one against the rest\n"
         "processed, unique: pixels read, and pixels seen at full resolution, as shares of the image\n"
         "hits: share of the images of which a glimpse met a region where the class can be told\n";
}

/// A line for each class of one result.
[[nodiscard]] inline std::string class_table(const PolicyResult& result, std::span<const std::string> classes) {
  using detail::padded;
  std::size_t names = 5;
  for (const std::string& name : classes) names = std::max(names, name.size());
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    const std::size_t widths[] = {names, 6, 20, 20, 20, 20};
    for (std::size_t i = 0; i < cells.size(); ++i) text += (i == 0 ? "" : "  ") + padded(cells[i], widths[i], i != 1);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  line({"class", "images", "sensitivity [95 %]", "precision", "F1", "AUC"});
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const metrics::ClassScores& each = result.scores.by_class[label];
    line({classes[label], std::to_string(each.images), figure_text(each.sensitivity), figure_text(each.precision),
          figure_text(each.f1), figure_text(each.auc)});
  }
  return text;
}

}  // namespace saccade::report
