#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/parts.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/training/policy_gradient.hpp>

#include <cstddef>
#include <limits>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Several updates from one batch of rollouts, none of which follows a decision once its density has moved far:
///     ratio = pi_now(drawn) / pi_then(drawn);  J = min(ratio A, clip(ratio, 1 - clip, 1 + clip) A)
///     dJ = ratio A d ln pi_now where the minimum is the first, else 0
/// with the advantages A of PolicyGradient, constants as the densities of then are. The first pass has a ratio of 1,
/// and is REINFORCE. Every pass goes through the whole model: the classifier learns from each, too, and the running
/// statistics move.
///
/// Source: Schulman, Wolski, Dhariwal, Radford and Klimov, "Proximal policy optimization algorithms", 2017, equation 7.
template <class B, class Model>
class ProximalPolicyOptimization {
  using Advantages = PolicyGradient<B, Model>;

  struct Decided {
    Tensor<B> advantage;    // (B)
    Tensor<B> log_density;  // (B)  of the draw, when it was drawn
  };

 public:
  struct Work {
    typename Advantages::Work advantages;
    std::vector<Decided> decisions;  ///< of locations; the first may be nobody's
    Tensor<B> ratio;                 // (B)
    Tensor<B> beyond;                // (B)  how far outside the clip, in the direction that the advantage wants
    Tensor<B> within;                // (B)  1 where the decision is still followed, else 0
    Tensor<B> zero;                  // (B)
  };

  /// @throws ConfigError
  explicit ProximalPolicyOptimization(const LearnerConfig& config) : advantages_(config) {
    expect_config(!config.class_term, "ppo: learner.class_term goes with learner.kind policy_gradient only");
  }

  [[nodiscard]] const LearnerConfig& config() const { return advantages_.config(); }
  [[nodiscard]] Index passes() const { return config().passes; }

  [[nodiscard]] Work make_work(B& b, const Model& model, Index images, Index rollouts) const {
    const Shape shape{images * rollouts};
    Work work{.advantages = advantages_.make_work(b, model, images, rollouts),
              .decisions = {},
              .ratio = b.zeros(shape),
              .beyond = b.zeros(shape),
              .within = b.zeros(shape),
              .zero = b.zeros(shape)};
    for (Index t = 0; t < model.config().glimpses; ++t) work.decisions.push_back({b.zeros(shape), b.zeros(shape)});
    return work;
  }

  void judge(B& b, Rollouts<B, Model> rollouts, Work& work) const {
    advantages_.judge(b, rollouts, work.advantages);
    for (std::size_t t = 0; t < work.decisions.size(); ++t) {
      auto& decision = rollouts.episode.decisions[t];
      if (!decision.policy) continue;
      ops::copy(b, decision.advantage, work.decisions[t].advantage);
      rollouts.model.policy().log_density(b, *decision.policy, rollouts.episode.workspace->policy,
                                          work.decisions[t].log_density);
    }
  }

  void judge_again(B& b, Rollouts<B, Model> rollouts, Work& work) const {
    for (std::size_t t = 0; t < work.decisions.size(); ++t) {
      auto& decision = rollouts.episode.decisions[t];
      if (!decision.policy) continue;
      const Decided& then = work.decisions[t];
      rollouts.model.policy().log_density(b, *decision.policy, rollouts.episode.workspace->policy, work.ratio);
      ops::axpy(b, Scalar<B>(-1), then.log_density, work.ratio);
      ops::exp(b, work.ratio, work.ratio);  // (B)
      // (clip(ratio) - ratio) A is below 0 where the second term of the minimum is the smaller one.
      const auto low = static_cast<Scalar<B>>(1 - config().clip), high = static_cast<Scalar<B>>(1 + config().clip);
      ops::clamp(b, work.ratio, low, high, work.beyond);
      ops::axpy(b, Scalar<B>(-1), work.ratio, work.beyond);
      ops::multiply(b, work.beyond, then.advantage, work.beyond, Write::overwrite);
      ops::clamp(b, work.beyond, std::numeric_limits<Scalar<B>>::lowest(), Scalar<B>(0), work.beyond);
      ops::correct(b, work.beyond, work.zero, work.within);  // 1 where equal
      ops::multiply(b, work.ratio, then.advantage, decision.advantage, Write::overwrite);
      ops::multiply(b, decision.advantage, work.within, decision.advantage, Write::overwrite);
    }
  }

 private:
  Advantages advantages_;
};

}  // namespace saccade
