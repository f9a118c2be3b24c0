#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/metrics/classification.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// The images of one group: a patient, a slide, a scene.
struct GroupScore {
  std::string group;
  Index right = 0;
  Index images = 0;

  /// N_rec / N_P of eq. 6.
  [[nodiscard]] double score() const { return static_cast<double>(right) / static_cast<double>(images); }

  friend bool operator==(const GroupScore&, const GroupScore&) = default;
};

/// Counts right answers by group, in the alphabetical order of groups.
/// @throws ConfigError unless the three lists are equally long
[[nodiscard]] inline std::vector<GroupScore> score_groups(std::span<const std::string> group,
                                                          std::span<const Index> truth,
                                                          std::span<const Index> predicted) {
  expect_config(group.size() == truth.size() && truth.size() == predicted.size(),
                "group recognition rate: groups of " + std::to_string(group.size()) + " images, " +
                    std::to_string(truth.size()) + " labels and " + std::to_string(predicted.size()) + " predictions");
  std::map<std::string, GroupScore> scores;
  for (std::size_t i = 0; i < group.size(); ++i) {
    GroupScore& score = scores[group[i]];
    score.group = group[i];
    score.right += truth[i] == predicted[i] ? 1 : 0;
    ++score.images;
  }
  std::vector<GroupScore> list;
  for (auto& [name, score] : scores) list.push_back(score);
  return list;
}

/// The mean over groups of (images right / images). It is not the share of groups whose majority is right: a group with
/// 6 of 10 images right counts 0.6. Where each image is a group of its own it is the image accuracy. Undefined where
/// there is no group.
/// Source: Spanhol et al. 2016; Xu et al. 2019, eq. 6, where groups are patients: the patient recognition rate.
[[nodiscard]] inline double group_recognition_rate(std::span<const GroupScore> groups) {
  if (groups.empty()) return undefined;
  double sum = 0;
  for (const GroupScore& group : groups) sum += group.score();
  return sum / static_cast<double>(groups.size());
}

/// Share of the groups of which more than half of the images are right.
[[nodiscard]] inline double majority_accuracy(std::span<const GroupScore> groups) {
  const auto right = std::count_if(groups.begin(), groups.end(),
                                   [](const GroupScore& group) { return 2 * group.right > group.images; });
  return rate(right, static_cast<Index>(groups.size()));
}

}  // namespace saccade::metrics
