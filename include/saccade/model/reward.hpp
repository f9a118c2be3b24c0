#pragma once

#include <saccade/model/episode.hpp>
#include <saccade/model/learner_config.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <cstddef>

namespace saccade::inline SACCADE_NAMESPACE {

/// Writes the reward of a step's answer into the step. The episode holds the labels.
template <class B, class E, class P>
void reward_answer(B& b, const LearnerConfig& learner, const RandomKey& key, const RolloutOptions& options,
                   EpisodeStep<B>& step, Episode<B, E, P>& episode) {
  const bool sampled = learner.reward == RewardClass::sampled && options.locations != Locations::mode;
  if (sampled) {
    ops::sample_categorical(b, step.probabilities, key, episode.classes);
  } else {
    ops::most_probable(b, step.probabilities, episode.classes);
  }
  if (learner.reward != RewardClass::expected) return ops::correct(b, episode.classes, episode.labels, step.reward);
  ops::multiply(b, step.probabilities, episode.targets, episode.chosen, Write::overwrite);  // (B, K)
  ops::row_sums(b, episode.chosen, step.reward, Write::overwrite);                          // (B)
}

/// Judges a rollout by the labels in its episode: every step's cross-entropy, the class answered at the last step, and
/// the rewards of the steps that the learner rewards; 0 for the others.
template <class B, class E, class P>
void score_rollout(B& b, const LearnerConfig& learner, const RolloutOptions& options, Episode<B, E, P>& episode) {
  for (std::size_t t = 0; t < episode.steps.size(); ++t) {
    EpisodeStep<B>& step = episode.steps[t];
    ops::softmax_cross_entropy(b, step.logits, episode.labels, step.probabilities, step.loss);
    if (t + 1 == episode.steps.size() || learner.rewarded_steps != RewardedSteps::last) {
      RandomKey key = rollout_key(options, RandomStream::category, t);
      key.first = options.first;  // one number an image
      reward_answer(b, learner, key, options, step, episode);
    } else {
      b.fill(Scalar<B>(0), step.reward);
    }
  }
}

/// From rewards to returns: that of decision t < T is the discounted sum of the rewards from step t on,
///     returns_t = reward_t + discount * returns_{t + 1},
/// with reward_t - reward_{t - 1} in place of reward_t where gains are rewarded; that of decision T, the class, is the
/// last answer's reward.
template <class B, class E, class P>
void sum_rewards(B& b, const LearnerConfig& learner, Episode<B, E, P>& episode) {
  const std::size_t steps = episode.steps.size();
  for (std::size_t t = 0; t < steps; ++t) ops::copy(b, episode.steps[t].reward, episode.decisions[t].returns);
  ops::copy(b, episode.reward(), episode.decisions[steps].returns);
  if (learner.rewarded_steps == RewardedSteps::gain)
    for (std::size_t t = steps; t-- > 1;)
      ops::axpy(b, Scalar<B>(-1), episode.steps[t - 1].reward, episode.decisions[t].returns);
  for (std::size_t t = steps - 1; t-- > 0;) {
    ops::axpy(b, static_cast<Scalar<B>>(learner.discount), episode.decisions[t + 1].returns,
              episode.decisions[t].returns);
  }
}

}  // namespace saccade
