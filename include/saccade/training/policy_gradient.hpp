#pragma once

#include <saccade/core/component.hpp>
#include <saccade/model/learner_config.hpp>
#include <saccade/model/reward.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/training/learner.hpp>
#include <saccade/training/leave_one_out.hpp>

#include <cstddef>
#include <optional>

namespace saccade::inline SACCADE_NAMESPACE {

/// REINFORCE:
///     advantage_t = weight / B * (returns_t - baseline_t) * w                                         (equation 3)
/// for every decision, w the weight of the image's class. The baselines depend on no draw that they judge: none; what
/// the ValueHead predicts; what the policy earns at its modes, in a rollout of its own; what the other rollouts over
/// the same image earn.
///
/// Source: Williams 1992; Mnih et al. 2014; Xu et al. 2019, section 2.3; Rennie et al., "Self-critical sequence
/// training for image captioning", CVPR 2017; Uzkent and Ermon, "Learning when and where to zoom" (PatchDrop), CVPR
/// 2020; and LeaveOneOut's.
template <class B, class Model>
class PolicyGradient {
 public:
  struct Work {
    std::optional<typename Model::Episode> greedy{};  ///< of the self-critical baseline
    std::optional<LeaveOneOut<B>> others{};           ///< of the leave-one-out baseline
  };

  explicit PolicyGradient(const LearnerConfig& config) : config_(config) {}

  [[nodiscard]] const LearnerConfig& config() const { return config_; }
  [[nodiscard]] Index passes() const { return 1; }

  [[nodiscard]] Work make_work(B& b, const Model& model, Index images, Index rollouts) const {
    Work work;
    if (config_.baseline == Baseline::self_critical)
      work.greedy.emplace(model.make_episode(b, images * rollouts, Mode::evaluation));
    if (config_.baseline == Baseline::leave_one_out) work.others.emplace(b, images, rollouts);
    return work;
  }

  void judge(B& b, Rollouts<B, Model> rollouts, Work& work) const {
    auto& episode = rollouts.episode;
    sum_rewards(b, config_, episode);
    if (work.greedy) {
      const RolloutOptions modes{.locations = Locations::mode};
      rollouts.model.share_inputs(b, episode, *work.greedy);
      rollouts.model.rollout(b, rollouts.parameters, rollouts.statistics, rollouts.images, modes, *work.greedy);
      rollouts.model.score(b, modes, *work.greedy);
      sum_rewards(b, config_, *work.greedy);
    }
    for (std::size_t t = 0; t < episode.decisions.size(); ++t) {
      auto& decision = episode.decisions[t];
      const bool class_term = t + 1 == episode.decisions.size() && config_.class_term;
      if (!decision.policy && !class_term) continue;
      const Scalar<B> factor = over_batch(b, config_.weight, decision.returns);
      b.fill(Scalar<B>(0), decision.advantage);
      ops::axpy(b, factor, decision.returns, decision.advantage);  // (B)
      if (const Tensor<B>* baseline = baseline_of(b, t, decision, work))
        ops::axpy(b, -factor, *baseline, decision.advantage);
      if (episode.weighted) ops::multiply(b, decision.advantage, episode.weights, decision.advantage, Write::overwrite);
    }
  }

 private:
  /// Null without one.
  template <class Decision>
  [[nodiscard]] const Tensor<B>* baseline_of(B& b, std::size_t t, const Decision& decision, Work& work) const {
    switch (config_.baseline) {
      case Baseline::learned:
        return &decision.value->value;
      case Baseline::self_critical:
        return &work.greedy->decisions[t].returns;
      case Baseline::leave_one_out:
        return &work.others->of(b, decision.returns);
      case Baseline::none:
        break;
    }
    return nullptr;
  }

  LearnerConfig config_;
};

}  // namespace saccade
