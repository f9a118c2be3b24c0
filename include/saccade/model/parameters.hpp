#pragma once

#include <saccade/components/glimpse_fusion.hpp>
#include <saccade/components/recurrent_core.hpp>
#include <saccade/components/value_head.hpp>
#include <saccade/components/context_network.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/math/philox.hpp>
#include <saccade/math/gaussian.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// All that a model learns; the same type holds the gradients.
template <class B, class E, class P>
struct ModelParameters {
  /// Names the tensors that choose locations, for parameter groups.
  static constexpr std::string_view policy_pattern = "policy.*";

  typename E::Parameters encoder;
  typename GlimpseFusion<B>::Parameters fusion;
  typename RecurrentCore<B>::Parameters core;
  typename LinearLayer<B>::Parameters classifier;
  typename P::Parameters policy;
  std::optional<typename ValueHead<B>::Parameters> value{};
  std::optional<typename PatchReadout<B>::Parameters> readout{};
  std::optional<typename ContextNetwork<B>::Parameters> glance{};

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    E::Parameters::for_each(self.encoder, prefix + "encoder.", visit);
    GlimpseFusion<B>::Parameters::for_each(self.fusion, prefix + "fusion.", visit);
    RecurrentCore<B>::Parameters::for_each(self.core, prefix + "core.", visit);
    LinearLayer<B>::Parameters::for_each(self.classifier, prefix + "classifier.", visit);
    P::Parameters::for_each(self.policy, prefix + "policy.", visit);
    if (self.value) ValueHead<B>::Parameters::for_each(*self.value, prefix + "policy.value.", visit);
    if (self.readout) PatchReadout<B>::Parameters::for_each(*self.readout, prefix + "policy.context.", visit);
    if (self.glance) ContextNetwork<B>::Parameters::for_each(*self.glance, prefix + "policy.glance.", visit);
  }
};

/// Running statistics of the normalisations of one step.
template <class B, class E>
struct StepStatistics {
  typename E::Statistics encoder;
  std::optional<typename PatchReadout<B>::Statistics> readout{};

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    E::Statistics::for_each(self.encoder, prefix + "encoder.", visit);
    if (self.readout) PatchReadout<B>::Statistics::for_each(*self.readout, prefix + "policy.context.", visit);
  }
};

/// Running statistics of the model: one set, or one for each step; and those of the glance, which comes before them.
template <class B, class E>
struct ModelStatistics {
  std::vector<StepStatistics<B, E>> sets;
  std::optional<typename ContextNetwork<B>::Statistics> glance{};

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    for (std::size_t t = 0; t < self.sets.size(); ++t) {
      const std::string step = self.sets.size() == 1 ? "" : "step" + std::to_string(t + 1) + ".";
      StepStatistics<B, E>::for_each(self.sets[t], prefix + step, visit);
    }
    if (self.glance) ContextNetwork<B>::Statistics::for_each(*self.glance, prefix + "policy.glance.", visit);
  }

  /// The set that step t uses.
  [[nodiscard]] StepStatistics<B, E>& at(std::size_t t) { return sets[sets.size() == 1 ? 0 : t]; }
};

/// Sets every tensor of `owner` to its start. Tensor number i draws from counter i, so a value depends on nothing but
/// the seed, the tensor's place in the list and the element's place in the tensor.
template <class B, class Owner>
void initialize(B& b, Owner& owner, std::uint64_t seed) {
  std::uint64_t number = 0;
  for (const auto& [name, tensor, how] : named_tensors<B>(owner)) {
    const Shape shape = b.shape(*tensor);
    std::vector<Scalar<B>> values(static_cast<std::size_t>(shape.size()), static_cast<Scalar<B>>(how.value));
    if (how.kind == Initialization::Kind::forget_gate) {
      const std::size_t hidden = values.size() / 4;
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = i / hidden == 1 ? values[i] : Scalar<B>(0);
    } else if (how.kind == Initialization::Kind::normal) {
      const double fan_in = shape[0] > 0 ? static_cast<double>(shape.size() / shape[0]) : 1.0;
      const RandomKey key{seed, RandomStream::initialization, number};
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto z = math::standard_normal<double>(math::random_block(key, static_cast<std::uint32_t>(i)));
        values[i] = static_cast<Scalar<B>>(z * how.value / std::sqrt(fan_in));
      }
    }
    b.upload(std::span<const Scalar<B>>(values), *tensor);
    ++number;
  }
}

/// Sets every tensor of `owner` to 0.
template <class B, class Owner>
void set_zero(B& b, Owner& owner) {
  for (const auto& named : named_tensors<B>(owner)) b.fill(Scalar<B>(0), *named.tensor);
}

}  // namespace saccade
