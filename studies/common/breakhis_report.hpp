#pragma once

#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>

#include "benchmarks/common/figure.hpp"
#include "benchmarks/common/machine.hpp"
#include "benchmarks/common/table.hpp"
#include "breakhis_study.hpp"
#include "seed_statistics.hpp"
#include "trial_figures.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// What is said of a BreakHis study: laid out like the paper's Table 1, and in full.
namespace bench {

/// Rows of the paper's Table 1: patient recognition rate, percent, at 40x, 100x, 200x and 400x.
struct PublishedRow {
  std::string_view method;
  std::array<double, 4> rates;
};

inline constexpr std::array<PublishedRow, 2> published_rows{
    {{"Xu et al. 2019, as published", {97.5, 96.2, 97.4, 95.4}},
     {"Xu et al. 2019, without SA-Net, as published", {88.6, 87.0, 86.6, 85.2}}}};

/// The runs that differ in nothing but the split, of one kind of splits.
struct BreakhisRow {
  BreakhisRun run;            ///< of the first split
  std::vector<Json> figures;  ///< a split each

  [[nodiscard]] std::string own() const { return to_string(own_policy(run.condition)); }

  /// Mean over the splits. @param where  "image_accuracy/value"
  [[nodiscard]] double figure(const std::string& policy, const std::string& where) const {
    std::vector<double> values;
    for (const Json& one : figures) values.push_back(figure_of(one, policy, where));
    return mean(values);
  }

  [[nodiscard]] double deviation_of(const std::string& policy, const std::string& where) const {
    std::vector<double> values;
    for (const Json& one : figures) values.push_back(figure_of(one, policy, where));
    return deviation(values);
  }

  /// "85.1 [70.2, 93.0]": means over the splits of the figure, and of the ends of its 95 % interval.
  [[nodiscard]] std::string cell(const std::string& policy, const std::string& name) const {
    const double value = figure(policy, name + "/value");
    if (!std::isfinite(value)) return "";
    const double low = figure(policy, name + "/low"), high = figure(policy, name + "/high");
    return percent_text(value) + " [" + percent_text(low) + ", " + percent_text(high) + "]";
  }
};

/// By kind of splits (random first), encoder, glimpses, magnification.
[[nodiscard]] inline std::vector<BreakhisRow> breakhis_rows(const std::vector<BreakhisResult>& results) {
  std::map<std::tuple<bool, Condition, EncoderKind, Index>, BreakhisRow> rows;
  for (const BreakhisResult& result : results) {
    const BreakhisRun& run = result.run;
    BreakhisRow& row = rows[{run.official(), run.condition, run.encoder, run.magnification}];
    if (row.figures.empty()) row.run = run;
    row.figures.push_back(result.figures);
  }
  std::vector<BreakhisRow> list;
  for (auto& entry : rows) list.push_back(std::move(entry.second));
  return list;
}

/// "learned glimpses", "learned glimpses, w/o SA", "the shrunk image".
[[nodiscard]] inline std::string method_of(const BreakhisRun& run) {
  std::string text = words_of(run.condition);
  if (run.condition != Condition::shrunk) text += " glimpses";
  return run.encoder == EncoderKind::plain ? text + ", w/o SA" : text;
}

/// Patient recognition rate in percent, a column for each magnification, laid out like the paper's Table 1.
/// @param official  whether of the official splits, or of random ones
[[nodiscard]] inline Table paper_table(const std::vector<BreakhisRow>& rows, bool official) {
  std::vector<std::string> head{"method"};
  for (const auto& whole : breakhis_images) head.push_back(std::to_string(whole.first) + "x");
  Table table(head);
  for (const PublishedRow& row : published_rows) {
    std::vector<std::string> line{std::string(row.method)};
    for (const double rate : row.rates) line.push_back(percent_text(rate / 100));
    table.add(line);
  }
  // A line for each method; a cell where its magnification was run.
  std::vector<std::pair<std::string, std::vector<std::string>>> lines;
  const auto set = [&](const std::string& method, Index magnification, const std::string& cell) {
    auto line = std::find_if(lines.begin(), lines.end(), [&](const auto& each) { return each.first == method; });
    if (line == lines.end()) {
      lines.push_back({method, std::vector<std::string>(breakhis_images.size())});
      line = lines.end() - 1;
    }
    for (std::size_t i = 0; i < breakhis_images.size(); ++i)
      if (breakhis_images[i].first == magnification) line->second[i] = cell;
  };
  const std::string rate = "patient_recognition_rate";
  for (const BreakhisRow& row : rows) {
    if (row.run.official() != official) continue;
    set(method_of(row.run), row.run.magnification, row.cell(row.own(), rate));
  }
  for (const BreakhisRow& row : rows) {
    if (row.run.official() != official || row.run.condition != Condition::learned ||
        row.run.encoder != EncoderKind::attention)
      continue;
    for (const std::string policy : {"random", "centre", "grid"})
      set("the learned models, " + policy + " glimpses", row.run.magnification, row.cell(policy, rate));
    std::vector<double> malignant;
    for (const Json& one : row.figures)
      malignant.push_back(one.at("malignant_patients").get<double>() / one.at("patients").get<double>());
    set("always \"malignant\"", row.run.magnification, percent_text(mean(malignant)));
  }
  for (const auto& line : lines) {
    std::vector<std::string> cells{line.first};
    cells.insert(cells.end(), line.second.begin(), line.second.end());
    table.add(cells);
  }
  return table;
}

/// Every figure of every model under the glimpses that it was made for.
[[nodiscard]] inline Table figures_table(const std::vector<BreakhisRow>& rows) {
  Table table({"method", "magnification", "splits", "patient recognition rate", "deviation", "patients by majority",
               "images", "balanced", "AUC", "sensitivity", "specificity", "F1", "pixels, %", "unique, %"});
  for (const BreakhisRow& row : rows) {
    const std::string own = row.own();
    const bool shrunk = row.run.condition == Condition::shrunk;
    std::vector<std::string> line{method_of(row.run), std::to_string(row.run.magnification) + "x",
                                  std::to_string(row.figures.size()) + (row.run.official() ? " official" : " random"),
                                  row.cell(own, "patient_recognition_rate"),
                                  percent_text(row.deviation_of(own, "patient_recognition_rate/value"))};
    for (const std::string name : {"patient_majority_accuracy", "image_accuracy", "balanced_accuracy", "auc",
                                   "sensitivity", "specificity", "f1"})
      line.push_back(row.cell(own, name));
    line.push_back(percent_text(row.figure(own, "pixel_fraction/processed")));
    line.push_back(shrunk ? "" : percent_text(row.figure(own, "pixel_fraction/unique")));
    table.add(line);
  }
  return table;
}

/// What was found, what is missing, and who is on both sides of a split: sentences, a line each.
using Remarks = std::vector<std::string>;

/// The whole report as Markdown, headings from level 3 down: it is put into a page.
[[nodiscard]] inline std::string breakhis_markdown(const std::vector<BreakhisRow>& rows, const Remarks& remarks) {
  std::string text = "### The images\n\n";
  for (const std::string& remark : remarks) text += "* " + remark + "\n";
  for (const bool official : {false, true}) {
    bool any = false;
    for (const BreakhisRow& row : rows) any = any || row.run.official() == official;
    if (!any) continue;
    text +=
        std::string("\n### Patient recognition rate, ") + (official ? "official" : "random") +
        " splits\n\nPercent, means over the splits, in brackets the means of the ends of their 95 % intervals.\n\n" +
        paper_table(rows, official).markdown();
  }
  return text + "\n### All figures\n\n" + figures_table(rows).markdown();
}

[[nodiscard]] inline std::string breakhis_csv(const std::vector<BreakhisResult>& results) {
  std::ostringstream text;
  text << "magnification,split,encoder,condition,looked_at,figure,value,low,high\n";
  const auto number = [](double value) { return std::isfinite(value) ? Json(value).dump() : std::string(); };
  for (const BreakhisResult& result : results) {
    for (const auto& entry : result.figures.at("policies").items()) {
      for (const std::string name : {"patient_recognition_rate", "patient_majority_accuracy", "image_accuracy",
                                     "balanced_accuracy", "auc", "sensitivity", "specificity", "f1"}) {
        text << result.run.magnification << ',' << result.run.split << ',' << to_string(result.run.encoder) << ','
             << to_string(result.run.condition) << ',' << entry.key() << ',' << name;
        for (const std::string part : {"value", "low", "high"})
          text << ',' << number(figure_of(result.figures, entry.key(), name + "/" + part));
        text << '\n';
      }
    }
  }
  return text.str();
}

/// Patient recognition rate by magnification, of random and of official splits, beside the published one.
[[nodiscard]] inline saccade::RgbImage breakhis_figure(const std::vector<BreakhisRow>& rows) {
  std::vector<saccade::report::Chart> charts;
  for (const bool official : {false, true}) {
    saccade::report::Chart chart{
        .title = std::string("Patients recognised, ") + (official ? "official" : "random") + " splits",
        .x_label = "magnification",
        .y_label = "%",
        .x_scale = saccade::report::AxisScale::logarithmic,
        .y_high = 100};
    for (const BreakhisRow& row : rows) {
      if (row.run.official() != official) continue;
      const std::string name = method_of(row.run);
      if (chart.series.empty() || chart.series.back().name != name) chart.series.push_back({.name = name});
      chart.series.back().points.push_back(
          {static_cast<double>(row.run.magnification), 100 * row.figure(row.own(), "patient_recognition_rate/value")});
    }
    if (chart.series.empty()) continue;
    for (const PublishedRow& row : published_rows) {
      saccade::report::Series series{.name = std::string(row.method)};
      for (std::size_t i = 0; i < row.rates.size(); ++i)
        series.points.push_back({static_cast<double>(breakhis_images[i].first), row.rates[i]});
      chart.series.push_back(std::move(series));
    }
    charts.push_back(std::move(chart));
  }
  return draw_charts(std::move(charts));
}

/// Writes table.md, table.csv, results.json and figure.png into `folder`. No file holds a time of the clock.
/// @throws FileError
inline void write_breakhis_report(const std::filesystem::path& folder, const std::vector<BreakhisResult>& results,
                                  const Remarks& remarks, const std::string& evaluation_split, std::size_t planned) {
  const std::vector<BreakhisRow> rows = breakhis_rows(results);
  Json json{{"format", "saccade breakhis_study 1"},
            {"library", library_name()},
            {"evaluation_split", evaluation_split},
            {"runs", results.size()},
            {"planned", planned},
            {"remarks", remarks},
            {"published", Json::array()},
            {"rows", Json::array()}};
  for (const PublishedRow& row : published_rows)
    json["published"].push_back({{"method", row.method}, {"patient_recognition_rate", row.rates}});
  for (const BreakhisRow& row : rows) {
    Json entry{{"method", method_of(row.run)},
               {"magnification", row.run.magnification},
               {"splits", row.run.official() ? "official" : "random"},
               {"number_of_splits", row.figures.size()}};
    for (const std::string name : {"patient_recognition_rate", "patient_majority_accuracy", "image_accuracy",
                                   "balanced_accuracy", "auc", "sensitivity", "specificity", "f1"}) {
      for (const std::string part : {"value", "low", "high"}) {
        const double value = row.figure(row.own(), name + "/" + part);
        entry[name][part] = std::isfinite(value) ? Json(value) : Json();
      }
    }
    json["rows"].push_back(std::move(entry));
  }
  saccade::write_file_atomically(folder / "table.md", breakhis_markdown(rows, remarks));
  saccade::write_file_atomically(folder / "table.csv", breakhis_csv(results));
  saccade::write_file_atomically(folder / "results.json", json.dump(2) + "\n");
  saccade::data::write_png(folder / "figure.png", breakhis_figure(rows).view());
}

}  // namespace bench
