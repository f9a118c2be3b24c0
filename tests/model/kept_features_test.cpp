#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/model/kept_features.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// A frozen encoder's features, kept between steps.

using namespace saccade;

namespace {

using Cpu = EigenBackend<float>;
using Store = FeatureStore<float>;

HybridAttentionConfig small_pretrained(MaskUse mask, Index zooms = 1) {
  HybridAttentionConfig c = pretrained_preset();
  c.glimpses = 2;
  c.sensor.side = 16;
  c.sensor.zooms = zooms;
  c.encoder.backbone = {.kind = BackboneKind::efficientnet_lite0, .stages = 2, .mask_width = 4};
  c.encoder.mask = mask;
  c.encoder.mask_depth = 1;
  c.fusion_width = c.hidden = 6;
  c.glance.side = 24;
  c.glance.reduction = 2;
  c.lattice = 3;
  return validated(c);
}

AdamConfig frozen_backbone() { return {.groups = {{.pattern = "encoder.backbone.*", .frozen = true}}}; }

struct Run {
  explicit Run(const HybridAttentionConfig& model, Activations keep = Activations::every_step)
      : trainer(b, HybridAttentionClassifier<Cpu>(model), frozen_backbone(), 5, keep) {
    for (std::uint8_t seed = 1; seed <= 3; ++seed) {
      RgbImage& image = images.emplace_back(40, 32);
      for (std::size_t i = 0; i < image.pixels.size(); ++i)
        image.pixels[i] = static_cast<std::uint8_t>(i * (30 + seed) % 251);
    }
    for (const RgbImage& image : images) views.push_back(image.view());
  }

  [[nodiscard]] std::vector<OrientedImage<Cpu>> batch(bool known) const {
    std::vector<OrientedImage<Cpu>> list;
    for (std::size_t i = 0; i < views.size(); ++i)
      list.push_back({&views[i], static_cast<Symmetry>(2 * i), nullptr, known ? i + 1 : 0});
    return list;
  }

  void train(int steps, bool known = true) {
    const std::vector<Index> labels{0, 1, 0};
    const auto images_of_batch = batch(known);
    for (int i = 0; i < steps; ++i) trainer.step(images_of_batch, labels, 0.01, StepOptions{.rollouts = 2});
  }

  [[nodiscard]] std::vector<std::vector<float>> weights() {
    std::vector<std::vector<float>> list;
    for (const auto& named : named_tensors<Cpu>(trainer.parameters())) list.push_back(values(*named.tensor));
    for (const auto& named : named_tensors<Cpu>(trainer.statistics())) list.push_back(values(*named.tensor));
    return list;
  }

  [[nodiscard]] std::vector<float> values(const Tensor<Cpu>& tensor) {
    std::vector<float> list(static_cast<std::size_t>(b.shape(tensor).size()));
    b.download(tensor, std::span<float>(list));
    return list;
  }

  Cpu b;
  std::vector<RgbImage> images;
  std::vector<ImageView> views;
  Trainer<Cpu> trainer;
};

}  // namespace

TEST_CASE("a run that keeps features has the same weights, bit for bit", "[features]") {
  const MaskUse mask = GENERATE(MaskUse::none, MaskUse::attend);
  const auto keep = GENERATE(Activations::every_step, Activations::last_step);
  const std::size_t bytes = GENERATE(std::size_t{1} << 20, std::size_t{600});  // all of them, or hardly any
  const Index zooms = GENERATE(Index{1}, Index{2});
  Run plain(small_pretrained(mask, zooms), keep), kept(small_pretrained(mask, zooms), keep);
  const auto store = std::make_shared<Store>(bytes);
  kept.trainer.keep_features(store);
  plain.train(4);
  kept.train(4);
  CHECK(kept.weights() == plain.weights());
  // With a mask and one step's activations the way back looks at every patch again.
  const bool used = mask == MaskUse::none || keep == Activations::every_step;
  if (bytes > 600) CHECK((store->reads() > 0) == used);
}

TEST_CASE("what a run has looked at, another need not", "[features]") {
  const auto store = std::make_shared<Store>(1 << 20);
  Run first(small_pretrained(MaskUse::none)), second(small_pretrained(MaskUse::none));
  first.trainer.keep_features(store);
  first.train(3);
  const std::size_t misses = store->misses(), reads = store->reads();
  // At most 9 places in each of 3 images.
  CHECK(store->bytes() <= 27 * sizeof(float) * static_cast<std::size_t>(first.trainer.model().encoder().features()));
  second.trainer.keep_features(store);
  second.train(3);
  CHECK(store->misses() == misses);
  CHECK(store->reads() > reads);
  CHECK(second.weights() == first.weights());

  // Other weights of the frozen part, and other patches, are other glimpses.
  Run other(small_pretrained(MaskUse::none));
  auto& gamma = *named_tensors<Cpu>(other.trainer.parameters()).front().tensor;
  std::vector<float> changed = other.values(gamma);
  changed[0] += 1;
  other.b.upload(std::span<const float>(changed), gamma);
  other.trainer.keep_features(store);
  other.train(1);
  CHECK(store->misses() > misses);
  HybridAttentionConfig wider = small_pretrained(MaskUse::none);
  wider.sensor.side = 20;
  Run larger(wider);
  const std::size_t before = store->misses();
  larger.trainer.keep_features(store);
  larger.train(1);
  CHECK(store->misses() > before);
}

TEST_CASE("images that are not known are looked at every time", "[features]") {
  const auto store = std::make_shared<Store>(1 << 20);
  Run plain(small_pretrained(MaskUse::none)), kept(small_pretrained(MaskUse::none));
  kept.trainer.keep_features(store);
  plain.train(2, false);
  kept.train(2, false);
  CHECK(kept.weights() == plain.weights());
  CHECK(store->bytes() == 0);
}

TEST_CASE("an evaluation that keeps features has the same answers", "[features]") {
  const MaskUse mask = GENERATE(MaskUse::none, MaskUse::attend);
  const Index zooms = GENERATE(Index{1}, Index{3});
  Run run(small_pretrained(mask, zooms));
  run.train(2);
  const auto images = run.batch(true);
  const auto policy = GENERATE(GlimpsePolicy::learned, GlimpsePolicy::random, GlimpsePolicy::centre);
  Evaluator<Cpu> plain(run.b, run.trainer.model(), 4), kept(run.b, run.trainer.model(), 4);
  const auto store = std::make_shared<Store>(1 << 20);
  kept.keep_features(store, run.trainer.parameters(), run.trainer.statistics());
  const auto predict = [&](Evaluator<Cpu>& evaluator) {
    return evaluator.predict(run.trainer.parameters(), run.trainer.statistics(), images, policy, 3);
  };
  const auto expect_equal = [](const std::vector<Prediction>& some, const std::vector<Prediction>& others) {
    for (std::size_t n = 0; n < some.size(); ++n) CHECK(some[n].probabilities == others[n].probabilities);
  };
  const std::vector<Prediction> expected = predict(plain);
  expect_equal(predict(kept), expected);
  const std::size_t misses = store->misses();
  expect_equal(predict(kept), expected);
  CHECK(store->misses() == misses);
  // Every place that was looked at is one of the three on an axis.
  for (const Prediction& each : expected)
    for (const Location& place : each.locations)
      for (const double x : {place.x, place.y}) CHECK(std::round(1.5 * x) == Approx(1.5 * x).margin(1e-5));
}

TEST_CASE("features that change, or that the policy does not only read, are not kept", "[features]") {
  const auto store = std::make_shared<Store>(1 << 20);
  Cpu b;
  Trainer<Cpu> trained(b, HybridAttentionClassifier<Cpu>(small_pretrained(MaskUse::none)), {}, 1);
  CHECK_THROWS_WITH(trained.keep_features(store),
                    "feature cache: the encoder is trained, so that its features change; freeze it");
  HybridAttentionConfig reading = small_pretrained(MaskUse::none);
  reading.policy.patch = 4;
  Run patches(reading);
  CHECK_THROWS_WITH(patches.trainer.keep_features(store),
                    "feature cache: policy.patch must be 0, but is 4: the policy reads every glimpse's pixels");
}
