#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/config_fields.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/learning_rate.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace saccade::inline SACCADE_NAMESPACE {

/// What an image of each class weighs in the loss of training: in the cross-entropy and in the advantages.
enum class ClassWeights {
  none,      ///< 1
  balanced,  ///< the more, the fewer images of its class there are: see class_weights
};

/// Of which images the statistics of batch normalisation are, where a batch is taken in parts.
enum class BatchStatistics {
  part,          ///< those of each part
  synchronized,  ///< those of the whole batch: each part has a process of its own, and they tell each other
};

/// What may differ from one step of training to the next.
struct StepOptions {
  GlimpsePolicy glimpses = GlimpsePolicy::learned;  ///< learned, random or centre; drawn by the policy if learned
  LearnedPart part = LearnedPart::all;              ///< the classifier, always, where glimpses are not the policy's
  std::optional<double> sigma{};                    ///< of the policy; without it that of its configuration
  Index rollouts = 1;                               ///< of each image, in one step

  friend bool operator==(const StepOptions&, const StepOptions&) = default;
};

/// Whether the policy learns in such a step: not only from glimpses of its own, but with the rest or alone.
[[nodiscard]] inline bool policy_learns(const StepOptions& how) {
  return how.glimpses == GlimpsePolicy::learned && how.part != LearnedPart::classifier;
}

/// @throws ConfigError; ShapeError unless there is a label for each image
inline void validate(const StepOptions& how, std::size_t images, std::size_t labels) {
  if (labels != images) {
    throw ShapeError("training: " + std::to_string(images) + " images need as many labels, but there are " +
                     std::to_string(labels));
  }
  // Sentences are made only where they are needed: this is asked in every step.
  const bool learned = how.glimpses == GlimpsePolicy::learned;
  if (!learned && how.glimpses != GlimpsePolicy::random && how.glimpses != GlimpsePolicy::centre)
    throw ConfigError("training: glimpses must be learned, random or centre, but are " + to_string(how.glimpses));
  if (how.part == LearnedPart::policy && !learned)
    throw ConfigError("training: the policy alone can only be trained on its own glimpses");
  if (how.rollouts < 1)
    throw ConfigError("training: rollouts must be at least 1, but is " + std::to_string(how.rollouts));
}

/// Which figure of the validation images chooses the best epoch. Of equal ones the lower cross-entropy does.
enum class BestEpochBy {
  group_recognition_rate,  ///< equation 6; where groups are single images, the image accuracy
  balanced_accuracy,       ///< each class counts alike, however many images it has
  cross_entropy,
};

/// How a model is trained; the model itself has its own configuration.
struct TrainingConfig {
  Index epochs = 200;
  Index batch = 16;
  Index parts = 1;  ///< that a batch is taken in, by one process after another or by several at once: see GradientSum
  BatchStatistics batch_statistics = BatchStatistics::part;
  double learning_rate = 0.01;
  double decay = 0.98;  ///< of the learning rate, by epoch
  AdamConfig adam{};
  GlimpsePolicy glimpses = GlimpsePolicy::learned;  ///< learned, random or centre: the last two are controls
  Index random_epochs =
      0;  ///< at first, on random glimpses: the classifier learns to see before the policy learns to look
  Index classifier_epochs = 0;  ///< after those, on glimpses that the policy draws: all but the policy learns
  Index policy_epochs = 0;      ///< after those: the policy alone learns, and everything else is frozen
  Index sigma_epochs = 0;   ///< over which the policy's sigma goes to `sigma_end`, counted from its first; 0: it stays
  double sigma_end = 0.05;  ///< where the policy's sigma goes
  Index rollouts = 1;       ///< of each image in a step
  bool augment = true;      ///< the eight symmetries of the square
  ClassWeights class_weights = ClassWeights::none;
  double stain = 0;  ///< how much each stain of H&E may differ, 0 to 0.5: 0.05 is light, 0.2 strong
  BestEpochBy select_by = BestEpochBy::group_recognition_rate;
};

/// Where the glimpses of an epoch come from.
[[nodiscard]] inline GlimpsePolicy glimpses_at(const TrainingConfig& config, Index epoch) {
  return epoch < config.random_epochs ? GlimpsePolicy::random : config.glimpses;
}

/// The sigma of the policy in an epoch: from `sigma`, that of its configuration, to the schedule's end, by equal ratios
/// from epoch to epoch, so that the entropy of the location falls evenly. Epochs before the policy learns do not count.
[[nodiscard]] inline double sigma_at(const TrainingConfig& config, double sigma, Index epoch) {
  if (config.sigma_epochs == 0) return sigma;
  const Index learned =
      std::clamp<Index>(epoch - config.random_epochs - config.classifier_epochs, 0, config.sigma_epochs);
  return sigma *
         std::pow(config.sigma_end / sigma, static_cast<double>(learned) / static_cast<double>(config.sigma_epochs));
}

/// The steps of an epoch: first the classifier on random glimpses, then on the policy's, then the policy alone, then
/// both.
/// @param sigma  of the policy's configuration
[[nodiscard]] inline StepOptions step_options_at(const TrainingConfig& config, double sigma, Index epoch) {
  StepOptions options{.glimpses = glimpses_at(config, epoch), .rollouts = config.rollouts};
  const Index held = config.random_epochs + config.classifier_epochs;
  if (options.glimpses != GlimpsePolicy::learned || epoch < held) {
    options.part = LearnedPart::classifier;
  } else if (epoch < held + config.policy_epochs) {
    options.part = LearnedPart::policy;
  }
  if (config.sigma_epochs > 0) options.sigma = sigma_at(config, sigma, epoch);
  return options;
}

/// @throws ConfigError
inline void validate(const TrainingConfig& config) {
  expect_config(config.epochs >= 1, "training: epochs must be at least 1, but is " + std::to_string(config.epochs));
  expect_config(config.batch >= 1, "training: batch must be at least 1, but is " + std::to_string(config.batch));
  expect_config(config.parts >= 1 && config.parts <= config.batch,
                "training: parts must be from 1 to the " + std::to_string(config.batch) +
                    " images of a batch, but is " + std::to_string(config.parts));
  expect_config(config.learning_rate > 0, "training: learning_rate must be greater than 0");
  validate(config.adam);
  expect_config(config.glimpses == GlimpsePolicy::learned || config.glimpses == GlimpsePolicy::random ||
                    config.glimpses == GlimpsePolicy::centre,
                "training: glimpses must be learned, random or centre, but is " + to_string(config.glimpses));
  expect_config(config.random_epochs >= 0, "training: random_epochs must be at least 0");
  expect_config(config.classifier_epochs >= 0, "training: classifier_epochs must be at least 0");
  expect_config(config.policy_epochs >= 0, "training: policy_epochs must be at least 0");
  expect_config(config.sigma_epochs >= 0, "training: sigma_epochs must be at least 0");
  expect_config(config.sigma_end > 0, "training: sigma_end must be greater than 0");
  expect_config(config.rollouts >= 1,
                "training: rollouts must be at least 1, but is " + std::to_string(config.rollouts));
  expect_config(config.stain >= 0 && config.stain <= 0.5, "training: stain must be from 0 to 0.5");
  expect_config(config.decay > 0 && config.decay <= 1, "training: decay must be greater than 0 and at most 1");
}

/// A training of a model. @throws ConfigError
inline void validate(const TrainingConfig& config, const HybridAttentionConfig& model) {
  validate(config);
  expect_config(config.sigma_epochs == 0 || config.glimpses != GlimpsePolicy::learned ||
                    model.policy.kind == PolicyKind::gaussian,
                "training: sigma_epochs must be 0 where policy.kind is cell, which has no sigma, but is " +
                    std::to_string(config.sigma_epochs));
}

/// The way of training that goes with a model preset. @throws ConfigError
[[nodiscard]] inline TrainingConfig training_preset(std::string_view name) {
  TrainingConfig config;
  if (name == "paper") return config;
  if (name == "pretrained") {
    config.learning_rate = 1e-3;
    config.adam.clip_norm = 5;
    config.adam.groups = {{.pattern = "encoder.backbone.*", .frozen = true}};
    config.epochs = 40;
    config.random_epochs = 8;
    config.rollouts = 4;
    config.class_weights = ClassWeights::balanced;
    return config;
  }
  if (name != "large" && name != "compact")
    throw ConfigError("unknown preset \"" + std::string(name) + "\"; expected paper, large, compact or pretrained");
  config.learning_rate = 3e-3;
  config.adam.clip_norm = 5;
  config.adam.groups = {{.pattern = "policy.*", .rate = 0.15, .epsilon = 1e-3}};
  config.decay = 0.985;
  config.epochs = name == "large" ? 120 : 60;
  config.random_epochs = name == "large" ? 40 : 12;
  return config;
}

template <>
inline constexpr std::array<std::string_view, 2> enum_names<BatchStatistics>{"part", "synchronized"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<ClassWeights>{"none", "balanced"};
template <>
inline constexpr std::array<std::string_view, 3> enum_names<BestEpochBy>{"group_recognition_rate", "balanced_accuracy",
                                                                         "cross_entropy"};

template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, AdamConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("beta1", c.beta1);
  visit("beta2", c.beta2);
  visit("epsilon", c.epsilon);
  visit("clip_norm", c.clip_norm);
  visit("weight_decay", c.weight_decay);
  visit("groups", c.groups);
}

template <>
inline constexpr std::array<OldField, 2> old_fields<AdamConfig>{
    {{"policy_rate", "groups[policy.*].rate"}, {"policy_epsilon", "groups[policy.*].epsilon"}}};

template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, ParameterGroup>
void for_each_field(C& c, Visitor&& visit) {
  visit("pattern", c.pattern);
  visit("rate", c.rate);
  visit("epsilon", c.epsilon);
  visit("weight_decay", c.weight_decay);
  visit("frozen", c.frozen);
}

template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, TrainingConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("epochs", c.epochs);
  visit("batch", c.batch);
  visit("parts", c.parts);
  visit("batch_statistics", c.batch_statistics);
  visit("learning_rate", c.learning_rate);
  visit("decay", c.decay);
  visit("adam", c.adam);
  visit("glimpses", c.glimpses);
  visit("random_epochs", c.random_epochs);
  visit("classifier_epochs", c.classifier_epochs);
  visit("policy_epochs", c.policy_epochs);
  visit("sigma_epochs", c.sigma_epochs);
  visit("sigma_end", c.sigma_end);
  visit("rollouts", c.rollouts);
  visit("augment", c.augment);
  visit("class_weights", c.class_weights);
  visit("stain", c.stain);
  visit("select_by", c.select_by);
}

}  // namespace saccade
