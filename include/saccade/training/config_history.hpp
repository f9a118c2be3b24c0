#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>

#include <nlohmann/json.hpp>

#include <string>

/// Configurations that an earlier version wrote. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// The same optimiser, said in one way only: every group says all of its numbers, and none stands at the end that is as
/// the rest.
[[nodiscard]] inline AdamConfig settled(AdamConfig adam) {
  for (ParameterGroup& group : adam.groups) {
    group.epsilon = group.epsilon.value_or(adam.epsilon);
    group.weight_decay = group.weight_decay.value_or(adam.weight_decay);
  }
  const auto is_as_the_rest = [&](const ParameterGroup& group) {
    return group.rate == 1 && group.epsilon == adam.epsilon && group.weight_decay == adam.weight_decay && !group.frozen;
  };
  while (!adam.groups.empty() && is_as_the_rest(adam.groups.back())) adam.groups.pop_back();
  return adam;
}

/// The description of a run's data in today's form: before "saccade.run.2" all data were of BreakHis, and groups were
/// patients.
[[nodiscard]] inline nlohmann::ordered_json current_data_description(nlohmann::ordered_json data) {
  if (!data.is_object() || data.contains("kind") || !data.contains("train_patients")) return data;
  nlohmann::ordered_json now{{"kind", "breakhis"}, {"classes", {"benign", "malignant"}}};
  for (const auto& [key, value] : data.items()) {
    const std::string patients = "patients";
    now[key.ends_with("_patients") ? key.substr(0, key.size() - patients.size()) + "groups" : key] = value;
  }
  return now;
}

/// A description of a run as it would be written today, so that two can be compared: its "model" and "training" have
/// today's fields, where they are missing with the values that do what was done before there were such fields. A part
/// that no longer can be read stays as it is. Its "data" are told in today's form.
[[nodiscard]] inline nlohmann::ordered_json current_description(nlohmann::ordered_json description) {
  const auto renew = [&]<class C>(const char* name, C config, auto settle) {
    if (!description.is_object() || !description.contains(name)) return;
    try {
      update_from_json(description[name], config, name);
      settle(config);
      description[name] = to_json(config);
    } catch (const ConfigError&) {  // the comparison will tell
    }
  };
  renew("model", HybridAttentionConfig{}, [](HybridAttentionConfig&) {});
  renew("training", TrainingConfig{}, [](TrainingConfig& training) { training.adam = settled(training.adam); });
  if (!description.is_object()) return description;
  if (description.value("schema", nlohmann::ordered_json()) == "saccade.run.1") description["schema"] = "saccade.run.2";
  if (description.value("preset", nlohmann::ordered_json()) == "stable") description["preset"] = "large";
  if (description.contains("data")) description["data"] = current_data_description(description["data"]);
  return description;
}

/// The same, to be compared with `now`: a description that does not say yet which images it is about is of the same.
[[nodiscard]] inline nlohmann::ordered_json current_description(const nlohmann::ordered_json& before,
                                                                const nlohmann::ordered_json& now) {
  nlohmann::ordered_json description = current_description(before);
  if (!description.contains("data") || !description.at("data").is_object()) return description;
  for (const char* identity : {"/data/fingerprint", "/data/content"}) {
    const nlohmann::ordered_json::json_pointer images(identity);
    if (!description.contains(images) && now.contains(images)) description[images] = now.at(images);
  }
  return description;
}

}  // namespace saccade
