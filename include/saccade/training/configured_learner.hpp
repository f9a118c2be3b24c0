#pragma once

#include <saccade/training/policy_gradient.hpp>
#include <saccade/training/proximal_policy_optimization.hpp>

#include <utility>
#include <variant>

namespace saccade::inline SACCADE_NAMESPACE {

/// The learner that `LearnerConfig::kind` names, so that a program can leave the choice to a file.
template <class B, class Model>
class ConfiguredLearner {
  using Gradient = PolicyGradient<B, Model>;
  using Proximal = ProximalPolicyOptimization<B, Model>;

 public:
  using Work = std::variant<typename Gradient::Work, typename Proximal::Work>;

  explicit ConfiguredLearner(const LearnerConfig& config) : learner_(make(config)) {}

  [[nodiscard]] Index passes() const {
    return std::visit([](const auto& learner) { return learner.passes(); }, learner_);
  }

  [[nodiscard]] Work make_work(B& b, const Model& model, Index images, Index rollouts) const {
    return std::visit([&](const auto& learner) { return Work(learner.make_work(b, model, images, rollouts)); },
                      learner_);
  }

  void judge(B& b, Rollouts<B, Model> rollouts, Work& work) const {
    if (const auto* learner = std::get_if<Gradient>(&learner_))
      return learner->judge(b, rollouts, std::get<typename Gradient::Work>(work));
    std::get<Proximal>(learner_).judge(b, rollouts, std::get<typename Proximal::Work>(work));
  }

  /// Of PPO alone: the other makes one pass.
  void judge_again(B& b, Rollouts<B, Model> rollouts, Work& work) const {
    std::get<Proximal>(learner_).judge_again(b, rollouts, std::get<typename Proximal::Work>(work));
  }

 private:
  static std::variant<Gradient, Proximal> make(const LearnerConfig& config) {
    if (config.kind == LearnerKind::ppo) return Proximal(config);
    return Gradient(config);
  }

  std::variant<Gradient, Proximal> learner_;
};

}  // namespace saccade
