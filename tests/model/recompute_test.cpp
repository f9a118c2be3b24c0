#include "model/toy_model.hpp"

#include "support/fused_reference.hpp"

using namespace saccade;
using namespace saccade_test;

namespace {

constexpr RolloutOptions sampled{.locations = Locations::sample, .seed = 4, .counter = 2};

HybridAttentionConfig with_everything() {
  HybridAttentionConfig config = toy_config();
  config.policy.patch = 2;
  config.learner.baseline = Baseline::learned;
  config.learner.rewarded_steps = RewardedSteps::every;
  config.supervised_steps = SupervisedSteps::every;
  return config;
}

template <class Toy>
void step(Toy& toy, LearnedPart terms = LearnedPart::all) {
  toy.roll(sampled);
  toy.score(sampled);
  toy.backward(terms);
}

}  // namespace

TEMPLATE_TEST_CASE("activations that are computed again give the same gradients and statistics, bit for bit", "[model]",
                   Reference, FusedReference<double>) {
  const auto terms = GENERATE(LearnedPart::all, LearnedPart::classifier);
  HybridAttentionConfig config = with_everything();
  SECTION("as it is") {}
  SECTION("without a context") { config.policy.patch = 0; }
  SECTION("group normalisation") { config.encoder.normalization.normalization = Normalization::group; }
  SECTION("statistics of every step") { config.running_statistics = RunningStatistics::per_step; }
  SECTION("a glance and a learned sigma") {
    config.glance = {.side = 6, .reduction = 8, .outputs = 3};
    config.policy.learn_sigma = true;
    config.policy.entropy = 0.1;
  }
  SECTION("one glimpse") { config.glimpses = 1; }
  ToyModelOn<TestType> kept(config), again(config);
  again.episode = again.model.make_episode(again.b, 4, Mode::training, Activations::last_step);
  for (int i = 0; i < 2; ++i) {
    step(kept, terms);
    step(again, terms);
    CHECK(all_values(again.d_parameters) == all_values(kept.d_parameters));
    CHECK(all_values(again.statistics) == all_values(kept.statistics));
  }
  // Backward leaves the first step's activations behind.
  const auto statistics = all_values(again.statistics);
  again.backward(terms);
  kept.backward(terms);
  CHECK(all_values(again.d_parameters) == all_values(kept.d_parameters));
  CHECK(all_values(again.statistics) == statistics);
}

TEST_CASE("an episode whose activations are computed again holds those of one step, and every patch", "[model]") {
  Reference b;
  const ToyModel::Model model(with_everything());
  const auto episode = model.make_episode(b, 2, Mode::training, Activations::last_step);
  CHECK(episode.glimpses.size() == 1);
  CHECK(episode.patches.size() == 3);
  CHECK(episode.workspace.has_value());
  CHECK(model.make_episode(b, 2, Mode::evaluation).patches.size() == 1);
  CHECK(model.make_episode(b, 2, Mode::evaluation, Activations::every_step).patches.size() == 3);
}
