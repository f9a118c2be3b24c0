#pragma once

#include <saccade/metrics/missing_classes.hpp>
#include <saccade/metrics/roc_curve.hpp>
#include <saccade/report/evaluation_text.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// The report's figures of each class: rates, confusion, ROC curves. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// Curves of more classes than that cannot be told apart by their colours.
inline constexpr std::size_t most_roc_classes = 7;

[[nodiscard]] inline std::string class_table(const RunRecord& run) {
  HtmlTable table{
      .caption = "<b>Each class against the rest</b>",
      .columns = {"class", "images", "sensitivity (recall)", "precision", "F1", "area under the ROC curve"}};
  double images = 0;
  for (const nlohmann::ordered_json& each : run.evaluation.at("by_class")) {
    images += each.at("images").get<double>();
    table.rows.push_back({escape_html(each.at("class").get<std::string>()), short_number(each.at("images"), 9),
                          estimate_text(each, "sensitivity"), estimate_text(each, "precision"),
                          plain_estimate_text(each, "f1"), plain_estimate_text(each, "auc")});
  }
  table.rows.push_back({"mean of the classes", short_number(images, 9) + "<br><small>in all</small>",
                        estimate_text(run.evaluation, "balanced_accuracy"), "",
                        plain_estimate_text(run.evaluation, "macro_f1"), plain_estimate_text(run.evaluation, "auc")});
  return "<div class=\"classes\">" + scrolling("Figures of each class", table.html()) + "</div>\n";
}

/// A cell of the confusion matrix, the darker the larger its share of the row: blue where the answer is right, orange
/// where it is wrong. The square root lets few wrong answers be seen beside many right ones.
[[nodiscard]] inline std::string confusion_cell(double count, double row_sum, bool right) {
  const double share = row_sum > 0 ? count / row_sum : 0;
  const Colour colour = mix(white, svg_series_colour(right ? 0 : 1), 0.55 * std::sqrt(share));
  return "<td style=\"background:" + svg_colour(colour) + "\">" + short_number(count, 9) + "<br><small>" +
         percent_text(row_sum > 0 ? share : metrics::undefined, 0) + "</small></td>";
}

[[nodiscard]] inline std::string confusion_table(const nlohmann::ordered_json& evaluation,
                                                 const std::vector<std::string>& classes) {
  std::string text =
      "<table><caption><b>Confusion matrix</b>: images by true class (rows) and answer (columns), "
      "and their share of the row</caption>\n<thead><tr><td></td><th scope=\"colgroup\" colspan=\"" +
      std::to_string(classes.size()) + "\">answer</th><td></td></tr>\n<tr><th scope=\"col\">true class</th>";
  for (const std::string& name : classes) text += "<th scope=\"col\">" + escape_html(name) + "</th>";
  text += "<th scope=\"col\">images</th></tr></thead><tbody>\n";
  const nlohmann::ordered_json& counts = evaluation.at("confusion").at("counts");
  for (std::size_t truth = 0; truth < classes.size(); ++truth) {
    const auto row = counts.at(truth).get<std::vector<double>>();
    double sum = 0;
    for (const double count : row) sum += count;
    text += "<tr><th scope=\"row\">" + escape_html(classes[truth]) + "</th>";
    for (std::size_t answer = 0; answer < row.size(); ++answer)
      text += confusion_cell(row[answer], sum, answer == truth);
    text += "<td>" + short_number(sum, 9) + "</td></tr>\n";
  }
  return "<div class=\"confusion\">" + scrolling("Confusion matrix", text + "</tbody></table>\n") + "</div>\n";
}

/// The last answers of a policy: the true class of each image, and the probability of class `label`.
struct RocInput {
  std::vector<Index> truth;
  std::vector<double> score;
};

[[nodiscard]] inline RocInput roc_input(const RunRecord& run, const std::string& policy, std::size_t classes,
                                        std::size_t label) {
  RocInput input;
  for (const PredictionRecord& record : run.predictions) {
    if (record.policy != policy || record.probabilities.back().size() != classes) continue;
    input.truth.push_back(record.truth);
    input.score.push_back(record.probabilities.back()[label]);
  }
  return input;
}

/// Of two classes a curve for each policy, of more a curve for each class under the headline policy. Without curves
/// where the predictions are missing, or of one class only, or of more classes than colours.
[[nodiscard]] inline Chart roc_chart(const RunRecord& run, const std::vector<std::string>& classes) {
  const bool two = classes.size() == 2;
  Chart chart{.title = two ? "ROC curve" : "ROC curves",
              .x_label = two ? "false positive rate (1 - specificity)" : "false positive rate",
              .y_label = "true positive rate (sensitivity)",
              .y_low = 0,
              .y_high = 1,
              .width = 480,
              .height = 420};
  const auto add = [&](const std::string& name, const std::string& policy, std::size_t label) {
    const RocInput input = roc_input(run, policy, classes.size(), label);
    Series series{.name = name};
    for (const metrics::RocPoint& point : metrics::roc_curve(input.truth, input.score, static_cast<Index>(label)))
      series.points.push_back({point.false_positive_rate, point.true_positive_rate});
    if (!series.points.empty()) chart.series.push_back(std::move(series));
  };
  if (two) {
    for (const std::string& policy : run.policies()) add(policy, policy, 1);
  } else if (classes.size() <= most_roc_classes) {
    for (std::size_t label = 0; label < classes.size(); ++label) add(classes[label], run.headline(), label);
  }
  if (!chart.series.empty()) chart.series.push_back({"chance", {{0, 0}, {1, 1}}});
  return chart;
}

[[nodiscard]] inline std::string roc_table(const Series& curve) {
  HtmlTable table{.columns = {"false positive rate", "true positive rate"}};
  for (const Point& point : curve.points) table.rows.push_back({number_text(point.x), number_text(point.y)});
  return table.html();
}

[[nodiscard]] inline std::string roc_figure(const RunRecord& run, const std::vector<std::string>& classes) {
  const Chart chart = roc_chart(run, classes);
  if (chart.series.empty()) {
    return classes.size() > most_roc_classes
               ? ""
               : missing("There is no ROC curve: <code>predictions.jsonl</code> is missing or of one class only.");
  }
  std::string areas, caption;
  const auto add = [&](const std::string& name, double area) {
    areas += (areas.empty() ? "" : ", ") + name + ' ' + number_text(area);
  };
  if (classes.size() == 2) {
    for (const std::string& policy : run.policies()) add(policy, number_at(run.figures(policy), "/auc/value"));
    caption = "<b>ROC curve</b> of class " + escape_html(classes[1]);
  } else {
    for (std::size_t label = 0; label < classes.size(); ++label)
      add(classes[label], number_at(run.evaluation, "/by_class/" + std::to_string(label) + "/auc/value"));
    caption = "<b>ROC curves</b> of each class against the rest, " + escape_html(run.headline()) + " policy";
  }
  std::string points;
  if (classes.size() == 2) {
    points = folded("Points of the curve of the " + run.headline() + " policy",
                    scrolling("Points of the ROC curve", roc_table(chart.series.front())));
  } else {
    for (std::size_t i = 0; i + 1 < chart.series.size(); ++i) {
      points += folded("Points of the curve of class " + chart.series[i].name,
                       scrolling("Points of the ROC curve", roc_table(chart.series[i])));
    }
  }
  return figure(caption + ", over images. Areas below: " + escape_html(areas),
                svg_chart(chart, "classes-roc", "Areas below the curves: " + areas) + points);
}

}  // namespace detail

[[nodiscard]] inline PageSection classes_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "classes", .heading = "Classes and confusion"};
  if (run.evaluation.is_null()) {
    section.content = missing(no_evaluation);
    return section;
  }
  const std::vector<std::string> classes = run.classes();
  if (classes.empty()) {
    section.content = missing("The evaluation does not name its classes.");
    return section;
  }
  const auto absent = run.evaluation.value("missing_classes", std::vector<std::string>{});
  if (!absent.empty()) {
    section.content += "<p class=\"notice\" role=\"note\">" +
                       escape_html(capitalised(metrics::missing_classes_sentence("evaluated", absent))) + ".</p>\n";
  }
  section.content += "<p>Answers of the " + escape_html(run.headline()) + " policy, over images.</p>\n";
  if (run.evaluation.contains("by_class")) section.content += class_table(run);
  // A small matrix stands beside the curves, a large one needs the width of the page.
  const std::string matrix = confusion_table(run.evaluation, classes);
  const bool large = classes.size() > 3;
  section.content += (large ? matrix : "") + "<div class=\"charts\">\n" + (large ? "" : matrix) +
                     (classes.size() >= 2 ? roc_figure(run, classes) : "") + "</div>\n";
  return section;
}

}  // namespace saccade::report
