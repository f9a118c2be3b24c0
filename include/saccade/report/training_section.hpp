#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/report/page.hpp>
#include <saccade/report/run_record.hpp>
#include <saccade/report/svg_chart.hpp>
#include <saccade/report/training_charts.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

/// The report's curves of training. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

[[nodiscard]] inline std::string missing(std::string_view sentence) {
  return "<p class=\"missing\">" + std::string(sentence) + "</p>\n";
}

/// A picture or chart below its caption, which is HTML.
[[nodiscard]] inline std::string figure(std::string_view caption, std::string_view content) {
  return "<figure><figcaption>" + std::string(caption) + "</figcaption>\n" + std::string(content) + "</figure>\n";
}

/// The number at a place, or not a number.
[[nodiscard]] inline double number_at(const nlohmann::ordered_json& json, const std::string& pointer) {
  const nlohmann::ordered_json::json_pointer place(pointer);
  return json.contains(place) && json.at(place).is_number() ? json.at(place).get<double>()
                                                            : std::numeric_limits<double>::quiet_NaN();
}

/// The series of a chart as a table: one row for each place on the horizontal axis.
[[nodiscard]] inline HtmlTable table_of(const Chart& chart) {
  HtmlTable table{.columns = {escape_html(chart.x_label)}};
  std::vector<double> places;
  for (const Series& series : chart.series) {
    table.columns.push_back(escape_html(series.name));
    for (const Point& point : series.points) places.push_back(point.x);
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  for (const double place : places) {
    std::vector<std::string> row{short_number(place)};
    for (const Series& series : chart.series) {
      const auto at = std::find_if(series.points.begin(), series.points.end(),
                                   [&](const Point& point) { return point.x == place; });
      row.push_back(at == series.points.end() ? "" : short_number(at->y));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// "Accuracy: images, training 0.912; images, validation 0.871", the last values.
[[nodiscard]] inline std::string last_values(const Chart& chart) {
  std::string text;
  for (const Series& series : chart.series) {
    const auto last = std::find_if(series.points.rbegin(), series.points.rend(),
                                   [](const Point& point) { return std::isfinite(point.y); });
    if (last == series.points.rend()) continue;
    text += (text.empty() ? "Last values: " : "; ") + series.name + ' ' + short_text(last->y, 4);
  }
  return text;
}

}  // namespace detail

[[nodiscard]] inline PageSection training_section(const RunRecord& run) {
  PageSection section{.id = "training", .heading = "Training"};
  if (run.epochs.empty()) {
    section.content = detail::missing(
        "There are no epochs in this folder: the training writes <code>metrics.jsonl</code> into its own folder.");
    return section;
  }
  section.content =
      "<p>Figures of training are means over the images of an epoch, taken while the weights change; those of "
      "validation are of one deterministic rollout with the epoch&#39;s last weights.</p>\n<div class=\"charts\">\n";
  HtmlTable table{.columns = {"epoch"}};
  for (const nlohmann::ordered_json& epoch : run.epochs)
    table.rows.push_back({short_number(epoch.at("epoch").get<double>())});
  for (TrainingChart& each : training_charts(run.epochs)) {
    each.chart.width = 480;
    each.chart.height = 270;
    section.content += detail::figure("<b>" + escape_html(each.chart.title) + "</b>",
                                      svg_chart(each.chart, "training-" + each.name, detail::last_values(each.chart)));
    for (const Series& series : each.chart.series) {
      table.columns.push_back(escape_html(series.name));
      for (std::size_t i = 0; i < series.points.size(); ++i) table.rows[i].push_back(short_number(series.points[i].y));
    }
  }
  section.content += "</div>\n" + folded("Numbers of every epoch", scrolling("Numbers of every epoch", table.html()));
  return section;
}

}  // namespace saccade::report
