#pragma once

#include <saccade/model/config.hpp>

#include "golden/golden_case.hpp"

#include <type_traits>

namespace saccade_tests {

/// As golden_tolerance, for a network: each of some dozen layers adds its own rounding, and normalisation over few
/// values enlarges what it is given. Ten times and more what was measured (see docs/gradients.md).
template <class Scalar>
inline constexpr double network_tolerance = std::is_same_v<Scalar, double> ? 1e-11 : 2e-4;

/// The fields below are those of twin.py's Options, PolicyOptions and ModelOptions.
template <class Golden>
[[nodiscard]] NormalizedActivationConfig normalization_config(Golden& golden) {
  return {.normalization = golden.flag("batch") ? Normalization::batch : Normalization::group,
          .groups = golden.integer("groups"),
          .slope_sharing = golden.flag("shared_slope") ? SlopeSharing::shared : SlopeSharing::per_channel};
}

template <class Golden>
[[nodiscard]] SoftAttentionConfig encoder_config(Golden& golden) {
  return {.inputs = golden.integer("inputs"),
          .side = golden.integer("side"),
          .width = golden.integer("width"),
          .stem_kernel = golden.integer("stem_kernel"),
          .stem_stride = golden.integer("stem_stride"),
          .trunk_units = golden.integer("trunk_units"),
          .mask = golden.flag("mask") ? MaskUse::attend : MaskUse::none,
          .mask_depth = golden.integer("mask_depth"),
          .mask_skips = golden.flag("mask_skips"),
          .unit = golden.flag("bottleneck") ? UnitKind::bottleneck : UnitKind::basic,
          .corners = golden.flag("aligned") ? Corners::aligned : Corners::half_pixel,
          .normalization = normalization_config(golden)};
}

template <class Golden>
[[nodiscard]] PolicyConfig policy_config(Golden& golden) {
  return {.hidden = golden.integer("hidden"),
          .sigma = golden.number("sigma"),
          .squash = golden.flag("squash") ? MeanSquash::tanh : MeanSquash::none,
          .state = golden.flag("attached") ? StateGradient::attached : StateGradient::detached,
          .patch = golden.integer("context")};
}

template <class Golden>
[[nodiscard]] LearnerConfig learner_config(Golden& golden) {
  const bool class_term = golden.flag("class_term");
  return {.weight = golden.number("weight"),
          .baseline = golden.flag("baseline") ? Baseline::learned : Baseline::none,
          .reward = class_term ? RewardClass::sampled : RewardClass::most_probable,
          .class_term = class_term};
}

}  // namespace saccade_tests
