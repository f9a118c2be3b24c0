#include "training/trainer_fixture.hpp"

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade_test;

namespace {

/// Weights and reports of a few steps.
struct FewSteps {
  std::vector<float> weights, statistics;
  std::vector<double> losses;

  friend bool operator==(const FewSteps&, const FewSteps&) = default;
};

FewSteps train_few_steps(int threads, std::uint64_t seed, GlimpsePolicy glimpses = GlimpsePolicy::learned,
                         Activations keep = Activations::every_step) {
  Cpu b(threads);
  const Tissue tissue(8);
  auto trainer = make_trainer(b, tiny_config(), seed, {}, keep);
  FewSteps run;
  for (int step = 0; step < 4; ++step) {
    const StepReport report = trainer.step(tissue.oriented, tissue.labels, 1e-3, glimpses);
    run.losses.insert(run.losses.end(), {report.cross_entropy, report.reward, report.loss, report.gradient_norm});
  }
  run.weights = numbers(b, trainer.parameters());
  run.statistics = numbers(b, trainer.statistics());
  return run;
}

}  // namespace

TEST_CASE("training overfits 16 images", "[trainer]") {
  Cpu b;
  const Tissue tissue(16);
  auto trainer = make_trainer(b, tiny_config(), 1, {.clip_norm = 5});
  double first = 0, recent = 10;
  int steps = 0;
  while (recent > 0.01 && steps < 600) {
    const StepReport report = trainer.step(tissue.oriented, tissue.labels, 5e-3);
    if (steps++ == 0) first = report.cross_entropy;
    recent = 0.9 * recent + 0.1 * report.cross_entropy;
  }
  INFO(steps << " steps");
  CHECK(first > 0.5);
  CHECK(recent < 0.02);

  // The images are answered right in evaluation as well, by running statistics and at the means of the policy.
  const auto& model = trainer.model();
  auto episode = model.make_episode(b, 16, Mode::evaluation);
  model.rollout(b, trainer.parameters(), trainer.statistics(), tissue.oriented, {}, episode);
  const std::vector<float> labels(tissue.labels.begin(), tissue.labels.end());
  model.score(b, std::span<const float>(labels), {}, episode);
  double right = 0;
  for (const float reward : to_vector(b, episode.reward())) right += static_cast<double>(reward);
  CHECK(right >= 14);
}

TEST_CASE("two trainers with one seed agree bit for bit, for any number of threads", "[trainer]") {
  const FewSteps run = train_few_steps(1, 7);
  CHECK(train_few_steps(1, 7) == run);
  CHECK(train_few_steps(2, 7) == run);
  CHECK_FALSE(train_few_steps(1, 8) == run);
}

TEST_CASE("a trainer that computes activations again agrees bit for bit with one that keeps them", "[trainer]") {
  const auto glimpses = GENERATE(GlimpsePolicy::learned, GlimpsePolicy::random);
  CHECK(train_few_steps(2, 7, glimpses, Activations::last_step) ==
        train_few_steps(2, 7, glimpses, Activations::every_step));
}

TEST_CASE("with random glimpses the policy learns nothing and the rest does", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(8);
  auto trainer = make_trainer(b, tiny_config(), 3);
  const auto policy = numbers(b, trainer.parameters().policy);
  const auto encoder = numbers(b, trainer.parameters().encoder);
  const auto classifier = numbers(b, trainer.parameters().classifier);
  trainer.step(tissue.oriented, tissue.labels, 1e-2, GlimpsePolicy::random);
  trainer.step(tissue.oriented, tissue.labels, 1e-2, GlimpsePolicy::random);
  CHECK(numbers(b, trainer.parameters().policy) == policy);
  CHECK(numbers(b, trainer.parameters().encoder) != encoder);
  CHECK(numbers(b, trainer.parameters().classifier) != classifier);
  CHECK_FALSE(train_few_steps(1, 7, GlimpsePolicy::random) == train_few_steps(1, 7, GlimpsePolicy::learned));

  trainer.step(tissue.oriented, tissue.labels, 1e-2);
  CHECK(numbers(b, trainer.parameters().policy) != policy);
}

TEST_CASE("with central glimpses all look at the middle, and the policy learns nothing", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(8);
  auto trainer = make_trainer(b, tiny_config(), 3);
  const auto policy = numbers(b, trainer.parameters().policy);
  const auto encoder = numbers(b, trainer.parameters().encoder);
  auto episode = trainer.model().make_episode(b, 8, Mode::training);
  auto statistics = trainer.model().make_statistics(b);
  initialize(b, statistics, 0);
  for (Index t = 0; t < episode.size(); ++t) trainer.model().set_locations(b, episode, t, std::vector<float>(16, 0.0F));
  trainer.model().rollout(b, trainer.parameters(), statistics, tissue.oriented, {.locations = Locations::given},
                          episode);
  const std::vector<float> labels(tissue.labels.begin(), tissue.labels.end());
  trainer.model().score(b, std::span<const float>(labels), {.locations = Locations::given}, episode);
  double cross_entropy = 0;
  for (const auto& step : episode.steps)
    for (const float loss : to_vector(b, step.loss)) cross_entropy += static_cast<double>(loss) / 24;
  CHECK(trainer.step(tissue.oriented, tissue.labels, 1e-2, GlimpsePolicy::centre).cross_entropy ==
        Approx(cross_entropy));
  CHECK(numbers(b, trainer.parameters().policy) == policy);
  CHECK(numbers(b, trainer.parameters().encoder) != encoder);
}

TEST_CASE("where the policy alone learns, or all but the policy, the rest is frozen: weights and moments",
          "[trainer]") {
  Cpu b(1);
  const Tissue tissue(8);
  HybridAttentionConfig config = tiny_config();
  config.policy.patch = 3;
  config.learner.kind = GENERATE(LearnerKind::policy_gradient, LearnerKind::ppo);
  config.learner.reward = RewardClass::expected;  // never all equal
  auto trainer = make_trainer(b, config, 3);
  trainer.step(tissue.oriented, tissue.labels, 1e-2);  // the moments are not zero
  const auto values = [&](bool policy) {
    std::vector<float> all;
    const auto add = [&](const auto& list) {
      for (const auto& named : list) {
        if ((named.name.find("policy.") != std::string::npos) != policy) continue;
        const auto some = to_vector(b, *named.tensor);
        all.insert(all.end(), some.begin(), some.end());
      }
    };
    add(named_tensors<Cpu>(trainer.parameters()));
    add(trainer.optimizer().state());
    return all;
  };
  const auto rest = values(false), policy = values(true);
  trainer.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.part = LearnedPart::policy});
  trainer.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.part = LearnedPart::policy});
  CHECK(values(false) == rest);
  CHECK(values(true) != policy);
  const auto learned = values(true);
  trainer.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.part = LearnedPart::classifier});
  trainer.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.part = LearnedPart::classifier});
  CHECK(values(true) == learned);
  CHECK(values(false) != rest);
  trainer.step(tissue.oriented, tissue.labels, 1e-2);
  CHECK(values(true) != learned);
  CHECK_THROWS_WITH(trainer.step(tissue.oriented, tissue.labels, 1e-2,
                                 StepOptions{.glimpses = GlimpsePolicy::random, .part = LearnedPart::policy}),
                    "training: the policy alone can only be trained on its own glimpses");
}

TEST_CASE("several rollouts of an image are as many images", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(4);
  auto rolled = make_trainer(b, tiny_config(), 3), doubled = make_trainer(b, tiny_config(), 3);
  auto oriented = tissue.oriented;
  auto labels = tissue.labels;
  oriented.insert(oriented.end(), tissue.oriented.begin(), tissue.oriented.end());
  labels.insert(labels.end(), tissue.labels.begin(), tissue.labels.end());
  for (int step = 0; step < 2; ++step) {
    const StepReport one = rolled.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.rollouts = 2});
    CHECK(one.loss == doubled.step(oriented, labels, 1e-2).loss);
  }
  CHECK(numbers(b, rolled.parameters()) == numbers(b, doubled.parameters()));
  CHECK_THROWS_WITH(rolled.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.rollouts = 0}),
                    "training: rollouts must be at least 1, but is 0");
}

TEST_CASE("sigma is the step's where the step names one", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(8);
  const auto weights = [&](double configured, const StepOptions& how) {
    HybridAttentionConfig config = tiny_config();
    config.policy.sigma = configured;
    auto trainer = make_trainer(b, config, 3);
    for (int step = 0; step < 2; ++step) trainer.step(tissue.oriented, tissue.labels, 1e-2, how);
    return numbers(b, trainer.parameters());
  };
  CHECK(weights(0.3, {.sigma = 0.1}) == weights(0.1, {}));
  CHECK(weights(0.3, {}) != weights(0.1, {}));
}

TEST_CASE("a learned sigma moves by the reward and the entropy bonus, and cannot be scheduled", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(8);
  const auto learned = [&](double entropy, double weight) {
    HybridAttentionConfig config = tiny_config();
    config.policy.sigma = 0.2;
    config.policy.learn_sigma = true;
    config.policy.entropy = entropy;
    config.learner.weight = weight;
    auto trainer = make_trainer(b, config, 3);
    for (int step = 0; step < 3; ++step) trainer.step(tissue.oriented, tissue.labels, 1e-1);
    CHECK_THROWS_WITH(trainer.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.sigma = 0.1}),
                      "GaussianPolicy: sigma is learned, so no other one can be given");
    return trainer.model().policy().gaussian()->sigma(b, trainer.parameters().policy.gaussian());
  };
  // Without a reward the bonus alone: three steps of Adam towards a larger entropy, the same on both axes.
  const auto bonus = learned(0.1, 0);
  CHECK(bonus[0] > 0.21);
  CHECK(bonus[0] == bonus[1]);
  const auto reward = learned(0, 1);
  CHECK(reward[0] != reward[1]);
  CHECK(reward[0] != Approx(0.2).epsilon(1e-6));
  const auto neither = learned(0, 0);
  CHECK(neither[0] == Approx(0.2).epsilon(1e-6));
}

TEST_CASE("baselines from other rollouts change the policy's gradient and nothing else", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(4);
  const auto gradients = [&](Baseline baseline, Index rollouts) {
    HybridAttentionConfig config = tiny_config();
    config.learner.baseline = baseline;
    config.learner.reward = RewardClass::expected;
    config.learner.rewarded_steps = RewardedSteps::every;
    auto trainer = make_trainer(b, config, 3);
    trainer.step(tissue.oriented, tissue.labels, 1e-2, StepOptions{.rollouts = rollouts});
    return std::array{numbers(b, trainer.gradients().policy.gaussian().locator),
                      numbers(b, trainer.gradients().classifier)};
  };
  const auto none = gradients(Baseline::none, 1), critical = gradients(Baseline::self_critical, 1);
  CHECK(critical[0] != none[0]);
  CHECK(critical[1] == none[1]);
  const auto two = gradients(Baseline::none, 2), others = gradients(Baseline::leave_one_out, 2);
  CHECK(others[0] != two[0]);
  CHECK(others[1] == two[1]);
  CHECK_THROWS_WITH(gradients(Baseline::leave_one_out, 1),
                    "leave_one_out: training.rollouts must be at least 2, but is 1");
}

TEST_CASE("a report is what the step's rollout says", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(8);
  HybridAttentionConfig config = tiny_config();
  config.supervised_steps = GENERATE(SupervisedSteps::every, SupervisedSteps::last);
  config.learner.weight = 0.25;
  auto trainer = make_trainer(b, config, 3);

  // The first step's draws: counter 0, by the trainer's seed, in training mode.
  const auto& model = trainer.model();
  auto episode = model.make_episode(b, 8, Mode::training);
  auto statistics = model.make_statistics(b);
  initialize(b, statistics, 0);
  const RolloutOptions options{.locations = Locations::sample, .seed = 3, .counter = 0};
  const std::vector<float> labels(tissue.labels.begin(), tissue.labels.end());
  model.rollout(b, trainer.parameters(), statistics, tissue.oriented, options, episode);
  model.score(b, std::span<const float>(labels), options, episode);
  double cross_entropy = 0, reward = 0;
  const bool every = config.supervised_steps == SupervisedSteps::every;
  for (std::size_t t = every ? 0 : 2; t < 3; ++t)
    for (const float loss : to_vector(b, episode.steps[t].loss))
      cross_entropy += static_cast<double>(loss) / 8 / (every ? 3 : 1);
  for (const float value : to_vector(b, episode.reward())) reward += static_cast<double>(value) / 8;

  const StepReport report = trainer.step(tissue.oriented, tissue.labels, 1e-3);
  CHECK(report.cross_entropy == Approx(cross_entropy));
  CHECK(report.reward == Approx(reward));
  CHECK(report.loss == Approx(cross_entropy - 0.25 * reward));
  CHECK(report.accuracy == Approx(reward));  // the most probable class is the rewarded one
  double squares = 0;
  for (const float value : numbers(b, trainer.gradients()))
    squares += static_cast<double>(value) * static_cast<double>(value);
  CHECK(report.gradient_norm == Approx(std::sqrt(squares)));
  CHECK(trainer.optimizer().steps() == 1);
}

TEST_CASE("a loss or gradient that is not finite stops the training and leaves the weights", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(4);
  SECTION("loss") {
    auto trainer = make_trainer(b, tiny_config(), 3);
    trainer.step(tissue.oriented, tissue.labels, 1e-3);
    b.fill(std::numeric_limits<float>::infinity(), trainer.parameters().classifier.bias);
    const auto before = numbers(b, trainer.parameters());
    CHECK_THROWS_WITH(trainer.step(tissue.oriented, tissue.labels, 1e-3),
                      "training: at step 2 the loss is not finite; lower the learning rate or clip the gradient");
    CHECK_THROWS_AS(trainer.step(tissue.oriented, tissue.labels, 1e-3), NumericError);
    CHECK(numbers(b, trainer.parameters()) == before);
    CHECK(trainer.optimizer().steps() == 1);
  }
  SECTION("gradient") {
    HybridAttentionConfig config = tiny_config();
    config.policy.sigma = 1e-30;  // 1 / sigma^2 overflows
    auto trainer = make_trainer(b, config, 3);
    const auto before = numbers(b, trainer.parameters());
    CHECK_THROWS_WITH(trainer.step(tissue.oriented, tissue.labels, 1e-3),
                      "training: at step 1 the gradient is not finite; lower the learning rate or clip the gradient");
    CHECK(numbers(b, trainer.parameters()) == before);
  }
}

TEST_CASE("a batch needs a label for every image, and labels need to be classes", "[trainer]") {
  Cpu b(1);
  const Tissue tissue(4);
  auto trainer = make_trainer(b, tiny_config(), 3);
  const std::vector<Index> three{0, 1, 0}, strange{0, 1, 2, 0};
  CHECK_THROWS_WITH(trainer.step(tissue.oriented, three, 1e-3),
                    "training: 4 images need as many labels, but there are 3");
  CHECK_THROWS_WITH(trainer.step(tissue.oriented, strange, 1e-3), contains("label must be from 0 to 1, but is 2"));
}
