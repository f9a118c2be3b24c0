#include "model/toy_model.hpp"

#include <saccade/training/golden_answer.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade_test;

namespace {

HybridAttentionConfig glancing_config() {
  HybridAttentionConfig config = toy_config();
  config.glance = {.side = 10, .reduction = 8, .outputs = 3};
  config.policy.patch = 2;
  return config;
}

/// The mean of the first location of image n on one axis: of what the glance says, and of nothing else.
double first_mean(const ToyModel& toy, std::size_t n, std::size_t axis) {
  const HybridAttentionConfig& config = toy.model.config();
  const auto& locator = toy.parameters.policy.gaussian().locator;
  const auto inputs = static_cast<std::size_t>(config.hidden + config.policy.patch + config.glance.outputs);
  double sum = locator.bias.values[axis];
  for (std::size_t i = 0; i < 3; ++i)
    sum += locator.weight.values[axis * inputs + inputs - 3 + i] * toy.episode.glance->context.values[3 * n + i];
  return std::tanh(sum);
}

std::vector<double> probabilities_of(const ToyModel& toy) {
  std::vector<double> all;
  for (const auto& step : toy.episode.steps)
    all.insert(all.end(), step.probabilities.values.begin(), step.probabilities.values.end());
  return all;
}

}  // namespace

TEST_CASE("the first location is the policy's, by the glance alone", "[glance]") {
  ToyModel toy(glancing_config());
  toy.roll({.locations = Locations::mode});
  const Array& first = toy.episode.mode_of(0);
  for (std::size_t n = 0; n < 4; ++n) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      CHECK(first.values[2 * n + axis] == Approx(first_mean(toy, n, axis)));
      CHECK(toy.episode.steps[0].location.values[2 * n + axis] == first.values[2 * n + axis]);
    }
  }
  // It depends on the image.
  CHECK(std::abs(first.values[0] - first.values[2]) > 1e-3);

  // Drawn around it in training, by the seed, and clamped for the world only.
  HybridAttentionConfig wide = glancing_config();
  wide.policy.sigma = 2;
  ToyModel drawn(wide);
  drawn.roll({.locations = Locations::sample, .seed = 5, .counter = 3});
  Array expected = filled({4, 2}, 0);
  const RandomKey key{.seed = 5, .stream = RandomStream::first_location, .counter = 3 << 8};
  toy.b.sample_gaussian(drawn.episode.mode_of(0), 2, key, expected);
  CHECK(drawn.episode.given(0).values == expected.values);
  CHECK(*std::max_element(expected.values.begin(), expected.values.end()) > 1);
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(drawn.episode.steps[0].location.values[i] == std::clamp(expected.values[i], -1.0, 1.0));
}

TEST_CASE("a first location that is given counts as the policy's draw", "[glance]") {
  ToyModel toy(glancing_config());
  const std::vector<double> places{0.25, -1.5, 0.5, 0, -0.75, 0.125, 2, 0};
  toy.model.set_locations(toy.b, toy.episode, 0, places);
  toy.roll(given);
  CHECK(toy.episode.given(0).values == places);
  CHECK(toy.episode.steps[0].location.values == std::vector<double>{0.25, -1, 0.5, 0, -0.75, 0.125, 1, 0});
}

TEST_CASE("later locations read the glance, too", "[glance]") {
  ToyModel toy(glancing_config());
  toy.give_locations(31);
  toy.roll(given);
  const auto before = toy.episode.mode_of(1 + 1).values;
  toy.b.fill(0, toy.parameters.glance->stages.back().convolution.weight);
  toy.roll(given);
  CHECK(toy.episode.mode_of(1 + 1).values != before);
}

TEST_CASE("the class does not learn by the glance: its loss has no gradient there", "[glance]") {
  HybridAttentionConfig config = glancing_config();
  config.policy.state = GENERATE(StateGradient::attached, StateGradient::detached);
  config.supervised_steps = GENERATE(SupervisedSteps::last, SupervisedSteps::every);
  ToyModel toy(config);
  toy.give_locations(31);
  toy.choose_labels(given);
  toy.score(given);
  toy.backward(LearnedPart::classifier);
  for (const auto& named : named_tensors<Reference>(toy.d_parameters.glance.value())) CHECK(norm(*named.tensor) == 0);
  CHECK(norm(toy.d_parameters.policy.gaussian().locator.weight) == 0);
  CHECK(norm(toy.d_parameters.classifier.weight) > 0);
  toy.backward();
  for (const auto& named : named_tensors<Reference>(toy.d_parameters.glance.value())) CHECK(norm(*named.tensor) > 0);
}

TEST_CASE("the class cannot be read from the thumbnail: answers at given places do not depend on it", "[glance]") {
  ToyModel toy(glancing_config(), 4, Mode::evaluation);
  toy.give_locations(31);
  toy.roll(given);
  const auto probabilities = probabilities_of(toy), mean = toy.episode.mode_of(1).values;
  const auto thumbnail = toy.episode.glance->thumbnail.thumbnail.values;
  SECTION("pixels that no glimpse sees") {
    // Those of glimpses at both scales, 6 and 12 pixels wide, around the middle, stay.
    const std::vector<double> middle(8, 0.0);
    for (Index t = 0; t < 3; ++t) toy.model.set_locations(toy.b, toy.episode, t, middle);
    toy.roll(given);
    const auto seen = probabilities_of(toy), elsewhere = toy.episode.mode_of(0).values;
    for (RgbImage& image : toy.images)
      for (Index y = 0; y < image.height; ++y)
        for (Index x = 0; x < image.width; ++x)
          if (std::abs(2 * x - image.width) > 14 || std::abs(2 * y - image.height) > 14) image.at(x, y)[1] = 255;
    toy.roll(given);
    CHECK(toy.episode.glance->thumbnail.thumbnail.values != thumbnail);
    CHECK(toy.episode.mode_of(0).values != elsewhere);
    CHECK(probabilities_of(toy) == seen);
  }
  SECTION("weights of the glance") {
    randomize_parameters(toy.parameters.glance.value(), 77);
    toy.roll(given);
    CHECK(toy.episode.mode_of(1).values != mean);
    CHECK(probabilities_of(toy) == probabilities);
  }
}

TEST_CASE("in evaluation a glance does not depend on the image's neighbours", "[glance]") {
  ToyModel toy(glancing_config(), 4, Mode::evaluation);
  toy.roll({.locations = Locations::mode});
  const std::vector<double> before(toy.episode.steps[0].location.values.begin(),
                                   toy.episode.steps[0].location.values.begin() + 2);
  for (std::size_t n = 1; n < 4; ++n)
    for (auto& byte : toy.images[n].pixels) byte = static_cast<std::uint8_t>(255 - byte);
  toy.roll({.locations = Locations::mode});
  CHECK(std::equal(before.begin(), before.end(), toy.episode.steps[0].location.values.begin()));
}

TEST_CASE("a golden answer tells where the glance sent the first glimpse", "[glance]") {
  ToyModel toy(glancing_config(), 1, Mode::evaluation);
  const GoldenAnswer recorded =
      golden_answer(toy.b, toy.model, toy.parameters, toy.statistics, toy.episode, golden_image(10));
  CHECK(recorded.locations[0] == toy.episode.mode_of(0).values[0]);
  CHECK(distance_from(recorded, toy.b, toy.model, toy.parameters, toy.statistics, toy.episode) < 1e-12);
  // A glance that is another one is found, though the glimpses are those of then.
  for (double& weight : toy.parameters.glance->stages.back().convolution.weight.values) weight *= 1.5;
  CHECK(distance_from(recorded, toy.b, toy.model, toy.parameters, toy.statistics, toy.episode) > 1e-4);
}

TEST_CASE("a model says which images its glance needs", "[glance]") {
  HybridAttentionConfig config = glancing_config();
  CHECK(smallest_side(config) == 10);
  CHECK(largest_side(config) == 80);
  CHECK_FALSE(largest_side(toy_config()).has_value());
  config.glance.reduction = 1 << 1;
  CHECK(validated(config).policy.context == 3);
  config.sensor.side = 11;
  CHECK_THROWS_WITH(validated(config), "model: glance.side * glance.reduction must be at least 22, but is 20");
  config.glance.side = -1;
  CHECK_THROWS_WITH(validated(config), "model: glance.side must be at least 0");
  config.glance.side = 0;
  CHECK(validated(config).policy.context == 0);
}

TEST_CASE("a learned sigma cannot be given as well", "[glance]") {
  HybridAttentionConfig config = toy_config();
  config.policy.learn_sigma = true;
  ToyModel toy(config);
  CHECK_THROWS_WITH(toy.roll({.locations = Locations::mode, .sigma = 0.2}),
                    "GaussianPolicy: sigma is learned, so no other one can be given");
  toy.roll({.locations = Locations::mode});
  config.policy.learn_sigma = false;
  config.policy.entropy = 0.1;
  CHECK_THROWS_WITH(ToyModel(config), contains("GaussianPolicy: an entropy bonus needs learn_sigma"));
}
