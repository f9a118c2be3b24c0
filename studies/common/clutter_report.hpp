#pragma once

#include <saccade/data/image_encode.hpp>
#include <saccade/metrics/early_stopping.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bar_chart.hpp"
#include "benchmarks/common/figure.hpp"
#include "benchmarks/common/machine.hpp"
#include "benchmarks/common/table.hpp"
#include "clutter_study.hpp"
#include "seed_statistics.hpp"
#include "trial_figures.hpp"

/// What is said of a clutter study: tables for people and machines, a picture.
namespace bench {

/// A run that is done: what it was, and its file's figures.
struct ClutterResult {
  ClutterRun run;
  Json figures;

  [[nodiscard]] double error() const { return figures.at("error").get<double>(); }
};

/// The runs of one kind of glimpses, one number of them and one variant, with different seeds.
struct ClutterRow {
  Looker looker = Looker::learned;
  Index glimpses = 0;
  std::string variant{};             ///< or empty
  std::vector<double> errors{};      ///< a seed each
  std::vector<double> met{};         ///< a seed each: the share of images whose objects were all met
  std::vector<double> same_model{};  ///< of the same learned models under random glimpses; else empty
  std::vector<Json> figures{};       ///< a seed each

  [[nodiscard]] double error() const { return mean(errors); }
  [[nodiscard]] std::string own() const { return looker == Looker::whole ? "centre" : to_string(looker); }

  /// A figure of the models' own policy, see figure_of, mean over the seeds; not a number where a run has none.
  [[nodiscard]] double figure(const std::string& where) const {
    std::vector<double> values;
    for (const Json& one : figures) values.push_back(figure_of(one, own(), where));
    return mean(values);
  }

  /// See StoppingChoice; not a number where a run has none.
  [[nodiscard]] double stopping(const std::string& what) const {
    std::vector<double> values;
    for (const Json& one : figures) values.push_back(number_of(one, "/stopping/" + what));
    return mean(values);
  }

  /// "4.96, 5.10, 4.83": of each seed, in percent.
  [[nodiscard]] std::string each_error() const {
    std::string text;
    for (const double error : errors) text += (text.empty() ? "" : ", ") + percent_text(error);
    return text;
  }

  /// "learned, no baseline".
  [[nodiscard]] std::string condition() const {
    const std::string words = looker == Looker::whole ? "the whole image" : to_string(looker);
    return variant.empty() ? words : words + ", " + variant;
  }
};

/// Rows by number of glimpses, then looker, then variants as they were given; the whole image last.
[[nodiscard]] inline std::vector<ClutterRow> clutter_rows(const std::vector<ClutterResult>& results) {
  std::vector<ClutterRow> rows;
  for (const ClutterResult& result : results) {
    const bool whole = result.run.looker == Looker::whole;
    const Index glimpses = whole ? 1 : result.run.glimpses;
    auto row = std::find_if(rows.begin(), rows.end(), [&](const ClutterRow& each) {
      return each.looker == result.run.looker && each.glimpses == glimpses && each.variant == result.run.variant;
    });
    if (row == rows.end())
      row = rows.insert(row, {.looker = result.run.looker, .glimpses = glimpses, .variant = result.run.variant});
    row->errors.push_back(result.error());
    row->met.push_back(result.figures.at("met_by_glimpse").at(row->own()).back().get<double>());
    row->figures.push_back(result.figures);
    if (result.run.looker == Looker::learned)
      row->same_model.push_back(result.figures.at("error_by_glimpse").at("random").back().get<double>());
  }
  const auto order = [](const ClutterRow& row) {
    return std::tuple(row.looker == Looker::whole, row.glimpses, row.looker);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const ClutterRow& a, const ClutterRow& b) { return order(a) < order(b); });
  return rows;
}

/// How many times lower the learned error is than that of models made for random glimpses; 0 where one is missing.
[[nodiscard]] inline double times_lower(const std::vector<ClutterRow>& rows, const ClutterRow& row) {
  if (row.looker != Looker::learned || !row.variant.empty()) return 0;
  for (const ClutterRow& other : rows)
    if (other.looker == Looker::random && other.glimpses == row.glimpses) return other.error() / row.error();
  return 0;
}

/// Percentages with one digit behind the point.
[[nodiscard]] inline Table clutter_table(const std::vector<ClutterRow>& rows) {
  Table table({"trained on", "glimpses", "seeds", "error, %", "deviation", "of each seed", "objects met, %",
               "same model, random", "times below random"});
  for (const ClutterRow& row : rows) {
    const double times = times_lower(rows, row);
    table.add({row.condition(), std::to_string(row.glimpses), std::to_string(row.errors.size()),
               percent_text(row.error()), percent_text(deviation(row.errors)), row.each_error(),
               percent_text(mean(row.met)), percent_text(mean(row.same_model)), times > 0 ? three_digits(times) : ""});
  }
  return table;
}

/// Whether answers are as sure as right, and what stopping early costs: percent, but for the glimpses. Thresholds and
/// temperatures are chosen by the objects that are held out; empty cells where the models are judged on these.
[[nodiscard]] inline Table surety_table(const std::vector<ClutterRow>& rows) {
  Table table({"trained on", "glimpses", "calibration error, %", "at the temperature", "glimpses, stopping early",
               "error, stopping early", "error, all glimpses"});
  for (const ClutterRow& row : rows) {
    const double glimpses = row.stopping("glimpses");
    table.add({row.condition(), std::to_string(row.glimpses), percent_text(row.figure("calibration/error")),
               percent_text(row.figure("calibration/tempered/error")),
               std::isfinite(glimpses) ? three_digits(glimpses) : "", percent_text(1 - row.stopping("accuracy")),
               percent_text(row.error())});
  }
  return table;
}

/// The whole report as Markdown.
[[nodiscard]] inline std::string clutter_markdown(const std::vector<ClutterRow>& rows) {
  return clutter_table(rows).markdown() + "\n" + surety_table(rows).markdown();
}

/// Quoted, as names of variants may hold a comma (RFC 4180).
[[nodiscard]] inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + '"';
}

[[nodiscard]] inline std::string clutter_csv(const std::vector<ClutterResult>& results) {
  std::ostringstream text;
  text << "condition,variant,glimpses,seed,looked_at,glimpse,error,met\n";
  for (const ClutterResult& result : results) {
    for (const auto& [policy, errors] : result.figures.at("error_by_glimpse").items()) {
      const Json& met = result.figures.at("met_by_glimpse").at(policy);
      for (std::size_t t = 0; t < errors.size(); ++t) {
        text << to_string(result.run.looker) << ',' << csv_field(result.run.variant) << ',' << errors.size() << ','
             << result.run.seed << ',' << policy << ',' << t + 1 << ',' << errors[t].dump() << ',' << met[t].dump()
             << '\n';
      }
    }
  }
  return text.str();
}

/// Error against mean number of glimpses at each threshold, means over the seeds; no point where a run knows none.
[[nodiscard]] inline saccade::report::Series stopping_series(const ClutterRow& row) {
  saccade::report::Series series{.name = to_string(row.looker), .points = {}};
  for (std::size_t i = 0; i < saccade::metrics::stopping_thresholds.size(); ++i) {
    const std::string at = "early_stopping/" + std::to_string(i) + "/";
    const double glimpses = row.figure(at + "glimpses"), accuracy = row.figure(at + "accuracy");
    if (!std::isfinite(glimpses)) continue;
    if (!series.points.empty() && series.points.back().x == glimpses) continue;
    series.points.push_back({glimpses, 100 * (1 - accuracy)});
  }
  return series;
}

/// The error by the number of glimpses of each kind of model, after each glimpse of the longest ones, and by the mean
/// number of glimpses of these where a sequence ends as soon as its answer is sure enough. Without variants.
[[nodiscard]] inline saccade::RgbImage clutter_figure(const std::vector<ClutterRow>& rows,
                                                      const std::vector<ClutterResult>& results) {
  using saccade::report::Chart;
  using saccade::report::Series;
  Chart by_number{.title = "Error by number of glimpses", .x_label = "glimpses", .y_label = "error, %", .y_low = 0};
  Chart by_glimpse{.title = "Error after each glimpse", .x_label = "glimpse", .y_label = "error, %", .y_low = 0};
  Chart stopping{
      .title = "Error, stopping early", .x_label = "mean glimpses of an image", .y_label = "error, %", .y_low = 0};
  Index longest = 0;
  for (const ClutterRow& row : rows) longest = std::max(longest, row.glimpses);
  for (const Looker looker : {Looker::learned, Looker::random, Looker::centre}) {
    Series series{.name = to_string(looker)};
    for (const ClutterRow& row : rows)
      if (row.looker == looker && row.variant.empty())
        series.points.push_back({static_cast<double>(row.glimpses), 100 * row.error()});
    if (!series.points.empty()) by_number.series.push_back(std::move(series));

    std::vector<double> sums(static_cast<std::size_t>(longest));
    double seeds = 0;
    for (const ClutterResult& result : results) {
      if (result.run.looker != looker || result.run.glimpses != longest || !result.run.variant.empty()) continue;
      const Json& errors = result.figures.at("error_by_glimpse").at(to_string(looker));
      for (std::size_t t = 0; t < sums.size(); ++t) sums[t] += errors[t].get<double>();
      ++seeds;
    }
    if (seeds == 0) continue;
    Series after{.name = to_string(looker)};
    for (std::size_t t = 0; t < sums.size(); ++t)
      after.points.push_back({static_cast<double>(t + 1), 100 * sums[t] / seeds});
    by_glimpse.series.push_back(std::move(after));
    for (const ClutterRow& row : rows)
      if (row.looker == looker && row.glimpses == longest && row.variant.empty())
        if (Series curve = stopping_series(row); !curve.points.empty()) stopping.series.push_back(std::move(curve));
  }
  for (const ClutterRow& row : rows) {
    if (row.looker != Looker::whole) continue;
    for (Chart* chart : {&by_number, &by_glimpse}) {
      chart->series.push_back({.name = "the whole image",
                               .points = {{1, 100 * row.error()}, {static_cast<double>(longest), 100 * row.error()}}});
    }
  }
  return stopping.series.empty() ? draw_charts({by_number, by_glimpse})
                                 : draw_charts({by_number, by_glimpse, stopping});
}

/// The error of the learned models and of their variants: a bar each, from the best seed to the worst.
[[nodiscard]] inline saccade::RgbImage variants_figure(const std::vector<ClutterRow>& rows) {
  std::vector<Bar> bars;
  for (const ClutterRow& row : rows) {
    if (row.looker != Looker::learned) continue;
    const auto [low, high] = std::minmax_element(row.errors.begin(), row.errors.end());
    bars.push_back({.label = (row.variant.empty() ? "as they are" : row.variant) + ", " + std::to_string(row.glimpses) +
                             " glimpses",
                    .value = 100 * row.error(),
                    .low = 100 * *low,
                    .high = 100 * *high,
                    .note = percent_text(row.error()) + ", random " + percent_text(mean(row.same_model)),
                    .pale = row.variant.empty()});
  }
  return draw_bars("Error of learned glimpses, best to worst seed, %", bars);
}

/// Writes table.md, table.csv, results.json, figure.png and, with variants, variants.png into `folder`. No file holds a
/// time of the clock.
/// @param planned  runs of the whole study
/// @throws FileError
inline void write_clutter_report(const std::filesystem::path& folder, const std::vector<ClutterResult>& results,
                                 EvaluationSplit evaluation_split, std::size_t planned) {
  const std::vector<ClutterRow> rows = clutter_rows(results);
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  saccade::write_file_atomically(folder / "table.md", clutter_markdown(rows));
  saccade::write_file_atomically(folder / "table.csv", clutter_csv(results));
  Json json{{"format", "saccade clutter_study 1"},
            {"library", library_name()},
            {"evaluation_split", to_string(evaluation_split)},
            {"runs", results.size()},
            {"planned", planned},
            {"rows", Json::array()}};
  for (const ClutterRow& row : rows) {
    Json entry{{"condition", to_string(row.looker)},
               {"glimpses", row.glimpses},
               {"error", row.error()},
               {"deviation", row.errors.size() > 1 ? Json(deviation(row.errors)) : Json()},
               {"errors", row.errors},
               {"met", row.met},
               {"calibration_error", number(row.figure("calibration/error"))},
               {"tempered_calibration_error", number(row.figure("calibration/tempered/error"))},
               {"stopping",
                {{"glimpses", number(row.stopping("glimpses"))}, {"error", number(1 - row.stopping("accuracy"))}}}};
    if (!row.variant.empty()) entry["variant"] = row.variant;
    if (row.looker == Looker::learned) entry["same_model_random"] = row.same_model;
    if (const double times = times_lower(rows, row); times > 0) entry["times_below_random"] = times;
    json["rows"].push_back(std::move(entry));
  }
  saccade::write_file_atomically(folder / "results.json", json.dump(2) + "\n");
  saccade::data::write_png(folder / "figure.png", clutter_figure(rows, results).view());
  if (std::any_of(rows.begin(), rows.end(), [](const ClutterRow& row) { return !row.variant.empty(); }))
    saccade::data::write_png(folder / "variants.png", variants_figure(rows).view());
}

}  // namespace bench
