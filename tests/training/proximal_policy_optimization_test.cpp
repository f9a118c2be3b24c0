#include <saccade/components/location_policy.hpp>
#include <saccade/training/proximal_policy_optimization.hpp>

#include "training/bandit.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade_test;

namespace {

/// A batch of rollouts, judged, and the weights moved afterwards.
template <class P>
struct Moved {
  using Model = Bandit<P>;
  using Ppo = ProximalPolicyOptimization<Reference, Model>;
  static constexpr Index batch = 64;

  explicit Moved(const PolicyConfig& config)
      : model(config, false, 0.2),
        ppo({.weight = 0.8, .baseline = Baseline::none, .passes = 3, .clip = 0.1}),
        parameters(model.make_parameters(b)),
        d_parameters(model.make_parameters(b)),
        episode(model.make_episode(b, batch, Mode::training)),
        work(ppo.make_work(b, model, batch, 1)) {
    randomize_parameters(parameters.policy, 5);
    const RolloutOptions options{.locations = Locations::sample, .seed = 4};
    model.rollout(b, parameters, statistics, {}, options, episode);
    model.score(b, options, episode);
    ppo.judge(b, rollouts(), work);
    // Advantages of both signs.
    for (std::size_t n = 0; n < batch; n += 2) {
      episode.decisions[0].advantage.values[n] -= 0.5 / batch;
      work.decisions[0].advantage.values[n] -= 0.5 / batch;
    }
    before = log_densities();
    for (const auto& named : named_tensors<Reference>(parameters.policy))
      for (double& value : named.tensor->values) value += 0.15 * value + 0.02;
    roll_again();
  }

  Rollouts<Reference, Model> rollouts() { return {model, parameters, statistics, {}, episode}; }

  void roll_again() {
    model.rollout(b, parameters, statistics, {}, {.locations = Locations::given, .seed = 4}, episode);
  }

  std::vector<double> log_densities() {
    Array y = filled({batch}, not_a_number);
    model.policy().log_density(b, *episode.decisions[0].policy, episode.workspace->policy, y);
    return y.values;
  }

  /// -sum_n min(ratio A, clip(ratio) A), from the densities.
  double objective() {
    roll_again();
    const auto now = log_densities();
    double sum = 0;
    for (std::size_t n = 0; n < batch; ++n) {
      const double ratio = std::exp(now[n] - before[n]), a = work.decisions[0].advantage.values[n];
      sum -= std::min(ratio * a, std::clamp(ratio, 0.9, 1.1) * a);
    }
    return sum;
  }

  Reference b;
  Model model;
  Ppo ppo;
  typename Model::Parameters parameters, d_parameters;
  typename Model::Statistics statistics;
  typename Model::Episode episode;
  typename Ppo::Work work;
  std::vector<double> before;
};

template <class P>
void check_clipped_gradient(const PolicyConfig& config) {
  Moved<P> moved(config);
  moved.ppo.judge_again(moved.b, moved.rollouts(), moved.work);
  Index followed = 0;
  for (const double a : moved.episode.decisions[0].advantage.values) followed += a != 0 ? 1 : 0;
  CHECK(followed > 0);
  CHECK(followed < Moved<P>::batch);  // some went too far
  moved.model.backpropagate(moved.b, moved.parameters, moved.episode, moved.d_parameters);
  check_gradients(moved.parameters.policy, moved.d_parameters.policy, [&] { return moved.objective(); });
}

}  // namespace

TEST_CASE("a later pass descends the clipped objective of a Gaussian policy", "[ppo]") {
  check_clipped_gradient<GaussianPolicy<Reference>>({.hidden = 2, .sigma = 0.5, .state = StateGradient::detached});
}

TEST_CASE("a later pass descends the clipped objective of a learned sigma", "[ppo]") {
  check_clipped_gradient<GaussianPolicy<Reference>>({.hidden = 2, .sigma = 0.5, .learn_sigma = true});
}

TEST_CASE("a later pass descends the clipped objective of a policy over cells", "[ppo]") {
  check_clipped_gradient<CellPolicy<Reference>>({.hidden = 2, .context = 9, .cells = 3});
}

TEST_CASE("a later pass descends the clipped objective of a place and a zoom", "[ppo][zoom]") {
  check_clipped_gradient<LocationPolicy<Reference>>({.hidden = 2, .sigma = 0.5, .zooms = 2});
  check_clipped_gradient<LocationPolicy<Reference>>(
      {.kind = PolicyKind::cell, .hidden = 2, .context = 9, .cells = 3, .zooms = 2});
}

TEST_CASE("weights that have not moved have a ratio of 1", "[ppo]") {
  Moved<GaussianPolicy<Reference>> moved({.hidden = 2, .sigma = 0.5});
  moved.ppo.judge(moved.b, moved.rollouts(), moved.work);
  const auto then = moved.episode.decisions[0].advantage.values;
  moved.ppo.judge_again(moved.b, moved.rollouts(), moved.work);
  CHECK(moved.episode.decisions[0].advantage.values == then);
}

TEST_CASE("PPO has no class term", "[ppo]") {
  using Ppo = ProximalPolicyOptimization<Reference, Bandit<GaussianPolicy<Reference>>>;
  CHECK_THROWS_WITH(Ppo({.reward = RewardClass::sampled, .class_term = true}),
                    "ppo: learner.class_term goes with learner.kind policy_gradient only");
}
