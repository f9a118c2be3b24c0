#pragma once

#include <saccade/model/control_policy.hpp>
#include <saccade/training/run_config.hpp>

#include "preparation.hpp"

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
enum class Condition {
  learned,  ///< glimpses of its own policy, which learns
  random,   ///< random glimpses: a control
  centre,   ///< glimpses at the middle: a control
  oracle,   ///< one glimpse at the middle of the region that is known to matter: the ceiling of one look
  shrunk,   ///< the whole image, shrunk to as many pixels as the networks of a learned policy read, as one glimpse
  whole,    ///< the whole image, with as many pixels as it has, as one glimpse
};

inline constexpr std::array<std::string_view, 6> condition_names{"learned", "random", "centre",
                                                                 "oracle",  "shrunk", "whole"};

[[nodiscard]] inline std::string to_string(Condition glimpses) {
  return std::string(condition_names[static_cast<std::size_t>(glimpses)]);
}

/// "the shrunk image" for a reader.
[[nodiscard]] inline std::string words_of(Condition glimpses) {
  if (glimpses == Condition::shrunk) return "the shrunk image";
  return glimpses == Condition::whole ? "the whole image" : to_string(glimpses);
}

/// Who chooses the glimpses when a model is judged by what it was made for.
[[nodiscard]] inline saccade::GlimpsePolicy own_policy(Condition glimpses) {
  using saccade::GlimpsePolicy;
  switch (glimpses) {
    case Condition::learned:
      return GlimpsePolicy::learned;
    case Condition::random:
      return GlimpsePolicy::random;
    case Condition::centre:
    case Condition::oracle:
    case Condition::shrunk:
    case Condition::whole:
      break;
  }
  return GlimpsePolicy::centre;
}

/// What is done to the images of a model that sees one square. The whole image is stretched to a square.
[[nodiscard]] inline Preparation preparation_of(Condition glimpses) {
  if (glimpses == Condition::oracle) return Preparation::cut;
  return glimpses == Condition::shrunk || glimpses == Condition::whole ? Preparation::stretch : Preparation::none;
}

/// The policies that a model is judged under, its own first. The oracle only where it is known where to look.
[[nodiscard]] inline std::vector<saccade::GlimpsePolicy> judged_policies(Condition glimpses) {
  using saccade::GlimpsePolicy;
  if (preparation_of(glimpses) != Preparation::none) return {GlimpsePolicy::centre};
  std::vector<GlimpsePolicy> policies{own_policy(glimpses)};
  for (const GlimpsePolicy policy :
       {GlimpsePolicy::random, GlimpsePolicy::centre, GlimpsePolicy::grid, GlimpsePolicy::oracle})
    if (policy != policies.front()) policies.push_back(policy);
  return policies;
}

/// The side of the square that a model made for `glimpses` sees of an image of `size`: of about as many pixels as the
/// networks of `model` read in its glimpses and its thumbnail, or as the image has.
[[nodiscard]] inline Index side_of_square(const saccade::HybridAttentionConfig& model, Condition glimpses,
                                          saccade::ImageSize size) {
  const auto side_of = [](Index pixels) { return std::lround(std::sqrt(static_cast<double>(pixels))); };
  if (glimpses == Condition::oracle) return model.sensor.side;
  if (glimpses == Condition::whole) return side_of(size.width * size.height);
  const Index read = model.glimpses * model.sensor.scales * model.sensor.side * model.sensor.side;
  const Index side = side_of(read + model.glance.side * model.glance.side);
  return std::min({side, size.width, size.height});
}

/// Takes from a model what only a policy needs.
inline void remove_policy(saccade::HybridAttentionConfig& model) {
  model.policy.kind = saccade::PolicyKind::gaussian;
  model.policy.context = 0;
  model.glance = {};
  model.policy.movement_penalty = model.policy.entropy = 0;
  model.learner.kind = saccade::LearnerKind::policy_gradient;
  model.learner.baseline = saccade::Baseline::none;
}

/// Makes of a model with a policy one that is made for other glimpses. All else that it is and is trained with stays.
/// @param side  of the only square that it sees, see side_of_square
inline void adapt(saccade::RunConfig& config, Condition glimpses, Index side) {
  if (glimpses == Condition::learned) return;
  saccade::TrainingConfig& training = config.training;
  training.glimpses = glimpses == Condition::random ? saccade::GlimpsePolicy::random : saccade::GlimpsePolicy::centre;
  training.random_epochs = training.classifier_epochs = training.policy_epochs = training.sigma_epochs = 0;
  training.rollouts = 1;
  remove_policy(config.model);
  if (preparation_of(glimpses) != Preparation::none) {
    config.model.glimpses = config.model.sensor.scales = 1;
    config.model.sensor.side = side;
  }
  config.model = validated(config.model);
}

}  // namespace bench
