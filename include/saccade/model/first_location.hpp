#pragma once

#include <saccade/components/context_network.hpp>
#include <saccade/components/policy_gradient.hpp>
#include <saccade/model/config.hpp>
#include <saccade/model/episode.hpp>
#include <saccade/model/parameters.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/ops/policy.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// Makes the next location (B, 2) of its density in `cache`: drawn, its mean, or what has been given in the draw's
/// place.
template <class B>
void choose_location(B& b, const PolicyGradient<B>& policy, const RolloutOptions& options, const RandomKey& key,
                     typename PolicyGradient<B>::Cache& cache, Tensor<B>& location) {
  if (options.locations == Locations::sample) {
    policy.draw(b, key, cache);
  } else if (options.locations == Locations::mean) {
    policy.take_mean(b, cache);
  }
  policy.place(b, cache, location);
}

/// The first location (B, 2) where no glance chooses it.
template <class B>
void place_first(B& b, FirstLocation first, const RolloutOptions& options, Tensor<B>& location) {
  if (options.locations == Locations::given) return;
  if (options.locations == Locations::sample && first == FirstLocation::random) {
    ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), rollout_key(options, RandomStream::first_location, 0),
                        location);
  } else {
    b.fill(Scalar<B>(0), location);
  }
}

/// The first location by the glance, whose thumbnails have been made: l_0 ~ pi(. | h_0 = 0, glance). Nothing has been
/// seen yet, so a PatchReadout over glimpses has nothing to say.
/// @param p, statistics  of the whole model; the glance's statistics change in training mode
template <class B, class E>
void choose_first_location(B& b, const ContextNetwork<B>& glance, const PolicyGradient<B>& policy,
                           const ModelParameters<B, E>& p, ModelStatistics<B, E>& statistics,
                           const RolloutOptions& options, Episode<B, E>& episode) {
  EpisodeGlance<B>& first = episode.glance[0];
  glance.forward(b, p.glance[0], statistics.glance[0], first.thumbnail, first.context, episode.mode);
  policy.locate(b, p.policy, episode.h0, first.policy, nullptr, &first.context);  // (B, 2)
  policy.predict_reward(b, p.policy, episode.h0, first.policy);
  first.policy.sigma = options.sigma.value_or(policy.config().sigma);
  choose_location(b, policy, options, rollout_key(options, RandomStream::first_location, 0), first.policy,
                  episode.steps[0].location);
}

/// The term of the first location, then the gradient of the glance, to which every location has added in d_glance. What
/// goes into h_0 ends there: it is always 0.
template <class B, class E>
void backpropagate_first_location(B& b, const ContextNetwork<B>& glance, const PolicyGradient<B>& policy,
                                  const ModelParameters<B, E>& p, Episode<B, E>& episode, ModelParameters<B, E>& d_p,
                                  Tensor<B>& d_h0) {
  EpisodeGlance<B>& first = episode.glance[0];
  EpisodeWorkspace<B, E>& w = episode.workspace[0];
  const Tensor<B>& outcome = credited_first(episode);
  policy.weigh(b, outcome, first.policy, w.policy);
  policy.backward_location(b, p.policy, episode.h0, first.policy, w.policy, d_p.policy, d_h0, nullptr, &w.d_glance);
  policy.backward_value(b, episode.h0, outcome, first.policy, w.policy, d_p.policy);
  glance.backward(b, p.glance[0], first.thumbnail, w.d_glance, w.glance[0], d_p.glance[0]);
}

}  // namespace saccade
