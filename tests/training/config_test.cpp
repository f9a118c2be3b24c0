#include <saccade/training/config.hpp>

#include "support/catch.hpp"

using namespace saccade;

TEST_CASE("training goes through stages: the classifier on random glimpses and on the policy's, the policy alone, both",
          "[config]") {
  const Index held = GENERATE(0, 1);
  const TrainingConfig config{.random_epochs = 2, .classifier_epochs = held, .policy_epochs = 3, .rollouts = 4};
  for (Index epoch = 0; epoch < 9; ++epoch) {
    const StepOptions options = step_options_at(config, 0.3, epoch);
    INFO("epoch " << epoch);
    CHECK(options.glimpses == (epoch < 2 ? GlimpsePolicy::random : GlimpsePolicy::learned));
    CHECK(options.part == (epoch < 2 + held   ? LearnedPart::classifier
                           : epoch < 5 + held ? LearnedPart::policy
                                              : LearnedPart::all));
    CHECK(policy_learns(options) == (epoch >= 2 + held));
    CHECK_FALSE(options.sigma.has_value());
    CHECK(options.rollouts == 4);
  }
}

TEST_CASE("a control has no stage of the policy", "[config]") {
  const TrainingConfig config{.glimpses = GlimpsePolicy::centre, .random_epochs = 1, .policy_epochs = 3};
  CHECK(step_options_at(config, 0.3, 0).glimpses == GlimpsePolicy::random);
  CHECK(step_options_at(config, 0.3, 1).glimpses == GlimpsePolicy::centre);
  CHECK(step_options_at(config, 0.3, 1).part == LearnedPart::classifier);
}

TEST_CASE("sigma falls by equal ratios from its start to its end, once the policy learns", "[config]") {
  const TrainingConfig config{.random_epochs = 2, .sigma_epochs = 2, .sigma_end = 0.1};
  CHECK(sigma_at(config, 0.4, 0) == 0.4);
  CHECK(sigma_at(config, 0.4, 2) == 0.4);
  CHECK(sigma_at(config, 0.4, 3) == Approx(0.2));
  CHECK(sigma_at(config, 0.4, 4) == Approx(0.1));
  CHECK(sigma_at(config, 0.4, 99) == Approx(0.1));
  CHECK(*step_options_at(config, 0.4, 3).sigma == Approx(0.2));
  const TrainingConfig held{.random_epochs = 1, .classifier_epochs = 1, .sigma_epochs = 2, .sigma_end = 0.1};
  for (Index epoch = 0; epoch < 5; ++epoch) CHECK(sigma_at(held, 0.4, epoch) == sigma_at(config, 0.4, epoch));
  CHECK(sigma_at({}, 0.4, 99) == 0.4);
}

TEST_CASE("a training that cannot be is refused with a sentence", "[config]") {
  const auto refuse = [](auto change, const char* sentence) {
    TrainingConfig config;
    change(config);
    CHECK_THROWS_WITH(validate(config), sentence);
  };
  refuse([](auto& c) { c.classifier_epochs = -1; }, "training: classifier_epochs must be at least 0");
  refuse([](auto& c) { c.policy_epochs = -1; }, "training: policy_epochs must be at least 0");
  refuse([](auto& c) { c.sigma_epochs = -1; }, "training: sigma_epochs must be at least 0");
  refuse([](auto& c) { c.sigma_end = 0; }, "training: sigma_end must be greater than 0");
  refuse([](auto& c) { c.rollouts = 0; }, "training: rollouts must be at least 1, but is 0");
  refuse([](auto& c) { c.stain = 0.6; }, "training: stain must be from 0 to 0.5");
}

TEST_CASE("a sigma that falls needs a policy that has one", "[config]") {
  HybridAttentionConfig model;
  TrainingConfig config{.sigma_epochs = 3};
  CHECK_NOTHROW(validate(config, model));
  model.policy.kind = PolicyKind::cell;
  CHECK_THROWS_WITH(validate(config, model),
                    "training: sigma_epochs must be 0 where policy.kind is cell, which has no sigma, but is 3");
  config.glimpses = GlimpsePolicy::random;  // of a control
  CHECK_NOTHROW(validate(config, model));
  CHECK_NOTHROW(validate(TrainingConfig{}, model));
}
