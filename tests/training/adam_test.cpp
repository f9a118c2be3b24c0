#include <saccade/training/adam.hpp>

#include "support/gradient_check.hpp"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

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

/// An encoder of two stages, and a policy.
struct Stages {
  Array entry = random_array({2}, 1), entry_bias = random_array({2}, 2);
  Array stage1 = random_array({3}, 3), stage2 = random_array({3}, 4);
  Array policy = random_array({2}, 5);

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    visit(prefix + "encoder.entry.weight", self.entry, initialization::linear);
    visit(prefix + "encoder.entry.bias", self.entry_bias, initialization::zeros);
    visit(prefix + "encoder.stage1.weight", self.stage1, initialization::linear);
    visit(prefix + "encoder.stage2.weight", self.stage2, initialization::linear);
    visit(prefix + "policy.weight", self.policy, initialization::linear);
  }
};

/// Parameters, their gradients, and an optimiser.
struct Staged {
  explicit Staged(const AdamConfig& config)
      : adam(b, config, named_tensors<Reference>(parameters), named_tensors<Reference>(gradients)) {}

  Reference b;
  Stages parameters, gradients;
  Adam<Reference> adam;

  [[nodiscard]] const std::vector<double>& moment(const std::string& name) {
    for (const auto& named : adam.state())
      if (named.name == name) return named.tensor->values;
    throw Error("no moment " + name);
  }
};

double squares(std::initializer_list<const Array*> arrays) {
  double sum = 0;
  for (const Array* array : arrays)
    for (const double value : array->values) sum += value * value;
  return sum;
}

std::string refusal(const AdamConfig& config) {
  try {
    Staged staged(config);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

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

TEST_CASE("a group has a rate and an epsilon of its own, which let faint gradients fade", "[adam]") {
  Reference b;
  WithPolicy parameters, gradients;
  const std::vector<double> weight = parameters.weight.values, policy = parameters.policy.values;
  constexpr double faint = 1e-5, epsilon = 1e-3, rate = 0.01;
  for (double& value : gradients.weight.values) value = faint;
  for (double& value : gradients.policy.values) value = faint;
  Adam<Reference> adam(b, {.groups = {{.pattern = "policy.*", .rate = 0.5, .epsilon = epsilon}}},
                       named_tensors<Reference>(parameters), named_tensors<Reference>(gradients));
  adam.measure(b);
  adam.step(b, rate);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    CHECK(parameters.weight.values[i] == Approx(weight[i] - rate * faint / (faint + 1e-8)));
    CHECK(parameters.policy.values[i] == Approx(policy[i] - 0.5 * rate * faint / (faint + epsilon)));
  }
}

TEST_CASE("weight decay is decoupled, by hand and in double", "[adam]") {
  // AdamW over three steps with a rate that falls; the group without decay takes the plain step.
  const AdamConfig config{.beta1 = 0.8,
                          .beta2 = 0.95,
                          .epsilon = 1e-3,
                          .weight_decay = 0.3,
                          .groups = {{.pattern = "*.bias", .weight_decay = 0.0}, {.pattern = "policy.*", .rate = 0.5}}};
  Staged run(config);
  const auto names = named_tensors<Reference>(run.parameters);
  std::vector<double> p = all_values(run.parameters), m(p.size(), 0.0), v(p.size(), 0.0);
  std::vector<double> decay, rate;
  for (const auto& named : names) {
    const std::size_t count = named.tensor->values.size();
    decay.insert(decay.end(), count, named.name.ends_with(".bias") ? 0.0 : 0.3);
    rate.insert(rate.end(), count, named.name.starts_with("policy.") ? 0.5 : 1.0);
  }
  for (int t = 1; t <= 3; ++t) {
    std::uint64_t seed = 10 * static_cast<std::uint64_t>(t);
    for (const auto& named : named_tensors<Reference>(run.gradients)) randomize(*named.tensor, seed++, -3, 3);
    run.adam.measure(run.b);
    run.adam.step(run.b, 0.1 / t);
    const std::vector<double> g = all_values(run.gradients);
    for (std::size_t i = 0; i < p.size(); ++i) {
      m[i] = 0.8 * m[i] + 0.2 * g[i];
      v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
      p[i] *= 1 - rate[i] * 0.1 / t * decay[i];
      p[i] -= rate[i] * 0.1 / t * (m[i] / (1 - std::pow(0.8, t))) / (std::sqrt(v[i] / (1 - std::pow(0.95, t))) + 1e-3);
    }
    const auto actual = all_values(run.parameters);
    for (std::size_t i = 0; i < p.size(); ++i) CHECK(actual[i] == Approx(p[i]).epsilon(1e-12));
  }
}

TEST_CASE("the first group that matches has a parameter, and the rest belongs to none", "[adam]") {
  Staged run({.groups = {{.pattern = "encoder.stage?.*", .rate = 0.5},
                         {.pattern = "encoder.*", .rate = 0.25},
                         {.pattern = "*.weight", .rate = 0.125}}});
  Stages before = run.parameters;
  for (const auto& named : named_tensors<Reference>(run.gradients)) run.b.fill(1, *named.tensor);
  run.adam.measure(run.b);
  run.adam.step(run.b, 0.01);
  const auto moved = [](const Array& from, const Array& to) { return from.values[0] - to.values[0]; };
  CHECK(moved(before.stage1, run.parameters.stage1) == Approx(0.5 * 0.01));
  CHECK(moved(before.stage2, run.parameters.stage2) == Approx(0.5 * 0.01));
  CHECK(moved(before.entry, run.parameters.entry) == Approx(0.25 * 0.01));
  CHECK(moved(before.entry_bias, run.parameters.entry_bias) == Approx(0.25 * 0.01));
  CHECK(moved(before.policy, run.parameters.policy) == Approx(0.125 * 0.01));
}

TEST_CASE("what is frozen stays, with its moments, and is not measured", "[adam]") {
  Staged run({.clip_norm = 1, .weight_decay = 0.5, .groups = {{.pattern = "encoder.*", .frozen = true}}});
  const std::vector<double> policy = run.parameters.policy.values;
  Stages before = run.parameters;
  // A moment that a checkpoint has brought back stays as it is, too.
  for (const auto& named : run.adam.state()) run.b.fill(0.25, *named.tensor);
  const double measured = run.adam.measure(run.b).values[0];
  CHECK(measured == Approx(squares({&run.gradients.policy})));
  CHECK(measured < squares({&run.gradients.policy, &run.gradients.stage1}));
  run.adam.step(run.b, 0.01);
  CHECK(run.parameters.entry.values == before.entry.values);
  CHECK(run.parameters.entry_bias.values == before.entry_bias.values);
  CHECK(run.parameters.stage1.values == before.stage1.values);
  CHECK(run.parameters.stage2.values == before.stage2.values);
  CHECK(run.parameters.policy.values != before.policy.values);
  for (const std::string name : {"encoder.entry.weight", "encoder.entry.bias", "encoder.stage1.weight"}) {
    for (const double value : run.moment("first." + name)) CHECK(value == 0.25);
    for (const double value : run.moment("second." + name)) CHECK(value == 0.25);
  }
  CHECK(run.adam.state().size() == 10);  // checkpoints have the same tensors, whatever is frozen
  run.adam.zero_gradients(run.b);
  CHECK(squares({&run.gradients.entry, &run.gradients.stage1, &run.gradients.policy}) == 0);
}

TEST_CASE("a gradient that is not finite in a frozen parameter is nobody's", "[adam]") {
  Staged run({.groups = {{.pattern = "encoder.*", .frozen = true}}});
  const std::vector<double> before = run.parameters.policy.values;
  run.b.fill(std::numeric_limits<double>::infinity(), run.gradients.stage1);
  CHECK(std::isfinite(run.adam.measure(run.b).values[0]));
  run.adam.step(run.b, 0.01);
  CHECK(run.parameters.policy.values != before);
}

TEST_CASE("an update of a subset leaves the others and their moments as they are", "[adam]") {
  Staged run({.groups = {{.pattern = "encoder.entry.*", .frozen = true}}}), whole({});
  const std::vector<std::string> patterns{"encoder.*"};
  auto stages = run.adam.subset(run.b, patterns);
  REQUIRE(stages.terms.size() == 2);  // the entry is frozen
  Stages before = run.parameters;
  CHECK(run.adam.measure(run.b, stages).values[0] == Approx(squares({&run.gradients.stage1, &run.gradients.stage2})));
  run.adam.prepare(run.b, 0.01);
  run.adam.update(run.b, stages);
  run.adam.count();
  whole.adam.measure(whole.b);
  whole.adam.step(whole.b, 0.01);
  CHECK(run.parameters.entry.values == before.entry.values);
  CHECK(run.parameters.policy.values == before.policy.values);
  CHECK(run.moment("first.policy.weight") == std::vector<double>(2, 0.0));
  CHECK(run.parameters.stage1.values == whole.parameters.stage1.values);
  CHECK(run.moment("second.encoder.stage2.weight") == whole.moment("second.encoder.stage2.weight"));
  CHECK(run.adam.steps() == 1);
}

TEST_CASE("a subset must be of something that learns", "[adam]") {
  Staged run({.groups = {{.pattern = "policy.*", .frozen = true}}});
  const auto subset = [&](const std::vector<std::string>& patterns) { return run.adam.subset(run.b, patterns); };
  CHECK_THROWS_WITH(subset({"encoder.*", "decoder.*"}),
                    "Adam: no parameter is called \"decoder.*\"; there are encoder.*, policy.*");
  CHECK_THROWS_WITH(subset({"policy.*", "policy.weight"}),
                    "Adam: of \"policy.*\", \"policy.weight\" nothing can learn: all of it is frozen");
  CHECK_THROWS_WITH(subset({}), "Adam: of no patterns nothing can learn: expected at least one");
}

TEST_CASE("Adam refuses what cannot be", "[adam]") {
  CHECK(refusal({.clip_norm = -1}) == "Adam: clip_norm must be at least 0");
  CHECK(refusal({.epsilon = 0}) == "Adam: epsilon must be greater than 0");
  CHECK(refusal({.weight_decay = -0.1}) == "Adam: weight_decay must be at least 0");
  CHECK(refusal({.groups = {{.pattern = "policy.*", .rate = -1}}}) ==
        "Adam: the group \"policy.*\": rate must be at least 0");
  CHECK(refusal({.groups = {{.pattern = "policy.*", .epsilon = 0}}}) ==
        "Adam: the group \"policy.*\": epsilon must be greater than 0");
  CHECK(refusal({.groups = {{.pattern = "policy.*", .weight_decay = -1}}}) ==
        "Adam: the group \"policy.*\": weight_decay must be at least 0");
  CHECK(refusal({.groups = {{.pattern = "polcy.*"}}}) ==
        "Adam: no parameter is called \"polcy.*\"; there are encoder.*, policy.*");
  CHECK(refusal({.groups = {{.pattern = "*.weight"}, {.pattern = "policy.*"}}}) ==
        "Adam: the group \"policy.*\" is empty: groups before it have all of its parameters");
  CHECK(refusal({.groups = {{.pattern = "*", .frozen = true}}}) == "Adam: every parameter is frozen");
}
