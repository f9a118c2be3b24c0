#pragma once

#include <saccade/components/context_network.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/components/glimpse_fusion.hpp>
#include <saccade/components/policy_gradient.hpp>
#include <saccade/components/recurrent_core.hpp>
#include <saccade/core/component.hpp>
#include <saccade/model/parameters.hpp>

#include <cstddef>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// What an episode remembers of the encoder: every step's activations, as pictures of the masks need them, or only the
/// last one's. Training needs every step's on the way back; where they are not kept, it computes them again.
enum class Keep { every_step, last_step };

/// Everything of one step of a rollout but the encoder's activations.
template <class B>
struct EpisodeStep {
  Tensor<B> location;  // (B, 2)  where this step looks, l_{t-1}
  Tensor<B> features;  // (B, F)
  typename GlimpseFusion<B>::Cache fusion;
  Tensor<B> glimpse;  // (B, G)  g_t
  typename RecurrentCore<B>::Cache core;
  Tensor<B> h, c;                            // (B, H)  after the step
  Tensor<B> logits;                          // (B, K)
  Tensor<B> probabilities;                   // (B, K)
  Tensor<B> loss;                            // (B)     cross-entropy of this step's answer
  Tensor<B> outcome;                         // (B)     discounted sum of the rewards from this step on
  typename PolicyGradient<B>::Cache policy;  ///< the draw of the next step's location
  Tensor<B> context;                         // (B, context), or of length 0
};

/// The glance at the whole image, once a rollout and before its first step.
template <class B>
struct EpisodeGlance {
  typename ContextNetwork<B>::Cache thumbnail;
  Tensor<B> context;                         // (B, glance)
  typename PolicyGradient<B>::Cache policy;  ///< the draw of the first step's location
};

/// Gradients on their way back through time.
template <class B, class E>
struct EpisodeWorkspace {
  typename E::Workspace encoder;
  typename GlimpseFusion<B>::Workspace fusion;
  typename PolicyGradient<B>::Workspace policy;
  std::vector<typename PatchReadout<B>::Workspace> context;  ///< one, or none
  std::vector<typename ContextNetwork<B>::Workspace> glance;    ///< one, or none
  std::vector<StepStatistics<B, E>> discarded;  ///< moved where activations are computed again: one then, else none
  Tensor<B> d_context;                          // (B, context), or of length 0
  Tensor<B> d_glance;                           // (B, glance), or of length 0
  Tensor<B> d_loss;                             // (B)
  Tensor<B> d_logits;                           // (B, K)
  Tensor<B> d_glimpse;                          // (B, G)
  Tensor<B> d_features;                         // (B, F)
  std::vector<Tensor<B>> d_h;                   // two (B, H), in turn
  std::vector<Tensor<B>> d_c;                   // two (B, H), in turn
};

/// The encoder's view of one step.
template <class B, class E>
struct EpisodeGlimpse {
  typename E::Cache encoder;
  std::vector<typename PatchReadout<B>::Cache> context;  ///< one, or none
};

/// All activations of T steps over a batch, sized once; the only owner of time. Made by
/// HybridAttentionClassifier::make_episode, and good for any number of batches of its size.
template <class B, class E>
struct Episode {
  Index batch = 0;
  Mode mode = Mode::evaluation;
  std::vector<EpisodeStep<B>> steps;
  std::vector<Tensor<B>> patches;              // (B, g, g, S*C): T, or one in evaluation with Keep::last_step
  std::vector<EpisodeGlimpse<B, E>> glimpses;  ///< T, or one with Keep::last_step
  std::vector<EpisodeGlance<B>> glance;        ///< one, or none
  std::size_t held = 0;                        ///< the step whose activations are in that one
  Tensor<B> h0, c0;                            // (B, H), zero
  typename RecurrentCore<B>::Workspace core;
  Tensor<B> labels;                               // (B)
  Tensor<B> classes;                              // (B)  what was answered: the class that the reward judges
  Tensor<B> reward;                               // (B)  of the last answer
  Tensor<B> targets;                              // (B, K)  1 at the label, else 0
  Tensor<B> chosen;                               // (B, K)  scratch
  std::vector<Scalar<B>> staging;                 ///< (B, K), on the host
  std::vector<EpisodeWorkspace<B, E>> workspace;  ///< one in training, else none

  [[nodiscard]] Index size() const { return static_cast<Index>(steps.size()); }
  [[nodiscard]] Tensor<B>& patch(std::size_t t) { return patches[patches.size() == 1 ? 0 : t]; }
  [[nodiscard]] EpisodeGlimpse<B, E>& glimpse(std::size_t t) { return glimpses[glimpses.size() == 1 ? 0 : t]; }
  [[nodiscard]] bool holds(std::size_t t) const { return glimpses.size() > 1 || held == t; }
  [[nodiscard]] const EpisodeStep<B>& last() const { return steps.back(); }

  /// The draw of step t's location, or null where that is the first one and no glance has chosen it.
  [[nodiscard]] typename PolicyGradient<B>::Cache* draw(std::size_t t) {
    return t > 0 ? &steps[t - 1].policy : glance.empty() ? nullptr : &glance[0].policy;
  }

  /// Where Locations::given expects the location of step t, (B, 2): in place of the draw.
  [[nodiscard]] Tensor<B>& given(std::size_t t) { return draw(t) ? draw(t)->sample : steps[t].location; }

  /// Where the policy would go at step t, (B, 2): its mean.
  [[nodiscard]] const Tensor<B>& policy_mean(std::size_t t) { return draw(t) ? draw(t)->mean : steps[t].location; }
};

/// What step t is credited with: what followed its location, or the last answer's reward.
template <class B, class E>
[[nodiscard]] const Tensor<B>& credited(const Episode<B, E>& episode, std::size_t t) {
  return t + 1 == episode.steps.size() ? episode.reward : episode.steps[t + 1].outcome;  // (B)
}

/// What the first location is credited with, where the policy has drawn it: what followed it.
template <class B, class E>
[[nodiscard]] const Tensor<B>& credited_first(const Episode<B, E>& episode) {
  return episode.steps[0].outcome;  // (B)
}

}  // namespace saccade
