#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/report/evaluation_text.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

/// Whether the answers are as often right as they are sure. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// Points of the reliability diagram, one for each bin with images.
[[nodiscard]] inline Series reliability(std::string name, const nlohmann::ordered_json& calibration) {
  Series series{.name = std::move(name)};
  for (const nlohmann::ordered_json& bin : calibration.at("bins"))
    series.points.push_back({bin.at("confidence").get<double>(), bin.at("accuracy").get<double>()});
  return series;
}

[[nodiscard]] inline std::string reliability_table(const nlohmann::ordered_json& calibration) {
  HtmlTable table{.columns = {"images", "mean probability of the answer", "right"}};
  for (const nlohmann::ordered_json& bin : calibration.at("bins")) {
    table.rows.push_back({short_number(bin.at("images").get<double>(), 9),
                          number_text(bin.at("confidence").get<double>()),
                          percent_text(bin.at("accuracy").get<double>())});
  }
  return table.html();
}

}  // namespace detail

[[nodiscard]] inline PageSection calibration_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "calibration", .heading = "Calibration"};
  if (run.evaluation.is_null() || !run.evaluation.contains("calibration")) {
    section.content =
        missing(run.evaluation.is_null() ? no_evaluation
                                         : "The evaluation is of an earlier version, which did not measure it.");
    return section;
  }
  const nlohmann::ordered_json& plain = run.evaluation.at("calibration");
  const nlohmann::ordered_json& tempered = plain.at("tempered");
  section.content =
      "<p>Of answers that are 80&nbsp;% sure four in five should be right. Their expected calibration "
      "error, the mean distance from that, is " +
      percent_text(number_at(plain, "/error"));
  Chart chart{.title = "Reliability diagram",
              .x_label = "probability of the answer",
              .y_label = "share that is right",
              .y_low = 0,
              .y_high = 1,
              .width = 480,
              .height = 420};
  chart.series.push_back(reliability("as answered", plain));
  std::string tables = folded("Numbers, as answered", scrolling("Reliability", reliability_table(plain)));
  if (!tempered.is_null()) {
    const std::string temperature = number_text(number_at(tempered, "/temperature"), 2);
    section.content += ". At the temperature " + temperature +
                       ", chosen on the validation images, by which the logits are divided, it is " +
                       percent_text(number_at(tempered, "/error")) + ", and the cross-entropy " +
                       number_text(number_at(tempered, "/cross_entropy")) + " in place of " +
                       number_text(number_at(plain, "/cross_entropy"));
    chart.series.push_back(reliability("at temperature " + temperature, tempered));
    tables += folded("Numbers, at temperature " + temperature,
                     scrolling("Reliability at temperature", reliability_table(tempered)));
  }
  section.content += ".</p>\n";
  chart.series.push_back({"as sure as right", {{0, 0}, {1, 1}}});
  section.content += "<div class=\"charts\">\n" +
                     figure("<b>Reliability diagram</b> of the " + escape_html(run.headline()) +
                                " policy, over images in bins of equal width",
                            svg_chart(chart, "calibration-reliability", last_values(chart)) + tables) +
                     "</div>\n";
  return section;
}

}  // namespace saccade::report
