#include <saccade/components/policy_gradient.hpp>

#include "support/gradient_check.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

using Policy = PolicyGradient<Reference>;

constexpr Index batch = 3;

struct Problem {
  explicit Problem(const PolicyConfig& config)
      : policy(config),
        parameters(policy.make_parameters(b)),
        d_parameters(policy.make_parameters(b)),
        cache(policy.make_cache(b, batch)),
        workspace(policy.make_workspace(b, batch)),
        h(random_array({batch, config.hidden}, 2)) {
    randomize_parameters(parameters, 1);
    // Some beyond the edges, where the world clamps.
    cache.sample = {{batch, 2}, {0.4, -1.6, 1.3, 0.2, -0.9, 2.5}};
  }

  void forward() {
    policy.locate(b, parameters, h, cache);
    policy.predict_reward(b, parameters, h, cache);
  }

  void backward_location() {
    policy.weigh(b, reward, cache, workspace);
    policy.backward_location(b, parameters, h, cache, workspace, d_parameters, d_h);
  }

  /// -1/B sum_n advantage_n ln N(sample_n; mean_n, sigma^2), the advantages held constant; the constant of the density
  /// left out.
  double surrogate(const std::vector<double>& advantage) {
    policy.locate(b, parameters, h, cache);
    double sum = 0;
    for (std::size_t i = 0; i < 2 * batch; ++i) {
      const double z = (cache.sample.values[i] - cache.mean.values[i]) / policy.config().sigma;
      sum += advantage[i / 2] * z * z / 2;
    }
    return sum / batch;
  }

  Reference b;
  Policy policy;
  Policy::Parameters parameters, d_parameters;
  Policy::Cache cache;
  Policy::Workspace workspace;
  Array h;
  Array d_h = filled({batch, 4}, 0);
  const Array reward{{batch}, {1, 0, 1}};
};

}  // namespace

TEST_CASE("the mean receives the REINFORCE gradient of the sample before clamping", "[policy_gradient]") {
  const auto squash = GENERATE(MeanSquash::none, MeanSquash::tanh);
  const auto baseline = GENERATE(Baseline::none, Baseline::learned);
  const double weight = GENERATE(1.0, 0.3);
  Problem problem({.hidden = 4,
                   .sigma = 0.7,
                   .weight = weight,
                   .squash = squash,
                   .baseline = baseline,
                   .state = StateGradient::attached});
  problem.forward();
  std::vector<double> advantage = problem.reward.values;
  for (std::size_t n = 0; n < batch; ++n) {
    if (baseline == Baseline::learned) advantage[n] -= problem.cache.baseline.values[n];
    advantage[n] *= weight;
  }
  problem.backward_location();
  const auto loss = [&] { return problem.surrogate(advantage); };
  auto& locator = problem.parameters.locator;
  auto& d_locator = problem.d_parameters.locator;
  check_gradients(locator, d_locator, loss);
  check_gradient("h", problem.h, problem.d_h, loss);
  CHECK(norm(d_locator.bias) > 0);

  problem.forward();
  check_accumulates(problem.d_parameters, [&] { problem.backward_location(); });
}

TEST_CASE("the policy term by hand: -weight / B (R - baseline) (sample - mean) / sigma^2", "[policy_gradient]") {
  Problem problem({.hidden = 4, .sigma = 0.5, .weight = 2, .squash = MeanSquash::none, .baseline = Baseline::none});
  problem.forward();
  problem.cache.mean = {{batch, 2}, {0.1, -0.2, 0.3, 0.4, -0.5, 0.6}};
  problem.backward_location();
  const double factor = -2.0 / 3.0 / 0.25;
  CHECK(problem.workspace.d_mean.values[0] == Approx(factor * (0.4 - 0.1)));
  CHECK(problem.workspace.d_mean.values[1] == Approx(factor * (-1.6 + 0.2)));
  CHECK(problem.workspace.d_mean.values[2] == 0);  // no reward, no gradient
  CHECK(problem.workspace.d_mean.values[3] == 0);
  CHECK(problem.workspace.d_mean.values[4] == Approx(factor * (-0.9 + 0.5)));
  CHECK(problem.workspace.d_mean.values[5] == Approx(factor * (2.5 - 0.6)));
  CHECK(problem.d_parameters.locator.bias.values[1] == Approx(factor * (-1.4 + 1.9)));
}

TEST_CASE("a saccade by hand costs 2 / B saccade_cost (mean - mean before)", "[policy_gradient]") {
  Problem problem({.hidden = 4, .sigma = 0.5, .saccade_cost = 0.3, .squash = MeanSquash::none, .baseline = Baseline::none});
  problem.forward();
  problem.cache.mean = {{batch, 2}, {0.1, -0.2, 0.3, 0.4, -0.5, 0.6}};
  problem.cache.sample = problem.cache.mean;  // no term of the density
  const Array from{{batch, 2}, {0.1, 0.8, -1, 1, 0, 0.5}};
  problem.policy.weigh(problem.b, problem.reward, problem.cache, problem.workspace);
  const auto backward = [&](const Array* where) {
    problem.policy.backward_location(problem.b, problem.parameters, problem.h, problem.cache, problem.workspace,
                                     problem.d_parameters, problem.d_h, nullptr, nullptr, where);
  };
  backward(&from);
  const double factor = 2.0 / 3.0 * 0.3;
  const std::vector<double> expected{0, factor * -1, factor * 1.3, factor * -0.6, factor * -0.5, factor * 0.1};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(problem.workspace.d_mean.values[i] == Approx(expected[i]));
  backward(nullptr);  // the first location: no glimpse was before
  CHECK(norm(problem.workspace.d_mean) == 0);
}

TEST_CASE("a saccade must not be paid for", "[policy_gradient]") {
  CHECK_THROWS_WITH(Policy({.hidden = 4, .saccade_cost = -0.5}),
                    "PolicyGradient: saccade_cost must be at least 0, but is -0.500000");
}

TEST_CASE("a detached state receives nothing from the policy", "[policy_gradient]") {
  Problem problem({.hidden = 4, .state = StateGradient::detached});
  problem.forward();
  problem.backward_location();
  CHECK(norm(problem.d_h) == 0);
  CHECK(norm(problem.d_parameters.locator.weight) > 0);
}

TEST_CASE("the location head reads a context beside the state, if configured", "[policy_gradient]") {
  const auto state = GENERATE(StateGradient::attached, StateGradient::detached);
  Problem problem({.hidden = 4, .sigma = 0.7, .state = state, .context = 3});
  Array context = random_array({batch, 3}, 8), d_context = filled({batch, 3}, not_a_number);
  CHECK(problem.parameters.locator.weight.shape == Shape{2, 7});
  const std::vector<double> advantage = problem.reward.values;
  const auto surrogate = [&] {
    problem.policy.locate(problem.b, problem.parameters, problem.h, problem.cache, &context);
    double sum = 0;
    for (std::size_t i = 0; i < 2 * batch; ++i) {
      const double z = (problem.cache.sample.values[i] - problem.cache.mean.values[i]) / 0.7;
      sum += advantage[i / 2] * z * z / 2;
    }
    return sum / batch;
  };
  surrogate();
  problem.cache.baseline = filled({batch}, 0);
  problem.policy.weigh(problem.b, problem.reward, problem.cache, problem.workspace);
  problem.policy.backward_location(problem.b, problem.parameters, problem.h, problem.cache, problem.workspace,
                                   problem.d_parameters, problem.d_h, &d_context);
  check_gradients(problem.parameters.locator, problem.d_parameters.locator, surrogate);
  check_gradient("context", context, d_context, surrogate);
  if (state == StateGradient::attached) {
    check_gradient("h", problem.h, problem.d_h, surrogate);
  } else {
    CHECK(norm(problem.d_h) == 0);
  }
}

TEST_CASE("the location head reads the glance as well, whose gradient accumulates", "[policy_gradient]") {
  Problem problem({.hidden = 4, .sigma = 0.7, .baseline = Baseline::none, .context = 3, .glance = 2});
  CHECK(problem.parameters.locator.weight.shape == Shape{2, 9});
  Array context = random_array({batch, 3}, 8), glance = random_array({batch, 2}, 9);
  Array d_context = filled({batch, 3}, not_a_number), d_glance = filled({batch, 2}, 0.5);
  const bool first = GENERATE(false, true);  // before the first glimpse there is no context, and it counts as 0
  const auto surrogate = [&] {
    problem.policy.locate(problem.b, problem.parameters, problem.h, problem.cache, first ? nullptr : &context, &glance);
    double sum = 0;
    for (std::size_t i = 0; i < 2 * batch; ++i) {
      const double z = (problem.cache.sample.values[i] - problem.cache.mean.values[i]) / 0.7;
      sum += problem.reward.values[i / 2] * z * z / 2;
    }
    return sum / batch;
  };
  problem.cache.seen = filled({batch, 9}, 7);  // of another step
  surrogate();
  const auto mean = problem.cache.mean.values;
  Array nothing = filled({batch, 3}, 0);
  problem.policy.locate(problem.b, problem.parameters, problem.h, problem.cache, &nothing, &glance);
  CHECK((problem.cache.mean.values == mean) == first);
  surrogate();
  problem.policy.weigh(problem.b, problem.reward, problem.cache, problem.workspace);
  problem.policy.backward_location(problem.b, problem.parameters, problem.h, problem.cache, problem.workspace,
                                   problem.d_parameters, problem.d_h, first ? nullptr : &d_context, &d_glance);
  check_gradients(problem.parameters.locator, problem.d_parameters.locator, surrogate);
  for (double& value : d_glance.values) value -= 0.5;
  check_gradient("glance", glance, d_glance, surrogate);
  if (!first) check_gradient("context", context, d_context, surrogate);
}

TEST_CASE("the sample is kept unclamped, and the location is clamped", "[policy_gradient]") {
  Problem problem({.hidden = 4, .sigma = 3});
  problem.forward();
  problem.policy.draw(problem.b, {.seed = 5}, problem.cache);
  Array location = filled({batch, 2}, not_a_number);
  problem.policy.place(problem.b, problem.cache, location);
  bool beyond = false;
  for (std::size_t i = 0; i < location.values.size(); ++i) {
    const double sample = problem.cache.sample.values[i];
    beyond = beyond || std::abs(sample) > 1;
    CHECK(location.values[i] == std::min(std::max(sample, -1.0), 1.0));
  }
  CHECK(beyond);

  problem.policy.take_mean(problem.b, problem.cache);
  CHECK(problem.cache.sample.values == problem.cache.mean.values);
}

TEST_CASE("the value head descends the squared error of the reward", "[policy_gradient]") {
  Problem problem({.hidden = 4, .weight = 0.1});  // the weight is not the value's
  problem.forward();
  problem.policy.backward_value(problem.b, problem.h, problem.reward, problem.cache, problem.workspace,
                                problem.d_parameters);
  const auto loss = [&] {
    problem.forward();
    double sum = 0;
    for (std::size_t n = 0; n < batch; ++n)
      sum += std::pow(problem.reward.values[n] - problem.cache.baseline.values[n], 2);
    return sum / batch;
  };
  check_gradients(problem.parameters.value[0], problem.d_parameters.value[0], loss);
  CHECK(norm(problem.d_parameters.locator.weight) == 0);
}

TEST_CASE("the class term is the gradient of -advantage ln p(class)", "[policy_gradient]") {
  Reference b;
  const Policy policy({.hidden = 4, .weight = 0.6, .reward = RewardClass::sampled, .class_term = true});
  auto cache = policy.make_cache(b, batch);
  cache.baseline = {{batch}, {0.25, 0.5, -0.125}};
  auto workspace = policy.make_workspace(b, batch);
  const Array reward{{batch}, {1, 0, 1}}, classes{{batch}, {2, 0, 1}};
  Array logits = random_array({batch, 3}, 9), probabilities = logits, d_logits = filled({batch, 3}, 0.5);
  b.softmax(logits, probabilities);
  policy.weigh(b, reward, cache, workspace);
  policy.backward_class(b, probabilities, classes, workspace, d_logits);
  for (double& value : d_logits.values) value -= 0.5;  // it accumulates
  check_gradient("logits", logits, d_logits, [&] {
    b.softmax(logits, probabilities);
    double sum = 0;
    for (std::size_t n = 0; n < batch; ++n) {
      const auto answer = static_cast<std::size_t>(classes.values[n]);
      sum -= 0.6 / 3 * (reward.values[n] - cache.baseline.values[n]) * std::log(probabilities.values[3 * n + answer]);
    }
    return sum;
  });
}

TEST_CASE("the policy says when it cannot be built", "[policy_gradient]") {
  CHECK_THROWS_WITH(Policy({.sigma = 0}), contains("PolicyGradient: sigma must be greater than 0, but is 0"));
  CHECK_THROWS_WITH(Policy({.weight = -1}), contains("PolicyGradient: weight must be at least 0, but is -1"));
  CHECK_THROWS_WITH(Policy({.context = -1}), "PolicyGradient: context must be at least 0");
  CHECK_THROWS_WITH(Policy({.reward = RewardClass::most_probable, .class_term = true}),
                    "PolicyGradient: the class term needs reward from the sampled class");
}
