#pragma once

#include <saccade/model/control_policy.hpp>
#include <saccade/training/run_config.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using saccade::Index;

/// The encoder with its soft attention, or without ("w/o SA" in the paper's Table 1).
enum class EncoderKind { attention, plain };

inline constexpr std::array<std::string_view, 2> encoder_kind_names{"attention", "plain"};

[[nodiscard]] inline std::string to_string(EncoderKind kind) {
  return std::string(encoder_kind_names[static_cast<std::size_t>(kind)]);
}

/// What a model of a study is made for. It is judged by the same.
enum class TrainedOn {
  learned,  ///< glimpses of its own policy, which learns
  random,   ///< random glimpses: a control
  centre,   ///< glimpses at the middle: a control
  shrunk,   ///< the whole image, shrunk to as many pixels as the networks of a learned policy read, as one glimpse
};

inline constexpr std::array<std::string_view, 4> trained_on_names{"learned", "random", "centre", "shrunk"};

[[nodiscard]] inline std::string to_string(TrainedOn glimpses) {
  return std::string(trained_on_names[static_cast<std::size_t>(glimpses)]);
}

/// "the shrunk image" for a reader.
[[nodiscard]] inline std::string words_of(TrainedOn glimpses) {
  return glimpses == TrainedOn::shrunk ? "the shrunk image" : to_string(glimpses);
}

/// Who chooses the glimpses when a model is judged by what it was made for.
[[nodiscard]] inline saccade::GlimpsePolicy own_policy(TrainedOn glimpses) {
  using saccade::GlimpsePolicy;
  switch (glimpses) {
    case TrainedOn::learned:
      return GlimpsePolicy::learned;
    case TrainedOn::random:
      return GlimpsePolicy::random;
    case TrainedOn::centre:
    case TrainedOn::shrunk:
      break;
  }
  return GlimpsePolicy::centre;
}

/// The policies that a model is judged under, its own first. The oracle only where it is known where to look.
[[nodiscard]] inline std::vector<saccade::GlimpsePolicy> judged_policies(TrainedOn glimpses) {
  using saccade::GlimpsePolicy;
  if (glimpses == TrainedOn::shrunk) return {GlimpsePolicy::centre};
  std::vector<GlimpsePolicy> policies{own_policy(glimpses)};
  for (const GlimpsePolicy policy :
       {GlimpsePolicy::random, GlimpsePolicy::centre, GlimpsePolicy::grid, GlimpsePolicy::oracle})
    if (policy != policies.front()) policies.push_back(policy);
  return policies;
}

/// The side of a square of about as many pixels as the networks of `model` read in its glimpses and its thumbnail, and at
/// most `limit`.
[[nodiscard]] inline Index shrunk_side(const saccade::HybridAttentionConfig& model, Index limit) {
  const Index glimpses = model.glimpses * model.sensor.scales * model.sensor.side * model.sensor.side;
  const Index thumbnail = model.glance.side * model.glance.side;
  const auto side = std::lround(std::sqrt(static_cast<double>(glimpses + thumbnail)));
  return std::min<Index>(side, limit);
}

/// Takes from a model what only a policy needs.
inline void remove_policy(saccade::HybridAttentionConfig& model) {
  model.policy.context = model.glance.side = 0;
  model.policy.movement_penalty = 0;
  model.learner.baseline = saccade::Baseline::none;
}

/// Makes of a model with a policy one that is made for other glimpses. All else that it is and is trained with stays.
/// @param side  of the shrunk image, see shrunk_side
inline void adapt(saccade::RunConfig& config, TrainedOn glimpses, Index side) {
  if (glimpses == TrainedOn::learned) return;
  saccade::TrainingConfig& training = config.training;
  training.glimpses =
      glimpses == TrainedOn::random ? saccade::GlimpsePolicy::random : saccade::GlimpsePolicy::centre;
  training.random_epochs = training.policy_epochs = training.sigma_epochs = 0;
  training.rollouts = 1;
  remove_policy(config.model);
  if (glimpses == TrainedOn::shrunk) {
    config.model.glimpses = config.model.sensor.scales = 1;
    config.model.sensor.side = side;
  }
  config.model = validated(config.model);
}

}  // namespace bench
