#pragma once

#include <saccade/core/error.hpp>
#include <saccade/metrics/classification.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/step_report.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

/// Where a run stands. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// The epoch that has done best on the validation images.
struct BestEpoch {
  Index epoch = 0;                    ///< counted from 1
  bool learned_policy = true;         ///< false for an epoch that trained, and was judged, on random glimpses
  double group_recognition_rate = 0;  ///< more is better
  double balanced_accuracy = metrics::undefined;
  double cross_entropy = 0;                 ///< less is better
  double temperature = metrics::undefined;  ///< that calibrates the answers; see metrics::calibrating_temperature

  /// A first stage on random glimpses leaves a policy that knows nothing: any later epoch is better.
  [[nodiscard]] bool better_than(const BestEpoch& other, BestEpochBy by = BestEpochBy::group_recognition_rate) const {
    if (learned_policy != other.learned_policy) return learned_policy;
    const double mine = figure(by), others = other.figure(by);
    if (mine != others) return mine > others;
    return cross_entropy < other.cross_entropy;
  }

  /// What epochs are compared by: more is better.
  [[nodiscard]] double figure(BestEpochBy by) const {
    switch (by) {
      case BestEpochBy::balanced_accuracy:
        return balanced_accuracy;
      case BestEpochBy::cross_entropy:
        return -cross_entropy;
      case BestEpochBy::group_recognition_rate:
        break;
    }
    return group_recognition_rate;
  }
};

/// Enough, with the weights and the optimiser, to go on as if the run had never stopped.
struct RunState {
  Index epochs = 0;    ///< complete ones
  Index position = 0;  ///< of the next image in the order of the epoch begun
  Index images = 0;    ///< of that epoch used so far; fewer than `position` where there are bad ones
  StepReport sums{};   ///< of that epoch so far: each step's figures times its images
  std::optional<BestEpoch> best{};
  std::vector<Index> left_out{};  ///< images that turned out to be damaged in the middle of the run
};

/// Doubles keep every bit: they are written with as many digits as they need.
[[nodiscard]] inline nlohmann::ordered_json to_json(const RunState& state) {
  nlohmann::ordered_json json{{"epochs", state.epochs}, {"position", state.position}, {"images", state.images}};
  for_each_figure(state.sums, [&](const char* name, double value) { json["sums"][name] = value; });
  json["best"] = nullptr;
  if (state.best) {
    json["best"] = {{"epoch", state.best->epoch},
                    {"learned_policy", state.best->learned_policy},
                    {"group_recognition_rate", state.best->group_recognition_rate},
                    {"balanced_accuracy", state.best->balanced_accuracy},
                    {"cross_entropy", state.best->cross_entropy},
                    {"temperature", state.best->temperature}};
  }
  if (!state.left_out.empty()) json["left_out"] = state.left_out;
  return json;
}

/// The temperature that calibrates the answers of a checkpoint's weights, chosen on the validation images of its run;
/// nothing where it does not say, or was not trained to the end of an epoch with the policy's own glimpses.
[[nodiscard]] inline std::optional<double> temperature_of(const nlohmann::ordered_json& run) {
  const nlohmann::ordered_json::json_pointer best("/state/best");
  if (!run.contains(best) || !run.at(best).is_object()) return {};
  const nlohmann::ordered_json& epoch = run.at(best);
  const auto of_this_epoch = [&] {
    const nlohmann::ordered_json::json_pointer epochs("/state/epochs");
    return run.contains(epochs) && epoch.contains("epoch") && run.at(epochs) == epoch.at("epoch");
  };
  if (!epoch.contains("temperature") || !epoch.at("temperature").is_number() || !of_this_epoch()) return {};
  const double temperature = epoch.at("temperature").get<double>();
  if (epoch.value("learned_policy", nlohmann::ordered_json()) != true || !(temperature > 0) ||
      !std::isfinite(temperature)) {
    return {};
  }
  return temperature;
}

/// @param name  begins the error sentence: the checkpoint's path
/// @throws FileError where something is missing, or no whole number
[[nodiscard]] inline RunState run_state_from_json(const nlohmann::ordered_json& json, const std::string& name) {
  const auto fail = [&] {
    return FileError('"' + name + "\": does not say where its run stands, so it cannot be resumed");
  };
  try {
    for (const char* field : {"epochs", "position", "images"})
      if (!json.at(field).is_number_integer()) throw fail();
    RunState state{.epochs = json.at("epochs").get<Index>(),
                   .position = json.at("position").get<Index>(),
                   .images = json.at("images").get<Index>()};
    for_each_figure(state.sums,
                    [&](const char* figure, double& value) { value = json.at("sums").at(figure).get<double>(); });
    if (const auto& best = json.at("best"); !best.is_null()) {
      // Older checkpoints name the rate after patients, and do not have what follows.
      const char* rate =
          best.contains("group_recognition_rate") ? "group_recognition_rate" : "patient_recognition_rate";
      state.best = BestEpoch{.epoch = best.at("epoch").get<Index>(),
                             .learned_policy = best.at("learned_policy").get<bool>(),
                             .group_recognition_rate = best.at(rate).get<double>(),
                             .cross_entropy = best.at("cross_entropy").get<double>()};
      const auto take = [&](const char* figure, double& value) {
        if (best.contains(figure) && best.at(figure).is_number()) value = best.at(figure).get<double>();
      };
      take("balanced_accuracy", state.best->balanced_accuracy);
      take("temperature", state.best->temperature);
    }
    if (json.contains("left_out")) {
      for (const auto& image : json.at("left_out")) {
        if (!image.is_number_integer()) throw fail();
        state.left_out.push_back(image.get<Index>());
      }
    }
    return state;
  } catch (const nlohmann::json::exception&) {
    throw fail();
  }
}

}  // namespace saccade
