#pragma once

#include <saccade/components/linear_layer.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <string>
#include <vector>

namespace saccade::inline v0 {

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
  double weight = 1.0;  ///< lambda: factor of the policy term -J in the loss
  MeanSquash squash = MeanSquash::tanh;
  Baseline baseline = Baseline::learned;
  RewardClass reward = RewardClass::most_probable;
  RewardedSteps rewarded_steps = RewardedSteps::last;
  double discount = 1.0;    ///< gamma: a location is credited with sum_k gamma^k of the k-th reward after it
  bool class_term = false;  ///< adds grad log pi(class) R, with a sampled class only
  StateGradient state = StateGradient::detached;
  Index context = 0;  ///< numbers from a ContextNetwork that the location head reads beside h; 0 in the paper
};

/// The Gaussian location policy and its gradient by REINFORCE.
///
///     mean_t = squash(W h_t + b);  sample_t ~ N(mean_t, sigma^2);  l_t = clamp(sample_t, -1, 1)
///     -dJ/d mean_t = -weight / B * (R - baseline_t) * (sample_t - mean_t) / sigma^2                   (equation 3)
///
/// The density is taken at the sample before clamping: the clamp belongs to the world, not to the policy. The sample, R
/// and the baseline are constants in it; the mean is not. A learned baseline, a linear head, learns the squared error
/// (R - baseline_t)^2 and reads a detached state always; the others are put into the cache, see model/rollout_baseline.hpp.
/// h (B, hidden), mean, sample, location (B, 2), reward (B).
/// Source: Williams 1992; Mnih et al. 2014; Xu et al. 2019, section 2.3.
template <class B>
  requires LinearOps<B> && PointwiseOps<B> && PolicyOps<B> && LossOps<B>
class PolicyGradient {
  using Layer = LinearLayer<B>;

 public:
  using Config = PolicyConfig;

  struct Parameters {
    typename Layer::Parameters locator;
    std::vector<typename Layer::Parameters> value;  ///< one, or none

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Layer::Parameters::for_each(self.locator, prefix + "locator.", visit);
      for (auto& value : self.value) Layer::Parameters::for_each(value, prefix + "value.", visit);
    }
  };

  /// One step's draw; the mean after squashing.
  struct Cache {
    Tensor<B> seen;      // (B, hidden + context), what the location head reads; of length 0 if that is h alone
    Tensor<B> mean;      // (B, 2)
    Tensor<B> sample;    // (B, 2), before clamping
    Tensor<B> value;     // (B, 1); of length 0 without a learned baseline
    Tensor<B> baseline;  // (B); of length 0 without any baseline
    double sigma = 0;    ///< of the draw
  };

  struct Workspace {
    Tensor<B> advantage;  // (B)
    Tensor<B> d_mean;     // (B, 2)
    Tensor<B> d_seen;     // (B, hidden + context), or of length 0
    Tensor<B> d_value;    // (B, 1)
  };

  explicit PolicyGradient(const Config& config)
      : config_(config),
        locator_({.inputs = config.hidden + config.context,
                  .outputs = 2,
                  .initialization = initialization::small}),
        value_({.inputs = config.hidden, .outputs = 1, .initialization = initialization::small}) {
    expect_config(config.sigma > 0, "PolicyGradient: sigma must be greater than 0, but is " + std::to_string(config.sigma));
    expect_config(config.weight >= 0,
                  "PolicyGradient: weight must be at least 0, but is " + std::to_string(config.weight));
    expect_config(config.discount >= 0 && config.discount <= 1,
                  "PolicyGradient: discount must be from 0 to 1, but is " + std::to_string(config.discount));
    expect_config(config.context >= 0, "PolicyGradient: context must be at least 0");
    expect_config(!config.class_term || config.reward == RewardClass::sampled,
                  "PolicyGradient: the class term needs reward from the sampled class");
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{locator_.make_parameters(b), {}};
    if (has_value()) p.value.push_back(value_.make_parameters(b));
    return p;
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    return {b.zeros(seen_shape(batch)), b.zeros({batch, 2}), b.zeros({batch, 2}), b.zeros(has_value() ? Shape{batch, 1} : Shape{0}),
            b.zeros(has_baseline() ? Shape{batch} : Shape{0}), config_.sigma};
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return {b.zeros({batch}), b.zeros({batch, 2}), b.zeros(seen_shape(batch)), b.zeros({batch, 1})};
  }

  /// The mean of the next location, from the state h, and from `context` (B, context) where there is any.
  void locate(B& b, const Parameters& p, const Tensor<B>& h, Cache& cache, const Tensor<B>* context = nullptr) const {
    if (reads_context()) {
      ops::write_columns(b, h, 0, cache.seen, Write::overwrite);
      ops::write_columns(b, *context, config_.hidden, cache.seen, Write::overwrite);  // (B, hidden + context)
    }
    locator_.forward(b, p.locator, reads_context() ? cache.seen : h, cache.mean);  // (B, 2)
    if (config_.squash == MeanSquash::tanh) ops::tanh(b, cache.mean, cache.mean);
  }

  /// Draws a sample around the mean.
  void draw(B& b, RandomKey key, Cache& cache) const {
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
    const Index batch = b.shape(reward)[0];
    const auto factor = static_cast<Scalar<B>>(batch > 0 ? config_.weight / static_cast<double>(batch) : 0.0);
    b.fill(Scalar<B>(0), w.advantage);
    ops::axpy(b, factor, reward, w.advantage);  // (B)
    if (has_baseline()) ops::axpy(b, -factor, cache.baseline, w.advantage);
  }

  /// The policy term of one step whose location was looked at. Uses w.advantage. Gradients of parameters accumulate;
  /// d_h += only where the configuration attaches the state; d_context, where there is one, is overwritten.
  void backward_location(B& b, const Parameters& p, const Tensor<B>& h, const Cache& cache, Workspace& w,
                         Parameters& d_p, Tensor<B>& d_h, Tensor<B>* d_context = nullptr) const
    requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainablePolicyOps<B>
  {
    const auto sigma = static_cast<Scalar<B>>(cache.sigma);
    ops::gaussian_policy_backward(b, cache.sample, cache.mean, w.advantage, sigma, w.d_mean, Write::overwrite);  // (B, 2)
    if (config_.squash == MeanSquash::tanh) ops::tanh_backward(b, cache.mean, w.d_mean, w.d_mean, Write::overwrite);
    locator_.backward_parameters(b, reads_context() ? cache.seen : h, w.d_mean, d_p.locator);
    const bool attached = config_.state == StateGradient::attached;
    if (reads_context()) {
      locator_.backward_input(b, p.locator, w.d_mean, w.d_seen, Write::overwrite);  // (B, hidden + context)
      ops::read_columns(b, w.d_seen, config_.hidden, *d_context, Write::overwrite);  // (B, context)
      if (attached) ops::read_columns(b, w.d_seen, 0, d_h, Write::accumulate);      // (B, hidden)
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
    const Index batch = b.shape(reward)[0];
    const auto factor = static_cast<Scalar<B>>(batch > 0 ? 2.0 / static_cast<double>(batch) : 0.0);
    Tensor<B>& error = w.advantage;
    b.fill(Scalar<B>(0), error);
    ops::axpy(b, factor, cache.baseline, error);  // (B)
    ops::axpy(b, -factor, reward, error);         // (B)
    ops::write_columns(b, error, 0, w.d_value, Write::overwrite);  // (B, 1)
    value_.backward_parameters(b, h, w.d_value, d_p.value[0]);
  }

 private:
  [[nodiscard]] bool reads_context() const { return config_.context > 0; }

  [[nodiscard]] Shape seen_shape(Index batch) const {
    return reads_context() ? Shape{batch, config_.hidden + config_.context} : Shape{0};
  }

  [[nodiscard]] bool has_baseline() const { return config_.baseline != Baseline::none; }
  [[nodiscard]] bool has_value() const { return config_.baseline == Baseline::learned; }

  Config config_;
  Layer locator_;
  Layer value_;
};

}  // namespace saccade::inline v0
