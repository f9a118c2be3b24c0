#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/policy_gradient.hpp>

#include "golden/golden_case.hpp"
#include "golden/golden_config.hpp"
#include "golden/golden_images.hpp"

#include <cmath>
/// The whole model over five glimpses at given places, against its twin in PyTorch (twin.py): logits, losses, the
/// gradient of every parameter, and the weights after three steps of Adam.

using namespace saccade;
using namespace saccade_tests;

namespace {

using Backends = TestedBackends<ReferenceBackend<double>, ReferenceBackend<float>, EigenBackend<float>>;

template <class B>
HybridAttentionConfig model_config(GoldenCase<B>& golden, const GlimpseGeometry& normalization) {
  HybridAttentionConfig config;
  config.classes = golden.integer("classes");
  config.glimpses = golden.integer("glimpses");
  config.sensor = normalization;
  config.sensor.side = golden.integer("side");
  config.sensor.scales = golden.integer("scales");
  config.encoder = {encoder_config(golden)};
  config.fusion_width = golden.integer("fusion_width");
  config.hidden = golden.integer("hidden");
  config.policy = policy_config(golden);
  config.learner = learner_config(golden);
  config.supervised_steps = golden.flag("every_step") ? SupervisedSteps::every : SupervisedSteps::last;
  const Index statistics = golden.integer("statistics");
  config.running_statistics = statistics == 1 ? RunningStatistics::shared : RunningStatistics::per_step;
  return config;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: a rollout of five glimpses and three steps of Adam", "[golden][rollout]",
                        Backends) {
  using Model = HybridAttentionClassifier<TestType>;
  const double tolerance = network_tolerance<Scalar<TestType>>;
  const GoldenFile file("rollout");
  for_each_backend<TestType>([&](TestType& b) {
    GoldenImages<TestType> images(file, b);

    for (const std::string& name : file.cases()) {
      if (name == "images") continue;
      {
        INFO(name);
        GoldenCase<TestType> golden(file, name, b);
        const Model model(model_config(golden, images.normalization()));
        auto p = model.make_parameters(b), d_p = model.make_parameters(b);
        auto statistics = model.make_statistics(b);
        golden.give_all("parameter", p);
        golden.give_all("statistic", statistics);

        const auto labels = numbers_as<Scalar<TestType>>(golden.numbers("labels"));
        const auto samples = numbers_as<Scalar<TestType>>(golden.numbers("samples"));  // (T, B, 2)
        const auto batch = static_cast<Index>(labels.size());
        const std::size_t steps = static_cast<std::size_t>(golden.integer("glimpses"));
        auto episode = model.make_episode(b, batch, Mode::training);
        const PolicyGradient<TestType, Model> learner(model.config().learner);
        auto work = learner.make_work(b, model, batch, 1);
        const RolloutOptions options{.locations = Locations::given};
        Adam<TestType> adam(b,
                            {.beta1 = golden.number("beta1"),
                             .beta2 = golden.number("beta2"),
                             .epsilon = golden.number("epsilon")},
                            named_tensors<TestType>(p), named_tensors<TestType>(d_p));

        for (int update = 0; update < 3; ++update) {
          for (std::size_t t = 0; t < steps; ++t) {
            model.set_locations(b, episode, static_cast<Index>(t),
                                std::span(samples).subspan(t * labels.size() * 2, labels.size() * 2));
          }
          set_zero(b, d_p);
          model.rollout(b, p, statistics, images.batch(), options, episode);
          model.score(b, std::span<const Scalar<TestType>>(labels), options, episode);
          if (golden.flag("sampled_class")) {
            // PyTorch draws other numbers: the class that it drew takes the place of ours.
            episode.classes = golden.given("drawn_classes");
            ops::correct(b, episode.classes, episode.labels, episode.steps.back().reward);
          }
          learner.judge(b, {model, p, statistics, images.batch(), episode}, work);
          model.backpropagate(b, p, episode, d_p);
          if (update == 0) {
            golden.check_steps(
                "logits", steps, [&](std::size_t t) -> auto& { return episode.steps[t].logits; }, tolerance);
            golden.check_steps(
                "losses", steps, [&](std::size_t t) -> auto& { return episode.steps[t].loss; }, tolerance);
            golden.check("reward", episode.reward());
            golden.check_all("gradient", d_p, tolerance);
            golden.check_all("new_statistic", statistics, tolerance);
          }
          adam.step(b, golden.number("learning_rate"));
        }
        golden.check_all("trained", p, tolerance);
        golden.check_all("trained_statistic", statistics, tolerance);
        golden.expect_all_used();
      }
    }
  });
}
