#pragma once

#include <saccade/components/patch_readout.hpp>
#include <saccade/components/linear_layer.hpp>
#include <saccade/components/location_spread.hpp>
#include <saccade/core/component.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <array>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// How the location head's output becomes a mean: as it is, or squashed into (-1, 1).
enum class MeanSquash { none, tanh };

/// What is subtracted from the reward.
enum class Baseline {
  none,
  learned,        ///< a linear prediction of it from the hidden state
  self_critical,  ///< what the policy earns at its means, in a rollout of its own
  leave_one_out,  ///< the mean of what the other rollouts over the same image earn
};

/// Which answer is rewarded.
enum class RewardClass {
  sampled,        ///< 1 if a class drawn from the softmax is the label, as in the paper
  most_probable,  ///< 1 if the most probable class is the label
  expected,       ///< the probability of the label: `sampled` averaged over the draw, so with less variance
};

/// Which steps' answers are rewarded: the last one's, as in the paper, every one's, or every one's by how much more than
/// the answer before it earns.
enum class RewardedSteps { last, every, gain };

/// Whether the policy gradient goes on from the location head into the recurrent core and the encoder.
enum class StateGradient { attached, detached };

struct PolicyConfig {
  Index hidden = 256;
  double sigma = 0.15;  ///< standard deviation of the location, in units of half the image
  bool learn_sigma = false;  ///< then `sigma` is where it begins, and it stays between the next two
  double sigma_low = 0.05;
  double sigma_high = 1.0;
  double entropy = 0.0;  ///< weight of each location's entropy, which is subtracted from the loss; of a learned sigma
  double saccade_cost = 0.0;  ///< weight of the squared distance from a mean to the next one, an addition to the loss
  double weight = 1.0;  ///< lambda: factor of the policy term -J in the loss
  MeanSquash squash = MeanSquash::tanh;
  Baseline baseline = Baseline::learned;
  RewardClass reward = RewardClass::most_probable;
  RewardedSteps rewarded_steps = RewardedSteps::last;
  double discount = 1.0;    ///< gamma: a location is credited with sum_k gamma^k of the k-th reward after it
  bool class_term = false;  ///< adds grad log pi(class) R, with a sampled class only
  StateGradient state = StateGradient::detached;
  Index context = 0;  ///< numbers from a PatchReadout that the location head reads beside h; 0 in the paper
  Readout context_readout = Readout::convolution;  ///< of that PatchReadout
  Index glance = 0;   ///< numbers from a ContextNetwork that it reads as well; 0 in the paper
};

/// The Gaussian location policy and its gradient by REINFORCE.
///
///     mean_t = squash(W h_t + b);  sample_t ~ N(mean_t, sigma^2);  l_t = clamp(sample_t, -1, 1)
///     -dJ/d mean_t = -weight / B * (R - baseline_t) * (sample_t - mean_t) / sigma^2                   (equation 3)
///
/// A saccade adds saccade_cost / B * |mean_t - mean_{t-1}|^2 to the loss, mean_{t-1} a constant, and l_{t-1} where no
/// policy chose: where every next place is as good, a glimpse stays, and goes where that earns more than it costs. The
/// way is from the mean: from the draw the loss would charge for noise, of which the state may know nothing.
///
/// The density is taken at the sample before clamping: the clamp belongs to the world, not to the policy. The sample, R
/// and the baseline are constants in it; the mean is not. A learned baseline, a linear head, learns the squared error
/// (R - baseline_t)^2 and reads a detached state always; the others are put into the cache, see model/rollout_baseline.hpp.
/// The gradient of a learned sigma is LocationSpread's.
/// h (B, hidden), mean, sample, location (B, 2), reward (B).
/// Source: Williams 1992; Mnih et al. 2014; Xu et al. 2019, section 2.3.
template <class B>
  requires LinearOps<B> && NormalizationOps<B> && PointwiseOps<B> && PolicyOps<B> && LossOps<B>
class PolicyGradient {
  using Layer = LinearLayer<B>;
  using Spread = LocationSpread<B>;

 public:
  using Config = PolicyConfig;

  struct Parameters {
    typename Layer::Parameters locator;
    std::vector<typename Layer::Parameters> value{};    ///< one, or none
    std::vector<typename Spread::Parameters> spread{};  ///< one where sigma is learned, else none

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Layer::Parameters::for_each(self.locator, prefix + "locator.", visit);
      for (auto& value : self.value) Layer::Parameters::for_each(value, prefix + "value.", visit);
      for (auto& spread : self.spread) Spread::Parameters::for_each(spread, prefix + "sigma.", visit);
    }
  };

  /// One step's draw; the mean after squashing.
  struct Cache {
    Tensor<B> seen;      // (B, hidden + context + glance): what the location head reads; of length 0 if it is h alone
    Tensor<B> mean;      // (B, 2)
    Tensor<B> sample;    // (B, 2), before clamping
    Tensor<B> value;     // (B, 1); of length 0 without a learned baseline
    Tensor<B> baseline;  // (B); of length 0 without any baseline
    double sigma = 0;    ///< of the draw, where it is not learned
    std::vector<typename Spread::Cache> spread{};  ///< one where it is, else none
  };

  struct Workspace {
    Tensor<B> advantage;  // (B)
    Tensor<B> d_mean;     // (B, 2)
    Tensor<B> d_seen;     // (B, hidden + context + glance), or of length 0
    Tensor<B> d_value;    // (B, 1)
    std::vector<typename Spread::Workspace> spread{};  ///< one where sigma is learned, else none
  };

  explicit PolicyGradient(const Config& config)
      : config_(config),
        locator_({.inputs = config.hidden + config.context + config.glance,
                  .outputs = 2,
                  .initialization = initialization::small}),
        value_({.inputs = config.hidden, .outputs = 1, .initialization = initialization::small}) {
    expect_config(config.sigma > 0, "PolicyGradient: sigma must be greater than 0, but is " + std::to_string(config.sigma));
    expect_config(config.weight >= 0,
                  "PolicyGradient: weight must be at least 0, but is " + std::to_string(config.weight));
    expect_config(config.saccade_cost >= 0,
                  "PolicyGradient: saccade_cost must be at least 0, but is " + std::to_string(config.saccade_cost));
    expect_config(config.discount >= 0 && config.discount <= 1,
                  "PolicyGradient: discount must be from 0 to 1, but is " + std::to_string(config.discount));
    expect_config(config.context >= 0, "PolicyGradient: context must be at least 0");
    expect_config(config.glance >= 0, "PolicyGradient: glance must be at least 0");
    expect_config(config.learn_sigma || config.entropy == 0,
                  "PolicyGradient: an entropy bonus needs learn_sigma: that of a given sigma depends on no weight");
    expect_config(!config.class_term || config.reward == RewardClass::sampled,
                  "PolicyGradient: the class term needs reward from the sampled class");
    if (!config.learn_sigma) return;
    spread_.push_back(
        Spread({.sigma = config.sigma, .low = config.sigma_low, .high = config.sigma_high, .entropy = config.entropy}));
  }

  [[nodiscard]] const Config& config() const { return config_; }

  /// Sigma on both axes: learned, for which it waits, or the configuration's.
  [[nodiscard]] std::array<double, 2> sigma(B& b, const Parameters& p) const {
    return spread_.empty() ? std::array{config_.sigma, config_.sigma} : spread_[0].sigma(b, p.spread[0]);
  }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{locator_.make_parameters(b)};
    if (has_value()) p.value.push_back(value_.make_parameters(b));
    for (const Spread& spread : spread_) p.spread.push_back(spread.make_parameters(b));
    return p;
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    Cache cache{.seen = b.zeros(seen_shape(batch)),
                .mean = b.zeros({batch, 2}),
                .sample = b.zeros({batch, 2}),
                .value = b.zeros(has_value() ? Shape{batch, 1} : Shape{0}),
                .baseline = b.zeros(has_baseline() ? Shape{batch} : Shape{0}),
                .sigma = config_.sigma};
    for (const Spread& spread : spread_) cache.spread.push_back(spread.make_cache(b, batch));
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    Workspace w{.advantage = b.zeros({batch}),
                .d_mean = b.zeros({batch, 2}),
                .d_seen = b.zeros(seen_shape(batch)),
                .d_value = b.zeros({batch, 1})};
    for (const Spread& spread : spread_) w.spread.push_back(spread.make_workspace(b, batch));
    return w;
  }

  /// The density of the next location: its mean from the state h, from `context` (B, context) and from what the glance
  /// told, `glance` (B, glance), where there are any; and sigma, where it is learned. Null counts as 0.
  void locate(B& b, const Parameters& p, const Tensor<B>& h, Cache& cache, const Tensor<B>* context = nullptr,
              const Tensor<B>* glance = nullptr) const {
    if (reads_more()) {
      if ((config_.context > 0 && !context) || (config_.glance > 0 && !glance)) b.fill(Scalar<B>(0), cache.seen);
      ops::write_columns(b, h, 0, cache.seen, Write::overwrite);
      if (config_.context > 0 && context) ops::write_columns(b, *context, config_.hidden, cache.seen, Write::overwrite);
      if (config_.glance > 0 && glance)
        ops::write_columns(b, *glance, config_.hidden + config_.context, cache.seen, Write::overwrite);
    }
    locator_.forward(b, p.locator, reads_more() ? cache.seen : h, cache.mean);  // (B, 2)
    if (config_.squash == MeanSquash::tanh) ops::tanh(b, cache.mean, cache.mean);
    for (std::size_t i = 0; i < spread_.size(); ++i) spread_[i].forward(b, p.spread[i], cache.spread[i]);
  }

  /// Draws a sample around the mean.
  void draw(B& b, RandomKey key, Cache& cache) const {
    if (!spread_.empty()) return spread_[0].draw(b, key, cache.mean, cache.spread[0], cache.sample);
    ops::sample_gaussian(b, cache.mean, static_cast<Scalar<B>>(cache.sigma), key, cache.sample);  // (B, 2)
  }

  /// Takes the mean itself: the deterministic policy that results are reported with.
  void take_mean(B& b, Cache& cache) const { b.copy(cache.mean, cache.sample); }

  /// What the sample becomes in the world.
  void place(B& b, const Cache& cache, Tensor<B>& location) const {
    ops::clamp(b, cache.sample, Scalar<B>(-1), Scalar<B>(1), location);  // (B, 2)
  }

  /// Predicts the reward from h, for the learned baseline; does nothing without one.
  void predict_reward(B& b, const Parameters& p, const Tensor<B>& h, Cache& cache) const {
    if (!has_value()) return;
    value_.forward(b, p.value[0], h, cache.value);                                  // (B, 1)
    ops::read_columns(b, cache.value, 0, cache.baseline, Write::overwrite);         // (B)
  }

  /// advantage = weight / B * (reward - baseline), the constant of equation 3 for a mean over the batch.
  void weigh(B& b, const Tensor<B>& reward, const Cache& cache, Workspace& w) const {
    const Scalar<B> factor = over_batch(b, config_.weight, reward);
    b.fill(Scalar<B>(0), w.advantage);
    ops::axpy(b, factor, reward, w.advantage);  // (B)
    if (has_baseline()) ops::axpy(b, -factor, cache.baseline, w.advantage);
  }

  /// The policy term of one location that was looked at, and what the saccade there cost from where the glimpse
  /// before it was meant to look, `from` (B, 2). Uses w.advantage. Gradients of parameters accumulate, and so does
  /// d_glance, which all locations of a rollout share; d_context is overwritten; d_h += only where the configuration
  /// attaches the state. Null where nobody asks, or where no glimpse was before.
  void backward_location(B& b, const Parameters& p, const Tensor<B>& h, const Cache& cache, Workspace& w,
                         Parameters& d_p, Tensor<B>& d_h, Tensor<B>* d_context = nullptr,
                         Tensor<B>* d_glance = nullptr, const Tensor<B>* from = nullptr) const
    requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainablePolicyOps<B>
  {
    if (spread_.empty()) {
      const auto sigma = static_cast<Scalar<B>>(cache.sigma);
      ops::gaussian_policy_backward(b, cache.sample, cache.mean, w.advantage, sigma, w.d_mean, Write::overwrite);  // (B, 2)
    } else {
      spread_[0].backward(b, cache.sample, cache.mean, w.advantage, cache.spread[0], w.spread[0], w.d_mean,
                          d_p.spread[0]);  // (B, 2)
    }
    if (config_.saccade_cost > 0 && from) {
      const Scalar<B> factor = over_batch(b, 2 * config_.saccade_cost, cache.mean);
      ops::axpy(b, factor, cache.mean, w.d_mean);
      ops::axpy(b, -factor, *from, w.d_mean);  // (B, 2)
    }
    if (config_.squash == MeanSquash::tanh) ops::tanh_backward(b, cache.mean, w.d_mean, w.d_mean, Write::overwrite);
    locator_.backward_parameters(b, reads_more() ? cache.seen : h, w.d_mean, d_p.locator);
    const bool attached = config_.state == StateGradient::attached;
    if (reads_more()) {
      locator_.backward_input(b, p.locator, w.d_mean, w.d_seen, Write::overwrite);  // (B, hidden + context + glance)
      if (config_.context > 0 && d_context)
        ops::read_columns(b, w.d_seen, config_.hidden, *d_context, Write::overwrite);  // (B, context)
      if (config_.glance > 0 && d_glance)
        ops::read_columns(b, w.d_seen, config_.hidden + config_.context, *d_glance, Write::accumulate);  // (B, glance)
      if (attached) ops::read_columns(b, w.d_seen, 0, d_h, Write::accumulate);                       // (B, hidden)
    } else if (attached) {
      locator_.backward_input(b, p.locator, w.d_mean, d_h, Write::accumulate);  // (B, hidden)
    }
  }

  /// The class term: -advantage * grad log pi(class), which is the gradient of a cross-entropy against the drawn class.
  void backward_class(B& b, const Tensor<B>& probabilities, const Tensor<B>& classes, const Workspace& w,
                      Tensor<B>& d_logits) const
    requires TrainableLossOps<B>
  {
    ops::softmax_cross_entropy_backward(b, probabilities, classes, w.advantage, d_logits, Write::accumulate);  // (B, K)
  }

  /// The squared error of the baseline, mean over the batch: d = 2 / B * (baseline - reward). Stops at h.
  void backward_value(B& b, const Tensor<B>& h, const Tensor<B>& reward, const Cache& cache, Workspace& w,
                      Parameters& d_p) const
    requires TrainableLinearOps<B>
  {
    if (!has_value()) return;
    const Scalar<B> factor = over_batch(b, 2, reward);
    Tensor<B>& error = w.advantage;
    b.fill(Scalar<B>(0), error);
    ops::axpy(b, factor, cache.baseline, error);  // (B)
    ops::axpy(b, -factor, reward, error);         // (B)
    ops::write_columns(b, error, 0, w.d_value, Write::overwrite);  // (B, 1)
    value_.backward_parameters(b, h, w.d_value, d_p.value[0]);
  }

 private:
  [[nodiscard]] bool reads_more() const { return config_.context > 0 || config_.glance > 0; }

  [[nodiscard]] Shape seen_shape(Index batch) const {
    return reads_more() ? Shape{batch, config_.hidden + config_.context + config_.glance} : Shape{0};
  }

  [[nodiscard]] bool has_baseline() const { return config_.baseline != Baseline::none; }
  [[nodiscard]] bool has_value() const { return config_.baseline == Baseline::learned; }

  Config config_;
  Layer locator_;
  Layer value_;
  std::vector<Spread> spread_;  ///< one where sigma is learned, else none
};

}  // namespace saccade
