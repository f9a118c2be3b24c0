#include "model/toy_model.hpp"

#include <algorithm>
#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

/// Locations of all steps and probabilities of the last.
std::vector<double> trace(const ToyModel& toy) {
  std::vector<double> values;
  for (const auto& step : toy.episode.steps)
    values.insert(values.end(), step.location.values.begin(), step.location.values.end());
  const auto& last = toy.episode.last().probabilities.values;
  values.insert(values.end(), last.begin(), last.end());
  return values;
}

std::vector<double> rolled(ToyModel& toy, const RolloutOptions& options) {
  toy.roll(options);
  return trace(toy);
}

}  // namespace

TEST_CASE("the same seed and counter give the same rollout, others another one", "[model]") {
  ToyModel toy(toy_config(), 4, Mode::evaluation), again(toy_config(), 4, Mode::evaluation);
  const RolloutOptions options{.locations = Locations::sample, .seed = 9, .counter = 4};
  const auto first = rolled(toy, options);
  CHECK(rolled(toy, {.locations = Locations::sample, .seed = 10, .counter = 4}) != first);
  CHECK(rolled(toy, {.locations = Locations::sample, .seed = 9, .counter = 5}) != first);
  CHECK(rolled(toy, options) == first);
  CHECK(rolled(again, options) == first);
}

TEST_CASE("the mean policy is deterministic: it starts in the middle and follows the means", "[model]") {
  HybridAttentionConfig config = toy_config();
  config.first_location = GENERATE(GlimpsePolicy::random, GlimpsePolicy::centre);
  ToyModel toy(config, 4, Mode::evaluation);
  const auto first = rolled(toy, {.seed = 1});
  CHECK(rolled(toy, {.seed = 2, .counter = 7}) == first);
  CHECK(toy.episode.steps[0].location.values == std::vector<double>(8, 0.0));
  for (std::size_t t = 0; t + 1 < toy.episode.steps.size(); ++t)
    CHECK(toy.episode.steps[t + 1].location.values == toy.episode.mode_of(t + 1).values);
}

TEST_CASE("a random first location is uniform over the image and drawn anew", "[model]") {
  HybridAttentionConfig config = toy_config();
  config.glimpses = 1;
  config.first_location = GlimpsePolicy::random;
  ToyModel toy(config, 4, Mode::evaluation);
  double sum = 0, squares = 0, least = 1, most = -1;
  for (std::uint64_t i = 0; i < 100; ++i) {
    toy.roll({.locations = Locations::sample, .seed = 1, .counter = i});
    for (const double value : toy.episode.steps[0].location.values) {
      sum += value;
      squares += value * value;
      least = std::min(least, value);
      most = std::max(most, value);
    }
  }
  // 800 draws from (-1, 1): mean 0 +- 0.02, mean square 1/3 +- 0.011.
  CHECK(std::abs(sum / 800) < 0.08);
  CHECK(std::abs(squares / 800 - 1.0 / 3) < 0.044);
  CHECK(least < -0.95);
  CHECK(most > 0.95);
}

TEST_CASE("a rollout over streamed images is that over resident ones", "[model]") {
  // One scale: full resolution, where a source is exact.
  struct Slide {
    const RgbImage* image;
    [[nodiscard]] Index width() const { return image->width; }
    [[nodiscard]] Index height() const { return image->height; }
    void read_region(Index x, Index y, Index width, Index height, Index, std::span<std::uint8_t> pixels) const {
      for (Index j = 0; j < height; ++j)
        std::copy_n(image->at(x, y + j), 3 * width, pixels.begin() + static_cast<std::ptrdiff_t>(3 * j * width));
    }
  };
  HybridAttentionConfig config = toy_config();
  config.sensor.scales = 1;
  ToyModel toy(config, 2, Mode::evaluation);
  const auto resident = rolled(toy, {});
  const StreamedImage slides[] = {StreamedImage(Slide{&toy.images[0]}), StreamedImage(Slide{&toy.images[1]})};
  const bool mixed = GENERATE(false, true);
  toy.oriented[1] = {.symmetry = toy.oriented[1].symmetry, .source = &slides[1]};
  if (!mixed) toy.oriented[0] = {.symmetry = toy.oriented[0].symmetry, .source = &slides[0]};
  CHECK(rolled(toy, {}) == resident);
}

TEST_CASE("an episode keeps every step's maps, or in evaluation the last one's", "[model]") {
  Reference b;
  const ToyModel::Model model(toy_config());
  CHECK(model.make_episode(b, 2, Mode::training).glimpses.size() == 3);
  CHECK(model.make_episode(b, 2, Mode::evaluation).glimpses.size() == 1);
  CHECK(model.make_episode(b, 2, Mode::evaluation, Activations::every_step).glimpses.size() == 3);
  CHECK(model.make_episode(b, 2, Mode::training).workspace.has_value());
  CHECK_FALSE(model.make_episode(b, 2, Mode::evaluation).workspace.has_value());
  CHECK(model.make_evaluation_episode(b, 2).glimpses.size() == 1);
  CHECK(model.make_evaluation_episode(b, 2, Activations::every_step).glimpses.size() == 3);
  CHECK_FALSE(model.make_evaluation_episode(b, 2).workspace.has_value());
  const auto episode = model.make_episode(b, 2, Mode::training);
  CHECK(episode.patches[0].shape == Shape{2, 6, 6, 6});
  CHECK(episode.last().features.shape == Shape{2, 2});
  CHECK(episode.last().glimpse.shape == Shape{2, 5});
  CHECK(episode.last().h.shape == Shape{2, 4});
  CHECK(episode.last().logits.shape == Shape{2, 3});
}

TEST_CASE("probabilities, losses and rewards belong together", "[model]") {
  ToyModel toy(toy_config());
  toy.choose_labels({});
  toy.score({});
  CHECK(toy.episode.reward().values == std::vector<double>{1, 0, 1, 0});
  for (const auto& step : toy.episode.steps) {
    for (std::size_t n = 0; n < 4; ++n) {
      const double* p = &step.probabilities.values[3 * n];
      CHECK(p[0] + p[1] + p[2] == Approx(1));
      CHECK(step.loss.values[n] == Approx(-std::log(p[static_cast<std::size_t>(toy.labels[n])])));
    }
  }
}

TEST_CASE("the rewarded class is drawn where configured, and the most probable one in the mean rollout", "[model]") {
  HybridAttentionConfig config = toy_config();
  config.learner.reward = RewardClass::sampled;
  ToyModel toy(config);
  toy.roll({});
  Array best = filled({4}, 0);
  toy.b.most_probable(toy.episode.last().probabilities, best);
  toy.score({});
  CHECK(toy.episode.classes.values == best.values);
  bool other = false;
  double right = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    toy.score({.locations = Locations::sample, .seed = 3, .counter = i});
    other = other || toy.episode.classes.values != best.values;
    right += toy.episode.reward().values[0] / 500;
  }
  CHECK(other);
  const double expected = toy.episode.last().probabilities.values[0];  // label 0
  CHECK(std::abs(right - expected) < 4 * std::sqrt(expected * (1 - expected) / 500));
}

TEST_CASE("an empty batch is legal", "[model]") {
  ToyModel toy(toy_config(), 0);
  toy.roll({});
  toy.score({});
  toy.backward();
  for (const double value : all_values(toy.d_parameters)) CHECK(value == 0);
}

TEST_CASE("the model says what does not fit its episode", "[model]") {
  ToyModel toy(toy_config(), 2);
  toy.oriented.pop_back();
  CHECK_THROWS_WITH(toy.roll({}), "crop_glimpses: location must be (B, 2) = (1, 2), but is (2, 2)");
  const auto score = [&](std::vector<double> labels) {
    toy.model.score(toy.b, std::span<const double>(labels), {}, toy.episode);
  };
  CHECK_THROWS_WITH(score({0, 1, 2}), "upload: a tensor of (2) holds 2 numbers, but 3 were given");
  CHECK_THROWS_WITH(score({0, 3}), contains("model: a label must be from 0 to 2, but is 3"));
  CHECK_THROWS_WITH(score({-1, 0}), contains("model: a label must be from 0 to 2, but is -1"));
  CHECK_THROWS_WITH(toy.model.set_locations(toy.b, toy.episode, 0, std::vector<double>{0, 0}),
                    "upload: a tensor of (2, 2) holds 4 numbers, but 2 were given");
}
