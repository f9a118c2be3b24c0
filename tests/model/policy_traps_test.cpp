#include "model/toy_model.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

/// What silently goes wrong with hard attention: docs/method.md, "known traps", numbers 1 to 4.
namespace {

/// A rollout at given places with half of the images right, ready for `backward`.
void prepare(ToyModel& toy) {
  toy.give_locations(31);
  toy.choose_labels(given);
  toy.score(given);
}

/// The gradient of the locator's bias by hand: -weight / B * sum over steps and images of
/// R (sample - mean) / sigma^2 (1 - mean^2), for a model without a baseline.
std::vector<double> locator_bias_by_hand(ToyModel& toy, std::size_t steps) {
  const PolicyConfig& policy = toy.model.config().policy;
  std::vector<double> gradient(2, 0.0);
  for (std::size_t t = 0; t < steps; ++t) {
    for (std::size_t i = 0; i < 2 * toy.labels.size(); ++i) {
      const double mean = toy.episode.mode_of(t + 1).values[i];
      const double sample = toy.episode.given(t + 1).values[i];
      gradient[i % 2] -= toy.model.config().learner.weight / static_cast<double>(toy.labels.size()) * toy.episode.reward().values[i / 2] *
                         (sample - mean) / (policy.sigma * policy.sigma) * (1 - mean * mean);
    }
  }
  return gradient;
}

HybridAttentionConfig without_baseline() {
  HybridAttentionConfig config = toy_config();
  config.learner.baseline = Baseline::none;
  return config;
}

}  // namespace

TEST_CASE("trap 1: the sample is a constant to the cross-entropy", "[model][trap]") {
  HybridAttentionConfig config = without_baseline();
  config.learner.weight = 0;  // nothing but the cross-entropy is left
  config.supervised_steps = SupervisedSteps::every;
  ToyModel toy(config);
  prepare(toy);
  toy.backward();
  CHECK(norm(toy.d_parameters.policy.gaussian().locator.weight) == 0);
  CHECK(norm(toy.d_parameters.policy.gaussian().locator.bias) == 0);
  CHECK(norm(toy.d_parameters.fusion.weight) > 0);
}

TEST_CASE("trap 1: the mean is no constant to the policy", "[model][trap]") {
  ToyModel toy(without_baseline());
  prepare(toy);
  toy.backward();
  const std::vector<double> expected = locator_bias_by_hand(toy, 2);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    CHECK(std::abs(expected[axis]) > 0.01);
    CHECK(toy.d_parameters.policy.gaussian().locator.bias.values[axis] == Approx(expected[axis]));
  }
  for (const double value : toy.d_parameters.policy.gaussian().locator.weight.values) CHECK(value != 0);
}

TEST_CASE("trap 1: the policy reaches the encoder if, and only if, its state is attached", "[model][trap]") {
  const auto encoder_gradient = [](double weight, StateGradient state) {
    HybridAttentionConfig config = without_baseline();
    config.learner.weight = weight;
    config.policy.state = state;
    ToyModel toy(config);
    prepare(toy);
    toy.backward();
    return all_values(toy.d_parameters.encoder);
  };
  CHECK(encoder_gradient(5, StateGradient::detached) == encoder_gradient(0, StateGradient::detached));
  CHECK(encoder_gradient(5, StateGradient::attached) != encoder_gradient(0, StateGradient::attached));
}

TEST_CASE("trap 2: the density is taken at the sample, the clamp belongs to the world", "[model][trap]") {
  HybridAttentionConfig config = without_baseline();
  config.policy.sigma = 2;  // most samples lie outside the image
  ToyModel toy(config, 1);
  const std::vector<double> far{3.0, -2.5};
  toy.model.set_locations(toy.b, toy.episode, 0, std::vector<double>{0, 0});
  toy.model.set_locations(toy.b, toy.episode, 1, far);
  toy.model.set_locations(toy.b, toy.episode, 2, far);
  toy.choose_labels(given);  // right
  toy.score(given);
  REQUIRE(toy.episode.reward().values[0] == 1);
  CHECK(toy.episode.steps[1].location.values == std::vector<double>{1, -1});
  toy.backward();
  double expected = 0;
  for (std::size_t t = 0; t < 2; ++t) {
    const double mean = toy.episode.mode_of(t + 1).values[0];
    expected -= config.learner.weight * (3.0 - mean) / 4.0 * (1 - mean * mean);
  }
  CHECK(toy.d_parameters.policy.gaussian().locator.bias.values[0] == Approx(expected));
}

TEST_CASE("trap 2: draws keep what lies outside", "[model][trap]") {
  HybridAttentionConfig config = toy_config();
  config.policy.sigma = 2;
  ToyModel toy(config);
  toy.roll({.locations = Locations::sample, .seed = 3});
  bool outside = false;
  for (std::size_t t = 0; t + 1 < toy.episode.steps.size(); ++t) {
    for (std::size_t i = 0; i < 8; ++i) {
      const double sample = toy.episode.given(t + 1).values[i];
      outside = outside || std::abs(sample) > 1;
      CHECK(toy.episode.steps[t + 1].location.values[i] == std::min(std::max(sample, -1.0), 1.0));
    }
  }
  CHECK(outside);
}

TEST_CASE("trap 3: the policy's gradient goes with weight / sigma^2", "[model][trap]") {
  const auto locator_gradient = [](double sigma, double weight) {
    HybridAttentionConfig config = without_baseline();
    config.policy.sigma = sigma;
    config.learner.weight = weight;
    ToyModel toy(config);
    prepare(toy);
    toy.backward();
    return toy.d_parameters.policy.gaussian().locator.weight.values;
  };
  const auto narrow = locator_gradient(0.1, 1), wide = locator_gradient(0.3, 1), weighted = locator_gradient(0.3, 9);
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    CHECK(narrow[i] / wide[i] == Approx(9));
    CHECK(weighted[i] == Approx(narrow[i]));  // lambda and sigma can only be tuned together
  }
}

TEST_CASE("trap 4: the last step's location has no term", "[model][trap]") {
  SECTION("with one glimpse the locator learns nothing") {
    HybridAttentionConfig config = without_baseline();
    config.glimpses = 1;
    ToyModel toy(config);
    prepare(toy);
    toy.backward();
    CHECK(norm(toy.d_parameters.policy.gaussian().locator.weight) == 0);
    CHECK(norm(toy.d_parameters.policy.gaussian().locator.bias) == 0);
  }
  SECTION("there is no decision about it") {
    ToyModel toy(without_baseline());
    CHECK_FALSE(toy.episode.decisions[3].policy);
    for (std::size_t t = 1; t < 3; ++t) CHECK(toy.episode.decisions[t].policy);
  }
}
