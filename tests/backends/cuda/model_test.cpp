#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/cuda.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/training/policy_gradient.hpp>

#include "support/catch.hpp"
#include "training/trainer_fixture.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

/// The whole model on the GPU against the CPU: the same images, weights and draws.

namespace {

using saccade::Index;
using Gpu = saccade::CudaBackend<float>;
using saccade_test::Cpu;

struct Named {
  std::string name;
  std::vector<float> values;
};

/// Answers, losses and locations of each step, and the gradient of every parameter, one after another.
template <class B>
std::vector<Named> results(B& b, const saccade::HybridAttentionConfig& config) {
  const saccade_test::Tissue tissue(4);
  std::vector<typename B::Image> images;
  for (const saccade::ImageView& view : tissue.views) images.push_back(b.make_image(view));
  std::vector<saccade::OrientedImage<B>> batch;
  for (std::size_t i = 0; i < images.size(); ++i)
    batch.push_back({&images[i], static_cast<saccade::Symmetry>(2 * i + 1)});
  const std::vector<float> labels(tissue.labels.begin(), tissue.labels.end());

  const saccade::HybridAttentionClassifier<B> model(config);
  auto p = model.make_parameters(b), d_p = model.make_parameters(b);
  auto statistics = model.make_statistics(b);
  saccade::initialize(b, p, 3);
  saccade::initialize(b, statistics, 3);
  auto episode = model.make_episode(b, static_cast<Index>(batch.size()), saccade::Mode::training);
  const saccade::RolloutOptions options{.locations = saccade::Locations::sample, .seed = 9, .counter = 4};
  model.stage(b, batch, episode);
  model.rollout(b, p, statistics, batch, options, episode);
  model.score(b, std::span<const float>(labels), options, episode);
  const saccade::PolicyGradient<B, saccade::HybridAttentionClassifier<B>> learner(config.learner);
  auto work = learner.make_work(b, model, episode.batch, 1);
  learner.judge(b, {model, p, statistics, batch, episode}, work);
  model.backpropagate(b, p, episode, d_p);

  std::vector<Named> found;
  for (std::size_t t = 0; t < episode.steps.size(); ++t) {
    const std::string step = " of step " + std::to_string(t);
    found.push_back({"location" + step, saccade::to_vector(b, episode.steps[t].location)});
    found.push_back({"probabilities" + step, saccade::to_vector(b, episode.steps[t].probabilities)});
    found.push_back({"loss" + step, saccade::to_vector(b, episode.steps[t].loss)});
  }
  for (const auto& named : saccade::named_tensors<B>(statistics))
    found.push_back({"statistic " + named.name, saccade::to_vector(b, *named.tensor)});
  for (const auto& named : saccade::named_tensors<B>(d_p))
    found.push_back({"gradient of " + named.name, saccade::to_vector(b, *named.tensor)});
  return found;
}

/// Each tensor within `tolerance` of the largest number of its kind of result: gradients are judged by the largest
/// gradient of their tensor, or by a thousandth of the largest of all where theirs are as good as 0.
void agree(const std::vector<Named>& actual, const std::vector<Named>& expected, double tolerance) {
  const auto largest = [](const Named& named) {
    double result = 0;
    for (const float value : named.values) result = std::max(result, std::abs(static_cast<double>(value)));
    return result;
  };
  double largest_gradient = 0;
  for (const Named& named : expected)
    if (named.name.starts_with("gradient")) largest_gradient = std::max(largest_gradient, largest(named));
  REQUIRE(actual.size() == expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) {
    INFO(actual[k].name);
    REQUIRE(actual[k].values.size() == expected[k].values.size());
    const double floor = actual[k].name.starts_with("gradient") ? 1e-3 * largest_gradient : 1;
    const double margin = tolerance * std::max(largest(expected[k]), floor);
    for (std::size_t i = 0; i < actual[k].values.size(); ++i) {
      const double difference = std::abs(static_cast<double>(actual[k].values[i]) - expected[k].values[i]);
      if (difference <= margin) continue;  // not so for NaN
      FAIL_CHECK("element " << i << " is " << actual[k].values[i] << ", but must be " << expected[k].values[i]
                            << " within " << margin);
      break;
    }
  }
}

saccade::HybridAttentionConfig context_config() {
  saccade::HybridAttentionConfig config = saccade_test::tiny_config();
  config.policy.patch = 8;
  config.learner.reward = saccade::RewardClass::sampled;
  config.learner.class_term = true;
  config.running_statistics = saccade::RunningStatistics::per_step;
  return config;
}

/// The tissue is 96 x 64: the thumbnail has bands above and below.
saccade::HybridAttentionConfig glancing_config() {
  saccade::HybridAttentionConfig config = saccade_test::tiny_config();
  config.glance = {.side = 12, .reduction = 8, .outputs = 8};
  config.policy.learn_sigma = true;
  config.policy.entropy = 0.05;
  config.lattice = 5;
  return config;
}

}  // namespace

TEST_CASE("CudaBackend: forward and backward of the model agree with EigenBackend in single precision") {
  for (const auto& config : {saccade_test::tiny_config(), context_config(), glancing_config()}) {
    Cpu cpu({.threads = 1});
    Gpu gpu({.precision = saccade::Precision::single});
    agree(results(gpu, config), results(cpu, config), 1e-3);
  }
}

TEST_CASE("CudaBackend: the model's answers in TF32 and bf16 are near those of EigenBackend") {
  const auto answers = [](std::vector<Named> all) {
    std::erase_if(all, [](const Named& named) { return !named.name.starts_with("probabilities of step 0"); });
    return all;
  };
  Cpu cpu({.threads = 1});
  const std::vector<Named> expected = answers(results(cpu, saccade_test::tiny_config()));
  Gpu tf32({.precision = saccade::Precision::tf32});
  agree(answers(results(tf32, saccade_test::tiny_config())), expected, 0.01);
  Gpu bf16({.precision = saccade::Precision::bf16});
  agree(answers(results(bf16, saccade_test::tiny_config())), expected, 0.05);
}
