#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>

#include <nlohmann/json.hpp>

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

/// A description of a run as it would be written today, so that two can be compared: its "model" and "training" have
/// today's fields, where they are missing with the values that do what was done before there were such fields. A part
/// that no longer can be read stays as it is.
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
  return description;
}

}  // namespace saccade
