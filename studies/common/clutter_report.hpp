#pragma once

#include <saccade/data/image_encode.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/common/figure.hpp"
#include "benchmarks/common/machine.hpp"
#include "benchmarks/common/table.hpp"
#include "clutter_study.hpp"
#include "seed_statistics.hpp"

/// What is said of a clutter study: tables for people and machines, a picture.
namespace bench {

/// A run that is done: what it was, and its file's figures.
struct ClutterResult {
  ClutterRun run;
  Json figures;

  [[nodiscard]] double error() const { return figures.at("error").get<double>(); }
};

/// The runs of one kind of glimpses and one number of them, with different seeds.
struct ClutterRow {
  Looker looker = Looker::learned;
  Index glimpses = 0;
  std::vector<double> errors{};      ///< a seed each
  std::vector<double> met{};         ///< a seed each: the share of images whose objects were all met
  std::vector<double> same_model{};  ///< of the same learned models under random glimpses; else empty

  [[nodiscard]] double error() const { return mean(errors); }
};

/// Rows by number of glimpses, then looker; the whole image last.
[[nodiscard]] inline std::vector<ClutterRow> clutter_rows(const std::vector<ClutterResult>& results) {
  std::map<std::pair<Index, Looker>, ClutterRow> rows;
  for (const ClutterResult& result : results) {
    const bool whole = result.run.looker == Looker::whole;
    ClutterRow& row = rows[{whole ? 1000 : result.run.glimpses, result.run.looker}];
    row.looker = result.run.looker;
    row.glimpses = whole ? 1 : result.run.glimpses;
    row.errors.push_back(result.error());
    const std::string own = whole ? "centre" : to_string(result.run.looker);
    row.met.push_back(result.figures.at("met_by_glimpse").at(own).back().get<double>());
    if (result.run.looker == Looker::learned)
      row.same_model.push_back(result.figures.at("error_by_glimpse").at("random").back().get<double>());
  }
  std::vector<ClutterRow> list;
  for (auto& [key, row] : rows) list.push_back(std::move(row));
  return list;
}

/// How many times lower the learned error is than that of models made for random glimpses; 0 where one is missing.
[[nodiscard]] inline double times_lower(const std::vector<ClutterRow>& rows, const ClutterRow& row) {
  if (row.looker != Looker::learned) return 0;
  for (const ClutterRow& other : rows)
    if (other.looker == Looker::random && other.glimpses == row.glimpses) return other.error() / row.error();
  return 0;
}

/// Percentages with one digit behind the point.
[[nodiscard]] inline Table clutter_table(const std::vector<ClutterRow>& rows) {
  Table table({"trained on", "glimpses", "seeds", "error, %", "deviation", "objects met, %", "same model, random",
               "times below random"});
  for (const ClutterRow& row : rows) {
    const double times = times_lower(rows, row);
    table.add({row.looker == Looker::whole ? "the whole image" : to_string(row.looker), std::to_string(row.glimpses),
               std::to_string(row.errors.size()), percent_text(row.error()), percent_text(deviation(row.errors)),
               percent_text(mean(row.met)), percent_text(mean(row.same_model)), times > 0 ? three_digits(times) : ""});
  }
  return table;
}

[[nodiscard]] inline std::string clutter_csv(const std::vector<ClutterResult>& results) {
  std::ostringstream text;
  text << "condition,glimpses,seed,looked_at,glimpse,error,met\n";
  for (const ClutterResult& result : results) {
    for (const auto& [policy, errors] : result.figures.at("error_by_glimpse").items()) {
      const Json& met = result.figures.at("met_by_glimpse").at(policy);
      for (std::size_t t = 0; t < errors.size(); ++t) {
        text << to_string(result.run.looker) << ',' << errors.size() << ',' << result.run.seed << ',' << policy << ','
             << t + 1 << ',' << errors[t].dump() << ',' << met[t].dump() << '\n';
      }
    }
  }
  return text.str();
}

/// The error by the number of glimpses of each kind of model, and after each glimpse of the longest ones.
[[nodiscard]] inline saccade::RgbImage clutter_figure(const std::vector<ClutterRow>& rows,
                                                      const std::vector<ClutterResult>& results) {
  using saccade::report::Chart;
  using saccade::report::Series;
  Chart by_number{.title = "Error by number of glimpses", .x_label = "glimpses", .y_label = "error, %", .y_low = 0};
  Chart by_glimpse{.title = "Error after each glimpse", .x_label = "glimpse", .y_label = "error, %", .y_low = 0};
  Index longest = 0;
  for (const ClutterRow& row : rows) longest = std::max(longest, row.glimpses);
  for (const Looker looker : {Looker::learned, Looker::random, Looker::centre}) {
    Series series{.name = to_string(looker)};
    for (const ClutterRow& row : rows)
      if (row.looker == looker) series.points.push_back({static_cast<double>(row.glimpses), 100 * row.error()});
    if (!series.points.empty()) by_number.series.push_back(std::move(series));

    std::vector<double> sums(static_cast<std::size_t>(longest));
    double seeds = 0;
    for (const ClutterResult& result : results) {
      if (result.run.looker != looker || result.run.glimpses != longest) continue;
      const Json& errors = result.figures.at("error_by_glimpse").at(to_string(looker));
      for (std::size_t t = 0; t < sums.size(); ++t) sums[t] += errors[t].get<double>();
      ++seeds;
    }
    if (seeds == 0) continue;
    Series after{.name = to_string(looker)};
    for (std::size_t t = 0; t < sums.size(); ++t)
      after.points.push_back({static_cast<double>(t + 1), 100 * sums[t] / seeds});
    by_glimpse.series.push_back(std::move(after));
  }
  for (const ClutterRow& row : rows) {
    if (row.looker != Looker::whole) continue;
    for (Chart* chart : {&by_number, &by_glimpse}) {
      chart->series.push_back({.name = "the whole image",
                               .points = {{1, 100 * row.error()}, {static_cast<double>(longest), 100 * row.error()}}});
    }
  }
  return draw_charts({by_number, by_glimpse});
}

/// Writes table.md, table.csv, results.json and figure.png into `folder`. No file holds a time of the clock.
/// @param planned  runs of the whole study
/// @throws FileError
inline void write_clutter_report(const std::filesystem::path& folder, const std::vector<ClutterResult>& results,
                                 EvaluationSplit evaluation_split, std::size_t planned) {
  const std::vector<ClutterRow> rows = clutter_rows(results);
  saccade::write_file_atomically(folder / "table.md", clutter_table(rows).markdown());
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
               {"met", row.met}};
    if (const double times = times_lower(rows, row); times > 0) entry["times_below_random"] = times;
    json["rows"].push_back(std::move(entry));
  }
  saccade::write_file_atomically(folder / "results.json", json.dump(2) + "\n");
  saccade::data::write_png(folder / "figure.png", clutter_figure(rows, results).view());
}

}  // namespace bench
