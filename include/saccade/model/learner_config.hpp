#pragma once

#include <saccade/core/shape.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// What a batch of rollouts does to the policy.
enum class LearnerKind {
  policy_gradient,  ///< PolicyGradient: REINFORCE, as in the paper
  ppo,              ///< ProximalPolicyOptimization: several updates from one batch of rollouts
};

/// What is subtracted from the return.
enum class Baseline {
  none,
  learned,        ///< a linear prediction of it from the hidden state, ValueHead
  self_critical,  ///< what the policy earns at its modes, in a rollout of its own
  leave_one_out,  ///< the mean of what the other rollouts over the same image earn
};

/// Which answer is rewarded.
enum class RewardClass {
  sampled,        ///< 1 if a class drawn from the softmax is the label, as in the paper
  most_probable,  ///< 1 if the most probable class is the label
  expected,       ///< the probability of the label: `sampled` averaged over the draw, so with less variance
};

/// Which steps' answers are rewarded: the last one's, as in the paper, every one's, or every one's by how much more
/// than the answer before it earns.
enum class RewardedSteps { last, every, gain };

/// How a policy learns. A learner of your own may have any other.
struct LearnerConfig {
  LearnerKind kind = LearnerKind::policy_gradient;
  double weight = 1.0;  ///< lambda: factor of the policy term -J in the loss
  Baseline baseline = Baseline::learned;
  RewardClass reward = RewardClass::most_probable;
  RewardedSteps rewarded_steps = RewardedSteps::last;
  double discount = 1.0;    ///< gamma: the return of a location is sum_k gamma^k of the k-th reward after it
  bool class_term = false;  ///< adds grad log pi(class) R, with a sampled class only
  Index passes = 4;         ///< of ppo: updates from one batch of rollouts
  double clip = 0.2;        ///< of ppo: how far the ratio of the densities may be from 1
};

}  // namespace saccade
