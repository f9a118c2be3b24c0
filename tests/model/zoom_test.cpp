#include <saccade/metrics/hit_rate.hpp>
#include <saccade/training/evaluator.hpp>

#include "model/toy_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace saccade;
using namespace saccade_test;

/// The whole model with a policy that also chooses the zoom of a glimpse.
namespace {

HybridAttentionConfig zoom_config(PolicyKind kind = PolicyKind::gaussian) {
  HybridAttentionConfig config = toy_config();
  config.sensor.scales = 1;
  config.sensor.zooms = 3;
  config.policy.state = StateGradient::attached;
  config.policy.kind = kind;
  config.learner.baseline = Baseline::none;
  config.learner.rewarded_steps = RewardedSteps::every;
  config.learner.weight = 1;
  if (kind == PolicyKind::cell) config.glance = {.side = 6, .reduction = 8};
  return config;
}

std::vector<double> zooms_of(const Array& location) {
  std::vector<double> zooms;
  for (std::size_t i = 2; i < location.values.size(); i += 3) zooms.push_back(location.values[i]);
  return zooms;
}

std::vector<double> places_of(const Array& location) {
  std::vector<double> places;
  for (std::size_t i = 0; i < location.values.size(); i += 3)
    places.insert(places.end(), {location.values[i], location.values[i + 1]});
  return places;
}

}  // namespace

TEST_CASE("every parameter of a model with zooms receives the gradient of equation 5", "[model][gradient][zoom]") {
  HybridAttentionConfig config = zoom_config(GENERATE(PolicyKind::gaussian, PolicyKind::cell));
  config.policy.patch = 2;
  ToyModel toy(config);
  check_all_receive_gradients(toy);
  check_gradients(toy.parameters, toy.d_parameters, [&] { return density_surrogate(toy); });
}

TEST_CASE("the first glimpse of a rollout is the widest, where no policy chooses it", "[model][zoom]") {
  HybridAttentionConfig config = zoom_config();
  config.first_location = GENERATE(GlimpsePolicy::random, GlimpsePolicy::centre);
  ToyModel toy(config, 4, Mode::evaluation);
  toy.roll({.locations = Locations::mode});
  CHECK(zooms_of(toy.episode.steps[0].location) == std::vector<double>(4, 2.0));
  CHECK(places_of(toy.episode.steps[0].location) == std::vector<double>(8, 0.0));
  toy.roll({.locations = Locations::sample, .seed = 3});
  CHECK(zooms_of(toy.episode.steps[0].location) == std::vector<double>(4, 2.0));
  const auto places = places_of(toy.episode.steps[0].location);
  CHECK((places == std::vector<double>(8, 0.0)) == (config.first_location == GlimpsePolicy::centre));
  // The same places as without zooms.
  HybridAttentionConfig plain = config;
  plain.sensor.zooms = 1;
  ToyModel other(plain, 4, Mode::evaluation);
  other.roll({.locations = Locations::sample, .seed = 3});
  CHECK(other.episode.steps[0].location.values == places);
}

TEST_CASE("a rollout looks where and with the zoom that its policy has chosen", "[model][zoom]") {
  ToyModel toy(zoom_config(), 4, Mode::evaluation);
  toy.roll({.locations = Locations::sample, .seed = 5});
  bool differ = false;
  for (std::size_t t = 1; t < toy.episode.steps.size(); ++t) {
    const Array& location = toy.episode.steps[t].location;
    const auto& drawn = toy.episode.given(t).values;
    for (std::size_t i = 0; i < drawn.size(); ++i)
      CHECK(location.values[i] == (i % 3 == 2 ? drawn[i] : std::clamp(drawn[i], -1.0, 1.0)));
    for (const double zoom : zooms_of(location)) {
      CHECK((zoom == 0 || zoom == 1 || zoom == 2));
      differ = differ || zoom != location.values[2];
    }
  }
  // What the last step saw is the crop there.
  Array patches = filled(toy.model.sensor().patch_shape(4), not_a_number);
  toy.model.sensor().forward(toy.b, toy.oriented, toy.episode.last().location, patches);
  CHECK(patches.values == toy.episode.patches.back().values);
  CHECK(differ);
}

TEST_CASE("a lattice moves the places and leaves the zooms", "[model][zoom]") {
  HybridAttentionConfig config = zoom_config();
  config.lattice = 2;
  ToyModel toy(config, 4, Mode::evaluation);
  toy.give_locations(3);
  toy.roll(given);
  for (std::size_t t = 0; t < toy.episode.steps.size(); ++t) {
    for (const double x : places_of(toy.episode.steps[t].location)) CHECK(std::abs(x) == Approx(0.5));
    CHECK(zooms_of(toy.episode.steps[t].location) == zooms_of(toy.episode.given(t)));
  }
}

TEST_CASE("a prediction tells the zoom of each glimpse, and its windows are as wide", "[model][zoom]") {
  HybridAttentionConfig config = zoom_config();
  config.glimpses = 6;
  config.sensor.scales = 2;
  ToyModel toy(config, 4, Mode::evaluation);
  Evaluator<Reference> evaluator(toy.b, toy.model, 4);
  const auto policy = GENERATE(GlimpsePolicy::learned, GlimpsePolicy::random, GlimpsePolicy::grid,
                               GlimpsePolicy::centre, GlimpsePolicy::oracle);
  const std::vector<Box> regions(4, Box{3, 3, 6, 6});
  const auto predictions = evaluator.predict(toy.parameters, toy.statistics, toy.oriented, policy, 7, regions);
  std::vector<int> count(3, 0);
  for (const Prediction& each : predictions) {
    for (std::size_t t = 0; t < each.locations.size(); ++t) {
      const Index zoom = each.locations[t].zoom;
      ++count[static_cast<std::size_t>(zoom)];
      CHECK(each.windows[t][0].width == 6 << zoom);
      CHECK(each.windows[t][1].width == 12 << zoom);
    }
    if (policy == GlimpsePolicy::learned) CHECK(each.locations[0].zoom == 2);
  }
  const bool sharp = policy == GlimpsePolicy::grid || policy == GlimpsePolicy::oracle;
  if (sharp) CHECK(count == std::vector<int>{24, 0, 0});
  if (policy == GlimpsePolicy::centre) CHECK(count == std::vector<int>{0, 0, 24});
  if (policy == GlimpsePolicy::random) CHECK(*std::min_element(count.begin(), count.end()) > 0);
}

TEST_CASE("random glimpses have each zoom equally often", "[zoom]") {
  const GlimpseGeometry sensor{.side = 6, .zooms = 4};
  std::vector<int> count(4, 0);
  for (std::uint64_t image = 0; image < 100; ++image) {
    const RandomKey key{5, RandomStream::control_policy, image};
    const auto plain = control_locations(GlimpsePolicy::random, 20, {.side = 6}, 40, 30, {}, key);
    const auto zoomed = control_locations(GlimpsePolicy::random, 20, sensor, 40, 30, {}, key);
    for (std::size_t t = 0; t < 20; ++t) {
      CHECK(plain[t].x == zoomed[t].x);
      CHECK(plain[t].y == zoomed[t].y);
      CHECK(plain[t].zoom == 0);
      ++count[static_cast<std::size_t>(zoomed[t].zoom)];
    }
  }
  for (const int each : count) CHECK(std::abs(each - 500) < 97);  // five deviations
}

TEST_CASE("a policy that draws no zoom does not fit a sensor that has several", "[model][zoom]") {
  using Model = HybridAttentionClassifier<Reference, SoftAttentionBlock<Reference>, GlimpseSensor<Reference>,
                                          GaussianPolicy<Reference>>;
  const HybridAttentionConfig config = validated(zoom_config());
  const Model model(config, SoftAttentionBlock<Reference>(config.encoder), GlimpseSensor<Reference>(config.sensor),
                    GaussianPolicy<Reference>(config.policy));
  Reference b;
  CHECK_THROWS_WITH(model.make_episode(b, 2, Mode::evaluation),
                    "model: with sensor.zooms 3 a location has the shape (2, 3), but the policy draws (2, 2)");
}
