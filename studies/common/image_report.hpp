#pragma once

#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/metrics/scores.hpp>

#include "bar_chart.hpp"
#include "benchmarks/common/machine.hpp"
#include "benchmarks/common/table.hpp"
#include "image_study.hpp"
#include "pooled_figures.hpp"
#include "seed_statistics.hpp"
#include "trial_figures.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// What is said of an image study.
namespace bench {

/// All models of one condition under one policy: figures of each seed over its folds together.
struct ImageRow {
  Condition condition = Condition::learned;
  std::string policy;
  std::string variant{};  ///< or empty
  std::vector<std::uint64_t> seeds{};
  std::vector<saccade::metrics::Scores> scores{};      ///< a seed each
  std::vector<std::vector<double>> hits_by_glimpse{};  ///< a seed each; empty where no region is known
  std::vector<double> any_hit{};
  double pixels = 0;
  Index images = 0;  ///< of a seed

  /// Mean over the seeds.
  template <class Member>
  [[nodiscard]] double value(Member member) const {
    return mean(each(member));
  }
  template <class Member>
  [[nodiscard]] std::vector<double> each(Member member) const {
    std::vector<double> values;
    for (const auto& one : scores) values.push_back((one.*member).value);
    return values;
  }
  /// Means over the seeds of the ends of its 95 % interval over groups.
  template <class Member>
  [[nodiscard]] saccade::metrics::Interval interval(Member member) const {
    std::vector<double> low, high;
    for (const auto& one : scores) {
      low.push_back((one.*member).interval.low);
      high.push_back((one.*member).interval.high);
    }
    return {mean(low), mean(high)};
  }
  /// "71.2 [65.0, 77.1]"
  template <class Member>
  [[nodiscard]] std::string cell(Member member) const {
    const saccade::metrics::Interval ends = interval(member);
    return percent_text(value(member)) + " [" + percent_text(ends.low) + ", " + percent_text(ends.high) + "]";
  }
  /// Of glimpse `step`, mean over the seeds.
  [[nodiscard]] double hits(std::size_t step) const {
    std::vector<double> values;
    for (const auto& one : hits_by_glimpse) values.push_back(one.at(step));
    return mean(values);
  }
  [[nodiscard]] std::size_t steps() const { return hits_by_glimpse.empty() ? 0 : hits_by_glimpse.front().size(); }
};

/// "learned glimpses", "random glimpses of the learned models", "the whole image".
[[nodiscard]] inline std::string method_of(const ImageRow& row) {
  const std::string own = to_string(own_policy(row.condition));
  if (row.policy != own) return row.policy + " glimpses of the " + words_of(row.condition) + " models";
  if (row.condition == Condition::oracle) return "one glimpse where the region is";
  return words_of(row.condition) + (preparation_of(row.condition) == Preparation::none ? " glimpses" : "") +
         (row.variant.empty() ? "" : ", " + row.variant);
}

/// In the order of the runs; only of seeds of which every fold that was planned is done.
/// @param planned  folds of a seed
/// @param classes  of the data
[[nodiscard]] inline std::vector<ImageRow> image_rows(const std::vector<ImageResult>& results, std::size_t planned,
                                                      Index classes) {
  std::map<std::tuple<Condition, std::string, std::uint64_t>, std::vector<Json>> folds;
  for (const ImageResult& result : results)
    folds[{result.run.condition, result.run.variant, result.run.seed}].push_back(result.figures);
  std::vector<ImageRow> rows;
  for (const auto& [key, figures] : folds) {
    const auto& [condition, variant, seed_of_row] = key;
    if (figures.size() < planned) continue;
    for (const saccade::GlimpsePolicy looked : judged_policies(condition)) {
      const std::string policy = to_string(looked);
      const Json& policies = figures.front().at("policies");
      if (!policies.contains(policy)) continue;
      if (condition != Condition::learned && looked != own_policy(condition)) continue;
      ImageRow* row = nullptr;
      for (ImageRow& each : rows)
        if (each.condition == condition && each.variant == variant && each.policy == policy) row = &each;
      if (row == nullptr)
        row = &rows.emplace_back(ImageRow{.condition = condition, .policy = policy, .variant = variant});
      const saccade::metrics::Answers answers = pooled_answers(figures, policy, classes);
      row->seeds.push_back(seed_of_row);
      row->scores.push_back(saccade::metrics::score_answers(answers, seed_of_row));
      row->images = answers.images();
      row->pixels = weighted_figure(figures, policy, "pixel_fraction/processed");
      if (policies.at(policy).value("hit_rate", Json()).is_null()) continue;
      std::vector<double> hits;
      for (std::size_t t = 0; t < steps_of(figures.front(), policy); ++t)
        hits.push_back(weighted_figure(figures, policy, "hit_rate/by_step/" + std::to_string(t)));
      row->hits_by_glimpse.push_back(std::move(hits));
      row->any_hit.push_back(weighted_figure(figures, policy, "hit_rate/any"));
    }
  }
  return rows;
}

/// Percent. Figures over all folds together, means over the seeds.
[[nodiscard]] inline Table image_table(const std::vector<ImageRow>& rows) {
  using saccade::metrics::Scores;
  Table table({"method", "seeds", "balanced accuracy", "of each seed", "accuracy", "group recognition rate", "macro F1",
               "hits, first", "hits, last", "hits, any", "pixels"});
  for (const ImageRow& row : rows) {
    std::string seeds;
    for (const double value : row.each(&Scores::balanced_accuracy))
      seeds += (seeds.empty() ? "" : ", ") + percent_text(value);
    const bool known = row.steps() > 0;
    table.add({method_of(row), std::to_string(row.seeds.size()), row.cell(&Scores::balanced_accuracy), seeds,
               row.cell(&Scores::image_accuracy), row.cell(&Scores::group_recognition_rate),
               row.cell(&Scores::macro_f1), known ? percent_text(row.hits(0)) : "",
               known ? percent_text(row.hits(row.steps() - 1)) : "", known ? percent_text(mean(row.any_hit)) : "",
               percent_text(row.pixels)});
  }
  return table;
}

/// The whole report as Markdown, headings from level 3 down: it is put into a page.
/// @param data  the data set, in words
[[nodiscard]] inline std::string image_markdown(const std::vector<ImageRow>& rows, const std::string& data,
                                                Index folds) {
  return "### " + data + "\n\nPercent, over the test images of all " + std::to_string(folds) +
         " folds together: means over the seeds, in brackets the means of the ends of 95 % intervals over groups.\n\n" +
         image_table(rows).markdown();
}

/// A bar for each way of looking: the figure by which the best epoch is chosen, pixels read, regions met.
[[nodiscard]] inline saccade::RgbImage image_figure(const std::vector<ImageRow>& rows, saccade::BestEpochBy by) {
  using saccade::metrics::Scores;
  const bool groups = by == saccade::BestEpochBy::group_recognition_rate;
  const auto member = groups ? &Scores::group_recognition_rate : &Scores::balanced_accuracy;
  std::vector<Bar> bars;
  for (const ImageRow& row : rows) {
    const saccade::metrics::Interval ends = row.interval(member);
    std::string note = percent_text(row.value(member)) + ", reads " + percent_text(row.pixels);
    if (row.steps() > 0) note += ", meets " + percent_text(mean(row.any_hit));
    bars.push_back({.label = method_of(row),
                    .value = 100 * row.value(member),
                    .low = 100 * ends.low,
                    .high = 100 * ends.high,
                    .note = std::move(note),
                    .pale = row.policy != to_string(own_policy(row.condition))});
  }
  return draw_bars(groups ? "Group recognition rate, and pixels read, %"
                          : "Balanced accuracy, pixels read, images whose region is met, %",
                   bars);
}

/// Writes table.md, results.json and figure.png into `folder`. No file holds a time of the clock. @throws FileError
inline void write_image_report(const std::filesystem::path& folder, const std::vector<ImageRow>& rows,
                               const std::string& data, const ImageStudyOptions& o, std::size_t done,
                               std::size_t planned) {
  const auto figure = [](const saccade::metrics::Estimate& estimate) {
    const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
    return Json{{"value", number(estimate.value)},
                {"low", number(estimate.interval.low)},
                {"high", number(estimate.interval.high)}};
  };
  Json json{{"format", "saccade image_study 1"},
            {"library", library_name()},
            {"data", data},
            {"folds", o.folds},
            {"evaluation_split", to_string(o.evaluation_split)},
            {"runs", done},
            {"planned", planned},
            {"rows", Json::array()}};
  for (const ImageRow& row : rows) {
    Json entry{{"method", method_of(row)}, {"condition", to_string(row.condition)},
               {"policy", row.policy},     {"images", row.images},
               {"pixels", row.pixels},     {"seeds", Json::array()}};
    for (std::size_t i = 0; i < row.seeds.size(); ++i) {
      const saccade::metrics::Scores& scores = row.scores[i];
      Json seed{{"seed", row.seeds[i]},
                {"balanced_accuracy", figure(scores.balanced_accuracy)},
                {"image_accuracy", figure(scores.image_accuracy)},
                {"group_recognition_rate", figure(scores.group_recognition_rate)},
                {"macro_f1", figure(scores.macro_f1)},
                {"auc", figure(scores.auc)}};
      if (row.steps() > 0) {
        seed["hits"] = row.hits_by_glimpse[i];
        seed["any_hit"] = row.any_hit[i];
      }
      entry["seeds"].push_back(std::move(seed));
    }
    json["rows"].push_back(std::move(entry));
  }
  saccade::write_file_atomically(folder / "table.md", image_markdown(rows, data, o.folds));
  saccade::write_file_atomically(folder / "results.json", json.dump(2) + "\n");
  if (!rows.empty()) saccade::data::write_png(folder / "figure.png", image_figure(rows, select_by(o)).view());
}

}  // namespace bench
