#include <saccade/training/adam.hpp>

#include "support/gradient_check.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

/// Two parameters of different shapes, and their gradients.
struct Owner {
  Array weight = random_array({2, 3}, 1);
  Array bias = random_array({2}, 2);

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    visit(prefix + "weight", self.weight, initialization::linear);
    visit(prefix + "bias", self.bias, initialization::zeros);
  }
};

/// A parameter of the policy, and one of the rest.
struct WithPolicy {
  Array weight = random_array({3}, 1);
  Array policy = random_array({3}, 2);

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    visit(prefix + "weight", self.weight, initialization::linear);
    visit(prefix + "policy.weight", self.policy, initialization::linear);
  }
};

/// Every step with a gradient of its own.
void set_gradients(Owner& gradients, std::uint64_t step) {
  randomize(gradients.weight, 10 + step, -3, 3);
  randomize(gradients.bias, 20 + step, -3, 3);
}

}  // namespace

TEST_CASE("Adam with a constant gradient moves by the learning rate a step", "[adam]") {
  // m / correction1 = g and v / correction2 = g^2 at every step: the step is rate g / (|g| + epsilon).
  Reference b;
  Owner parameters, gradients;
  const auto before = all_values(parameters), gradient = all_values(gradients);
  Adam<Reference> adam(b, {}, named_tensors<Reference>(parameters), named_tensors<Reference>(gradients));
  for (int step = 0; step < 3; ++step) {
    adam.measure(b);
    adam.step(b, 0.01);
  }
  const auto after = all_values(parameters);
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(after[i] == Approx(before[i] - 3 * 0.01 * gradient[i] / (std::abs(gradient[i]) + 1e-8)));
  CHECK(adam.steps() == 3);
}

TEST_CASE("three steps of Adam follow the paper's algorithm, clipped by the norm of all gradients together", "[adam]") {
  const double clip_norm = GENERATE(0.0, 2.0, 100.0);
  const AdamConfig config{.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .clip_norm = clip_norm};
  Reference b;
  Owner parameters, gradients;
  Adam<Reference> adam(b, config, named_tensors<Reference>(parameters), named_tensors<Reference>(gradients));
  std::vector<double> p = all_values(parameters), m(p.size(), 0.0), v(p.size(), 0.0);
  for (int t = 1; t <= 3; ++t) {
    set_gradients(gradients, static_cast<std::uint64_t>(t));
    const double rate = 0.1 / t;
    const double squares = adam.measure(b).values[0];
    adam.step(b, rate);

    std::vector<double> g = all_values(gradients);
    double sum = 0;
    for (const double value : g) sum += value * value;
    CHECK(squares == Approx(sum));
    CHECK(std::sqrt(sum) > 2);
    CHECK(std::sqrt(sum) < 100);
    if (clip_norm == 2.0)
      for (double& value : g) value *= 2.0 / std::sqrt(sum);
    for (std::size_t i = 0; i < p.size(); ++i) {
      m[i] = 0.8 * m[i] + 0.2 * g[i];
      v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
      p[i] -= rate * (m[i] / (1 - std::pow(0.8, t))) / (std::sqrt(v[i] / (1 - std::pow(0.95, t))) + 1e-3);
    }
    const auto actual = all_values(parameters);
    for (std::size_t i = 0; i < p.size(); ++i) CHECK(actual[i] == Approx(p[i]).epsilon(1e-12));
  }
}

TEST_CASE("Adam continues from its moments and its number of steps", "[adam]") {
  Reference b;
  Owner parameters, gradients, continued;
  Adam<Reference> adam(b, {}, named_tensors<Reference>(parameters), named_tensors<Reference>(gradients));
  const auto make_step = [&](Adam<Reference>& optimizer, std::uint64_t step) {
    set_gradients(gradients, step);
    optimizer.measure(b);
    optimizer.step(b, 0.01);
  };
  make_step(adam, 1);
  make_step(adam, 2);

  Adam<Reference> other(b, {}, named_tensors<Reference>(continued), named_tensors<Reference>(gradients));
  continued.weight = parameters.weight;
  continued.bias = parameters.bias;
  const auto from = adam.state(), to = other.state();
  REQUIRE(from.size() == 4);
  CHECK(from[0].name == "first.weight");
  CHECK(from[1].name == "first.bias");
  CHECK(from[2].name == "second.weight");
  CHECK(from[3].name == "second.bias");
  for (std::size_t i = 0; i < from.size(); ++i) *to[i].tensor = *from[i].tensor;
  other.resume(adam.steps());

  make_step(adam, 3);
  make_step(other, 3);
  CHECK(all_values(continued) == all_values(parameters));
}

TEST_CASE("the policy's epsilon lets faint gradients fade, and no other's", "[adam]") {
  Reference b;
  WithPolicy parameters, gradients;
  const std::vector<double> weight = parameters.weight.values, policy = parameters.policy.values;
  constexpr double faint = 1e-5, epsilon = 1e-3, rate = 0.01;
  for (double& value : gradients.weight.values) value = faint;
  for (double& value : gradients.policy.values) value = faint;
  Adam<Reference> adam(b, {.policy_rate = 0.5, .policy_epsilon = epsilon}, named_tensors<Reference>(parameters),
                       named_tensors<Reference>(gradients));
  adam.measure(b);
  adam.step(b, rate);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    CHECK(parameters.weight.values[i] == Approx(weight[i] - rate * faint / (faint + 1e-8)));
    CHECK(parameters.policy.values[i] == Approx(policy[i] - 0.5 * rate * faint / (faint + epsilon)));
  }
  CHECK_THROWS_WITH(Adam<Reference>(b, {.policy_epsilon = 0}, named_tensors<Reference>(parameters),
                                    named_tensors<Reference>(gradients)),
                    "Adam: epsilon must be greater than 0");
}

TEST_CASE("Adam refuses a negative norm", "[adam]") {
  Reference b;
  Owner parameters, gradients;
  const auto make = [&] {
    Adam<Reference>(b, {.clip_norm = -1}, named_tensors<Reference>(parameters), named_tensors<Reference>(gradients));
  };
  CHECK_THROWS_WITH(make(), "Adam: clip_norm must be at least 0");
}
