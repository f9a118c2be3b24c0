#pragma once

#include <saccade/model/config_json.hpp>
#include <saccade/training/breakhis_dataset.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/config_history.hpp>
#include <saccade/version.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

/// What a training run was asked to do, as JSON. Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE {

/// All that decides a run's result, the images aside.
struct RunConfig {
  std::string preset = "stable";
  HybridAttentionConfig model{};
  TrainingConfig training{};
  std::uint64_t seed = 1;
  std::string backend = "eigen";
};

/// "0.1.0".
[[nodiscard]] inline std::string version_text() {
  return std::to_string(SACCADE_VERSION_MAJOR) + "." + std::to_string(SACCADE_VERSION_MINOR) + "." +
         std::to_string(SACCADE_VERSION_PATCH);
}

/// The content of a run's config.json. What does not change the result (threads, caches, where the data lie) is left
/// out, so that runs that must agree have equal files.
[[nodiscard]] inline nlohmann::ordered_json describe_run(const RunConfig& config, const BreakhisDataset& dataset) {
  const DatasetChoice& choice = dataset.choice;
  const data::Split& split = dataset.split;
  return {{"schema", "saccade.run.1"},
          {"version", version_text()},
          {"backend", config.backend},
          {"preset", config.preset},
          {"seed", config.seed},
          {"model", to_json(config.model)},
          {"training", to_json(config.training)},
          {"data",
           {{"magnification", choice.magnification},
            {"split", choice.split},
            {"group", choice.grouping == data::Grouping::slide ? "slide" : "case"},
            {"validation", choice.validation_share()},
            {"images",
             {{"train", split.train.size()}, {"validation", split.validation.size()}, {"test", split.test.size()}}},
            {"train_patients", dataset.patients(split.train)},
            {"validation_patients", dataset.patients(split.validation)},
            {"test_patients", dataset.patients(split.test)}}}};
}

namespace detail {
[[nodiscard]] inline std::optional<std::string> run_difference(const nlohmann::ordered_json& before,
                                                               const nlohmann::ordered_json& now,
                                                               const std::string& name) {
  static const std::set<std::string, std::less<>> free = {"version", "training.epochs"};
  if (before == now || free.contains(name)) return {};
  if (before.is_object() && now.is_object()) {
    const auto part = [&](const std::string& key) { return name.empty() ? key : name + "." + key; };
    for (const auto& [key, value] : now.items()) {
      if (auto found = run_difference(before.value(key, nlohmann::ordered_json()), value, part(key))) return found;
    }
    for (const auto& [key, value] : before.items()) {
      if (now.contains(key)) continue;
      if (auto found = run_difference(value, nullptr, part(key))) return found;
    }
    return {};
  }
  return name + " is " + before.dump() + ", but now is " + now.dump();
}
}  // namespace detail

/// Where two descriptions of runs differ first: "model.encoder.width is 16, but now is 32". Nothing where the one can
/// go on as the other: the number of epochs says only when to stop, and the version of the program may be newer, and
/// have other names for the same.
[[nodiscard]] inline std::optional<std::string> run_difference(const nlohmann::ordered_json& before,
                                                               const nlohmann::ordered_json& now) {
  return detail::run_difference(current_description(before), current_description(now), "");
}

}  // namespace saccade
