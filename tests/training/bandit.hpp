#pragma once

#include <saccade/components/cell_policy.hpp>
#include <saccade/components/gaussian_policy.hpp>
#include <saccade/components/soft_attention_block.hpp>
#include <saccade/components/value_head.hpp>
#include <saccade/model/episode.hpp>
#include <saccade/model/learner_config.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/training/learner.hpp>

#include "support/gradient_check.hpp"

#include <cmath>
#include <optional>
#include <vector>

/// What a learner sees of a model, with nothing behind it: one location from a state of ones, and a reward of 1 where
/// that lies to the right of an edge and, if it has a zoom, that is 1. Its gradient has a closed form.
namespace saccade_test {

inline constexpr double bandit_edge = 0.75;

template <class P>
struct Bandit {
  using B = Reference;
  using Episode = saccade::Episode<B, saccade::SoftAttentionBlock<B>, P>;
  struct Parameters {
    typename P::Parameters policy;
    std::optional<saccade::ValueHead<B>::Parameters> value{};
  };
  struct Statistics {};
  struct Config {
    saccade::Index glimpses = 1;
  };

  explicit Bandit(const saccade::PolicyConfig& config, bool with_value, double edge_ = bandit_edge)
      : policy_(config), edge(edge_) {
    if (with_value) value_.emplace(saccade::ValueHead<B>::Config{config.hidden});
  }

  [[nodiscard]] const P& policy() const { return policy_; }
  [[nodiscard]] Config config() const { return {}; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{policy_.make_parameters(b)};
    if (value_) p.value = value_->make_parameters(b);
    return p;
  }

  [[nodiscard]] Episode make_episode(B& b, saccade::Index batch, saccade::Mode) const {
    Episode episode{};
    episode.batch = batch;
    episode.steps.resize(1);
    episode.steps[0].reward = b.zeros({batch});
    for (int t = 0; t < 2; ++t)
      episode.decisions.push_back({.returns = b.zeros({batch}), .advantage = b.zeros({batch})});
    episode.decisions[0].policy.emplace(policy_.make_cache(b, batch));
    episode.steps[0].location = b.zeros(b.shape(P::drawn(*episode.decisions[0].policy)));
    if (value_) episode.decisions[0].value.emplace(value_->make_cache(b, batch));
    episode.h0 = filled({batch, policy_.config().hidden}, 1);
    episode.nothing = b.zeros({0});
    episode.no_readout = b.zeros({0});
    episode.glance.emplace();
    episode.glance->context = filled({batch, std::max<saccade::Index>(policy_.config().context, 1)}, 0);
    episode.glance->stretch = filled({batch, 2}, 1);
    episode.glance->outside = filled(episode.glance->context.shape, 0);
    episode.workspace.emplace();
    episode.workspace->policy = policy_.make_workspace(b, batch);
    return episode;
  }

  void rollout(B& b, const Parameters& p, Statistics&, saccade::ImageBatch<B>, const saccade::RolloutOptions& options,
               Episode& episode) const {
    auto& decision = episode.decisions[0];
    policy_.describe(b, p.policy, episode.inputs(0), *decision.policy);
    if (value_) value_->forward(b, *p.value, episode.h0, *decision.value);
    if (options.locations == saccade::Locations::sample)
      policy_.sample(b, saccade::rollout_key(options, saccade::RandomStream::location, 0), episode.inputs(0),
                     *decision.policy);
    if (options.locations == saccade::Locations::mode) policy_.take_mode(b, *decision.policy);
    b.clamp(P::drawn(*decision.policy), -1, 1, episode.steps[0].location);
  }

  void score(B&, const saccade::RolloutOptions&, Episode& episode) const {
    auto& step = episode.steps[0];
    const auto numbers = static_cast<std::size_t>(step.location.shape[1]);
    for (std::size_t n = 0; n < step.reward.values.size(); ++n) {
      const double* location = &step.location.values[numbers * n];
      step.reward.values[n] = location[0] > edge && (numbers == 2 || location[2] == 1) ? 1 : 0;
    }
  }

  void share_inputs(B&, const Episode&, Episode&) const {}

  /// The gradient of the policy's parameters by the advantages in the episode; those before are thrown away.
  void backpropagate(B& b, const Parameters& p, Episode& episode, Parameters& d_p) const {
    saccade::set_zero(b, d_p.policy);
    Array d_state = filled(episode.h0.shape, 0), d_patch = filled({0}, 0),
          d_context = filled(episode.glance->context.shape, 0);
    policy_.score_gradient(b, p.policy, episode.inputs(0), *episode.decisions[0].policy, episode.decisions[0].advantage,
                           episode.workspace->policy, d_p.policy,
                           {.state = d_state, .patch = d_patch, .context = d_context});
  }

  P policy_;
  std::optional<saccade::ValueHead<B>> value_{};
  double edge;
};

}  // namespace saccade_test
