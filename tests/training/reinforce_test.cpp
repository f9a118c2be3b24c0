#include <saccade/components/location_policy.hpp>
#include <saccade/training/policy_gradient.hpp>
#include <saccade/training/proximal_policy_optimization.hpp>

#include "training/bandit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

using namespace saccade;
using namespace saccade_test;

/// Learners on problems whose gradient has a closed form. One estimate is one batch of rollouts over one image.
namespace {

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
constexpr double policy_sigma = 0.5, mean_x = 0.6, mean_y = -0.3, edge = bandit_edge;
constexpr std::uint64_t draws = 40000;

/// Reward 1 where the location lies to the right of `edge`: J = Phi((mean_x - edge) / sigma).
const double exact_reward = 0.5 * std::erfc(-(mean_x - edge) / policy_sigma / std::numbers::sqrt2);
const double exact_d_mean_x =
    std::exp(-0.5 * std::pow((mean_x - edge) / policy_sigma, 2)) / (policy_sigma * std::sqrt(2 * std::numbers::pi));

struct Gaussian {
  using Policy = GaussianPolicy<Reference>;
  explicit Gaussian(PolicyConfig config, Baseline baseline)
      : bandit([&] {
          config.hidden = 1;
          config.sigma = policy_sigma;
          return config;
        }(), baseline == Baseline::learned) {}

  void set(Bandit<Policy>::Parameters& p) const {
    const bool tanh = bandit.policy().config().squash == MeanSquash::tanh;
    p.policy.locator.bias = {{2}, {tanh ? std::atanh(mean_x) : mean_x, tanh ? std::atanh(mean_y) : mean_y}};
    if (p.value) p.value->bias = {{1}, {exact_reward}};
  }

  Bandit<Policy> bandit;
};

/// Every estimate of a gradient that a learner makes from `rollouts` draws at a time, told to `tell(d_parameters)`.
template <template <class, class> class Learner, class P, class Set, class Tell>
void estimate(const Bandit<P>& bandit, const LearnerConfig& config, Index rollouts, Set set, Tell tell) {
  using Model = Bandit<P>;
  Reference b;
  const Learner<Reference, Model> learner(config);
  auto parameters = bandit.make_parameters(b), d_parameters = bandit.make_parameters(b);
  set(parameters);
  typename Model::Statistics statistics;
  auto episode = bandit.make_episode(b, rollouts, Mode::training);
  auto work = learner.make_work(b, bandit, 1, rollouts);
  for (std::uint64_t draw = 0; draw < draws / static_cast<std::uint64_t>(rollouts); ++draw) {
    const RolloutOptions options{.locations = Locations::sample, .seed = 17, .counter = draw};
    bandit.rollout(b, parameters, statistics, {}, options, episode);
    bandit.score(b, options, episode);
    learner.judge(b, {bandit, parameters, statistics, {}, episode}, work);
    bandit.backpropagate(b, parameters, episode, d_parameters);
    tell(d_parameters.policy);
  }
}

struct LocationEstimates {
  Estimate x, y;
};

/// Estimates of -dJ / d bias of the locator, whose outputs are the means before squashing.
template <template <class, class> class Learner = PolicyGradient>
LocationEstimates estimate_location(MeanSquash squash, Baseline baseline, Index rollouts = 1) {
  const Gaussian problem({.squash = squash}, baseline);
  LocationEstimates estimates;
  estimate<Learner>(
      problem.bandit, {.baseline = baseline}, rollouts, [&](auto& p) { problem.set(p); },
      [&](const auto& d) {
        estimates.x.add(d.locator.bias.values[0]);
        estimates.y.add(d.locator.bias.values[1]);
      });
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

TEST_CASE("the first pass of PPO is REINFORCE, number by number", "[reinforce][ppo]") {
  const auto baseline = GENERATE(Baseline::none, Baseline::learned, Baseline::leave_one_out);
  const Index rollouts = baseline == Baseline::leave_one_out ? 2 : 1;
  const LocationEstimates reinforce = estimate_location(MeanSquash::tanh, baseline, rollouts);
  const LocationEstimates ppo =
      estimate_location<ProximalPolicyOptimization>(MeanSquash::tanh, baseline, rollouts);
  CHECK(ppo.x.mean() == reinforce.x.mean());
  CHECK(ppo.y.mean() == reinforce.y.mean());
  CHECK(ppo.x.variance() == reinforce.x.variance());
}

TEST_CASE("REINFORCE is unbiased for a learned sigma, with and without a baseline", "[reinforce]") {
  // J = Phi((mean_x - edge) / sigma_x): d J / d ln sigma_x = -(mean_x - edge) / sigma_x * phi, and 0 for sigma_y.
  // A logit of 0 is a variance of (0.1^2 + 0.7^2) / 2 = 0.5^2, where d ln sigma / d logit is 0.48 / (2 * 0.25) / 4.
  const double z = (mean_x - edge) / policy_sigma;
  const double exact = -z * std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi) * 0.24;
  const auto baseline = GENERATE(Baseline::none, Baseline::learned);
  const Gaussian problem({.learn_sigma = true, .sigma_low = 0.1, .sigma_high = 0.7, .squash = MeanSquash::none},
                         baseline);
  Estimate x, y, mean;
  estimate<PolicyGradient>(
      problem.bandit, {.baseline = baseline}, 1, [&](auto& p) { problem.set(p); },
      [&](const auto& d) {
        x.add(d.spread->logit.values[0]);
        y.add(d.spread->logit.values[1]);
        mean.add(d.locator.bias.values[0]);
      });
  check_unbiased(x, -exact);
  check_unbiased(y, 0);
  check_unbiased(mean, -exact_d_mean_x);
  CHECK(x.standard_error() < std::abs(exact) / 10);
}

TEST_CASE("REINFORCE is unbiased for a policy over cells, with and without a baseline", "[reinforce][cell_policy]") {
  // 3 x 3 cells, of which the last column lies to the right of the edge: dJ / d logit_i = p_i (r_i - J).
  const auto baseline = GENERATE(Baseline::none, Baseline::learned, Baseline::leave_one_out);
  const Index rollouts = baseline == Baseline::leave_one_out ? 2 : 1;
  const Bandit<CellPolicy<Reference>> bandit({.hidden = 1, .context = 9, .cells = 3}, baseline == Baseline::learned,
                                             1.0 / 3);
  const std::vector<double> logits{0.3, -0.2, 0.5, 1.0, 0.1, -0.4, 0, -1, 0.7};
  double total = 0, reward = 0;
  for (std::size_t i = 0; i < 9; ++i) total += std::exp(logits[i]);
  for (std::size_t i = 2; i < 9; i += 3) reward += std::exp(logits[i]) / total;
  std::vector<Estimate> estimates(9);
  estimate<PolicyGradient>(
      bandit, {.baseline = baseline}, rollouts,
      [&](auto& p) {
        p.policy.state.bias.values = logits;
        if (p.value) p.value->bias = {{1}, {reward}};
      },
      [&](const auto& d) {
        for (std::size_t i = 0; i < 9; ++i) estimates[i].add(d.state.bias.values[i]);
      });
  for (std::size_t i = 0; i < 9; ++i) {
    const double exact = std::exp(logits[i]) / total * ((i % 3 == 2 ? 1 : 0) - reward);
    check_unbiased(estimates[i], -exact);
    CHECK(estimates[i].standard_error() < 0.1 * reward * (1 - reward));
  }
}

TEST_CASE("REINFORCE is unbiased for a place and a zoom together, with and without a baseline", "[reinforce][zoom]") {
  // Reward where the place lies to the right of the edge and the zoom is 1: J = Phi p_1.
  const auto baseline = GENERATE(Baseline::none, Baseline::learned, Baseline::leave_one_out);
  const Index rollouts = baseline == Baseline::leave_one_out ? 2 : 1;
  const Bandit<LocationPolicy<Reference>> bandit(
      {.hidden = 1, .sigma = policy_sigma, .squash = MeanSquash::none, .zooms = 2}, baseline == Baseline::learned);
  const std::vector<double> logits{0.4, 0.7};
  const double p1 = std::exp(0.7) / (std::exp(0.4) + std::exp(0.7));
  std::vector<Estimate> estimates(2);
  Estimate x;
  estimate<PolicyGradient>(
      bandit, {.baseline = baseline}, rollouts,
      [&](auto& p) {
        p.policy.gaussian().locator.bias = {{2}, {mean_x, mean_y}};
        p.policy.zoom->bias.values = logits;
        if (p.value) p.value->bias = {{1}, {exact_reward * p1}};
      },
      [&](const auto& d) {
        for (std::size_t z = 0; z < 2; ++z) estimates[z].add(d.zoom->bias.values[z]);
        x.add(d.gaussian().locator.bias.values[0]);
      });
  check_unbiased(x, -exact_d_mean_x * p1);
  check_unbiased(estimates[0], exact_reward * p1 * (1 - p1));
  check_unbiased(estimates[1], -exact_reward * p1 * (1 - p1));
  CHECK(estimates[1].standard_error() < 0.1 * exact_reward * p1 * (1 - p1));
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
    const double baseline = with_baseline ? rewarded / all : 0;
    Array classes = filled({1}, 0), reward = filled({1}, 0), d_logits = filled({1, 3}, 0);
    for (std::uint64_t draw = 0; draw < draws; ++draw) {
      b.sample_categorical(probabilities, {.seed = 23, .stream = RandomStream::category, .counter = draw}, classes);
      b.correct(classes, label, reward);
      // As HybridAttentionClassifier adds the class term.
      const Array advantage{{1}, {reward.values[0] - baseline}};
      b.softmax_cross_entropy_backward(probabilities, classes, advantage, d_logits, Write::overwrite);
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
  const LocationEstimates without = estimate_location(MeanSquash::none, Baseline::none, rollouts);
  const LocationEstimates with = estimate_location(MeanSquash::none, Baseline::leave_one_out, rollouts);
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
