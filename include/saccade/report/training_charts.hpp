#pragma once

#include <saccade/report/curves.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// The curves of a training run from the lines of its metrics.jsonl. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

struct TrainingChart {
  std::string name{};  ///< of its file and its place in a page: "gradient_norm"
  Chart chart{};
};

namespace detail {

/// A figure by epoch; empty where no epoch has it.
/// @param older  its place in lines of before, for a run that went on
[[nodiscard]] inline Series series_of(std::span<const nlohmann::ordered_json> epochs, const std::string& name,
                                      const nlohmann::ordered_json::json_pointer& now,
                                      const nlohmann::ordered_json::json_pointer& older) {
  Series series{.name = name, .points = {}};
  bool any = false;
  for (const nlohmann::ordered_json& epoch : epochs) {
    const auto& pointer = epoch.contains(now) ? now : older;
    const bool known = epoch.contains(pointer) && epoch.at(pointer).is_number();
    any = any || known;
    series.points.push_back({epoch.at("epoch").get<double>(),
                             known ? epoch.at(pointer).get<double>() : std::numeric_limits<double>::quiet_NaN()});
  }
  if (!any) series.points.clear();
  return series;
}

[[nodiscard]] inline Series series_of(std::span<const nlohmann::ordered_json> epochs, const std::string& name,
                                      const nlohmann::ordered_json::json_pointer& pointer) {
  return series_of(epochs, name, pointer, pointer);
}

/// "learning_rate" as "Learning rate".
[[nodiscard]] inline std::string spoken(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  if (!name.empty() && name.front() >= 'a' && name.front() <= 'z') name.front() = static_cast<char>(name.front() - 32);
  return name;
}

}  // namespace detail

/// One chart each for the loss, the reward, the accuracy and the norm of the gradient, then one for every other figure
/// that an epoch has beside those, with its validation's where that has one too. A chart without a curve is left out.
/// @param epochs  objects with the number "epoch" @throws nlohmann::json::exception where one has none
[[nodiscard]] inline std::vector<TrainingChart> training_charts(std::span<const nlohmann::ordered_json> epochs) {
  std::vector<TrainingChart> charts;
  std::set<std::string> drawn{"epoch"};
  const auto add = [&](const std::string& file, Chart chart,
                       std::initializer_list<std::pair<std::string, std::string>> curves) {
    for (const auto& [name, pointer] : curves) {
      drawn.insert(pointer.substr(1));
      const bool rate = pointer == "/validation/group_recognition_rate";  // once named after patients
      const nlohmann::ordered_json::json_pointer place(pointer);
      const nlohmann::ordered_json::json_pointer older(rate ? "/validation/patient_recognition_rate" : pointer);
      Series series = detail::series_of(epochs, name, place, older);
      if (!series.points.empty()) chart.series.push_back(std::move(series));
    }
    chart.x_label = "epoch";
    if (!chart.series.empty()) charts.push_back({file, std::move(chart)});
  };
  add("loss", {.title = "Loss"},
      {{"loss", "/loss"},
       {"cross-entropy", "/cross_entropy"},
       {"cross-entropy, validation", "/validation/cross_entropy"}});
  add("reward", {.title = "Reward", .y_low = 0}, {{"reward", "/reward"}});
  add("accuracy", {.title = "Accuracy", .y_low = 0, .y_high = 1},
      {{"images, training", "/accuracy"},
       {"images, validation", "/validation/image_accuracy"},
       {"group recognition rate, validation", "/validation/group_recognition_rate"},
       {"balanced accuracy, validation", "/validation/balanced_accuracy"},
       {"area under the curve, validation", "/validation/auc"}});
  add("gradient_norm", {.title = "Norm of the gradient", .y_low = 0}, {{"norm", "/gradient_norm"}});
  for (const nlohmann::ordered_json& epoch : epochs) {
    for (const auto& [name, value] : epoch.items()) {
      if (!value.is_number() || !drawn.insert(name).second) continue;
      const std::string title = detail::spoken(name);
      nlohmann::ordered_json::json_pointer place, validation("/validation");
      place /= name;
      validation /= name;
      Chart chart{.title = title, .x_label = "epoch"};
      for (Series series :
           {detail::series_of(epochs, title, place), detail::series_of(epochs, title + ", validation", validation)}) {
        if (!series.points.empty()) chart.series.push_back(std::move(series));
      }
      charts.push_back({name, std::move(chart)});
    }
  }
  return charts;
}

}  // namespace saccade::report
