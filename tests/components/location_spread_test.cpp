#include <saccade/components/location_spread.hpp>

#include "support/gradient_check.hpp"

#include <array>
#include <cmath>
#include <numbers>

using namespace saccade;
using namespace saccade_test;

namespace {

using Spread = LocationSpread<Reference>;

/// A logit of 0 stands in the middle of the variances, (0.01 + 0.49) / 2 = 0.25: sigma is 0.5.
constexpr LocationSpreadConfig around_half{.sigma = 0.5, .low = 0.1, .high = 0.7, .entropy = 0.1};

struct SpreadProblem {
  explicit SpreadProblem(const LocationSpreadConfig& spread_config = around_half, Index batch = 2)
      : spread(spread_config),
        parameters(spread.make_parameters(b)),
        d_parameters(spread.make_parameters(b)),
        cache(spread.make_cache(b, batch)),
        workspace(spread.make_workspace(b, batch)),
        d_mean(filled({batch, 2}, not_a_number)) {
    initialize(b, parameters, 0);
    b.fill(0, d_parameters.logit);
  }

  void backward() {
    spread.forward(b, parameters, cache);
    spread.backward(b, sample, mean, advantage, cache, workspace, d_mean, d_parameters);
  }

  Reference b;
  Spread spread;
  Spread::Parameters parameters, d_parameters;
  Spread::Cache cache;
  Spread::Workspace workspace;
  Array mean{{2, 2}, {0.1, 0.2, -0.4, 0.9}}, sample{{2, 2}, {0.6, 0.2, 0.6, 0.4}}, advantage{{2}, {0.5, -0.25}}, d_mean;
};

}  // namespace

TEST_CASE("a learned sigma begins where it is told to, and stays in its range", "[location_spread]") {
  const double start = GENERATE(0.11, 0.15, 0.5, 0.69);
  SpreadProblem problem({.sigma = start, .low = 0.1, .high = 0.7});
  problem.spread.forward(problem.b, problem.parameters, problem.cache);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(problem.cache.sigma.values[i] == Approx(start).epsilon(1e-12));
    CHECK(problem.cache.precision.values[i] == Approx(1 / start).epsilon(1e-12));
  }
  CHECK(problem.spread.sigma(problem.b, problem.parameters)[1] == Approx(start).epsilon(1e-12));
  problem.parameters.logit = {{2}, {-30, 30}};
  problem.spread.forward(problem.b, problem.parameters, problem.cache);
  CHECK(problem.cache.sigma.values[2] == Approx(0.1));
  CHECK(problem.cache.sigma.values[3] == Approx(0.7));
  CHECK(problem.cache.sigma.values[2] > 0.1);
}

TEST_CASE("draws with a learned sigma are those with the same sigma given", "[location_spread]") {
  SpreadProblem problem;
  const RandomKey key{.seed = 3, .stream = RandomStream::location, .counter = 9};
  Array expected = filled({2, 2}, 0);
  problem.b.sample_gaussian(problem.mean, 0.5, key, expected);
  problem.spread.forward(problem.b, problem.parameters, problem.cache);
  problem.spread.draw(problem.b, key, problem.mean, problem.cache, problem.sample);
  CHECK(worst_difference(problem.sample, expected) < 1e-12);
  // Each axis has its own: with a smaller one along x, x is nearer to the mean and y is where it was.
  problem.parameters.logit = {{2}, {-3, 0}};
  problem.spread.forward(problem.b, problem.parameters, problem.cache);
  Array narrow = expected;
  problem.spread.draw(problem.b, key, problem.mean, problem.cache, narrow);
  for (std::size_t i = 0; i < 4; ++i) {
    const double before = expected.values[i] - problem.mean.values[i], now = narrow.values[i] - problem.mean.values[i];
    const double ratio = i % 2 == 0 ? std::sqrt(0.01 + 0.48 / (1 + std::exp(3.0))) / 0.5 : 1;
    CHECK(now == Approx(ratio * before));
  }
}

TEST_CASE("the gradients of a learned sigma by hand", "[location_spread]") {
  SpreadProblem problem;
  problem.backward();
  // (sample - mean) / sigma: 1 and 0, then 2 and -1. -advantage z / sigma:
  const std::array d_mean{-1.0, 0.0, 1.0, -0.5};
  for (std::size_t i = 0; i < 4; ++i) CHECK(problem.d_mean.values[i] == Approx(d_mean[i]).margin(1e-14));
  // Of ln sigma: the sum of advantage (1 - z^2), less the entropy's weight:
  //   x: 0.5 * 0 - 0.25 * -3 - 0.1 = 0.65;  y: 0.5 * 1 - 0.25 * 0 - 0.1 = 0.4.
  // And d ln sigma / d logit = 0.48 / (2 * 0.25) * 0.5 * 0.5 = 0.24.
  CHECK(problem.d_parameters.logit.values[0] == Approx(0.24 * 0.65));
  CHECK(problem.d_parameters.logit.values[1] == Approx(0.24 * 0.4));
  check_accumulates(problem.d_parameters, [&] { problem.backward(); });
}

TEST_CASE("the gradient of a learned sigma is that of central differences", "[location_spread]") {
  const double entropy = GENERATE(0.0, 0.3);
  SpreadProblem problem({.sigma = 0.3, .low = 0.05, .high = 0.9, .entropy = entropy});
  problem.parameters.logit.values[1] += 0.8;
  const auto loss = [&] {
    const auto sigma = problem.spread.sigma(problem.b, problem.parameters);
    double sum = -entropy * (1 + std::log(2 * std::numbers::pi) + std::log(sigma[0]) + std::log(sigma[1]));
    for (std::size_t i = 0; i < 4; ++i) {
      const double z = (problem.sample.values[i] - problem.mean.values[i]) / sigma[i % 2];
      sum += problem.advantage.values[i / 2] * (z * z / 2 + std::log(sigma[i % 2]));
    }
    return sum;
  };
  problem.backward();
  check_gradients(problem.parameters, problem.d_parameters, loss);
  check_gradient("mean", problem.mean, problem.d_mean, loss);
}

TEST_CASE("the entropy of a location is the mean of -ln of its density", "[location_spread]") {
  // By hand: 1 + ln(2 pi) + ln 0.5 + ln 0.2.
  CHECK(location_entropy({0.5, 0.2}) == Approx(1 + 1.8378770664093453 - 0.6931471805599453 - 1.6094379124341003));
  // By quadrature, axis by axis.
  double sum = 0;
  for (const double sigma : {0.5, 0.2}) {
    constexpr double step = 1e-4;
    for (double x = -5; x < 5; x += step) {
      const double density = std::exp(-x * x / (2 * sigma * sigma)) / (sigma * std::sqrt(2 * std::numbers::pi));
      if (density > 0) sum -= step * density * std::log(density);
    }
  }
  CHECK(location_entropy({0.5, 0.2}) == Approx(sum).epsilon(1e-6));
}

TEST_CASE("an empty batch leaves sigma where it is", "[location_spread]") {
  SpreadProblem problem(around_half, 0);
  problem.mean = problem.sample = filled({0, 2}, 0);
  problem.advantage = filled({0}, 0);
  problem.backward();
  CHECK(norm(problem.d_parameters.logit) == 0);
}

TEST_CASE("a learned sigma says when it cannot be built", "[location_spread]") {
  CHECK_THROWS_WITH(Spread({.sigma = 0.05, .low = 0.05, .high = 1}), contains("between sigma_low > 0 and sigma_high"));
  CHECK_THROWS_WITH(Spread({.sigma = 1.5, .low = 0.05, .high = 1}), contains("1.5"));
  CHECK_THROWS_AS(Spread({.sigma = 0.5, .low = 0, .high = 1}), ConfigError);
  CHECK_THROWS_WITH(Spread({.entropy = -1}), contains("LocationSpread: entropy must be at least 0"));
}
