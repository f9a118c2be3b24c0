#pragma once

#include <saccade/metrics/confidence_interval.hpp>
#include <saccade/metrics/roc_curve.hpp>
#include <saccade/report/training_section.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// The report's figures of an evaluation: policies, patients, errors. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

inline constexpr std::string_view no_evaluation =
    "There is no <code>evaluation.json</code> in this folder: an evaluation of the run&#39;s checkpoint writes one.";

/// "0.931" and below it "0.872 to 0.968" of {"value", "low", "high"}.
[[nodiscard]] inline std::string plain_estimate_text(const nlohmann::ordered_json& figures, const std::string& name) {
  const auto end = [&](const char* part) { return number_text(number_at(figures, '/' + name + part)); };
  return end("/value") + "<br><small>" + end("/low") + " to " + end("/high") + "</small>";
}

/// "91.3 %" and below it "82.0 to 96.1 %" of the same.
[[nodiscard]] inline std::string estimate_text(const nlohmann::ordered_json& figures, const std::string& name) {
  const double value = number_at(figures, '/' + name + "/value");
  const double low = number_at(figures, '/' + name + "/low"), high = number_at(figures, '/' + name + "/high");
  if (!std::isfinite(value)) return "&ndash;";
  std::string text = percent_text(value);
  if (std::isfinite(low) && std::isfinite(high))
    text += "<br><small>" + number_text(100 * low, 1) + " to " + percent_text(high) + "</small>";
  return text;
}

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

/// A chart with its title and its numbers.
[[nodiscard]] inline std::string chart_with_table(const Chart& chart, const std::string& id, std::string_view caption) {
  return figure("<b>" + escape_html(chart.title) + "</b> " + std::string(caption),
                svg_chart(chart, id, last_values(chart)) +
                    folded("Numbers", scrolling(chart.title + ", numbers", table_of(chart).html())));
}

/// The figure that a policy is judged by: where patients are not told apart, the share of the images.
[[nodiscard]] inline std::string main_figure(const RunRecord& run) {
  return run.evaluation.contains("patient_recognition_rate") ? "patient_recognition_rate" : "image_accuracy";
}

[[nodiscard]] inline std::string confusion_table(const nlohmann::ordered_json& evaluation,
                                                 const std::vector<std::string>& classes) {
  HtmlTable table{.caption = "<b>Confusion matrix</b>: images by true class (rows) and answer (columns)",
                  .columns = {"true class"}};
  for (const std::string& name : classes) table.columns.push_back("answered " + escape_html(name));
  const nlohmann::ordered_json& counts = evaluation.at("confusion").at("counts");
  for (std::size_t truth = 0; truth < classes.size(); ++truth) {
    const auto row = counts.at(truth).get<std::vector<double>>();
    double sum = 0;
    for (const double count : row) sum += count;
    std::vector<std::string> cells{escape_html(classes[truth])};
    for (const double count : row) {
      const double share = sum > 0 ? count / sum : 0;
      cells.push_back("<span style=\"display:block;padding:.35rem .5rem;background:" +
                      svg_colour(mix(white, svg_series_colour(0), 0.45 * share)) + "\">" + short_number(count, 9) +
                      " <small>(" + percent_text(share, 0) + ")</small></span>");
    }
    table.rows.push_back(std::move(cells));
  }
  return "<div class=\"confusion\">" + scrolling("Confusion matrix", table.html()) + "</div>\n";
}

/// Nothing where the predictions are missing, or of more classes than two, or of one class only.
[[nodiscard]] inline Chart roc_chart(const RunRecord& run) {
  Chart chart{.title = "ROC curve",
              .x_label = "false positive rate (1 - specificity)",
              .y_label = "true positive rate (sensitivity)",
              .y_low = 0,
              .y_high = 1,
              .width = 480,
              .height = 420};
  for (const std::string& policy : run.policies()) {
    std::vector<Index> truth;
    std::vector<double> score;
    for (const PredictionRecord& record : run.predictions) {
      if (record.policy != policy || record.probabilities.back().size() != 2) continue;
      truth.push_back(record.truth);
      score.push_back(record.probabilities.back()[1]);
    }
    Series series{.name = policy};
    for (const metrics::RocPoint& point : metrics::roc_curve(truth, score))
      series.points.push_back({point.false_positive_rate, point.true_positive_rate});
    if (!series.points.empty()) chart.series.push_back(std::move(series));
  }
  if (!chart.series.empty()) chart.series.push_back({"chance", {{0, 0}, {1, 1}}});
  return chart;
}

[[nodiscard]] inline std::string roc_table(const Series& curve) {
  HtmlTable table{.columns = {"false positive rate", "true positive rate"}};
  for (const Point& point : curve.points) table.rows.push_back({number_text(point.x), number_text(point.y)});
  return table.html();
}

}  // namespace detail

/// The headline's figures beside those of the control policies.
[[nodiscard]] inline PageSection comparison_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "policies", .heading = "Glimpse policies compared"};
  if (run.evaluation.is_null()) {
    section.content = missing(no_evaluation);
    return section;
  }
  section.content =
      "<p>The same classifier, looking where its learned policy says or where a control does. Intervals are of "
      "95&nbsp;%, over patients.</p>\n";
  const std::string rate = main_figure(run);
  std::vector<Bar> bars;
  HtmlTable table{.columns = {"policy", "patient recognition rate", "image accuracy", "sensitivity", "specificity",
                              "area under the ROC curve", "F1", "pixels processed", "pixels unique", "focus found"}};
  for (const std::string& policy : run.policies()) {
    const nlohmann::ordered_json& figures = run.figures(policy);
    const double value = number_at(figures, '/' + rate + "/value");
    bars.push_back({.label = policy,
                    .value = value,
                    .low = number_at(figures, '/' + rate + "/low"),
                    .high = number_at(figures, '/' + rate + "/high"),
                    .series = policy_series(policy)});
    char note[16] = "";
    if (std::isfinite(value)) std::snprintf(note, sizeof note, "%.1f %%", 100 * value);
    bars.back().note = note;
    std::vector<std::string> row{escape_html(policy)};
    for (const char* name : {"patient_recognition_rate", "image_accuracy", "sensitivity", "specificity"})
      row.push_back(estimate_text(figures, name));
    for (const char* name : {"auc", "f1"}) row.push_back(plain_estimate_text(figures, name));
    for (const char* place : {"/pixel_fraction/processed", "/pixel_fraction/unique", "/hit_rate/any"})
      row.push_back(percent_text(number_at(figures, place)));
    table.rows.push_back(std::move(row));
  }
  const std::string title = rate == "image_accuracy" ? "Image accuracy" : "Patient recognition rate";
  section.content +=
      "<div class=\"charts small\">\n" + figure("<b>" + title + "</b> by policy, with 95&nbsp;% intervals",
                                                svg_bars(title + " by policy", "policies-rate", bars));
  if (const Chart chart = by_glimpse("Accuracy after each glimpse", run, "/accuracy_by_glimpse"); !chart.series.empty())
    section.content += chart_with_table(chart, "policies-accuracy", "(share of the images)");
  if (const Chart chart = by_glimpse("Focus found", run, "/hit_rate/by_step"); !chart.series.empty())
    section.content += chart_with_table(chart, "policies-hits", "at each glimpse (share of the images)");
  section.content += "</div>\n" + scrolling("All figures by policy", table.html());
  section.content +=
      "<p>Pixels processed: those handed to the network as a share of the image, repeats included. Unique: those seen "
      "at full resolution at least once. Focus found: images of which at least one glimpse met the region that "
      "decides, where that is known.</p>\n";
  return section;
}

[[nodiscard]] inline PageSection patients_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "patients", .heading = "Patients"};
  if (run.evaluation.is_null()) {
    section.content = missing(no_evaluation);
    return section;
  }
  const nlohmann::ordered_json list = run.evaluation.value("per_patient", nlohmann::ordered_json::array());
  if (list.empty()) {
    section.content = missing("The evaluation does not tell patients apart.");
    return section;
  }
  const std::vector<std::string> classes = run.classes();
  struct Patient {
    std::size_t label;
    Bar bar;
    std::string of_class;
  };
  std::vector<Patient> patients;
  for (const nlohmann::ordered_json& each : list) {
    const auto name = each.at("class").get<std::string>();
    const auto right = each.at("right").get<Index>(), images = each.at("images").get<Index>();
    const auto label = static_cast<std::size_t>(std::find(classes.begin(), classes.end(), name) - classes.begin());
    const metrics::Interval interval = metrics::wilson_interval(static_cast<double>(right), images);
    patients.push_back({label,
                        {.label = each.at("patient").get<std::string>(),
                         .value = metrics::rate(right, images),
                         .low = interval.low,
                         .high = interval.high,
                         .series = label,
                         .note = std::to_string(right) + " of " + std::to_string(images)},
                        name});
  }
  std::stable_sort(patients.begin(), patients.end(), [](const Patient& a, const Patient& b) {
    return a.label != b.label ? a.label < b.label : a.bar.value < b.bar.value;
  });
  section.content =
      "<p>Share of each patient&#39;s images that are right, with Wilson&#39;s 95&nbsp;% interval: wide where a "
      "patient has few images.</p>\n<div class=\"charts small\">\n";
  constexpr std::size_t most = 60;
  HtmlTable table{.columns = {"patient", "class", "right", "share", "95&nbsp;% interval"}};
  for (std::size_t first = 0; first < patients.size();) {
    std::size_t last = first;
    std::vector<Bar> bars;
    for (; last < patients.size() && patients[last].label == patients[first].label; ++last) {
      const Bar& bar = patients[last].bar;
      if (bars.size() < most) bars.push_back(bar);
      table.rows.push_back({escape_html(bar.label), escape_html(patients[last].of_class), bar.note,
                            percent_text(bar.value), number_text(100 * bar.low, 1) + " to " + percent_text(bar.high)});
    }
    std::string caption =
        "<b>" + escape_html(patients[first].of_class) + "</b>: " + std::to_string(last - first) + " patients";
    if (last - first > most) caption += ", the " + std::to_string(most) + " lowest of them";
    section.content +=
        figure(caption, svg_bars("Share of the images that are right, by patient of class " + patients[first].of_class,
                                 "patients-" + std::to_string(patients[first].label), bars));
    first = last;
  }
  section.content += "</div>\n" + folded("Numbers of every patient", scrolling("Patients", table.html()));
  return section;
}

[[nodiscard]] inline PageSection errors_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "errors", .heading = "ROC curve and confusion"};
  if (run.evaluation.is_null()) {
    section.content = missing(no_evaluation);
    return section;
  }
  section.content = "<div class=\"charts\">\n";
  const std::vector<std::string> classes = run.classes();
  const Chart chart = roc_chart(run);
  if (!chart.series.empty()) {
    std::string areas;
    for (const std::string& policy : run.policies())
      areas += (areas.empty() ? "" : ", ") + policy + ' ' + number_text(number_at(run.figures(policy), "/auc/value"));
    section.content += figure("<b>ROC curve</b> of class " + escape_html(classes.size() == 2 ? classes[1] : "1") +
                                  ", over images. Areas below it: " + escape_html(areas),
                              svg_chart(chart, "errors-roc", "Areas below the curves: " + areas) +
                                  folded("Points of the curve of the " + run.headline() + " policy",
                                         scrolling("Points of the ROC curve", roc_table(chart.series.front()))));
  } else if (classes.size() <= 2) {
    section.content +=
        missing("There is no ROC curve: <code>predictions.jsonl</code> is missing or of one class only.");
  }
  if (!classes.empty()) section.content += "<div>" + confusion_table(run.evaluation, classes) + "</div>\n";
  section.content += "</div>\n";
  return section;
}

}  // namespace saccade::report
