#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "seed_statistics.hpp"
#include "tissue_study.hpp"

/// The results of a tissue study, those of several seeds together.
namespace bench {

/// The runs that differ in nothing but the seed.
struct TissueRow {
  TissueRun run;              ///< of the first seed
  std::vector<Json> figures;  ///< a seed each
  std::vector<std::uint64_t> seeds;

  [[nodiscard]] std::string own() const { return to_string(own_policy(run.condition)); }

  /// One figure of every seed.
  [[nodiscard]] std::vector<double> each(const std::function<double(const Json&)>& figure) const {
    std::vector<double> values;
    for (const Json& one : figures) values.push_back(figure(one));
    return values;
  }

  /// @param policy  that the models are judged under
  [[nodiscard]] std::vector<double> accuracies(const std::string& policy) const {
    return each([&](const Json& one) { return accuracy_of(one, policy); });
  }

  [[nodiscard]] double accuracy(const std::string& policy) const { return mean(accuracies(policy)); }
  [[nodiscard]] double accuracy() const { return accuracy(own()); }

  [[nodiscard]] double hits(const std::string& policy, std::size_t step) const {
    return mean(each([&](const Json& one) { return hits_of(one, policy, step); }));
  }

  [[nodiscard]] double any(const std::string& policy) const {
    return mean(each([&](const Json& one) { return any_hit(one, policy); }));
  }

  /// Whether all regions have been found, at the end.
  [[nodiscard]] double all(const std::string& policy) const {
    return mean(each([&](const Json& one) { return all_hits(one, policy); }));
  }

  /// What a picture shows by glimpse: that it finds the region; where there are two, that it or one before it has
  /// completed them.
  [[nodiscard]] double found(const std::string& policy, std::size_t step) const {
    if (run.task == TissueTask::kind) return hits(policy, step);
    return mean(each([&](const Json& one) { return all_hits_of(one, policy, step); }));
  }

  [[nodiscard]] double pixels(const std::string& kind) const {
    return mean(each([&](const Json& one) { return figure_of(one, own(), "pixel_fraction/" + kind); }));
  }

  [[nodiscard]] std::size_t steps() const { return steps_of(figures.front(), own()); }
  [[nodiscard]] double last_hits() const { return hits(own(), steps() - 1); }
  [[nodiscard]] double last_found() const { return found(own(), steps() - 1); }

  [[nodiscard]] std::size_t learned() const {
    return static_cast<std::size_t>(std::count_if(figures.begin(), figures.end(), has_learned));
  }
};

/// Rows in the order of region, preset, encoder, glimpses, policy and learner.
[[nodiscard]] inline std::vector<TissueRow> tissue_rows(const std::vector<TissueResult>& results) {
  using Key = std::tuple<double, std::string, EncoderKind, Condition, saccade::PolicyKind, saccade::LearnerKind>;
  std::map<Key, TissueRow> rows;
  for (const TissueResult& result : results) {
    const TissueRun& run = result.run;
    TissueRow& row = rows[{run.region, run.preset, run.encoder, run.condition, run.policy, run.learner}];
    if (row.figures.empty()) row.run = run;
    row.figures.push_back(result.figures);
    row.seeds.push_back(run.seed);
  }
  std::vector<TissueRow> list;
  for (auto& entry : rows) list.push_back(std::move(entry.second));
  return list;
}

/// The row of a run, its seed aside; null where there is none.
[[nodiscard]] inline const TissueRow* find_row(const std::vector<TissueRow>& rows, TissueRun run) {
  for (const TissueRow& row : rows) {
    run.seed = row.run.seed;
    if (row.run == run) return &row;
  }
  return nullptr;
}

}  // namespace bench
