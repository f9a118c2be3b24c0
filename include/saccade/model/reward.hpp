#pragma once

#include <saccade/components/policy_gradient.hpp>
#include <saccade/model/episode.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <cstddef>

namespace saccade::inline SACCADE_NAMESPACE {

/// Writes a step's own reward into its outcome. The episode holds the labels.
template <class B, class E>
void reward_answer(B& b, const PolicyConfig& policy, const RandomKey& key, const RolloutOptions& options,
                   EpisodeStep<B>& step, Episode<B, E>& episode) {
  const bool sampled = policy.reward == RewardClass::sampled && options.locations != Locations::mean;
  if (sampled) {
    ops::sample_categorical(b, step.probabilities, key, episode.classes);
  } else {
    ops::most_probable(b, step.probabilities, episode.classes);
  }
  if (policy.reward != RewardClass::expected) return ops::correct(b, episode.classes, episode.labels, step.outcome);
  ops::multiply(b, step.probabilities, episode.targets, episode.chosen, Write::overwrite);  // (B, K)
  ops::row_sums(b, episode.chosen, step.outcome, Write::overwrite);                         // (B)
}

/// Judges a rollout by the labels in its episode: every step's cross-entropy, the class answered at the last step, and
/// the rewards of the steps that the policy rewards, summed up, discounted, to what followed each location.
template <class B, class E>
void score_rollout(B& b, const PolicyConfig& policy, const RolloutOptions& options, Episode<B, E>& episode) {
  for (std::size_t t = 0; t < episode.steps.size(); ++t) {
    EpisodeStep<B>& step = episode.steps[t];
    ops::softmax_cross_entropy(b, step.logits, episode.labels, step.probabilities, step.loss);
    if (t + 1 == episode.steps.size() || policy.rewarded_steps != RewardedSteps::last) {
      reward_answer(b, policy, rollout_key(options, RandomStream::category, t), options, step, episode);
    } else {
      b.fill(Scalar<B>(0), step.outcome);
    }
  }
  b.copy(episode.last().outcome, episode.reward);
  if (policy.rewarded_steps == RewardedSteps::gain)
    for (std::size_t t = episode.steps.size(); t-- > 1;)
      ops::axpy(b, Scalar<B>(-1), episode.steps[t - 1].outcome, episode.steps[t].outcome);
  for (std::size_t t = episode.steps.size() - 1; t-- > 0;)
    ops::axpy(b, static_cast<Scalar<B>>(policy.discount), episode.steps[t + 1].outcome, episode.steps[t].outcome);
}

}  // namespace saccade
