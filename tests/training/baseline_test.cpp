#include <saccade/training/policy_gradient.hpp>

#include "model/toy_model.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade_test;

namespace {

HybridAttentionConfig config_with(Baseline baseline) {
  HybridAttentionConfig config = toy_config();
  config.learner.baseline = baseline;
  config.learner.reward = RewardClass::expected;
  config.learner.rewarded_steps = RewardedSteps::every;
  return config;
}

}  // namespace

TEST_CASE("the leave-one-out baseline is the mean of the other rollouts over the same image, by hand", "[baseline]") {
  // 2 images, 3 rollouts of each: rollout r of image n is number 2 r + n.
  Reference b;
  LeaveOneOut<Reference> others(b, 2, 3);
  CHECK(others.of(b, {{6}, {0, 0, 2, 0, 0, 4}}).values == std::vector<double>{1, 2, 0, 2, 1, 0});
  CHECK(others.of(b, {{6}, {1, 10, 2, 20, 6, 60}}).values == std::vector<double>{4, 40, 3.5, 35, 1.5, 15});
}

TEST_CASE("a rollout alone has no others", "[baseline]") {
  Reference b;
  CHECK_THROWS_WITH(LeaveOneOut<Reference>(b, 4, 1), "leave_one_out: training.rollouts must be at least 2, but is 1");
}

TEST_CASE("every decision is compared with the other rollouts of its image", "[baseline]") {
  HybridAttentionConfig config = config_with(Baseline::leave_one_out);
  config.glance = {.side = 8, .reduction = 8, .outputs = 3};
  config.learner.weight = 0.5;
  ToyModel toy(config, 6);
  toy.give_locations(31);
  toy.roll(given);
  toy.score(given, 3);
  for (std::size_t t = 0; t < 3; ++t) {
    const auto& returns = toy.episode.decisions[t].returns.values;
    for (std::size_t n = 0; n < 6; ++n) {
      const double others = (returns[(n + 2) % 6] + returns[(n + 4) % 6]) / 2;
      CHECK(toy.episode.decisions[t].advantage.values[n] == Approx(0.5 / 6 * (returns[n] - others)).margin(1e-15));
    }
  }
}

TEST_CASE("the self-critical baseline is what the rollout at the modes earns", "[baseline]") {
  HybridAttentionConfig config = config_with(Baseline::self_critical);
  config.encoder.normalization = {.normalization = Normalization::group, .groups = 1};  // training is as evaluation
  config.glance = {.side = 8, .reduction = 8, .outputs = 3};
  ToyModel toy(config), greedy(config);
  toy.give_locations(31);
  toy.roll(given);
  toy.score(given);
  greedy.roll({.locations = Locations::mode});
  greedy.score({.locations = Locations::mode});
  for (std::size_t t = 0; t < 3; ++t) {
    const auto& decision = toy.episode.decisions[t];
    for (std::size_t n = 0; n < 4; ++n) {
      const double earned = decision.returns.values[n] - greedy.episode.decisions[t].returns.values[n];
      CHECK(decision.advantage.values[n] == Approx(0.7 / 4 * earned).margin(1e-15));
    }
  }
}

TEST_CASE("a policy that draws nothing but its modes has no advantage over itself", "[baseline]") {
  HybridAttentionConfig config = config_with(Baseline::self_critical);
  config.encoder.normalization = {.normalization = Normalization::group, .groups = 1};  // training is as evaluation
  config.glance = {.side = 8, .reduction = 8, .outputs = 3};
  ToyModel toy(config);
  const RolloutOptions modes{.locations = Locations::mode};
  toy.roll(modes);
  toy.score(modes);
  for (std::size_t t = 0; t < 3; ++t) {
    CHECK(norm(toy.episode.decisions[t].returns) > 0);
    CHECK(norm(toy.episode.decisions[t].advantage) == 0);
  }
  toy.backward(LearnedPart::policy);
  CHECK(norm(toy.d_parameters.policy.gaussian().locator.weight) == 0);
}

TEST_CASE("the weight of an image's class is that of its terms", "[baseline]") {
  HybridAttentionConfig config = config_with(Baseline::none);
  ToyModel toy(config);
  toy.labels = {0, 2, 1, 2};
  toy.give_locations(31);
  toy.roll(given);
  toy.score(given);
  const auto plain = toy.episode.decisions[1].advantage.values;
  const std::vector<double> weights{0.5, 1, 3};
  toy.model.set_labels(toy.b, std::span<const double>(toy.labels), toy.episode, weights);
  toy.model.score(toy.b, given, toy.episode);
  toy.judge();
  for (std::size_t n = 0; n < 4; ++n) {
    const double weight = weights[static_cast<std::size_t>(toy.labels[n])];
    CHECK(toy.episode.decisions[1].advantage.values[n] == Approx(weight * plain[n]));
  }
  // The gradient of the weighted cross-entropy, by central differences.
  toy.backward(LearnedPart::classifier);
  check_gradients(toy.parameters.classifier, toy.d_parameters.classifier, [&] {
    toy.roll(given);
    toy.model.score(toy.b, given, toy.episode);
    double sum = 0;
    for (std::size_t n = 0; n < 4; ++n)
      sum += weights[static_cast<std::size_t>(toy.labels[n])] * toy.episode.last().loss.values[n];
    return sum / 4;
  });
}
