#include <saccade/training/evaluator.hpp>

#include "model/toy_model.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

/// Evaluation: trap 6 (running statistics) and trap 7 (width and height differ) of docs/method.md.
namespace {

/// Probabilities of image 0 at every step.
std::vector<double> first_answer(const ToyModel& toy) {
  std::vector<double> answer;
  for (const auto& step : toy.episode.steps)
    answer.insert(answer.end(), step.probabilities.values.begin(), step.probabilities.values.begin() + 3);
  return answer;
}

/// A few training rollouts, so that the running statistics are somewhere.
template <class Statistics>
void warm_up(const HybridAttentionConfig& config, Statistics& statistics) {
  ToyModel training(config);
  for (std::uint64_t i = 0; i < 5; ++i) training.roll({.locations = Locations::sample, .seed = 1, .counter = i});
  const auto from = named_tensors<Reference>(training.statistics), to = named_tensors<Reference>(statistics);
  for (std::size_t i = 0; i < from.size(); ++i) *to[i].tensor = *from[i].tensor;
}

/// Red counts columns, green rows, blue the rest of both: a pixel says where it is.
RgbImage address_image(Index width, Index height) {
  RgbImage image(width, height);
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      image.at(x, y)[0] = static_cast<std::uint8_t>(x % 256);
      image.at(x, y)[1] = static_cast<std::uint8_t>(y % 256);
      image.at(x, y)[2] = static_cast<std::uint8_t>(16 * (x / 256) + y / 256);
    }
  }
  return image;
}

/// A quarter turn clockwise, written out: the left column becomes the top row, from the bottom up.
RgbImage turned(const RgbImage& image) {
  RgbImage result(image.height, image.width);
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x) std::copy_n(image.at(x, y), 3, result.at(image.height - 1 - y, x));
  return result;
}

/// Left and right exchanged.
RgbImage mirrored(const RgbImage& image) {
  RgbImage result(image.width, image.height);
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x) std::copy_n(image.at(x, y), 3, result.at(image.width - 1 - x, y));
  return result;
}

/// The image as `symmetry` shows it, from turns and mirrors alone.
RgbImage transformed(const RgbImage& image, Symmetry symmetry) {
  switch (symmetry) {
    case Symmetry::rotate_90:
      return turned(image);
    case Symmetry::rotate_180:
      return turned(turned(image));
    case Symmetry::rotate_270:
      return turned(turned(turned(image)));
    case Symmetry::flip_horizontal:
      return mirrored(image);
    case Symmetry::flip_vertical:
      return mirrored(turned(turned(image)));
    case Symmetry::transpose:
      return mirrored(turned(image));
    case Symmetry::anti_transpose:
      return turned(mirrored(image));
    case Symmetry::identity:
      break;
  }
  return image;
}

}  // namespace

TEST_CASE("trap 6: in evaluation an image's answer does not depend on its neighbours", "[model][trap]") {
  const auto sharing = GENERATE(RunningStatistics::shared, RunningStatistics::per_step);
  HybridAttentionConfig config = toy_config();
  config.running_statistics = sharing;
  ToyModel toy(config, 4, Mode::evaluation), alone(config, 1, Mode::evaluation);
  warm_up(config, toy.statistics);
  warm_up(config, alone.statistics);

  toy.roll({});
  const auto statistics = all_values(toy.statistics);
  const auto together = first_answer(toy);
  for (std::size_t n = 1; n < 4; ++n)
    for (auto& byte : toy.images[n].pixels) byte = static_cast<std::uint8_t>(255 - byte);
  toy.roll({});
  CHECK(first_answer(toy) == together);
  alone.roll({});
  CHECK(first_answer(alone) == together);
  CHECK(all_values(toy.statistics) == statistics);

  // The same question to the statistics of the batch: the neighbours do matter there.
  ToyModel training(config);
  training.roll({});
  const auto before = first_answer(training);
  for (auto& byte : training.images[1].pixels) byte = static_cast<std::uint8_t>(255 - byte);
  training.roll({});
  CHECK(first_answer(training) != before);
}

TEST_CASE("trap 6: evaluation follows the running statistics", "[model][trap]") {
  ToyModel toy(toy_config(), 2, Mode::evaluation);
  toy.roll({});
  const auto before = first_answer(toy);
  for (double& value : toy.statistics.at(0).encoder.attention().entry.norms[0].running_mean.values) value += 1;
  toy.roll({});
  CHECK(first_answer(toy) != before);
}

TEST_CASE("trap 6: statistics differ by step, and are kept apart if configured", "[model][trap]") {
  HybridAttentionConfig config = toy_config();
  config.running_statistics = RunningStatistics::per_step;
  ToyModel toy(config);
  REQUIRE(toy.statistics.sets.size() == 3);
  toy.give_locations(31);
  toy.roll(given);
  for (std::size_t t = 0; t < 3; ++t) {
    // The first normalisation of the entry sees the patches themselves: its mean is theirs, by hand.
    const Array& patches = toy.episode.patch(t);
    const auto channels = static_cast<std::size_t>(patches.shape[3]);
    for (std::size_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (std::size_t i = c; i < patches.values.size(); i += channels) sum += patches.values[i];
      const double mean = sum / static_cast<double>(patches.values.size() / channels);
      CHECK(toy.statistics.at(t).encoder.attention().entry.norms[0].running_mean.values[c] == Approx(0.1 * mean));
    }
  }
  CHECK(toy.statistics.at(0).encoder.attention().entry.norms[0].running_mean.values !=
        toy.statistics.at(1).encoder.attention().entry.norms[0].running_mean.values);

  // A step's evaluation uses its own set.
  ToyModel evaluation(config, 4, Mode::evaluation);
  evaluation.give_locations(31);
  evaluation.roll(given);
  const Array first = evaluation.episode.steps[0].features, second = evaluation.episode.steps[1].features;
  const Array third = evaluation.episode.steps[2].features;
  evaluation.statistics.at(1).encoder.attention().entry.norms[0].running_mean.values[0] += 1;
  evaluation.roll(given);
  CHECK(evaluation.episode.steps[0].features.values == first.values);
  CHECK(evaluation.episode.steps[1].features.values != second.values);
  CHECK(evaluation.episode.steps[2].features.values == third.values);
}

TEST_CASE("a shared set of statistics moves at every step", "[model]") {
  ToyModel toy(toy_config());
  CHECK(toy.statistics.sets.size() == 1);
  toy.give_locations(31);
  toy.roll(given);
  // running = 0.9 running + 0.1 mean, three times.
  double expected = 0;
  for (std::size_t t = 0; t < 3; ++t) {
    const Array& patches = toy.episode.patch(t);
    double sum = 0;
    for (std::size_t i = 0; i < patches.values.size(); i += 6) sum += patches.values[i];
    expected = 0.9 * expected + 0.1 * sum / static_cast<double>(patches.values.size() / 6);
  }
  CHECK(toy.statistics.at(2).encoder.attention().entry.norms[0].running_mean.values[0] == Approx(expected));
}

TEST_CASE("trap 7: width and height differ", "[model][trap]") {
  HybridAttentionConfig config = toy_config();
  config.glimpses = 2;
  config.sensor = {.side = 8, .scales = 1, .mean = {0, 0, 0}, .deviation = {1, 1, 1}};
  ToyModel toy(config, 1, Mode::evaluation);
  const RgbImage image = address_image(700, 460);
  const ImageView view = image.view();
  const std::vector<double> centre{0, 0};
  toy.model.set_locations(toy.b, toy.episode, 0, centre);
  const auto patch_at = [&](const ImageView& seen, Symmetry symmetry, std::vector<double> location) {
    toy.model.set_locations(toy.b, toy.episode, 1, location);
    const OrientedImage<Reference> oriented{&seen, symmetry};
    toy.model.rollout(toy.b, toy.parameters, toy.statistics, {&oriented, 1}, given, toy.episode);
    return toy.episode.patch(1).values;
  };
  const auto first_pixel = [&](Symmetry symmetry, std::vector<double> location) {
    const auto patch = patch_at(view, symmetry, std::move(location));
    const auto level = [&](std::size_t c) { return static_cast<Index>(std::lround(patch[c] * 255)); };
    return PixelPosition{level(0) + 256 * (level(2) / 16), level(1) + 256 * (level(2) % 16)};
  };

  // Three quarters of 700 is 525, of 460 is 345; half a glimpse to the left and up: 521, 341.
  CHECK(first_pixel(Symmetry::identity, {0.5, 0.5}) == PixelPosition{521, 341});
  CHECK(first_pixel(Symmetry::identity, {1, 1}) == PixelPosition{692, 452});
  CHECK(first_pixel(Symmetry::identity, {1, -1}) == PixelPosition{692, 0});
  // Transposed, the image is 460 wide and 700 high: corner (341, 521) shows pixel (521, 341).
  CHECK(first_pixel(Symmetry::transpose, {0.5, 0.5}) == PixelPosition{521, 341});
  CHECK(first_pixel(Symmetry::transpose, {-0.5, 0.5}) == PixelPosition{521, 111});
  // Turned clockwise, the top left pixel shown is the bottom left one: column 0, row 459.
  CHECK(first_pixel(Symmetry::rotate_90, {-1, -1}) == PixelPosition{0, 459});
  CHECK(first_pixel(Symmetry::rotate_90, {0.5, 0.5}) == PixelPosition{521, 459 - 341});

  for (int i = 0; i < symmetry_count; ++i) {
    const auto symmetry = static_cast<Symmetry>(i);
    CAPTURE(i);
    const RgbImage picture = transformed(image, symmetry);
    CHECK(picture.width == (transposes(symmetry) ? 460 : 700));
    for (const std::vector<double>& location : {std::vector{0.5, 0.5}, {-0.3, 0.8}, {1.0, -1.0}, {0.02, -0.6}})
      CHECK(patch_at(view, symmetry, location) == patch_at(picture.view(), Symmetry::identity, location));
  }
}

TEST_CASE("a prediction tells what a ValueHead says of the state after each glimpse", "[model]") {
  HybridAttentionConfig config = toy_config();
  config.learner.baseline = GENERATE(Baseline::learned, Baseline::none);
  ToyModel toy(config, 2, Mode::evaluation);
  Evaluator<Reference> evaluator(toy.b, toy.model, 2);
  const auto predictions = evaluator.predict(toy.parameters, toy.statistics, toy.oriented, GlimpsePolicy::learned);
  REQUIRE(predictions.size() == 2);
  for (std::size_t n = 0; n < predictions.size(); ++n) {
    if (config.learner.baseline == Baseline::none) {
      CHECK(predictions[n].values.empty());
      continue;
    }
    REQUIRE(static_cast<Index>(predictions[n].values.size()) == config.glimpses);
    const auto& weight = toy.parameters.value->weight.values;
    for (std::size_t t = 0; t < predictions[n].values.size(); ++t) {
      double value = toy.parameters.value->bias.values[0];
      const double* h = &evaluator.episode().steps[t].h.values[n * weight.size()];
      for (std::size_t i = 0; i < weight.size(); ++i) value += weight[i] * h[i];
      CHECK(predictions[n].values[t] == Approx(value));
    }
  }
}
