#pragma once

#include <saccade/model/config_fields.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/learning_rate.hpp>

#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace saccade::inline v0 {

/// Where the glimpses of a training step come from.
enum class TrainingGlimpses {
  policy,  ///< drawn by the policy, which learns
  random,  ///< uniform over the image; the policy learns nothing: a control, or a first stage
};

/// How a model is trained; the model itself has its own configuration.
struct TrainingConfig {
  Index epochs = 200;
  Index batch = 16;
  double learning_rate = 0.01;
  double decay = 0.98;  ///< of the learning rate, by epoch
  AdamConfig adam{};
  TrainingGlimpses glimpses = TrainingGlimpses::policy;
  Index random_epochs = 0;  ///< at first, on random glimpses: the classifier learns to see before the policy learns to look
  bool augment = true;  ///< the eight symmetries of the square
};

/// Where the glimpses of an epoch come from.
[[nodiscard]] inline TrainingGlimpses glimpses_at(const TrainingConfig& config, Index epoch) {
  return epoch < config.random_epochs ? TrainingGlimpses::random : config.glimpses;
}

/// @throws ConfigError
inline void validate(const TrainingConfig& config) {
  expect_config(config.epochs >= 1, "training: epochs must be at least 1, but is " + std::to_string(config.epochs));
  expect_config(config.batch >= 1, "training: batch must be at least 1, but is " + std::to_string(config.batch));
  expect_config(config.learning_rate > 0, "training: learning_rate must be greater than 0");
  expect_config(config.random_epochs >= 0, "training: random_epochs must be at least 0");
  expect_config(config.decay > 0 && config.decay <= 1, "training: decay must be greater than 0 and at most 1");
}

/// The way of training that goes with a model preset. @throws ConfigError
[[nodiscard]] inline TrainingConfig training_preset(std::string_view name) {
  TrainingConfig config;
  if (name == "paper") return config;
  if (name != "stable" && name != "compact")
    throw ConfigError("unknown preset \"" + std::string(name) + "\"; expected paper, stable or compact");
  config.learning_rate = 3e-3;
  config.adam.clip_norm = 5;
  config.adam.policy_rate = 0.15;
  config.decay = 0.985;
  config.epochs = name == "stable" ? 120 : 90;
  config.random_epochs = name == "stable" ? 40 : 24;
  return config;
}

template <>
inline constexpr std::array<std::string_view, 2> enum_names<TrainingGlimpses>{"policy", "random"};

template <class C, class Visitor>
  requires std::same_as<std::remove_const_t<C>, AdamConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("beta1", c.beta1);
  visit("beta2", c.beta2);
  visit("epsilon", c.epsilon);
  visit("clip_norm", c.clip_norm);
  visit("policy_rate", c.policy_rate);
}

template <class C, class Visitor>
  requires std::same_as<std::remove_const_t<C>, TrainingConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("epochs", c.epochs);
  visit("batch", c.batch);
  visit("learning_rate", c.learning_rate);
  visit("decay", c.decay);
  visit("adam", c.adam);
  visit("glimpses", c.glimpses);
  visit("random_epochs", c.random_epochs);
  visit("augment", c.augment);
}

}  // namespace saccade::inline v0
