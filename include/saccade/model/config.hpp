#pragma once

#include <saccade/components/context_network.hpp>
#include <saccade/components/encoder_config.hpp>
#include <saccade/components/policy_config.hpp>
#include <saccade/core/error.hpp>
#include <saccade/model/glimpse_policy.hpp>
#include <saccade/model/learner_config.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE {

/// Which steps' answers the cross-entropy asks for: the last one's, as in the paper, or the mean over all.
enum class SupervisedSteps { last, every };

/// Whether batch normalisation keeps one set of running statistics, or one for each step of the rollout.
enum class RunningStatistics { shared, per_step };

/// Where locations that are drawn and not chosen lie: evenly over the image, or over its tissue.
enum class RandomLocations { image, tissue };

/// The whole model: one aggregate for each component.
struct HybridAttentionConfig {
  Index classes = 2;
  Index glimpses = 5;        ///< T, steps of a rollout
  GlimpseGeometry sensor{};  ///< its `mean` and `deviation` follow where the encoder has a backbone
  EncoderConfig encoder{};
  Index fusion_width = 256;       ///< length of g_t
  Index hidden = 256;             ///< length of h_t
  PolicyConfig policy{};          ///< its `hidden`, `zooms`, `context` and `cells` follow from the fields beside it
  ContextNetworkConfig glance{};  ///< its `readout` follows where the policy is over cells
  LearnerConfig learner{};
  /// Where the first glimpse goes in training where no glance chooses it: `random` or `centre`. A deterministic rollout
  /// begins in the centre. Its zoom is the widest.
  GlimpsePolicy first_location = GlimpsePolicy::centre;
  /// Of the first glimpse, where that is random, and of GlimpsePolicy::random, in training and in evaluation. Of an
  /// image without tissue all counts.
  RandomLocations random_locations = RandomLocations::image;
  SupervisedSteps supervised_steps = SupervisedSteps::last;
  RunningStatistics running_statistics = RunningStatistics::shared;
  Index lattice = 0;  ///< places on each axis that every location is moved to, see LocationLattice; 0: it stays
};

/// Pixels that an image has at least on each axis: of a glimpse, and of the thumbnail where there is one.
[[nodiscard]] constexpr Index smallest_side(const HybridAttentionConfig& config) {
  return std::max(config.sensor.side, config.glance.side);
}

/// Pixels that an image has at most on each axis, for the thumbnail to show all of it; nothing where any size will do.
[[nodiscard]] constexpr std::optional<Index> largest_side(const HybridAttentionConfig& config) {
  return config.glance.side == 0 ? std::nullopt : std::optional(config.glance.covers());
}

/// Fills in what follows from other fields, and throws ConfigError with a sentence where a model cannot be built.
[[nodiscard]] inline HybridAttentionConfig validated(HybridAttentionConfig config) {
  expect_config(config.classes >= 2, "model: classes must be at least 2, but is " + std::to_string(config.classes));
  expect_config(config.glimpses >= 1 && config.glimpses <= 255,
                "model: glimpses must be from 1 to 255, but is " + std::to_string(config.glimpses));
  expect_config(config.fusion_width >= 1 && config.hidden >= 1, "model: fusion_width and hidden must be at least 1");
  expect_config(config.glance.side >= 0, "model: glance.side must be at least 0");
  expect_config(config.lattice >= 0 && config.lattice <= 1024,
                "model: lattice must be from 0 to 1024, but is " + std::to_string(config.lattice));
  expect_config(config.first_location == GlimpsePolicy::random || config.first_location == GlimpsePolicy::centre,
                "model: first_location must be random or centre, but is " + to_string(config.first_location));
  config.encoder.side = config.sensor.side;
  config.encoder.inputs = image_channels * config.sensor.scales;
  if (const BackboneKind kind = config.encoder.backbone.kind; kind != BackboneKind::none) {
    expect_config(config.sensor.scales == 1, "model: encoder.backbone " + std::string(backbone_name(kind)) +
                                                 " reads one scale, but sensor.scales is " +
                                                 std::to_string(config.sensor.scales));
    const BackbonePlan network = backbone_plan(kind, config.encoder.backbone.stages);
    expect_config(config.glance.input == GlanceInput::pixels || config.glance.stages < network.parts(),
                  "model: the encoder is cut after stage " + std::to_string(network.parts() - 1) +
                      ", but glance.stages is " + std::to_string(config.glance.stages));
    config.sensor.mean = input_normalization(kind).mean;
    config.sensor.deviation = input_normalization(kind).deviation;
  }
  expect_config(config.glance.input == GlanceInput::pixels || config.encoder.backbone.kind != BackboneKind::none,
                "model: glance.input backbone needs encoder.backbone.kind, but that is none");
  expect_config(config.glance.input == GlanceInput::pixels || config.glance.stages >= 1,
                "model: glance.stages must be at least 1, but is " + std::to_string(config.glance.stages));
  config.glance.backbone = config.encoder.backbone.kind;
  config.policy.hidden = config.hidden;
  config.policy.zooms = config.sensor.zooms;
  if (config.policy.kind == PolicyKind::cell) {
    expect_config(config.glance.side > 0, "model: policy.kind cell needs a thumbnail, glance.side, but that is 0");
    config.glance.readout = Readout::cells;
    config.policy.cells = readout_side(glance_readout(config.glance));
    config.policy.context = config.policy.cells * config.policy.cells;
  } else {
    expect_config(config.glance.readout != Readout::cells, "model: glance.readout cells needs policy.kind cell");
    config.policy.cells = 0;
    config.policy.context = config.glance.side == 0 ? 0 : config.glance.outputs;
  }
  const LearnerConfig& learner = config.learner;
  expect_config(learner.weight >= 0,
                "model: learner.weight must be at least 0, but is " + std::to_string(learner.weight));
  expect_config(learner.discount >= 0 && learner.discount <= 1,
                "model: learner.discount must be from 0 to 1, but is " + std::to_string(learner.discount));
  expect_config(!learner.class_term || learner.reward == RewardClass::sampled,
                "model: learner.class_term needs learner.reward sampled");
  expect_config(learner.passes >= 1,
                "model: learner.passes must be at least 1, but is " + std::to_string(learner.passes));
  expect_config(learner.clip > 0, "model: learner.clip must be greater than 0, but is " + std::to_string(learner.clip));
  config.glance.mean = config.sensor.mean;
  config.glance.deviation = config.sensor.deviation;
  config.glance.normalization = config.encoder.normalization;
  // Room for the image that every checkpoint answers for, which is twice as wide as a glimpse.
  const Index least = 2 * smallest_side(config);
  expect_config(config.glance.side == 0 || config.glance.covers() >= least,
                "model: glance.side * glance.reduction must be at least " + std::to_string(least) + ", but is " +
                    std::to_string(config.glance.covers()));
  return config;
}

/// The model with a thumbnail, if it has one, that shows all of an image of `width` x `height` pixels and reduces it no
/// more than that needs; a smaller thumbnail where the image is smaller.
[[nodiscard]] inline HybridAttentionConfig with_thumbnail_over(HybridAttentionConfig config, Index width,
                                                               Index height) {
  if (config.glance.side == 0) return config;
  config.glance.side = std::min({config.glance.side, width, height});
  const Index least = std::max({width, height, 2 * smallest_side(config)});
  config.glance.reduction = 2;
  while (config.glance.covers() < least) config.glance.reduction *= 2;
  return validated(config);
}

/// The paper, read literally (METHOD in docs/method.md, section "presets").
[[nodiscard]] inline HybridAttentionConfig paper_preset() {
  HybridAttentionConfig config;
  config.learner.weight = 1.0;
  config.learner.baseline = Baseline::none;
  config.learner.reward = RewardClass::sampled;
  config.learner.class_term = true;
  config.policy.state = StateGradient::attached;
  config.first_location = GlimpsePolicy::random;
  return validated(config);
}

/// What learns best so far: one scale, so that a glimpse has to hit what it is rewarded for; a stem; a thumbnail read
/// out as positions; every answer rewarded by the probability of the label and credited to the glimpse before it; a
/// learned baseline, location terms only.
[[nodiscard]] inline HybridAttentionConfig large_preset() {
  HybridAttentionConfig config;
  config.encoder.stem_kernel = 7;
  config.encoder.stem_stride = 4;
  config.encoder.mask_depth = 2;
  config.policy.sigma = 0.3;
  config.policy.movement_penalty = 0.4;
  config.learner.reward = RewardClass::expected;
  config.learner.rewarded_steps = RewardedSteps::every;
  config.learner.discount = 0;
  config.glance.side = 88;
  config.glance.reduction = 8;
  config.glance.readout = Readout::positions;
  config.supervised_steps = SupervisedSteps::every;
  return validated(config);
}

/// Small enough to train on a CPU in minutes.
[[nodiscard]] inline HybridAttentionConfig compact_preset() {
  HybridAttentionConfig config = large_preset();
  config.glimpses = 3;
  config.sensor.side = 32;
  config.encoder.width = 16;
  config.encoder.stem_kernel = 3;
  config.encoder.stem_stride = 2;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.fusion_width = 64;
  config.hidden = 64;
  return validated(config);
}

/// EfficientNet-Lite0 as it comes from its file, over glimpses of 128 x 128 pixels; a policy over the cells of a
/// thumbnail that learns by PPO.
[[nodiscard]] inline HybridAttentionConfig pretrained_preset() {
  HybridAttentionConfig config = large_preset();
  config.glimpses = 3;
  config.sensor.side = 128;
  config.encoder.backbone.kind = BackboneKind::efficientnet_lite0;
  config.encoder.mask = MaskUse::none;
  config.fusion_width = 128;
  config.hidden = 128;
  config.policy.kind = PolicyKind::cell;
  config.policy.entropy = 0.01;
  config.policy.movement_penalty = 0;
  config.learner.kind = LearnerKind::ppo;
  config.learner.baseline = Baseline::leave_one_out;
  return validated(config);
}

/// @throws ConfigError "unknown preset "tiny"; expected paper, large, compact or pretrained"
[[nodiscard]] inline HybridAttentionConfig preset(std::string_view name) {
  if (name == "paper") return paper_preset();
  if (name == "large") return large_preset();
  if (name == "compact") return compact_preset();
  if (name == "pretrained") return pretrained_preset();
  throw ConfigError("unknown preset \"" + std::string(name) + "\"; expected paper, large, compact or pretrained");
}

}  // namespace saccade
