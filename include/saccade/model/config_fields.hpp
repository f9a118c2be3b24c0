#pragma once

#include <saccade/model/config.hpp>

#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>

/// Every configuration lists its fields here once, by name, and every enumeration its words: files, programs and error
/// sentences all go by these lists.
namespace saccade::inline SACCADE_NAMESPACE {

/// The words of an enumeration, in the order of its values.
template <class E>
inline constexpr int enum_names = 0;
template <>
inline constexpr std::array<std::string_view, 2> enum_names<Border>{"inside", "zero"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<MaskUse>{"attend", "none"};
template <>
inline constexpr auto enum_names<BackboneKind> = backbone_names;
template <>
inline constexpr std::array<std::string_view, 2> enum_names<UnitKind>{"bottleneck", "basic"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<Corners>{"aligned", "half_pixel"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<Normalization>{"batch", "group"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<SlopeSharing>{"shared", "per_channel"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<PolicyKind>{"gaussian", "cell"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<LearnerKind>{"policy_gradient", "ppo"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<MeanSquash>{"none", "tanh"};
template <>
inline constexpr std::array<std::string_view, 4> enum_names<Baseline>{"none", "learned", "self_critical",
                                                                      "leave_one_out"};
template <>
inline constexpr std::array<std::string_view, 3> enum_names<RewardClass>{"sampled", "most_probable", "expected"};
template <>
inline constexpr std::array<std::string_view, 3> enum_names<RewardedSteps>{"last", "every", "gain"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<StateGradient>{"attached", "detached"};
template <>
inline constexpr std::array<std::string_view, 3> enum_names<Readout>{"convolution", "positions", "cells"};
template <>
inline constexpr auto enum_names<GlimpsePolicy> = glimpse_policy_names;
template <>
inline constexpr std::array<std::string_view, 2> enum_names<GlanceInput>{"pixels", "backbone"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<RandomLocations>{"image", "tissue"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<SupervisedSteps>{"last", "every"};
template <>
inline constexpr std::array<std::string_view, 2> enum_names<RunningStatistics>{"shared", "per_step"};

/// A field that had another name, or another place, in files and on command lines of before.
struct OldField {
  std::string_view name;  ///< "policy.weight": the field `weight` of the configuration `policy` in this one
  std::string_view path;  ///< of today, from the same configuration on, as set_field takes it
};

/// The old fields of a configuration.
template <class C>
inline constexpr std::array<OldField, 0> old_fields{};

/// A word that an enumeration had before, and what it means.
template <class E>
struct OldWord {
  std::string_view word;
  E value;
};
template <class E>
inline constexpr std::array<OldWord<E>, 0> old_words{};
template <>
inline constexpr std::array<OldWord<GlimpsePolicy>, 1> old_words<GlimpsePolicy>{{{"policy", GlimpsePolicy::learned}}};

/// `C` is the configuration, const or not; visit(name, field).
template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, GlimpseGeometry>
void for_each_field(C& c, Visitor&& visit) {
  visit("side", c.side);
  visit("scales", c.scales);
  visit("scale_step", c.scale_step);
  visit("zooms", c.zooms);
  visit("border", c.border);
  visit("mean", c.mean);
  visit("deviation", c.deviation);
}

template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, BatchNormHyper>
void for_each_field(C& c, Visitor&& visit) {
  visit("epsilon", c.epsilon);
  visit("momentum", c.momentum);
}

/// `channels` follows from the unit.
template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, NormalizedActivationConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("kind", c.normalization);
  visit("groups", c.groups);
  visit("slope_sharing", c.slope_sharing);
  visit("batch_norm", c.batch_norm);
}

template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, BackboneConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("kind", c.kind);
  visit("stages", c.stages);
  visit("mask_width", c.mask_width);
}

/// `inputs` and `side` follow from the sensor.
template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, EncoderConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("width", c.width);
  visit("stem_kernel", c.stem_kernel);
  visit("stem_stride", c.stem_stride);
  visit("trunk_units", c.trunk_units);
  visit("mask", c.mask);
  visit("mask_depth", c.mask_depth);
  visit("mask_skips", c.mask_skips);
  visit("unit", c.unit);
  visit("corners", c.corners);
  visit("normalization", c.normalization);
  visit("backbone", c.backbone);
}

/// `hidden`, `context`, `cells` and `zooms` follow from the model.
template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, PolicyConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("kind", c.kind);
  visit("sigma", c.sigma);
  visit("learn_sigma", c.learn_sigma);
  visit("sigma_low", c.sigma_low);
  visit("sigma_high", c.sigma_high);
  visit("entropy", c.entropy);
  visit("movement_penalty", c.movement_penalty);
  visit("squash", c.squash);
  visit("state", c.state);
  visit("patch", c.patch);
  visit("patch_readout", c.patch_readout);
}

template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, LearnerConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("kind", c.kind);
  visit("weight", c.weight);
  visit("baseline", c.baseline);
  visit("reward", c.reward);
  visit("rewarded_steps", c.rewarded_steps);
  visit("discount", c.discount);
  visit("class_term", c.class_term);
  visit("passes", c.passes);
  visit("clip", c.clip);
}

/// What it sees as follows from the sensor, and how it is normalised from the encoder.
template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, ContextNetworkConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("side", c.side);
  visit("reduction", c.reduction);
  visit("outputs", c.outputs);
  visit("readout", c.readout);
  visit("input", c.input);
  visit("stages", c.stages);
}

template <class C, class Visitor>
requires std::same_as<std::remove_const_t<C>, HybridAttentionConfig>
void for_each_field(C& c, Visitor&& visit) {
  visit("classes", c.classes);
  visit("glimpses", c.glimpses);
  visit("sensor", c.sensor);
  visit("encoder", c.encoder);
  visit("fusion_width", c.fusion_width);
  visit("hidden", c.hidden);
  visit("policy", c.policy);
  visit("glance", c.glance);
  visit("learner", c.learner);
  visit("first_location", c.first_location);
  visit("random_locations", c.random_locations);
  visit("supervised_steps", c.supervised_steps);
  visit("running_statistics", c.running_statistics);
  visit("lattice", c.lattice);
}

template <>
inline constexpr std::array<OldField, 9> old_fields<HybridAttentionConfig>{{
    {"policy.saccade_cost", "policy.movement_penalty"},
    {"policy.context", "policy.patch"},
    {"policy.context_readout", "policy.patch_readout"},
    {"policy.weight", "learner.weight"},
    {"policy.baseline", "learner.baseline"},
    {"policy.reward", "learner.reward"},
    {"policy.rewarded_steps", "learner.rewarded_steps"},
    {"policy.discount", "learner.discount"},
    {"policy.class_term", "learner.class_term"},
}};

}  // namespace saccade
