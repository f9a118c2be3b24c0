#include <saccade/model/rollout_baseline.hpp>

#include "model/toy_model.hpp"

#include <vector>

using namespace saccade;
using namespace saccade_test;

namespace {

HybridAttentionConfig config_with(Baseline baseline) {
  HybridAttentionConfig config = toy_config();
  config.policy.baseline = baseline;
  config.policy.reward = RewardClass::expected;
  config.policy.rewarded_steps = RewardedSteps::every;
  return config;
}

}  // namespace

TEST_CASE("the leave-one-out baseline is the mean of the other rollouts over the same image, by hand", "[baseline]") {
  // 2 images, 3 rollouts of each: rollout r of image n is number 2 r + n.
  HybridAttentionConfig config = config_with(Baseline::leave_one_out);
  config.glance = {.side = 8, .reduction = 8, .outputs = 3};
  ToyModel toy(config, 6);
  toy.roll(given);
  toy.score(given);
  toy.episode.steps[0].outcome.values = {0, 0, 2, 0, 0, 4};
  toy.episode.steps[1].outcome.values = {1, 10, 2, 20, 6, 60};
  toy.episode.steps[2].outcome.values = {3, 0, 0, 0, 0, 12};
  toy.episode.reward.values = {1, 1, 0, 0, 1, 0};
  LeaveOneOut<Reference>(toy.b, 2, 3).apply(toy.b, toy.episode);
  const auto& steps = toy.episode.steps;
  CHECK(toy.episode.glance[0].policy.baseline.values == std::vector<double>{1, 2, 0, 2, 1, 0});
  CHECK(steps[0].policy.baseline.values == std::vector<double>{4, 40, 3.5, 35, 1.5, 15});
  CHECK(steps[1].policy.baseline.values == std::vector<double>{0, 6, 1.5, 6, 1.5, 0});
  CHECK(steps[2].policy.baseline.values == std::vector<double>{0.5, 0, 1, 0.5, 0.5, 0.5});
}

TEST_CASE("a rollout alone has no others", "[baseline]") {
  Reference b;
  CHECK_THROWS_WITH(LeaveOneOut<Reference>(b, 4, 1), "leave_one_out: training.rollouts must be at least 2, but is 1");
}

TEST_CASE("the self-critical baseline is what the rollout at the means earns", "[baseline]") {
  HybridAttentionConfig config = config_with(Baseline::self_critical);
  config.glance = {.side = 8, .reduction = 8, .outputs = 3};
  ToyModel toy(config), greedy(config);
  const RolloutOptions means{.locations = Locations::mean};
  greedy.roll(means);
  greedy.score(means);
  toy.give_locations(31);
  toy.roll(given);
  toy.score(given);
  set_self_critical_baseline(toy.b, greedy.episode, toy.episode);
  const auto& steps = toy.episode.steps;
  CHECK(toy.episode.glance[0].policy.baseline.values == greedy.episode.steps[0].outcome.values);
  CHECK(steps[0].policy.baseline.values == greedy.episode.steps[1].outcome.values);
  CHECK(steps[1].policy.baseline.values == greedy.episode.steps[2].outcome.values);
  CHECK(steps[2].policy.baseline.values == greedy.episode.reward.values);
  CHECK(steps[0].policy.baseline.values != toy.episode.steps[1].outcome.values);
}

TEST_CASE("a policy that draws nothing but its means has no advantage over itself", "[baseline]") {
  ToyModel toy(config_with(Baseline::self_critical));
  const RolloutOptions means{.locations = Locations::mean};
  toy.roll(means);
  toy.score(means);
  set_self_critical_baseline(toy.b, toy.episode, toy.episode);
  toy.backward(PolicyTerms::only);
  CHECK(norm(toy.d_parameters.policy.locator.weight) == 0);
}
