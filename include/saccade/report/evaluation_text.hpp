#pragma once

#include <saccade/core/config.hpp>
#include <saccade/report/html.hpp>
#include <saccade/report/run_record.hpp>
#include <saccade/report/svg_chart.hpp>
#include <saccade/report/training_section.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Figures of an evaluation in the words and numbers of a page. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report::detail {

inline constexpr std::string_view no_evaluation =
    "There is no <code>evaluation.json</code> in this folder: an evaluation of the run&#39;s checkpoint writes one.";

/// "0.931" and below it "0.872 to 0.968" of {"value", "low", "high"}; a dash where it is not defined.
[[nodiscard]] inline std::string plain_estimate_text(const nlohmann::ordered_json& figures, const std::string& name) {
  const auto end = [&](const char* part) { return number_at(figures, '/' + name + part); };
  std::string text = number_text(end("/value"));
  if (std::isfinite(end("/low")) && std::isfinite(end("/high")))
    text += "<br><small>" + number_text(end("/low")) + " to " + number_text(end("/high")) + "</small>";
  return text;
}

/// "91.3 %" and below it "82.0 to 96.1 %" of the same.
[[nodiscard]] inline std::string estimate_text(const nlohmann::ordered_json& figures, const std::string& name) {
  const double low = number_at(figures, '/' + name + "/low"), high = number_at(figures, '/' + name + "/high");
  std::string text = percent_text(number_at(figures, '/' + name + "/value"));
  if (std::isfinite(low) && std::isfinite(high))
    text += "<br><small>" + number_text(100 * low, 1) + " to " + percent_text(high) + "</small>";
  return text;
}

/// "Patient recognition rate" of "patient".
[[nodiscard]] inline std::string capitalised(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 32);
  return text;
}

[[nodiscard]] inline std::string plural(const std::string& noun) { return noun + 's'; }

/// The figure that a policy is judged by: where images are in no groups, the share of the images.
[[nodiscard]] inline std::string main_figure(const RunRecord& run) {
  return run.has_groups() ? "group_recognition_rate" : "image_accuracy";
}

/// "patient recognition rate", or "image accuracy".
[[nodiscard]] inline std::string main_figure_words(const RunRecord& run) {
  return run.has_groups() ? run.group_noun() + " recognition rate" : "image accuracy";
}

/// What the area under the ROC curve of a run's figures is of.
[[nodiscard]] inline std::string area_words(const RunRecord& run) {
  return run.classes().size() > 2 ? "mean area under the ROC curves" : "area under the ROC curve";
}

/// A chart with its title and its numbers.
[[nodiscard]] inline std::string chart_with_table(const Chart& chart, const std::string& id, std::string_view caption) {
  return figure("<b>" + escape_html(chart.title) + "</b> " + std::string(caption),
                svg_chart(chart, id, last_values(chart)) +
                    folded("Numbers", scrolling(chart.title + ", numbers", table_of(chart).html())));
}

}  // namespace saccade::report::detail
