#include <saccade/classify.hpp>

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/report/explain_image.hpp>
#include <saccade/training/trained_classifier.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "training/checkpoint_fixture.hpp"

#include <cstddef>
#include <filesystem>
#include <utility>
#include <vector>

using namespace saccade;
using saccade_test::noise;
using saccade_test::small_info;

namespace {

using Cpu = EigenBackend<float>;

/// A folder with the checkpoint of a model that has made a few steps, and an image.
struct SavedModel {
  explicit SavedModel(Cpu& b) : checkpoint(folder / "model.safetensors"), image(folder / "image.png") {
    saccade_test::SmallRun<Cpu> run(b, 3);
    save_checkpoint(checkpoint, run.trainer, small_info());
    data::write_png(image, pixels.view());
  }
  ScratchFolder folder;
  std::filesystem::path checkpoint, image;
  RgbImage pixels = noise(20, 15, 5);
};

/// Equal but for the masks.
void check_same_answer(const saccade::Classifier::Answer& one, const saccade::Classifier::Answer& other) {
  CHECK(one.class_name == other.class_name);
  CHECK(one.probability == other.probability);
  REQUIRE(one.glimpses.size() == other.glimpses.size());
  for (std::size_t t = 0; t < one.glimpses.size(); ++t) {
    CHECK(one.glimpses[t].x == other.glimpses[t].x);
    CHECK(one.glimpses[t].y == other.glimpses[t].y);
    CHECK(one.glimpses[t].window == other.glimpses[t].window);
    CHECK(one.glimpses[t].probabilities == other.glimpses[t].probabilities);
  }
}

}  // namespace

TEST_CASE("the classifier that is no template answers as the template does", "[classify]") {
  Cpu b(1);
  const SavedModel files(b);
  saccade::Classifier classifier(files.checkpoint, 1);
  CHECK(classifier.classes() == small_info().classes);
  const saccade::Classifier::Answer answer = classifier.classify(files.pixels.view());

  auto model = TrainedClassifier<Cpu>::load(b, files.checkpoint);
  const Classification expected = model.classify(files.pixels.view());
  CHECK(answer.class_index == expected.class_index);
  CHECK(answer.class_name == expected.class_name);
  CHECK(answer.probability == expected.probabilities[static_cast<std::size_t>(expected.class_index)]);
  REQUIRE(answer.glimpses.size() == 3);
  for (std::size_t t = 0; t < 3; ++t) {
    CHECK(answer.glimpses[t].x == expected.prediction.locations[t].x);
    CHECK(answer.glimpses[t].y == expected.prediction.locations[t].y);
    CHECK(answer.glimpses[t].window == expected.prediction.windows[t].front());
    CHECK(answer.glimpses[t].probabilities == expected.prediction.probabilities[t]);
    CHECK(answer.glimpses[t].mask.values.empty());
  }
  check_same_answer(classifier.classify(files.image), answer);
  saccade::Classifier moved = std::move(classifier);
  check_same_answer(moved.classify(files.image), answer);
}

TEST_CASE("an explained answer is the same, with the masks of the report", "[classify]") {
  Cpu b(1);
  const SavedModel files(b);
  saccade::Classifier classifier(files.checkpoint, 1);
  const saccade::Classifier::Answer answer = classifier.explain(files.image);
  check_same_answer(answer, classifier.classify(files.image));

  auto model = TrainedClassifier<Cpu>::load(b, files.checkpoint);
  Evaluator<Cpu> evaluator(b, model.model(), 1, Activations::every_step);
  const report::Explanation expected =
      report::explain_image(b, evaluator, model.parameters(), model.statistics(), files.pixels, model.info().classes);
  REQUIRE(answer.glimpses.size() == 3);
  for (std::size_t t = 0; t < 3; ++t) {
    const saccade::Classifier::Mask& mask = answer.glimpses[t].mask;
    CHECK(mask.width == 8);
    CHECK(mask.height == 8);
    CHECK(mask.values == expected.steps[t].mask.values);
  }
  CHECK(answer.glimpses[0].mask.values != answer.glimpses[1].mask.values);
}

TEST_CASE("a classifier names the file that it cannot read, and what is wrong with an image", "[classify]") {
  Cpu b(1);
  const SavedModel files(b);
  CHECK_THROWS_WITH(saccade::Classifier(files.image), contains("image.png\": not a valid safetensors file: "));
  saccade::Classifier classifier(files.checkpoint, 1);
  CHECK_THROWS_WITH(classifier.classify(files.checkpoint), contains("not a PNG or JPEG image"));
  CHECK_THROWS_AS(classifier.classify(noise(7, 20, 5).view()), ConfigError);
  CHECK_THROWS_AS(classifier.explain(noise(7, 20, 5).view()), ConfigError);
}
