#include "model/toy_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

using namespace saccade;
using namespace saccade_test;

/// The gradient of equation 5 against central differences of a loss that is written out here, from nothing but the
/// logits and hidden states of a rollout: cross-entropy - weight * sum of advantage * ln pi + the baseline's error.
namespace {

/// What REINFORCE holds constant: samples, rewards, answers, advantages, and the states that detached heads read.
struct Constants {
  std::vector<double> classes;
  std::vector<std::vector<double>> outcome;    ///< by step, then by image: what followed the step's location or class
  std::vector<std::vector<double>> advantage;  ///< the same, minus the baseline
  std::vector<Array> h;                        ///< by step
  std::vector<Array> meant;                    ///< by step: where the policy meant to look
  std::vector<double> first_outcome{};         ///< by image: what followed the first location, where a glance chose it
  std::vector<double> first_advantage{};
};

/// W x + b, row n, output k.
double affine(const LinearLayer<Reference>::Parameters& p, const Array& x, std::size_t n, std::size_t k) {
  const auto inputs = static_cast<std::size_t>(x.shape[1]);
  double sum = p.bias.values[k];
  for (std::size_t i = 0; i < inputs; ++i) sum += p.weight.values[k * inputs + i] * x.values[n * inputs + i];
  return sum;
}

double log_probability(const Array& logits, std::size_t n, std::size_t k) {
  const auto classes = static_cast<std::size_t>(logits.shape[1]);
  double sum = 0;
  for (std::size_t i = 0; i < classes; ++i) sum += std::exp(logits.values[n * classes + i]);
  return logits.values[n * classes + k] - std::log(sum);
}

/// The reward of step t's answer to image n, from its probabilities.
double step_reward(const ToyModel& toy, std::size_t t, std::size_t n) {
  const LearnerConfig& learner = toy.model.config().learner;
  const bool last = t + 1 == toy.episode.steps.size();
  if (!last && learner.rewarded_steps == RewardedSteps::last) return 0;
  const Array& logits = toy.episode.steps[t].logits;
  const auto label = static_cast<std::size_t>(toy.labels[n]);
  if (learner.reward == RewardClass::expected) return std::exp(log_probability(logits, n, label));
  if (learner.reward == RewardClass::sampled) return toy.episode.classes.values[n] == toy.labels[n] ? 1 : 0;
  const double* row = &logits.values[3 * n];
  return row[label] == std::max({row[0], row[1], row[2]}) ? 1 : 0;
}

/// A baseline that came from another rollout: any numbers.
double outside_baseline(std::size_t t, std::size_t n) {
  return 0.1 * static_cast<double>(t + 1) - 0.2 * static_cast<double>(n);
}

Constants constants_of(const ToyModel& toy) {
  const LearnerConfig& learner = toy.model.config().learner;
  const std::size_t steps = toy.episode.steps.size();
  Constants constants{toy.episode.classes.values, {}, {}, {}, {}};
  for (std::size_t t = 0; t < steps; ++t) {
    std::vector<double> outcome(toy.labels.size(), 0.0);
    for (std::size_t n = 0; n < outcome.size(); ++n) {
      if (t + 1 == steps) outcome[n] = step_reward(toy, t, n);  // of the class term
      for (std::size_t k = t + 1; k < steps; ++k) {
        const double before = learner.rewarded_steps == RewardedSteps::gain ? step_reward(toy, k - 1, n) : 0;
        outcome[n] += std::pow(learner.discount, static_cast<double>(k - t - 1)) * (step_reward(toy, k, n) - before);
      }
    }
    std::vector<double> advantage = outcome;
    if (learner.baseline == Baseline::learned)
      for (std::size_t n = 0; n < advantage.size(); ++n)
        advantage[n] -= affine(toy.parameters.value.value(), toy.episode.steps[t].h, n, 0);
    if (learner.baseline == Baseline::self_critical)
      for (std::size_t n = 0; n < advantage.size(); ++n) advantage[n] -= outside_baseline(t, n);
    constants.outcome.push_back(outcome);
    constants.advantage.push_back(advantage);
    constants.h.push_back(toy.episode.steps[t].h);
    constants.meant.push_back(toy.episode.mode_of(t));
  }
  for (std::size_t n = 0; n < toy.labels.size(); ++n) {
    // The reward of the first answer, and then what followed the location after it.
    const double later = steps > 1 ? constants.outcome[0][n] : 0;
    const double outcome = step_reward(toy, 0, n) + learner.discount * later;
    constants.first_outcome.push_back(outcome);
    double baseline = 0;
    if (learner.baseline == Baseline::learned) baseline = toy.parameters.value.value().bias.values[0];  // h_0 is 0
    if (learner.baseline == Baseline::self_critical) baseline = outside_baseline(steps, n);
    constants.first_advantage.push_back(outcome - baseline);
  }
  return constants;
}

/// What the location head reads: a state, and beside it what the patch readout says (nothing before the first
/// glimpse), and what the glance does.
Array seen(ToyModel& toy, const Array& state, const Array* context) {
  const HybridAttentionConfig& config = toy.model.config();
  const Index glance = toy.episode.glance ? config.glance.outputs : 0;
  Array joined = filled({state.shape[0], config.hidden + config.policy.patch + glance}, 0);
  toy.b.write_columns(state, 0, joined, Write::overwrite);
  if (config.policy.patch > 0 && context) toy.b.write_columns(*context, config.hidden, joined, Write::overwrite);
  if (glance > 0)
    toy.b.write_columns(toy.episode.glance->context, config.hidden + config.policy.patch, joined, Write::overwrite);
  return joined;
}

/// The policy's sigma on both axes.
std::array<double, 2> sigmas(const ToyModel& toy, const RolloutOptions& given) {
  const PolicyConfig& policy = toy.model.config().policy;
  if (!policy.learn_sigma) return {given.sigma.value_or(policy.sigma), given.sigma.value_or(policy.sigma)};
  const double low = std::pow(policy.sigma_low, 2), high = std::pow(policy.sigma_high, 2);
  const auto& logit = toy.parameters.policy.gaussian().spread->logit.values;
  return {std::sqrt(low + (high - low) / (1 + std::exp(-logit[0]))),
          std::sqrt(low + (high - low) / (1 + std::exp(-logit[1])))};
}

/// The mean of a location of image n on one axis, where the location head reads `read`.
double mean_of(const ToyModel& toy, const Array& read, std::size_t n, std::size_t axis) {
  const double output = affine(toy.parameters.policy.gaussian().locator, read, n, axis);
  return toy.model.config().policy.squash == MeanSquash::tanh ? std::tanh(output) : output;
}

/// The terms of one location of image n, whose head reads `read`: -weight * advantage * ln pi - entropy * H.
double location_terms(const ToyModel& toy, const Array& read, const Array& sample, std::size_t n, double advantage,
                      const std::array<double, 2>& sigma) {
  const PolicyConfig& policy = toy.model.config().policy;
  double loss = 0;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const double z = (sample.values[2 * n + axis] - mean_of(toy, read, n, axis)) / sigma[axis];
    loss += toy.model.config().learner.weight * advantage * (z * z / 2 + std::log(sigma[axis]));
    loss -= policy.entropy * std::log(sigma[axis] * std::sqrt(2 * std::numbers::pi * std::numbers::e));
  }
  return loss;
}

/// What it costs to go from where a glimpse was meant to look to the mean of the next place, which `read` gives, in
/// image n.
double saccade_term(const ToyModel& toy, const Array& read, const Array& meant, std::size_t n) {
  double squares = 0;
  for (std::size_t axis = 0; axis < 2; ++axis)
    squares += std::pow(mean_of(toy, read, n, axis) - meant.values[2 * n + axis], 2);
  return toy.model.config().policy.movement_penalty * squares;
}

double surrogate(ToyModel& toy, const Constants& constants, const RolloutOptions& given) {
  toy.roll(given);
  const HybridAttentionConfig& config = toy.model.config();
  const auto& steps = toy.episode.steps;
  const double weight = config.learner.weight;
  const auto sigma = sigmas(toy, given);
  double loss = 0;
  if (toy.episode.glance) {
    const Array read = seen(toy, toy.episode.h0, nullptr);
    for (std::size_t n = 0; n < toy.labels.size(); ++n) {
      loss += location_terms(toy, read, toy.episode.given(0), n, constants.first_advantage[n], sigma);
      if (config.learner.baseline == Baseline::learned)
        loss += std::pow(constants.first_outcome[n] - toy.parameters.value.value().bias.values[0], 2);
    }
  }
  for (std::size_t t = 0; t < steps.size(); ++t) {
    const bool attached = config.policy.state == StateGradient::attached;
    const Array read = seen(toy, attached ? steps[t].h : constants.h[t], &steps[t].readout);
    for (std::size_t n = 0; n < toy.labels.size(); ++n) {
      const bool last = t + 1 == steps.size();
      const bool class_term = last && config.learner.class_term;
      if (last || config.supervised_steps == SupervisedSteps::every) {
        const double share =
            config.supervised_steps == SupervisedSteps::every ? 1.0 / static_cast<double>(steps.size()) : 1;
        loss -= share * log_probability(steps[t].logits, n, static_cast<std::size_t>(toy.labels[n]));
      }
      if (class_term) {
        const auto answer = static_cast<std::size_t>(constants.classes[n]);
        loss -= weight * constants.advantage[t][n] * log_probability(steps[t].logits, n, answer);
      }
      if (!last) {
        loss += location_terms(toy, read, toy.episode.given(t + 1), n, constants.advantage[t][n], sigma);
        loss += saccade_term(toy, read, constants.meant[t], n);
      }
      if (config.learner.baseline == Baseline::learned && (!last || class_term)) {
        const double value = affine(toy.parameters.value.value(), constants.h[t], n, 0);
        loss += std::pow(constants.outcome[t][n] - value, 2);
      }
    }
  }
  return loss / static_cast<double>(toy.labels.size());
}

/// In place of what the rollout at the modes earned.
void set_outside_baseline(ToyModel& toy) {
  const std::size_t steps = toy.episode.steps.size();
  for (std::size_t t = 0; t <= steps; ++t) {
    auto& [policy, value, returns, advantage] = toy.episode.decisions[t];
    for (std::size_t n = 0; n < toy.labels.size(); ++n) {
      const double baseline = outside_baseline(t == 0 ? steps : t - 1, n);
      advantage.values[n] = toy.model.config().learner.weight / static_cast<double>(toy.labels.size()) *
                            (returns.values[n] - baseline);
    }
  }
}

void check(const HybridAttentionConfig& config, const RolloutOptions& given) {
  ToyModel toy(config);
  toy.give_locations(31);
  toy.choose_labels(given);
  toy.score(given);
  const auto& reward = toy.episode.reward().values;
  const auto right = [](double value) { return value > 0.4; };
  REQUIRE(std::any_of(reward.begin(), reward.end(), right));
  REQUIRE_FALSE(std::all_of(reward.begin(), reward.end(), right));
  if (config.learner.baseline == Baseline::self_critical) set_outside_baseline(toy);
  toy.backward();
  for (const auto& named : named_tensors<Reference>(toy.d_parameters)) {
    INFO(named.name << " receives a gradient");
    const bool reads_no_state = config.glimpses == 1 && (named.name == "core.hidden_weight" ||
                                                         named.name == "policy.value.weight");  // h_0 is 0
    if (!reads_no_state) CHECK(norm(*named.tensor) > 1e-8);
  }
  const Constants constants = constants_of(toy);
  check_gradients(toy.parameters, toy.d_parameters, [&] { return surrogate(toy, constants, given); });
}

}  // namespace

TEST_CASE("every parameter of the model receives the gradient of equation 5", "[model][gradient]") {
  HybridAttentionConfig config = toy_config();
  RolloutOptions options = given;
  SECTION("defaults") {}
  SECTION("as the paper: no baseline, class term, attached state, last answer") {
    config.learner.baseline = Baseline::none;
    config.learner.reward = RewardClass::sampled;
    config.learner.class_term = true;
    config.policy.state = StateGradient::attached;
  }
  SECTION("class term with a learned baseline, every answer asked for") {
    config.learner.reward = RewardClass::sampled;
    config.learner.class_term = true;
    config.supervised_steps = SupervisedSteps::every;
  }
  SECTION("every answer rewarded, discounted") {
    config.learner.rewarded_steps = RewardedSteps::every;
    config.learner.discount = 0.7;
  }
  SECTION("the last answer rewarded by its probability, discounted, no baseline") {
    config.learner.reward = RewardClass::expected;
    config.learner.baseline = Baseline::none;
    config.learner.discount = 0.5;
  }
  SECTION("every answer rewarded by its probability") {
    config.learner.reward = RewardClass::expected;
    config.learner.rewarded_steps = RewardedSteps::every;
  }
  SECTION("every answer rewarded by how much more probable it makes the label, discounted") {
    config.learner.reward = RewardClass::expected;
    config.learner.rewarded_steps = RewardedSteps::gain;
    config.learner.discount = 0.6;
  }
  SECTION("a baseline from another rollout") {
    config.learner.baseline = Baseline::self_critical;
    config.learner.rewarded_steps = RewardedSteps::every;
  }
  SECTION("another sigma than the configuration's") { options.sigma = 0.25; }
  SECTION("a patch readout, state detached") {
    config.policy.patch = 3;
    config.sensor.side = 10;
  }
  SECTION("attached state, means not squashed, group normalisation, context") {
    config.policy.state = StateGradient::attached;
    config.policy.squash = MeanSquash::none;
    config.encoder.normalization.normalization = Normalization::group;
    config.encoder.normalization.groups = 2;
    config.policy.patch = 2;
  }
  SECTION("a glance, every answer rewarded, discounted") {
    config.glance = {.side = 10, .reduction = 8, .outputs = 3};
    config.learner.rewarded_steps = RewardedSteps::every;
    config.learner.discount = 0.7;
  }
  SECTION("a glance beside a context, attached state, gains, a baseline from another rollout, two glimpses") {
    config.glimpses = 2;
    config.glance = {.side = 6, .reduction = 8, .outputs = 2};
    config.policy.patch = 3;
    config.policy.state = StateGradient::attached;
    config.learner.reward = RewardClass::expected;
    config.learner.rewarded_steps = RewardedSteps::gain;
    config.learner.discount = 0.5;
    config.learner.baseline = Baseline::self_critical;
  }
  SECTION("a glance chooses the only glimpse") {
    config.glimpses = 1;
    config.glance = {.side = 10, .reduction = 8, .outputs = 3};
  }
  SECTION("a glance that reads out positions, attached state") {
    config.glimpses = 1;
    config.glance = {.side = 4, .reduction = 16, .outputs = 2, .readout = Readout::positions};
    config.policy.state = StateGradient::attached;
  }
  SECTION("saccades that cost, attached state, context") {
    config.policy.movement_penalty = 0.4;
    config.policy.state = StateGradient::attached;
    config.policy.patch = 3;
  }
  SECTION("saccades that cost, a glance, means not squashed, a learned sigma") {
    config.policy.movement_penalty = 0.4;
    config.policy.squash = MeanSquash::none;
    config.policy.learn_sigma = true;
    config.glance = {.side = 6, .reduction = 8, .outputs = 3};
  }
  SECTION("a learned sigma with an entropy bonus, means not squashed") {
    config.policy.learn_sigma = true;
    config.policy.entropy = 0.2;
    config.policy.squash = MeanSquash::none;
  }
  SECTION("a learned sigma of a first location, too") {
    config.glance = {.side = 6, .reduction = 8, .outputs = 3};
    config.policy.learn_sigma = true;
    config.policy.entropy = 0.05;
    config.policy.sigma_low = 0.3;
    config.policy.sigma_high = 0.9;
  }
  SECTION("a stem, no mask, two glimpses") {
    config.glimpses = 2;
    config.encoder.stem_kernel = 3;
    config.encoder.mask = MaskUse::none;
  }
  check(config, options);
}

TEST_CASE("the policy's terms alone reach the policy's parameters alone, with the same gradient", "[model][gradient]") {
  HybridAttentionConfig config = toy_config();
  config.policy.patch = 3;
  config.sensor.side = 10;
  config.glance = {.side = 10, .reduction = 8, .outputs = 3};
  config.policy.learn_sigma = true;
  config.policy.entropy = 0.1;
  config.policy.movement_penalty = 0.3;
  config.policy.state = GENERATE(StateGradient::detached, StateGradient::attached);
  ToyModel toy(config);
  toy.give_locations(31);
  toy.choose_labels(given);
  toy.score(given);
  toy.backward();
  const auto policy = all_values(toy.d_parameters.policy), context = all_values(*toy.d_parameters.readout),
             glance = all_values(*toy.d_parameters.glance);
  toy.backward(LearnedPart::policy);
  CHECK(all_values(*toy.d_parameters.glance) == glance);
  CHECK(all_values(toy.d_parameters.policy) == policy);
  CHECK(all_values(*toy.d_parameters.readout) == context);
  CHECK(norm(toy.d_parameters.policy.gaussian().locator.bias) > 0);
  for (const auto& named : named_tensors<Reference>(toy.d_parameters)) {
    INFO(named.name);
    if (!named.name.starts_with("policy.")) CHECK(norm(*named.tensor) == 0);
  }
}

TEST_CASE("gains in confidence telescope: without a discount they add up to the last reward less the one before",
          "[model]") {
  HybridAttentionConfig config = toy_config();
  config.learner.reward = RewardClass::expected;
  config.learner.rewarded_steps = RewardedSteps::gain;
  ToyModel toy(config);
  toy.give_locations(31);
  toy.roll(given);
  toy.score(given);
  const auto& steps = toy.episode.steps;
  for (std::size_t n = 0; n < toy.labels.size(); ++n) {
    const auto confidence = [&](std::size_t t) {
      return steps[t].probabilities.values[3 * n + static_cast<std::size_t>(toy.labels[n])];
    };
    CHECK(toy.episode.reward().values[n] == Approx(confidence(2)));
    CHECK(toy.episode.decisions[2].returns.values[n] == Approx(confidence(2) - confidence(1)));
    CHECK(toy.episode.decisions[1].returns.values[n] == Approx(confidence(2) - confidence(0)));
  }
}

TEST_CASE("gradients of the model accumulate", "[model][gradient]") {
  ToyModel toy(toy_config());
  toy.give_locations(31);
  toy.choose_labels(given);
  toy.score(given);
  toy.backward();
  check_accumulates(toy.d_parameters,
                    [&] { toy.model.backpropagate(toy.b, toy.parameters, toy.episode, toy.d_parameters); });
}

TEST_CASE("without the policy's terms only the cross-entropy is followed", "[model][gradient]") {
  ToyModel toy(toy_config());
  toy.give_locations(31);
  toy.choose_labels(given);
  toy.score(given);
  toy.backward(LearnedPart::classifier);
  CHECK(all_values(toy.d_parameters.policy) == std::vector<double>(4 * 2 + 2, 0.0));
  CHECK(all_values(*toy.d_parameters.value) == std::vector<double>(4 + 1, 0.0));
  const auto loss = [&] {
    toy.roll(given);
    double sum = 0;
    for (std::size_t n = 0; n < toy.labels.size(); ++n)
      sum -= log_probability(toy.episode.last().logits, n, static_cast<std::size_t>(toy.labels[n]));
    return sum / static_cast<double>(toy.labels.size());
  };
  check_gradients(toy.parameters.core, toy.d_parameters.core, loss);
  check_gradients(toy.parameters.fusion, toy.d_parameters.fusion, loss);
  check_gradients(toy.parameters.classifier, toy.d_parameters.classifier, loss);
}

TEST_CASE("an episode made for evaluation cannot be backpropagated", "[model][gradient]") {
  ToyModel toy(toy_config(), 2, Mode::evaluation);
  toy.roll({});
  CHECK_THROWS_WITH(toy.backward(), "HybridAttentionClassifier: backpropagate needs an episode made for training");
}
