#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/report/evaluation_text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// The report's comparison of glimpse policies. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// The colour and shape of a policy is the same in every chart.
[[nodiscard]] inline std::size_t policy_series(const std::string& policy) {
  const auto at = std::find(glimpse_policy_names.begin(), glimpse_policy_names.end(), policy);
  return static_cast<std::size_t>(at - glimpse_policy_names.begin());
}

/// A chart with one line for each policy of `values`, by glimpse, counted from 1.
[[nodiscard]] inline Chart by_glimpse(std::string title, const RunRecord& run, const std::string& pointer) {
  Chart chart{.title = std::move(title), .x_label = "glimpse", .width = 420, .height = 290};
  for (const std::string& policy : run.policies()) {
    const nlohmann::ordered_json::json_pointer place(pointer);
    const nlohmann::ordered_json& figures = run.figures(policy);
    if (!figures.contains(place) || !figures.at(place).is_array()) continue;
    Series series{.name = policy};
    for (const nlohmann::ordered_json& value : figures.at(place)) {
      series.points.push_back({static_cast<double>(series.points.size() + 1),
                               value.is_number() ? value.get<double>() : metrics::undefined});
    }
    if (!series.points.empty()) chart.series.push_back(std::move(series));
  }
  return chart;
}

/// Whether regions where the class can be told are known.
[[nodiscard]] inline bool has_regions(const RunRecord& run) {
  return std::isfinite(number_at(run.evaluation, "/hit_rate/any"));
}

/// A column of the table of policies: its heading, and the cell of a policy's figures.
struct PolicyColumn {
  std::string heading;
  std::string (*cell)(const nlohmann::ordered_json& figures, const std::string& name);
  std::string name;
};

[[nodiscard]] inline std::string share_cell(const nlohmann::ordered_json& figures, const std::string& name) {
  return percent_text(number_at(figures, '/' + name));
}

/// What is special for two classes is there for two.
[[nodiscard]] inline std::vector<PolicyColumn> policy_columns(const RunRecord& run) {
  std::vector<PolicyColumn> columns;
  if (run.has_groups())
    columns.push_back({run.group_noun() + " recognition rate", estimate_text, "group_recognition_rate"});
  columns.push_back({"image accuracy", estimate_text, "image_accuracy"});
  columns.push_back({"balanced accuracy", estimate_text, "balanced_accuracy"});
  if (run.classes().size() == 2) {
    columns.push_back({"sensitivity", estimate_text, "sensitivity"});
    columns.push_back({"specificity", estimate_text, "specificity"});
  }
  columns.push_back({area_words(run), plain_estimate_text, "auc"});
  columns.push_back({"mean F1", plain_estimate_text, "macro_f1"});
  columns.push_back({"pixels processed", share_cell, "pixel_fraction/processed"});
  columns.push_back({"pixels unique", share_cell, "pixel_fraction/unique"});
  if (has_regions(run)) columns.push_back({"region found", share_cell, "hit_rate/any"});
  return columns;
}

}  // namespace detail

/// The headline's figures beside those of the control policies.
[[nodiscard]] inline PageSection policies_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "policies", .heading = "Glimpse policies compared"};
  if (run.evaluation.is_null()) {
    section.content = missing(no_evaluation);
    return section;
  }
  const std::string group = run.has_groups() ? run.group_noun() : "image";
  section.content =
      "<p>The same classifier, looking where its learned policy says or where a control does. Intervals are of "
      "95&nbsp;%, over " +
      escape_html(plural(group)) + ".</p>\n";
  const std::string rate = main_figure(run);
  std::vector<Bar> bars;
  HtmlTable table{.columns = {"policy"}};
  const std::vector<PolicyColumn> columns = policy_columns(run);
  for (const PolicyColumn& column : columns) table.columns.push_back(escape_html(column.heading));
  for (const std::string& policy : run.policies()) {
    const nlohmann::ordered_json& figures = run.figures(policy);
    const double value = number_at(figures, '/' + rate + "/value");
    bars.push_back({.label = policy,
                    .value = value,
                    .low = number_at(figures, '/' + rate + "/low"),
                    .high = number_at(figures, '/' + rate + "/high"),
                    .series = policy_series(policy)});
    if (std::isfinite(value)) bars.back().note = fixed_text(100 * value, 1) + " %";
    std::vector<std::string> row{escape_html(policy)};
    for (const PolicyColumn& column : columns) row.push_back(column.cell(figures, column.name));
    table.rows.push_back(std::move(row));
  }
  const std::string title = capitalised(main_figure_words(run));
  section.content +=
      "<div class=\"charts small\">\n" + figure("<b>" + escape_html(title) + "</b> by policy, with 95&nbsp;% intervals",
                                                svg_bars(title + " by policy", "policies-rate", bars));
  if (const Chart chart = by_glimpse("Accuracy after each glimpse", run, "/accuracy_by_glimpse"); !chart.series.empty())
    section.content += chart_with_table(chart, "policies-accuracy", "(share of the images)");
  if (const Chart chart = by_glimpse("Region found", run, "/hit_rate/by_step"); !chart.series.empty())
    section.content += chart_with_table(chart, "policies-hits", "at each glimpse (share of the images)");
  section.content += "</div>\n" + scrolling("All figures by policy", table.html());
  section.content +=
      "<p>Pixels processed: those handed to the network as a share of the image, repeats included. Unique: those seen "
      "at full resolution at least once.";
  if (has_regions(run)) {
    section.content +=
        " Region found: images of which at least one glimpse met a region where the class can be told, of those where "
        "such regions are known.";
  }
  section.content += "</p>\n";
  return section;
}

}  // namespace saccade::report
