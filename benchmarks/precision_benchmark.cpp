#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/training/trained_classifier.hpp>

#include "common/program.hpp"
#include "common/sample.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

/// How far a model's answers in bf16 are from those in single precision, over images of synthetic tissue.
namespace {

using namespace saccade;
using B = EigenBackend<float>;

struct Answers {
  std::vector<Prediction> predictions;
  double images_per_second = 0;
};

struct ComparisonOptions {
  std::filesystem::path checkpoint;  ///< empty: the preset's model at its start
  std::string preset = "paper";
  Index images = 64;
  Index batch = 8;
  data::SyntheticTissueOptions tissue;
};

/// Each image after the other, half of either class.
std::vector<RgbImage> draw_images(const ComparisonOptions& options) {
  std::vector<RgbImage> images;
  for (Index i = 0; i < options.images; ++i)
    images.push_back(
        data::synthesize(options.tissue, i % options.tissue.patients(), i / options.tissue.patients()).image);
  return images;
}

Answers answer(B& b, const HybridAttentionClassifier<B>& model,
               const HybridAttentionClassifier<B>::Parameters& parameters,
               HybridAttentionClassifier<B>::Statistics& statistics, const std::vector<RgbImage>& images, Index batch) {
  Answers answers;
  Evaluator<B> evaluator(b, model, batch);
  const auto predict = [&](std::size_t first) {
    const std::size_t last = std::min(images.size(), first + static_cast<std::size_t>(batch));
    std::vector<ImageView> handles;
    for (std::size_t i = first; i < last; ++i) handles.push_back(b.make_image(images[i].view()));
    std::vector<OrientedImage<B>> seen;
    for (const ImageView& handle : handles) seen.push_back({&handle});
    return evaluator.predict(parameters, statistics, seen, GlimpsePolicy::learned);
  };
  predict(0);  // sizes the memory
  const double seconds = bench::seconds_of([&] {
    for (std::size_t first = 0; first < images.size(); first += static_cast<std::size_t>(batch))
      for (Prediction& prediction : predict(first)) answers.predictions.push_back(std::move(prediction));
  });
  answers.images_per_second = static_cast<double>(images.size()) / seconds;
  return answers;
}

Answers answer(const EigenOptions& backend, const ComparisonOptions& options, const std::vector<RgbImage>& images) {
  B b(backend);
  if (!options.checkpoint.empty()) {
    // Whatever the distance from the recorded answer: to know it is the point of this program.
    auto trained = TrainedClassifier<B>::load(b, options.checkpoint, 1, std::numeric_limits<double>::infinity());
    return answer(b, trained.model(), trained.parameters(), trained.statistics(), images, options.batch);
  }
  const HybridAttentionClassifier<B> model(preset(options.preset));
  auto parameters = model.make_parameters(b);
  auto statistics = model.make_statistics(b);
  initialize(b, parameters, 1);
  initialize(b, statistics, 1);
  return answer(b, model, parameters, statistics, images, options.batch);
}

void report(const Answers& single, const Answers& bf16, const std::string& unit) {
  double largest = 0, sum = 0, numbers = 0, equal = 0, same_place = 0, glimpses = 0;
  for (std::size_t i = 0; i < single.predictions.size(); ++i) {
    const Prediction &a = single.predictions[i], &b = bf16.predictions[i];
    for (std::size_t k = 0; k < a.probabilities.back().size(); ++k) {
      const double difference = std::abs(a.probabilities.back()[k] - b.probabilities.back()[k]);
      largest = std::max(largest, difference);
      sum += difference;
      ++numbers;
    }
    equal += a.answer() == b.answer();
    for (std::size_t t = 0; t < a.windows.size(); ++t, ++glimpses)
      same_place += a.windows[t][0].x == b.windows[t][0].x && a.windows[t][0].y == b.windows[t][0].y;
  }
  std::printf("%zu images, bf16 by %s against single precision\n", single.predictions.size(), unit.c_str());
  std::printf("probabilities differ by   %.5f at most, %.5f on average\n", largest, sum / numbers);
  std::printf("equal answers             %.1f %%\n", 100 * equal / static_cast<double>(single.predictions.size()));
  std::printf("glimpses at the same pixel  %.1f %%\n", 100 * same_place / glimpses);
  std::printf("images a second           %.1f in single precision, %.1f in bf16\n", single.images_per_second,
              bf16.images_per_second);
}

}  // namespace

int main(int argc, char* argv[]) {
  ComparisonOptions comparison;
  comparison.tissue.images_per_patient = 10000;
  EigenOptions single, bf16{.precision = Precision::bf16};
  int threads = 0;
  bool emulated = false;
  program::Options options("precision_benchmark",
                           "Compares a model's answers in bf16 with those in single precision, over synthetic tissue.");
  options.add_option("--checkpoint", comparison.checkpoint, "written by saccade train; without it, untrained weights");
  options.add_option("--preset", comparison.preset, "of the untrained model")
      ->check(CLI::IsMember({"paper", "large", "compact"}));
  options.add_option("--images", comparison.images, "to classify")->check(CLI::Range(1, 1 << 20));
  options.add_option("--batch", comparison.batch, "images looked at together")->check(CLI::Range(1, 1 << 12));
  options.add_option("--width", comparison.tissue.width, "of an image, in pixels");
  options.add_option("--height", comparison.tissue.height, "of an image, in pixels");
  options.add_option("--region-area", comparison.tissue.region_area, "as a share of the image");
  options.add_option("--seed", comparison.tissue.seed, "of the images");
  options.add_option("--threads", threads, "that compute; 0: as many as the machine has")->check(CLI::Range(0, 1024));
  options.add_flag("--emulate", emulated, "bf16 with plain loops, on a processor that has no unit for it");
  return program::run(options, argc, argv, [&] {
    single.threads = bf16.threads = threads;
    if (emulated) bf16.bf16_unit = Bf16Unit::portable;
    const std::string unit = name(B(bf16).bf16_unit().value());
    data::validate(comparison.tissue);
    const std::vector<RgbImage> images = draw_images(comparison);
    report(answer(single, comparison, images), answer(bf16, comparison, images), unit);
    return static_cast<int>(program::success);
  });
}
