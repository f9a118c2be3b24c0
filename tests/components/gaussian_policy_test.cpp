#include <saccade/components/gaussian_policy.hpp>

#include "components/policy_problem.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

using Gaussian = GaussianPolicy<Reference>;

struct GaussianProblem : PolicyProblem<Gaussian> {
  explicit GaussianProblem(const PolicyConfig& config) : PolicyProblem(config) {
    // Some beyond the edges, where the world clamps.
    cache.sample = {{policy_batch, 2}, {0.4, -1.6, 1.3, 0.2, -0.9, 2.5}};
  }

  /// -sum_n advantage_n ln N(sample_n; mean_n, sigma^2), the constant of the density left out.
  double surrogate() {
    describe();
    double sum = 0;
    for (std::size_t i = 0; i < 2 * policy_batch; ++i) {
      const double z = (cache.sample.values[i] - cache.mean.values[i]) / policy.config().sigma;
      sum += advantage.values[i / 2] * z * z / 2;
    }
    return sum;
  }
};

}  // namespace

TEST_CASE("the mean receives the REINFORCE gradient of the sample before clamping", "[gaussian_policy]") {
  const auto squash = GENERATE(MeanSquash::none, MeanSquash::tanh);
  GaussianProblem problem({.hidden = 4, .sigma = 0.7, .squash = squash, .state = StateGradient::attached});
  problem.describe();
  problem.backward();
  const auto loss = [&] { return problem.surrogate(); };
  check_gradients(problem.parameters.locator, problem.d_parameters.locator, loss);
  check_gradient("h", problem.state, problem.d_state, loss);
  CHECK(norm(problem.d_parameters.locator.bias) > 0);

  problem.describe();
  check_accumulates(problem.d_parameters, [&] { problem.backward(); });
}

TEST_CASE("the policy term by hand: -advantage (sample - mean) / sigma^2", "[gaussian_policy]") {
  GaussianProblem problem({.hidden = 4, .sigma = 0.5, .squash = MeanSquash::none});
  problem.describe();
  problem.cache.mean = {{policy_batch, 2}, {0.1, -0.2, 0.3, 0.4, -0.5, 0.6}};
  problem.advantage.values = {0.25, 0, -2};
  problem.backward();
  const auto& d_mean = problem.workspace.d_mean.values;
  CHECK(d_mean[0] == Approx(-0.25 / 0.25 * (0.4 - 0.1)));
  CHECK(d_mean[1] == Approx(-0.25 / 0.25 * (-1.6 + 0.2)));
  CHECK(d_mean[2] == 0);  // no advantage, no gradient
  CHECK(d_mean[3] == 0);
  CHECK(d_mean[4] == Approx(2 / 0.25 * (-0.9 + 0.5)));
  CHECK(d_mean[5] == Approx(2 / 0.25 * (2.5 - 0.6)));
  CHECK(problem.d_parameters.locator.bias.values[1] == Approx(1.4 + 8 * 1.9));
}

TEST_CASE("a move by hand costs 2 / B movement_penalty (mean - mean before)", "[gaussian_policy]") {
  GaussianProblem problem({.hidden = 4, .sigma = 0.5, .movement_penalty = 0.3, .squash = MeanSquash::none});
  problem.describe();
  problem.cache.mean = {{policy_batch, 2}, {0.1, -0.2, 0.3, 0.4, -0.5, 0.6}};
  problem.cache.sample = problem.cache.mean;  // no term of the density
  problem.previous = {{policy_batch, 2}, {0.1, 0.8, -1, 1, 0, 0.5}};
  problem.backward();
  const double factor = 2.0 / 3.0 * 0.3;
  const std::vector<double> expected{0, factor * -1, factor * 1.3, factor * -0.6, factor * -0.5, factor * 0.1};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(problem.workspace.d_mean.values[i] == Approx(expected[i]));
  problem.previous = filled({0}, 0);  // the first location: no glimpse was before
  problem.backward();
  CHECK(norm(problem.workspace.d_mean) == 0);
}

TEST_CASE("a detached state receives nothing from the policy", "[gaussian_policy]") {
  GaussianProblem problem({.hidden = 4, .state = StateGradient::detached});
  problem.describe();
  problem.backward();
  CHECK(norm(problem.d_state) == 0);
  CHECK(norm(problem.d_parameters.locator.weight) > 0);
}

TEST_CASE("the location head reads patch and context beside the state, if configured", "[gaussian_policy]") {
  const auto state = GENERATE(StateGradient::attached, StateGradient::detached);
  GaussianProblem problem({.hidden = 4, .sigma = 0.7, .state = state, .patch = 3, .context = 2});
  CHECK(problem.parameters.locator.weight.shape == Shape{2, 9});
  problem.cache.seen = filled({policy_batch, 9}, 7);  // of another step
  problem.describe();
  problem.d_patch = filled({policy_batch, 3}, 0.5);  // they accumulate
  problem.d_context = filled({policy_batch, 2}, 0.25);
  problem.backward();
  for (double& value : problem.d_patch.values) value -= 0.5;
  for (double& value : problem.d_context.values) value -= 0.25;
  const auto loss = [&] { return problem.surrogate(); };
  check_gradients(problem.parameters.locator, problem.d_parameters.locator, loss);
  check_gradient("patch", problem.patch, problem.d_patch, loss);
  check_gradient("context", problem.context, problem.d_context, loss);
  if (state == StateGradient::attached) {
    check_gradient("h", problem.state, problem.d_state, loss);
  } else {
    CHECK(norm(problem.d_state) == 0);
  }
}

TEST_CASE("log-density and entropy of a Gaussian by hand", "[gaussian_policy]") {
  const bool learned = GENERATE(false, true);
  GaussianProblem problem({.hidden = 4, .sigma = 0.5, .learn_sigma = learned, .sigma_low = 0.1, .sigma_high = 0.9});
  problem.describe();
  if (!learned) problem.policy.set_sigma(problem.cache, 0.25);
  const double sigma = learned ? 0.5 : 0.25;
  Array density = filled({policy_batch}, not_a_number), entropy = density;
  problem.policy.log_density(problem.b, problem.cache, problem.workspace, density);
  problem.policy.entropy(problem.b, problem.cache, problem.workspace, entropy);
  for (std::size_t n = 0; n < policy_batch; ++n) {
    double expected = 0;
    for (std::size_t i = 2 * n; i < 2 * n + 2; ++i) {
      expected += math::gaussian_log_density(problem.cache.sample.values[i], problem.cache.mean.values[i], sigma);
    }
    CHECK(density.values[n] == Approx(expected));
    CHECK(entropy.values[n] == Approx(1 + std::log(2 * 3.14159265358979 * sigma * sigma)));
  }
}

TEST_CASE("the sample is kept as it was drawn, and the mode is the mean", "[gaussian_policy]") {
  GaussianProblem problem({.hidden = 4, .sigma = 3});
  problem.describe();
  problem.policy.sample(problem.b, {.seed = 5}, problem.inputs(), problem.cache);
  bool beyond = false;
  for (const double sample : problem.cache.sample.values) beyond = beyond || std::abs(sample) > 1;
  CHECK(beyond);
  problem.policy.take_mode(problem.b, problem.cache);
  CHECK(problem.cache.sample.values == problem.cache.mean.values);
}

TEST_CASE("a Gaussian policy says when it cannot be built", "[gaussian_policy]") {
  CHECK_THROWS_WITH(Gaussian({.sigma = 0}), contains("GaussianPolicy: sigma must be greater than 0, but is 0"));
  CHECK_THROWS_WITH(Gaussian({.movement_penalty = -0.5}),
                    "GaussianPolicy: movement_penalty must be at least 0, but is -0.500000");
  CHECK_THROWS_WITH(Gaussian({.patch = -1}), "GaussianPolicy: patch must be at least 0");
  CHECK_THROWS_WITH(Gaussian({.context = -1}), "GaussianPolicy: context must be at least 0");
  CHECK_THROWS_WITH(Gaussian({.entropy = 0.1}), contains("GaussianPolicy: an entropy bonus needs learn_sigma"));
  GaussianProblem problem({.hidden = 4, .sigma = 0.5, .learn_sigma = true});
  CHECK_THROWS_WITH(problem.policy.set_sigma(problem.cache, 0.2),
                    "GaussianPolicy: sigma is learned, so no other one can be given");
}
