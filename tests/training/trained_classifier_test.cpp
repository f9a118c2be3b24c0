#include <saccade/training/trained_classifier.hpp>

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/data/image_encode.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "training/checkpoint_fixture.hpp"

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace saccade;
using saccade_test::noise;
using saccade_test::small_config;
using saccade_test::small_info;
using saccade_test::SmallRun;

namespace {

using Cpu = EigenBackend<float>;
using Loaded = TrainedClassifier<Cpu>;

/// A folder with the checkpoint of a model that has made a few steps.
struct Checkpoint {
  explicit Checkpoint(Cpu& b) : path(folder / "model.safetensors") {
    SmallRun<Cpu> run(b, 3);
    save_checkpoint(path, run.trainer, small_info());
  }
  ScratchFolder folder;
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("a trained classifier answers as the model that was saved") {
  Cpu b(1);
  const Checkpoint checkpoint(b);
  SmallRun<Cpu> run(b, 3);
  Loaded classifier = Loaded::load(b, checkpoint.path);
  CHECK(classifier.info().classes == small_info().classes);
  CHECK(to_json(classifier.model().config()) == to_json(small_config()));

  const RgbImage image = noise(20, 15, 1);
  const ImageView view = image.view();
  Evaluator<Cpu> evaluator(b, run.trainer.model(), 1);
  const std::vector<OrientedImage<Cpu>> images{{&view}};
  const Prediction expected =
      evaluator.predict(run.trainer.parameters(), run.trainer.statistics(), images, GlimpsePolicy::learned).front();
  const Classification answer = classifier.classify(view);
  CHECK(answer.prediction.probabilities == expected.probabilities);
  CHECK(answer.probabilities == expected.probabilities.back());
  CHECK(answer.class_index == expected.answer());
  CHECK(answer.class_name == small_info().classes[static_cast<std::size_t>(expected.answer())]);
  REQUIRE(answer.prediction.locations.size() == 3);
  CHECK(answer.prediction.locations[2].x == expected.locations[2].x);
  REQUIRE(answer.prediction.windows[0].size() == 2);
  CHECK(answer.prediction.windows[0][0] == Box{6, 4, 8, 8});  // the middle of 20 x 15, half a pixel down
}

TEST_CASE("a prediction says which thumbnail chose its places, and a control's says that none did") {
  Cpu b(1);
  HybridAttentionConfig config = small_config();
  config.glance = {.side = 6, .reduction = 4, .outputs = 3};
  const HybridAttentionClassifier<Cpu> model(config);
  auto parameters = model.make_parameters(b);
  auto statistics = model.make_statistics(b);
  initialize(b, parameters, 1);
  initialize(b, statistics, 1);
  Evaluator<Cpu> evaluator(b, model, 2);
  const RgbImage images[] = {noise(20, 15, 1), noise(12, 24, 2)};
  const ImageView views[] = {images[0].view(), images[1].view()};
  const std::vector<OrientedImage<Cpu>> batch{{&views[0]}, {&views[1]}};
  const auto learned = evaluator.predict(parameters, statistics, batch, GlimpsePolicy::learned);
  REQUIRE(learned[1].thumbnails.size() == 1);
  CHECK(learned[0].thumbnails[0].window == Box{-2, -4, 24, 24});
  CHECK(learned[1].thumbnails[0].window == Box{-6, 0, 24, 24});
  CHECK(learned[1].thumbnails[0].side == 6);
  CHECK(evaluator.predict_drawn(parameters, statistics, batch, 1, 0, 0)[0].thumbnails.size() == 1);
  CHECK(evaluator.predict(parameters, statistics, batch, GlimpsePolicy::random)[0].thumbnails.empty());
  // The first place is no longer the middle.
  CHECK(learned[0].locations[0].x != 0);
}

TEST_CASE("an answer depends neither on the batch nor on where the classifier lies") {
  Cpu b(2);
  const Checkpoint checkpoint(b);
  std::vector<RgbImage> images;
  for (Index i = 0; i < 5; ++i) images.push_back(noise(12 + 3 * i, 20 - 2 * i, static_cast<std::uint64_t>(i)));
  std::vector<ImageView> views;
  for (const RgbImage& image : images) views.push_back(image.view());

  Loaded one = Loaded::load(b, checkpoint.path);
  Loaded loaded = Loaded::load(b, checkpoint.path, 2);
  std::optional<Loaded> moved(std::move(loaded));
  Loaded two = std::move(*moved);
  moved.reset();
  const std::vector<Classification> answers = two.classify(views);  // batches of 2, 2 and 1
  REQUIRE(answers.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    INFO("image " << i);
    CHECK(answers[i].probabilities == one.classify(views[i]).probabilities);
    CHECK(std::abs(answers[i].probabilities[0] + answers[i].probabilities[1] + answers[i].probabilities[2] - 1) < 1e-6);
  }
  CHECK(answers[0].probabilities != answers[1].probabilities);
  CHECK(two.classify(std::vector<ImageView>{}).empty());
}

TEST_CASE("a backend of bf16 loads a checkpoint within its own tolerance, and its answers do not depend on the batch") {
  Cpu b(1), bf16({.threads = 2, .precision = Precision::bf16, .bf16_unit = Bf16Unit::portable});
  const Checkpoint checkpoint(b);
  CHECK_THROWS_WITH(Loaded::load(bf16, checkpoint.path, 1, 1e-9), contains("does not reproduce its recorded answer"));
  Loaded one = Loaded::load(bf16, checkpoint.path, 1, golden_tolerance_bf16);
  Loaded two = Loaded::load(bf16, checkpoint.path, 2, golden_tolerance_bf16);
  const RgbImage images[] = {noise(20, 15, 1), noise(12, 30, 2), noise(17, 17, 3)};
  const std::vector<ImageView> views{images[0].view(), images[1].view(), images[2].view()};
  const std::vector<Classification> answers = two.classify(views);
  for (std::size_t i = 0; i < 3; ++i) CHECK(answers[i].probabilities == one.classify(views[i]).probabilities);
}

TEST_CASE("an image file is decoded and classified") {
  Cpu b(1);
  const Checkpoint checkpoint(b);
  Loaded classifier = Loaded::load(b, checkpoint.path);
  const RgbImage image = noise(20, 15, 1);
  data::write_png(checkpoint.folder / "a.png", image.view());
  CHECK(classifier.classify(checkpoint.folder / "a.png").probabilities ==
        classifier.classify(image.view()).probabilities);
  CHECK_THROWS_WITH(classifier.classify(checkpoint.folder / "b.png"), contains("b.png\": cannot be read"));
}

TEST_CASE("an image smaller than the glimpse is refused, and the next one answered") {
  Cpu b(1);
  const Checkpoint checkpoint(b);
  Loaded classifier = Loaded::load(b, checkpoint.path);
  CHECK_THROWS_WITH(classifier.classify(noise(20, 7, 1).view()),
                    contains("image 0 is 20 x 7, smaller than the glimpse of 8 x 8"));
  CHECK_THROWS_AS(classifier.classify(ImageView{}), ConfigError);
  CHECK(classifier.classify(noise(8, 8, 1).view()).probabilities.size() == 3);
}

TEST_CASE("a classifier is not loaded from a checkpoint that says something else") {
  Cpu b(1);
  const Checkpoint checkpoint(b);
  const SafetensorsFile sound = read_checkpoint(checkpoint.path);
  SafetensorsFile file = sound;
  const auto refused_with = [&](const std::string& sentence) {
    write_safetensors(file, checkpoint.path);
    CHECK_THROWS_AS(Loaded::load(b, checkpoint.path), FileError);
    CHECK_THROWS_WITH(Loaded::load(b, checkpoint.path), contains("model.safetensors\": " + sentence));
  };
  SECTION("another configuration") {
    nlohmann::ordered_json model = to_json(small_config());
    model["hidden"] = 6;
    file.metadata.at("saccade.model") = model.dump();
    refused_with("belongs to another configuration: core.input_weight must be (24, 6), but is (20, 6)");
  }
  SECTION("a configuration of which only the answer tells") {
    nlohmann::ordered_json model = to_json(small_config());
    model["sensor"]["mean"] = {0.1, 0.5, 0.9};
    file.metadata.at("saccade.model") = model.dump();
    refused_with("does not reproduce its recorded answer: a probability or location differs by 0.");
  }
  SECTION("a configuration that cannot be built") {
    nlohmann::ordered_json model = to_json(small_config());
    model["encoder"]["width"] = -4;
    file.metadata.at("saccade.model") = model.dump();
    refused_with("its configuration cannot be built: ");
  }
  SECTION("no file") {
    CHECK_THROWS_WITH(Loaded::load(b, checkpoint.folder / "none"), contains("none\": cannot be read"));
  }
  write_safetensors(sound, checkpoint.path);
  CHECK_NOTHROW(Loaded::load(b, checkpoint.path));
}
