#include <saccade/components/policy_gradient.hpp>
#include <saccade/components/soft_attention_block.hpp>
#include <saccade/model/rollout_baseline.hpp>

#include "support/gradient_check.hpp"

#include <cmath>
#include <numbers>

using namespace saccade;
using namespace saccade_test;

/// REINFORCE on problems whose gradient has a closed form. One estimate is one image, one draw.
namespace {

using Policy = PolicyGradient<Reference>;

/// Mean, standard error and variance of many estimates of one number.
class Estimate {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / count_;
    squares_ += before * (value - mean_);
  }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double variance() const { return squares_ / (count_ - 1); }
  [[nodiscard]] double standard_error() const { return std::sqrt(variance() / count_); }

 private:
  double count_ = 0, mean_ = 0, squares_ = 0;
};

// A fifth of the draws lie beyond the right edge of the image, where the world clamps them.
constexpr double sigma = 0.5, mean_x = 0.6, mean_y = -0.3, edge = 0.75;
constexpr std::uint64_t draws = 40000;

/// Reward 1 where the location lies to the right of `edge`: J = Phi((mean_x - edge) / sigma).
const double exact_reward = 0.5 * std::erfc(-(mean_x - edge) / sigma / std::numbers::sqrt2);
const double exact_d_mean_x =
    std::exp(-0.5 * std::pow((mean_x - edge) / sigma, 2)) / (sigma * std::sqrt(2 * std::numbers::pi));

struct LocationEstimates {
  Estimate x, y;
};

/// Estimates of -dJ / d bias of the locator, whose outputs are the means before squashing.
LocationEstimates estimate_location(MeanSquash squash, Baseline baseline) {
  Reference b;
  const Policy policy({.hidden = 1, .sigma = sigma, .squash = squash, .baseline = baseline});
  auto parameters = policy.make_parameters(b), d_parameters = policy.make_parameters(b);
  const bool tanh = squash == MeanSquash::tanh;
  parameters.locator.bias = {{2}, {tanh ? std::atanh(mean_x) : mean_x, tanh ? std::atanh(mean_y) : mean_y}};
  if (baseline == Baseline::learned) parameters.value[0].bias = {{1}, {exact_reward}};
  auto cache = policy.make_cache(b, 1);
  auto workspace = policy.make_workspace(b, 1);
  const Array h = filled({1, 1}, 1);
  Array location = filled({1, 2}, 0), reward = filled({1}, 0), d_h = filled({1, 1}, 0);

  LocationEstimates estimates;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    policy.locate(b, parameters, h, cache);
    policy.predict_reward(b, parameters, h, cache);
    policy.draw(b, {.seed = 17, .stream = RandomStream::location, .counter = draw}, cache);
    policy.place(b, cache, location);
    reward.values[0] = location.values[0] > edge ? 1 : 0;
    policy.weigh(b, reward, cache, workspace);
    b.fill(0, d_parameters.locator.bias);
    policy.backward_location(b, parameters, h, cache, workspace, d_parameters, d_h);
    estimates.x.add(d_parameters.locator.bias.values[0]);
    estimates.y.add(d_parameters.locator.bias.values[1]);
  }
  return estimates;
}

/// The same for `rollouts` draws over one image at a time, each judged by the mean reward of the others: the estimate
/// is the mean over the draws.
LocationEstimates estimate_leave_one_out(Index rollouts, bool baseline) {
  Reference b;
  const Policy policy({.hidden = 1,
                       .sigma = sigma,
                       .squash = MeanSquash::none,
                       .baseline = baseline ? Baseline::leave_one_out : Baseline::none});
  auto parameters = policy.make_parameters(b), d_parameters = policy.make_parameters(b);
  parameters.locator.bias = {{2}, {mean_x, mean_y}};
  auto cache = policy.make_cache(b, rollouts);
  auto workspace = policy.make_workspace(b, rollouts);
  const Array h = filled({rollouts, 1}, 1);
  Array location = filled({rollouts, 2}, 0), reward = filled({rollouts}, 0), d_h = filled({rollouts, 1}, 0);
  // An episode of two steps, of which the second is rewarded.
  Episode<Reference, SoftAttentionBlock<Reference>> episode{};
  episode.steps.resize(2);
  for (auto& step : episode.steps) step.policy = policy.make_cache(b, rollouts);
  std::vector<LeaveOneOut<Reference>> others;
  if (baseline) others.push_back(LeaveOneOut<Reference>(b, 1, rollouts));

  LocationEstimates estimates;
  for (std::uint64_t draw = 0; draw < draws / static_cast<std::uint64_t>(rollouts); ++draw) {
    policy.locate(b, parameters, h, cache);
    policy.draw(b, {.seed = 19, .stream = RandomStream::location, .counter = draw}, cache);
    policy.place(b, cache, location);
    for (std::size_t r = 0; r < reward.values.size(); ++r) reward.values[r] = location.values[2 * r] > edge ? 1 : 0;
    episode.steps[1].outcome = episode.reward = reward;
    for (auto& each : others) each.apply(b, episode);
    cache.baseline = episode.steps[0].policy.baseline;
    policy.weigh(b, reward, cache, workspace);
    b.fill(0, d_parameters.locator.bias);
    policy.backward_location(b, parameters, h, cache, workspace, d_parameters, d_h);
    estimates.x.add(d_parameters.locator.bias.values[0]);
    estimates.y.add(d_parameters.locator.bias.values[1]);
  }
  return estimates;
}

void check_unbiased(const Estimate& estimate, double exact) {
  INFO("mean " << estimate.mean() << " +- " << estimate.standard_error() << ", exact " << exact);
  CHECK(std::abs(estimate.mean() - exact) < 4 * estimate.standard_error());
}

}  // namespace

TEST_CASE("REINFORCE is unbiased for a location in a half plane, with and without a baseline", "[reinforce]") {
  const auto squash = GENERATE(MeanSquash::none, MeanSquash::tanh);
  const double chain = squash == MeanSquash::tanh ? 1 - mean_x * mean_x : 1;
  const LocationEstimates without = estimate_location(squash, Baseline::none);
  const LocationEstimates with = estimate_location(squash, Baseline::learned);
  check_unbiased(without.x, -exact_d_mean_x * chain);
  check_unbiased(with.x, -exact_d_mean_x * chain);
  check_unbiased(without.y, 0);
  check_unbiased(with.y, 0);
  // The estimate can tell the gradient from 0 and from half or twice of it.
  CHECK(without.x.standard_error() < exact_d_mean_x * chain / 50);

  // Var(y) without: E[R] / sigma^2 = J / sigma^2; with the baseline J: J (1 - J) / sigma^2.
  INFO("variance with the baseline / without: x " << with.x.variance() / without.x.variance() << ", y "
                                                  << with.y.variance() / without.y.variance());
  CHECK(with.x.variance() < 0.8 * without.x.variance());
  CHECK(with.y.variance() / without.y.variance() == Approx(1 - exact_reward).epsilon(0.1));
}

TEST_CASE("REINFORCE is unbiased for a learned sigma, with and without a baseline", "[reinforce]") {
  // J = Phi((mean_x - edge) / sigma_x): d J / d ln sigma_x = -(mean_x - edge) / sigma_x * phi, and 0 for sigma_y.
  // A logit of 0 is a variance of (0.1^2 + 0.7^2) / 2 = 0.5^2, where d ln sigma / d logit is 0.48 / (2 * 0.25) / 4.
  const double z = (mean_x - edge) / sigma;
  const double exact = -z * std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi) * 0.24;
  const auto baseline = GENERATE(Baseline::none, Baseline::learned);
  Reference b;
  const Policy policy({.hidden = 1,
                       .sigma = sigma,
                       .learn_sigma = true,
                       .sigma_low = 0.1,
                       .sigma_high = 0.7,
                       .squash = MeanSquash::none,
                       .baseline = baseline});
  auto parameters = policy.make_parameters(b), d_parameters = policy.make_parameters(b);
  parameters.locator.bias = {{2}, {mean_x, mean_y}};
  if (baseline == Baseline::learned) parameters.value[0].bias = {{1}, {exact_reward}};
  auto cache = policy.make_cache(b, 1);
  auto workspace = policy.make_workspace(b, 1);
  const Array h = filled({1, 1}, 1);
  Array location = filled({1, 2}, 0), reward = filled({1}, 0), d_h = filled({1, 1}, 0);
  Estimate x, y, mean;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    policy.locate(b, parameters, h, cache);
    policy.predict_reward(b, parameters, h, cache);
    policy.draw(b, {.seed = 17, .stream = RandomStream::location, .counter = draw}, cache);
    policy.place(b, cache, location);
    reward.values[0] = location.values[0] > edge ? 1 : 0;
    policy.weigh(b, reward, cache, workspace);
    set_zero(b, d_parameters);
    policy.backward_location(b, parameters, h, cache, workspace, d_parameters, d_h);
    x.add(d_parameters.spread[0].logit.values[0]);
    y.add(d_parameters.spread[0].logit.values[1]);
    mean.add(d_parameters.locator.bias.values[0]);
  }
  check_unbiased(x, -exact);
  check_unbiased(y, 0);
  check_unbiased(mean, -exact_d_mean_x);
  CHECK(x.standard_error() < std::abs(exact) / 10);
}

TEST_CASE("REINFORCE is unbiased for a drawn class, with and without a baseline", "[reinforce]") {
  // J = p(label), enumerated: dJ / d logit_k = p(label) (1[k = label] - p_k).
  Reference b;
  const Array logits{{1, 3}, {0.2, -0.5, 0.9}};
  Array probabilities = filled({1, 3}, 0);
  b.softmax(logits, probabilities);
  const Array label{{1}, {2}};
  const double p_label = probabilities.values[2];
  // The constant baseline of least variance: E[R |s|^2] / E[|s|^2], s the gradient of ln p of the class drawn.
  double rewarded = 0, all = 0;
  for (std::size_t drawn = 0; drawn < 3; ++drawn) {
    double squares = 0;
    for (std::size_t k = 0; k < 3; ++k) squares += std::pow((k == drawn ? 1 : 0) - probabilities.values[k], 2);
    all += probabilities.values[drawn] * squares;
    if (drawn == 2) rewarded += probabilities.values[drawn] * squares;
  }
  Estimate estimates[2][3];
  for (const bool with_baseline : {false, true}) {
    const Policy policy({.hidden = 1,
                         .baseline = with_baseline ? Baseline::learned : Baseline::none,
                         .reward = RewardClass::sampled,
                         .class_term = true});
    auto cache = policy.make_cache(b, 1);
    if (with_baseline) cache.baseline = {{1}, {rewarded / all}};
    auto workspace = policy.make_workspace(b, 1);
    Array classes = filled({1}, 0), reward = filled({1}, 0), d_logits = filled({1, 3}, 0);
    for (std::uint64_t draw = 0; draw < draws; ++draw) {
      b.sample_categorical(probabilities, {.seed = 23, .stream = RandomStream::category, .counter = draw}, classes);
      b.correct(classes, label, reward);
      policy.weigh(b, reward, cache, workspace);
      b.fill(0, d_logits);
      policy.backward_class(b, probabilities, classes, workspace, d_logits);
      for (std::size_t k = 0; k < 3; ++k) estimates[with_baseline][k].add(d_logits.values[k]);
    }
  }
  double total[2] = {};
  for (std::size_t k = 0; k < 3; ++k) {
    const double exact = -p_label * ((k == 2 ? 1 : 0) - probabilities.values[k]);
    check_unbiased(estimates[0][k], exact);
    check_unbiased(estimates[1][k], exact);
    for (int with = 0; with < 2; ++with) total[with] += estimates[with][k].variance();
  }
  INFO("variance of the whole gradient with the baseline " << total[1] << ", without " << total[0]);
  CHECK(total[1] < 0.5 * total[0]);
}

TEST_CASE("REINFORCE is unbiased where every rollout is judged by the others, and varies less", "[reinforce]") {
  const Index rollouts = GENERATE(2, 4);
  const LocationEstimates without = estimate_leave_one_out(rollouts, false);
  const LocationEstimates with = estimate_leave_one_out(rollouts, true);
  check_unbiased(with.x, -exact_d_mean_x);
  check_unbiased(with.y, 0);
  // Along y, where the reward says nothing: the variance of a sum of R independent terms is J / sigma^2 / R without;
  // with the others' mean as baseline, E (R_i - mean of the others)^2 = J (1 - J) (1 + 1 / (R - 1)) takes the place of
  // J.
  const auto count = static_cast<double>(rollouts);
  INFO("variance with / without: x " << with.x.variance() / without.x.variance() << ", y "
                                     << with.y.variance() / without.y.variance());
  CHECK(with.y.variance() / without.y.variance() == Approx((1 - exact_reward) * count / (count - 1)).epsilon(0.1));
  if (rollouts == 4) CHECK(with.x.variance() < without.x.variance());
}
