#pragma once

#include <saccade/metrics/missing_classes.hpp>
#include <saccade/report/policy_result.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// evaluation.json: how a classifier did under each glimpse policy. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

inline constexpr std::string_view evaluation_schema = "saccade.evaluation.2";

namespace detail {

/// Null where a figure is not defined.
[[nodiscard]] inline nlohmann::ordered_json figure(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

/// {"value": 0.9, "low": 0.72, "high": 0.97}: the 95 % interval over groups.
[[nodiscard]] inline nlohmann::ordered_json figure(const metrics::Estimate& estimate) {
  return {{"value", figure(estimate.value)},
          {"low", figure(estimate.interval.low)},
          {"high", figure(estimate.interval.high)}};
}

[[nodiscard]] inline nlohmann::ordered_json figures(std::span<const double> values) {
  auto list = nlohmann::ordered_json::array();
  for (const double value : values) list.push_back(figure(value));
  return list;
}

[[nodiscard]] inline nlohmann::ordered_json early_stopping(std::span<const metrics::StoppingPoint> curve) {
  auto list = nlohmann::ordered_json::array();
  for (const metrics::StoppingPoint& point : curve) {
    list.push_back(
        {{"threshold", point.threshold}, {"glimpses", figure(point.glimpses)}, {"accuracy", figure(point.accuracy)}});
  }
  return list;
}

/// Bins without images are left out.
[[nodiscard]] inline nlohmann::ordered_json calibration(const metrics::Calibration& calibration) {
  auto bins = nlohmann::ordered_json::array();
  for (const metrics::CalibrationBin& bin : calibration.bins) {
    if (bin.images > 0)
      bins.push_back({{"images", bin.images}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}});
  }
  return {{"error", figure(calibration.error)},
          {"cross_entropy", figure(calibration.cross_entropy)},
          {"bins", std::move(bins)}};
}

[[nodiscard]] inline nlohmann::ordered_json by_class(const metrics::Scores& scores,
                                                     std::span<const std::string> classes) {
  auto list = nlohmann::ordered_json::array();
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const metrics::ClassScores& each = scores.by_class[label];
    list.push_back({{"class", classes[label]},
                    {"images", each.images},
                    {"sensitivity", figure(each.sensitivity)},
                    {"precision", figure(each.precision)},
                    {"f1", figure(each.f1)},
                    {"auc", figure(each.auc)}});
  }
  return list;
}

[[nodiscard]] inline nlohmann::ordered_json confusion(const metrics::Confusion& confusion,
                                                      std::span<const std::string> classes) {
  auto counts = nlohmann::ordered_json::array();
  for (Index truth = 0; truth < confusion.classes(); ++truth) {
    auto row = nlohmann::ordered_json::array();
    for (Index predicted = 0; predicted < confusion.classes(); ++predicted)
      row.push_back(confusion.count(truth, predicted));
    counts.push_back(std::move(row));
  }
  return {{"classes", classes}, {"counts", counts}};
}

/// The class of a group is null where its images are of several.
[[nodiscard]] inline nlohmann::ordered_json per_group(const metrics::Answers& answers,
                                                      std::span<const std::string> classes) {
  std::map<std::string, std::optional<Index>> label_of;
  for (std::size_t i = 0; i < answers.group.size(); ++i) {
    const auto [at, is_new] = label_of.try_emplace(answers.group[i], answers.truth[i]);
    if (!is_new && at->second != answers.truth[i]) at->second.reset();
  }
  auto list = nlohmann::ordered_json::array();
  for (const metrics::GroupScore& group : answers.by_group()) {
    nlohmann::ordered_json name = nullptr;
    if (const std::optional<Index> label = label_of.at(group.group)) name = classes[static_cast<std::size_t>(*label)];
    list.push_back({{"group", group.group},
                    {"class", name},
                    {"right", group.right},
                    {"images", group.images},
                    {"score", group.score()}});
  }
  return list;
}

}  // namespace detail

/// The figures that evaluation.json has at its top for the headline policy and below "controls" for every other one.
/// `auc` is the mean over the classes of each against the rest; `sensitivity`, `specificity` and `f1` are there for two
/// classes only, of the second one. "calibration" has the expected calibration error and its bins, and the same of
/// answers at the temperature that the run's validation images have chosen, where there is one.
[[nodiscard]] inline nlohmann::ordered_json to_json(const PolicyResult& result, std::span<const std::string> classes) {
  using detail::figure;
  const metrics::Scores& scores = result.scores;
  nlohmann::ordered_json json{{"group_recognition_rate", figure(scores.group_recognition_rate)},
                              {"group_majority_accuracy", figure(scores.majority_accuracy)},
                              {"image_accuracy", figure(scores.image_accuracy)},
                              {"balanced_accuracy", figure(scores.balanced_accuracy)},
                              {"macro_f1", figure(scores.macro_f1)},
                              {"auc", figure(scores.auc)}};
  if (classes.size() == 2) {
    json["sensitivity"] = figure(scores.by_class[1].sensitivity);
    json["specificity"] = figure(scores.by_class[0].sensitivity);
    json["f1"] = figure(scores.by_class[1].f1);
  }
  json["by_class"] = detail::by_class(scores, classes);
  json["confusion"] = detail::confusion(result.answers.confusion(), classes);
  json["cross_entropy"] = figure(result.answers.mean_cross_entropy());
  json["accuracy_by_glimpse"] = detail::figures(result.accuracy_by_glimpse);
  json["early_stopping"] = detail::early_stopping(result.early_stopping);
  if (!result.stopping_by_value.empty())
    json["early_stopping_by_value"] = detail::early_stopping(result.stopping_by_value);
  json["calibration"] = detail::calibration(result.calibration);
  json["calibration"]["tempered"] = nullptr;
  if (result.temperature) {
    json["calibration"]["tempered"] = {{"temperature", *result.temperature}};
    json["calibration"]["tempered"].update(
        detail::calibration(metrics::calibration(result.answers, *result.temperature)));
  }
  json["pixel_fraction"] = {{"processed", figure(result.pixels.processed)},
                            {"unique", figure(result.pixels.unique)},
                            {"unique_any_scale", figure(result.pixels.unique_any_scale)}};
  json["hit_rate"] = nullptr;
  if (result.hit_rate) {
    json["hit_rate"] = {{"any", figure(result.hit_rate->any())},
                        {"by_step", detail::figures(result.hit_rate->by_step())},
                        {"all_by_step", detail::figures(result.hit_rate->all_by_step())}};
  }
  return json;
}

/// The whole of evaluation.json.
///
/// @param protocol  what was evaluated and how
/// @param results   of every policy; the headline is the one named `headline`
/// @param glimpses  of an image
[[nodiscard]] inline nlohmann::ordered_json evaluation_json(const nlohmann::ordered_json& protocol,
                                                            const GroundTruth& truth,
                                                            std::span<const PolicyResult> results,
                                                            GlimpsePolicy headline, Index glimpses) {
  nlohmann::ordered_json json{{"schema", evaluation_schema}, {"protocol", protocol}, {"group_noun", truth.group_noun}};
  nlohmann::ordered_json controls = nlohmann::ordered_json::object();
  for (const PolicyResult& result : results) {
    if (result.policy != headline) {
      controls[to_string(result.policy)] = to_json(result, truth.classes);
      continue;
    }
    json["missing_classes"] = metrics::missing_classes(truth.classes, result.answers.truth);
    json.update(to_json(result, truth.classes));
    json["per_group"] = detail::per_group(result.answers, truth.classes);
    const double speed = static_cast<double>(result.answers.images()) / result.seconds;
    json["throughput"] = {{"images_per_second", detail::figure(speed)},
                          {"glimpses_per_second", detail::figure(speed * static_cast<double>(glimpses))}};
  }
  json["controls"] = controls;
  return json;
}

}  // namespace saccade::report
