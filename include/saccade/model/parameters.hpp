#pragma once

#include <saccade/components/glimpse_fusion.hpp>
#include <saccade/components/policy_gradient.hpp>
#include <saccade/components/recurrent_core.hpp>
#include <saccade/components/context_network.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/math/philox.hpp>
#include <saccade/math/gaussian.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// All that a model learns; the same type holds the gradients.
template <class B, class E>
struct ModelParameters {
  typename E::Parameters encoder;
  typename GlimpseFusion<B>::Parameters fusion;
  typename RecurrentCore<B>::Parameters core;
  typename LinearLayer<B>::Parameters classifier;
  typename PolicyGradient<B>::Parameters policy;
  std::vector<typename PatchReadout<B>::Parameters> context{};  ///< one, or none
  std::vector<typename ContextNetwork<B>::Parameters> glance{};    ///< one, or none

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    E::Parameters::for_each(self.encoder, prefix + "encoder.", visit);
    GlimpseFusion<B>::Parameters::for_each(self.fusion, prefix + "fusion.", visit);
    RecurrentCore<B>::Parameters::for_each(self.core, prefix + "core.", visit);
    LinearLayer<B>::Parameters::for_each(self.classifier, prefix + "classifier.", visit);
    PolicyGradient<B>::Parameters::for_each(self.policy, prefix + "policy.", visit);
    for (auto& context : self.context) PatchReadout<B>::Parameters::for_each(context, prefix + "policy.context.", visit);
    for (auto& glance : self.glance) ContextNetwork<B>::Parameters::for_each(glance, prefix + "policy.glance.", visit);
  }
};

/// Running statistics of the normalisations of one step.
template <class B, class E>
struct StepStatistics {
  typename E::Statistics encoder;
  std::vector<typename PatchReadout<B>::Statistics> context;  ///< one, or none

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    E::Statistics::for_each(self.encoder, prefix + "encoder.", visit);
    for (auto& context : self.context) PatchReadout<B>::Statistics::for_each(context, prefix + "policy.context.", visit);
  }
};

/// Running statistics of the model: one set, or one for each step; and those of the glance, which comes before them.
template <class B, class E>
struct ModelStatistics {
  std::vector<StepStatistics<B, E>> sets;
  std::vector<typename ContextNetwork<B>::Statistics> glance{};  ///< one, or none

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    for (std::size_t t = 0; t < self.sets.size(); ++t) {
      const std::string step = self.sets.size() == 1 ? "" : "step" + std::to_string(t + 1) + ".";
      StepStatistics<B, E>::for_each(self.sets[t], prefix + step, visit);
    }
    for (auto& glance : self.glance) ContextNetwork<B>::Statistics::for_each(glance, prefix + "policy.glance.", visit);
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
