#pragma once

#include <saccade/core/crc32c.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/fingerprint.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/config_history.hpp>
#include <saccade/training/run_data.hpp>
#include <saccade/version.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a training run was asked to do, as JSON. Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE {

/// All that decides a run's result, the images aside.
struct RunConfig {
  std::string preset = "large";
  HybridAttentionConfig model{};
  TrainingConfig training{};
  std::uint64_t seed = 1;
  std::string backend = "eigen";
  std::filesystem::path weights{};     ///< of a pretrained encoder, see load_pretrained; empty: it starts like the rest
  std::filesystem::path start_from{};  ///< a checkpoint to begin with, see start_from; empty: none
};

/// "0.1.0".
[[nodiscard]] inline std::string version_text() {
  return std::to_string(SACCADE_VERSION_MAJOR) + "." + std::to_string(SACCADE_VERSION_MINOR) + "." +
         std::to_string(SACCADE_VERSION_PATCH);
}

/// What decides a run's result of its data. Groups are listed where an image is not a group of its own.
[[nodiscard]] inline nlohmann::ordered_json describe_data(const RunData& run) {
  const data::Dataset& dataset = run.dataset;
  nlohmann::ordered_json json{{"kind", dataset.kind}, {"classes", dataset.classes}};
  if (dataset.magnification) json["magnification"] = *dataset.magnification;
  const SlideResolution& slides = dataset.slides.resolution;
  if (slides.magnification) json["slides"]["magnification"] = *slides.magnification;
  if (slides.microns_per_pixel) json["slides"]["microns_per_pixel"] = *slides.microns_per_pixel;
  json["split"] = to_string(run.choice);
  json["group"] = dataset.grouping;
  json["validation"] = run.validation_share;
  for (const data::Part part : data::parts) json["images"][to_string(part)] = run.split.part(part).size();
  for (const data::Part part : data::parts)
    json["fingerprint"][to_string(part)] = data::fingerprint(dataset, run.split.part(part));
  if (run.inventory)
    for (const data::Part part : data::parts) json["content"][to_string(part)] = run.inventory->identity(part);
  if (dataset.grouping == "image") return json;
  for (const data::Part part : data::parts)
    json[to_string(part) + "_groups"] = data::groups_of(dataset, run.split.part(part));
  return json;
}

/// What a file is in the description of a run that reads it. @throws FileError
[[nodiscard]] inline nlohmann::ordered_json describe_file(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  Crc32c sum;
  sum.update(std::as_bytes(std::span(bytes)));
  return {{"crc32c", sum.value()}};
}

/// The content of a run's config.json. What does not change the result (threads, caches, where the data lie) is left
/// out, so that runs that must agree have equal files.
/// @throws FileError where a file of weights cannot be read
[[nodiscard]] inline nlohmann::ordered_json describe_run(const RunConfig& config, const RunData& data) {
  nlohmann::ordered_json json{{"schema", "saccade.run.2"},
                              {"version", version_text()},
                              {"backend", config.backend},
                              {"preset", config.preset},
                              {"seed", config.seed},
                              {"model", to_json(config.model)},
                              {"training", to_json(config.training)},
                              {"data", describe_data(data)}};
  if (!config.weights.empty()) json["weights"] = describe_file(config.weights);
  if (!config.start_from.empty()) json["start_from"] = describe_file(config.start_from);
  return json;
}

namespace detail {

/// A field in which two descriptions differ.
struct RunDifference {
  std::string name;
  nlohmann::ordered_json before, now;
};

/// The first one. @param free  what may differ
[[nodiscard]] inline std::optional<RunDifference> run_difference(const nlohmann::ordered_json& before,
                                                                 const nlohmann::ordered_json& now,
                                                                 const std::string& name,
                                                                 const std::set<std::string, std::less<>>& free) {
  if (before == now || free.contains(name)) return {};
  if (!before.is_object() || !now.is_object()) return RunDifference{name, before, now};
  const auto part = [&](const std::string& key) { return name.empty() ? key : name + "." + key; };
  for (const auto& [key, value] : now.items()) {
    if (auto found = run_difference(before.value(key, nlohmann::ordered_json()), value, part(key), free)) return found;
  }
  for (const auto& [key, value] : before.items()) {
    if (now.contains(key)) continue;
    if (auto found = run_difference(value, nullptr, part(key), free)) return found;
  }
  return {};
}

}  // namespace detail

/// Where two descriptions of runs differ first: "model.encoder.width is 16, but now is 32". Nothing where the one can
/// go on as the other: the number of epochs says only when to stop, and the version of the program may be newer, and
/// have other names for the same.
[[nodiscard]] inline std::optional<std::string> run_difference(const nlohmann::ordered_json& before,
                                                               const nlohmann::ordered_json& now) {
  const auto found = detail::run_difference(current_description(before, now), current_description(now), "",
                                            {"version", "training.epochs"});
  if (!found) return {};
  return found->name + " is " + json_text(found->before) + ", but now is " + json_text(found->now);
}

}  // namespace saccade
