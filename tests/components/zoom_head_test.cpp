#include <saccade/components/zoom_head.hpp>

#include <saccade/components/location_policy.hpp>

#include "components/policy_problem.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

using namespace saccade;
using namespace saccade_test;

namespace {

using Zoomed = LocationPolicy<Reference>;

constexpr std::size_t zooms = 3;

/// Three zooms beside the Gaussian, or beside 2 x 2 cells.
PolicyConfig with_zooms(PolicyConfig config = {}) {
  config.hidden = 4;
  config.zooms = zooms;
  if (config.kind == PolicyKind::cell) config.cells = 2;
  config.context = config.kind == PolicyKind::cell ? 4 : 3;
  return config;
}

struct ZoomProblem : PolicyProblem<Zoomed> {
  explicit ZoomProblem(const PolicyConfig& config) : PolicyProblem(config) {
    Zoomed::drawn(cache) = {{policy_batch, 3}, {0.2, -0.4, 0, 0.7, 0.1, 2, -0.5, 0.3, 1}};
    if (config.kind == PolicyKind::cell) cache.cell().cell = {{policy_batch}, {3, 0, 2}};
  }

  [[nodiscard]] const Array& probabilities() const { return cache.zoomed->head.probabilities; }

  /// -sum_n advantage_n (ln p(place_n) + ln p(zoom_n)) + entropy / B sum_n sum_z p ln p, the place's own from the
  /// policy by itself, all else from the logits.
  double surrogate() {
    describe();
    Array density = filled({policy_batch}, not_a_number);
    if (policy.gaussian()) {
      policy.gaussian()->log_density(b, cache.gaussian(), workspace.gaussian(), density);
    } else {
      policy.cell()->log_density(b, cache.cell(), workspace.cell(), density);
    }
    double loss = 0;
    for (std::size_t n = 0; n < policy_batch; ++n) {
      const double* logits = &cache.zoomed->head.logits.values[zooms * n];
      double total = 0;
      for (std::size_t z = 0; z < zooms; ++z) total += std::exp(logits[z]);
      const auto drawn = static_cast<std::size_t>(Zoomed::drawn(cache).values[3 * n + 2]);
      loss -= advantage.values[n] * (density.values[n] + logits[drawn] - std::log(total));
      if (policy.config().entropy == 0) continue;
      for (std::size_t z = 0; z < zooms; ++z)
        loss += policy.config().entropy / policy_batch * std::exp(logits[z]) / total * (logits[z] - std::log(total));
    }
    if (policy.config().entropy == 0) return loss;
    Array entropy = filled({policy_batch}, not_a_number);
    if (policy.gaussian()) {
      policy.gaussian()->entropy(b, cache.gaussian(), workspace.gaussian(), entropy);
    } else {
      policy.cell()->entropy(b, cache.cell(), workspace.cell(), entropy);
    }
    for (const double value : entropy.values) loss -= policy.config().entropy / policy_batch * value;
    return loss;
  }
};

}  // namespace

TEST_CASE("place and zoom receive the REINFORCE gradient of what was drawn", "[zoom]") {
  PolicyConfig config{.state = StateGradient::attached};
  SECTION("the Gaussian") {}
  SECTION("the Gaussian with a learned sigma, an entropy bonus and a patch readout") {
    config.learn_sigma = true;
    config.entropy = 0.3;
    config.patch = 2;
  }
  SECTION("the Gaussian, detached") { config.state = StateGradient::detached; }
  SECTION("cells") { config.kind = PolicyKind::cell; }
  SECTION("cells with an entropy bonus and a patch readout") {
    config.kind = PolicyKind::cell;
    config.entropy = 0.3;
    config.patch = 2;
  }
  ZoomProblem problem(with_zooms(config));
  problem.check_score_gradient([&] { return problem.surrogate(); });
}

TEST_CASE("a movement is paid for by the place alone", "[zoom]") {
  const PolicyConfig config{.movement_penalty = 0.4, .state = StateGradient::attached};
  ZoomProblem problem(with_zooms(config));
  problem.previous = {{policy_batch, 3}, {0.1, 0.8, 2, -1, 1, 0, 0, 0.5, 1}};
  problem.describe();
  problem.backward();
  check_gradients(problem.parameters, problem.d_parameters, [&] {
    double loss = problem.surrogate();
    for (std::size_t n = 0; n < policy_batch; ++n) {
      for (std::size_t axis = 0; axis < 2; ++axis) {
        const double way = Zoomed::mode(problem.cache).values[3 * n + axis] - problem.previous.values[3 * n + axis];
        loss += 0.4 / policy_batch * way * way;
      }
    }
    return loss;
  });
}

TEST_CASE("log-density and entropy are those of the place and of the zoom together", "[zoom]") {
  ZoomProblem problem(with_zooms({.kind = PolicyKind::cell}));
  problem.describe();
  Array density = filled({policy_batch}, not_a_number), entropy = density, place = density, of_place = density;
  problem.policy.log_density(problem.b, problem.cache, problem.workspace, density);
  problem.policy.entropy(problem.b, problem.cache, problem.workspace, entropy);
  problem.policy.cell()->log_density(problem.b, problem.cache.cell(), problem.workspace.cell(), place);
  problem.policy.cell()->entropy(problem.b, problem.cache.cell(), problem.workspace.cell(), of_place);
  for (std::size_t n = 0; n < policy_batch; ++n) {
    const double* p = &problem.probabilities().values[zooms * n];
    const auto drawn = static_cast<std::size_t>(Zoomed::drawn(problem.cache).values[3 * n + 2]);
    CHECK(density.values[n] == Approx(place.values[n] + std::log(p[drawn])));
    double expected = of_place.values[n];
    for (std::size_t z = 0; z < zooms; ++z) expected -= p[z] * std::log(p[z]);
    CHECK(entropy.values[n] == Approx(expected));
  }
}

TEST_CASE("every zoom is drawn as often as it is probable, and independently of the place", "[zoom]") {
  ZoomProblem problem(with_zooms());
  problem.describe();
  const int draws = 4000;
  std::vector<double> count(zooms, 0.0), right(zooms, 0.0);
  for (int draw = 0; draw < draws; ++draw) {
    problem.policy.sample(problem.b, {.seed = 3, .counter = static_cast<std::uint64_t>(draw)}, problem.inputs(),
                          problem.cache);
    const Array& drawn = Zoomed::drawn(problem.cache);
    REQUIRE(drawn.values[3] == problem.cache.gaussian().sample.values[2]);
    REQUIRE(drawn.values[4] == problem.cache.gaussian().sample.values[3]);
    const auto zoom = static_cast<std::size_t>(drawn.values[5]);
    ++count[zoom];
    if (drawn.values[3] > problem.cache.gaussian().mean.values[2]) ++right[zoom];
  }
  for (std::size_t z = 0; z < zooms; ++z) {
    const double p = problem.probabilities().values[zooms + z];
    CHECK(std::abs(count[z] / draws - p) <= 4 * std::sqrt(p * (1 - p) / draws));
    CHECK(std::abs(right[z] / count[z] - 0.5) <= 4 * 0.5 / std::sqrt(count[z]));
  }
}

TEST_CASE("an image draws the same zoom in any batch, the first location from a stream of its own", "[zoom]") {
  ZoomProblem problem(with_zooms());
  problem.describe();
  problem.cache.zoomed->head.probabilities = filled({policy_batch, 3}, 1.0 / 3);
  const auto zooms_of = [&](const RandomKey& key) {
    std::vector<double> result;
    for (RandomKey each = key; each.counter < 40; ++each.counter) {
      problem.policy.sample(problem.b, each, problem.inputs(), problem.cache);
      const auto& values = problem.cache.zoomed->head.zoom.values;
      result.insert(result.end(), values.begin(), values.end());
    }
    return result;
  };
  const auto all = zooms_of({.seed = 3, .stream = RandomStream::location});
  const auto from_two = zooms_of({.seed = 3, .stream = RandomStream::location, .first = 4});
  for (std::size_t i = 0; i < 40; ++i) CHECK(from_two[3 * i] == all[3 * i + 2]);
  CHECK(zooms_of({.seed = 3, .stream = RandomStream::first_location}) != all);
}

TEST_CASE("the mode is the most probable zoom at the place's mode", "[zoom]") {
  for (const PolicyKind kind : {PolicyKind::gaussian, PolicyKind::cell}) {
    ZoomProblem problem(with_zooms({.kind = kind}));
    problem.describe();
    problem.policy.take_mode(problem.b, problem.cache);
    const Array& place = kind == PolicyKind::cell ? problem.cache.cell().mode : problem.cache.gaussian().mean;
    for (std::size_t n = 0; n < policy_batch; ++n) {
      const auto row = problem.probabilities().values.begin() + static_cast<std::ptrdiff_t>(zooms * n);
      const double best = static_cast<double>(std::max_element(row, row + zooms) - row);
      for (const Array* location : {&Zoomed::mode(problem.cache), &std::as_const(Zoomed::drawn(problem.cache))}) {
        CHECK(location->values[3 * n] == place.values[2 * n]);
        CHECK(location->values[3 * n + 1] == place.values[2 * n + 1]);
        CHECK(location->values[3 * n + 2] == best);
      }
    }
  }
}

TEST_CASE("a zoom needs a choice", "[zoom]") {
  CHECK_THROWS_WITH(ZoomHead<Reference>(PolicyConfig{}), "ZoomHead: zooms must be at least 2, but is 1");
  CHECK_THROWS_WITH(Zoomed(PolicyConfig{.zooms = 0}), "LocationPolicy: zooms must be at least 1, but is 0");
}
