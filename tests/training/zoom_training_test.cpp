#include <saccade/report/explain_image.hpp>
#include <saccade/report/predictions.hpp>
#include <saccade/training/trained_classifier.hpp>
#include <saccade/training/training_checkpoint.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "support/slide.hpp"
#include "training/checkpoint_fixture.hpp"
#include "training/trainer_fixture.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace saccade;
using namespace saccade_test;

/// Training a policy that also chooses the zoom, and what is kept of it.
namespace {

/// Stripes of one pixel, across or down: from further away than full resolution all of them are grey.
struct Stripes {
  explicit Stripes(std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) {
      RgbImage& image = images.emplace_back(64, 64);
      labels.push_back(static_cast<Index>(n % 2));
      for (Index y = 0; y < 64; ++y)
        for (Index x = 0; x < 64; ++x)
          std::fill_n(image.at(x, y), 3, static_cast<std::uint8_t>((labels.back() == 0 ? x : y) % 2 * 255));
    }
    for (const RgbImage& image : images) views.push_back(image.view());
    for (const ImageView& view : views) oriented.push_back({&view});
  }

  std::vector<RgbImage> images;
  std::vector<ImageView> views;
  std::vector<OrientedImage<Cpu>> oriented;
  std::vector<Index> labels;
};

HybridAttentionConfig zoom_config() {
  HybridAttentionConfig config = tiny_config();
  config.glimpses = 2;
  config.sensor = {.side = 8, .scales = 1, .zooms = 3};
  config.encoder.stem_kernel = 0;
  config.encoder.stem_stride = 1;
  config.encoder.width = 4;
  config.fusion_width = config.hidden = 16;
  config.learner.reward = RewardClass::expected;
  config.learner.rewarded_steps = RewardedSteps::every;
  config.learner.discount = 0;
  config.learner.baseline = Baseline::leave_one_out;
  return config;
}

}  // namespace

TEST_CASE("a policy learns to look from as near as the answer needs", "[zoom]") {
  Cpu b(1);
  const Stripes stripes(16);
  CpuTrainer trainer = make_trainer(b, zoom_config(), GENERATE(1, 2));
  const auto zooms = [&] {
    Evaluator<Cpu> evaluator(b, trainer.model(), 16);
    std::vector<Index> result;
    for (const Prediction& each :
         evaluator.predict(trainer.parameters(), trainer.statistics(), stripes.oriented, GlimpsePolicy::learned)) {
      CHECK(each.locations[0].zoom == 2);
      result.push_back(each.locations[1].zoom);
    }
    return result;
  };
  StepReport report;
  for (int i = 0; i < 250; ++i) report = trainer.step(stripes.oriented, stripes.labels, 1e-2, {.rollouts = 2});
  CHECK(zooms() == std::vector<Index>(16, 0));
  CHECK(report.accuracy > 0.9);
}

TEST_CASE("a checkpoint of a model with zooms answers as it did, and knows its golden zooms", "[zoom]") {
  Cpu b(1);
  const Stripes stripes(4);
  CpuTrainer trainer = make_trainer(b, zoom_config(), 3);
  for (int i = 0; i < 3; ++i) trainer.step(stripes.oriented, stripes.labels, 1e-2, {.rollouts = 2});
  const ScratchFolder folder;
  const auto path = folder / "model.safetensors";
  CheckpointInfo info = small_info();
  info.model = trainer.model().config();
  info.classes = {"across", "down"};
  save_checkpoint(path, trainer, info);
  CHECK(read_checkpoint(path).at("golden.locations").shape == std::vector<std::int64_t>{2, 3});
  auto classifier = TrainedClassifier<Cpu>::load(b, path);
  Evaluator<Cpu> evaluator(b, trainer.model(), 1);
  const Prediction expected = evaluator
                                  .predict(trainer.parameters(), trainer.statistics(),
                                           ImageBatch<Cpu>(stripes.oriented).first(1), GlimpsePolicy::learned)
                                  .front();
  const Prediction answer = classifier.classify(stripes.views[0]).prediction;
  CHECK(answer.probabilities == expected.probabilities);
  CHECK(answer.windows == expected.windows);
  for (std::size_t t = 0; t < 2; ++t) CHECK(answer.locations[t].zoom == expected.locations[t].zoom);
}

TEST_CASE("an explanation of a streamed image shows each glimpse as its zoom showed it", "[zoom]") {
  Cpu b(1);
  const Stripes stripes(1);
  HybridAttentionConfig config = zoom_config();
  config.glimpses = 12;
  CpuTrainer trainer = make_trainer(b, config, 3);
  Evaluator<Cpu> evaluator(b, trainer.model(), 1, Activations::every_step);
  const auto explanation = report::explain_image(b, evaluator, trainer.parameters(), trainer.statistics(),
                                                 AnyImage(StreamedImage(Slide{&stripes.images[0]})), {"across", "down"},
                                                 {.policy = GlimpsePolicy::random, .seed = 5});
  std::vector<int> count(3, 0);
  REQUIRE(explanation.steps.size() == 12);
  for (const report::GlimpseStep& step : explanation.steps) {
    REQUIRE((step.window.width == 8 || step.window.width == 16 || step.window.width == 32));
    ++count[step.window.width == 8 ? 0 : step.window.width == 16 ? 1 : 2];
    CHECK(step.patch.width == 8);
    CHECK(step.patch.height == 8);
    const bool grey = step.window.width > 8;
    for (const std::uint8_t byte : step.patch.pixels) CHECK((byte == 127 || byte == 128) == grey);
  }
  CHECK(*std::min_element(count.begin(), count.end()) > 0);
}

TEST_CASE("predictions keep the zoom of each glimpse where it is not full resolution", "[zoom]") {
  const ScratchFolder folder;
  const report::PredictionRecord record{.policy = "learned",
                                        .image = "a.png",
                                        .truth = 0,
                                        .width = 10,
                                        .height = 8,
                                        .locations = {{0.5, -0.25, 2}, {0, 1, 0}},
                                        .probabilities = {{0.5, 0.5}, {0.75, 0.25}}};
  CHECK(to_json(record)["locations"].dump() == "[[0.5,-0.25,2],[0.0,1.0]]");
  report::write_predictions(folder / "predictions.jsonl", std::vector{record});
  const auto read = report::read_predictions(folder / "predictions.jsonl");
  REQUIRE(read.size() == 1);
  CHECK(read[0].locations[0].zoom == 2);
  CHECK(read[0].locations[0].y == -0.25);
  CHECK(read[0].locations[1].zoom == 0);
}
