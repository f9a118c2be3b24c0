#pragma once

#include <saccade/core/component.hpp>
#include <saccade/core/error.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// In units of half the image.
struct LocationSpreadConfig {
  double sigma = 0.15;   ///< to begin with, between `low` and `high`
  double low = 0.05;     ///< sigma never gets there
  double high = 1.0;     ///< nor there
  double entropy = 0.0;  ///< weight of the entropy of a location, which is subtracted from the loss
};

/// The standard deviation of the location policy, learned: one on each axis, the same for every image and step.
///
///     sigma_i^2 = low^2 + (high^2 - low^2) sigmoid(logit_i)
///     H = ln(2 pi e sigma_x sigma_y)                                     entropy of a location, in nats
///     -dJ/d ln sigma_i = sum_b advantage[b] (1 - z[b, i]^2),  z = (sample - mean) / sigma       (the score function)
///     d(-entropy H)/d ln sigma_i = -entropy
///     d ln sigma_i / d logit_i = (high^2 - low^2) / (2 sigma_i^2) * s (1 - s),  s = sigmoid(logit_i)
///
/// A range that is kept by a sigmoid has no place where the gradient ends and sigma stays for good, as it has where it
/// is clamped; in the lower part of it logit / 2 is ln sigma and a constant. All of it is done by operations over
/// tensors, so that a recorded step goes on with the sigma that it has learned.
/// mean, sample (B, 2), advantage (B).
/// Source: Williams 1992, section 6 (both parameters of a Gaussian by REINFORCE); Williams and Peng 1991, Mnih et al.,
/// "Asynchronous methods for deep reinforcement learning", ICML 2016 (the entropy bonus, one for each action).
template <class B>
requires LinearOps<B> && PointwiseOps<B> && PolicyOps<B>
class LocationSpread {
 public:
  using Config = LocationSpreadConfig;

  struct Parameters {
    Tensor<B> logit;  // (2)
    Initialization initialization = initialization::zeros;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      visit(prefix + "logit", self.logit, self.initialization);
    }
  };

  struct Cache {
    Tensor<B> zeros;      // (B, 2)
    Tensor<B> ones;       // (B, 2)
    Tensor<B> share;      // (2)     sigmoid(logit)
    Tensor<B> variance;   // (2)     above low^2
    Tensor<B> precision;  // (B, 2)  1 / sigma
    Tensor<B> sigma;      // (B, 2)
  };

  struct Workspace {
    Tensor<B> deviation;   // (B, 2)
    Tensor<B> d_variance;  // (B, 2)  of ln sigma, then of half the variance
    Tensor<B> d_share;     // (2)
  };

  explicit LocationSpread(const Config& config) : config_(config) {
    expect_config(config.low > 0 && config.low < config.sigma && config.sigma < config.high,
                  "LocationSpread: sigma must be between sigma_low > 0 and sigma_high, but they are " +
                      std::to_string(config.sigma) + ", " + std::to_string(config.low) + " and " +
                      std::to_string(config.high));
    expect_config(config.entropy >= 0,
                  "LocationSpread: entropy must be at least 0, but is " + std::to_string(config.entropy));
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    const double share = (config_.sigma * config_.sigma - floor()) / range();
    return {b.zeros({2}), {Initialization::Kind::constant, std::log(share / (1 - share))}};
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    Cache cache{.zeros = b.zeros({batch, 2}),
                .ones = b.zeros({batch, 2}),
                .share = b.zeros({2}),
                .variance = b.zeros({2}),
                .precision = b.zeros({batch, 2}),
                .sigma = b.zeros({batch, 2})};
    b.fill(Scalar<B>(1), cache.ones);
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return {b.zeros({batch, 2}), b.zeros({batch, 2}), b.zeros({2})};
  }

  /// Sigma, from its parameters; a row for each image.
  void forward(B& b, const Parameters& p, Cache& cache) const {
    ops::sigmoid(b, p.logit, cache.share);  // (2)
    b.fill(Scalar<B>(0), cache.variance);
    ops::axpy(b, static_cast<Scalar<B>>(range()), cache.share, cache.variance);  // (2)
    b.fill(static_cast<Scalar<B>>(floor()), cache.sigma);
    ops::add_bias(b, cache.variance, cache.sigma);                                  // (B, 2): sigma^2
    ops::rsqrt(b, cache.sigma, cache.precision);                                    // (B, 2)
    ops::multiply(b, cache.sigma, cache.precision, cache.sigma, Write::overwrite);  // (B, 2)
  }

  /// sample = mean + sigma z, with z standard normal.
  void draw(B& b, RandomKey key, const Tensor<B>& mean, const Cache& cache, Tensor<B>& sample) const {
    ops::sample_gaussian(b, cache.zeros, Scalar<B>(1), key, sample);  // (B, 2): z
    ops::multiply(b, sample, cache.sigma, sample, Write::overwrite);  // (B, 2)
    ops::axpy(b, Scalar<B>(1), mean, sample);                         // (B, 2)
  }

  /// The policy's term of one location, and the entropy of it as a mean over the batch, for a loss to be minimised.
  /// d_mean is overwritten, the gradient of the parameters accumulates. After `forward`.
  void backward(B& b, const Tensor<B>& sample, const Tensor<B>& mean, const Tensor<B>& advantage, const Cache& cache,
                Workspace& w, Tensor<B>& d_mean, Parameters& d_p) const
    requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainablePolicyOps<B>
  {
    const auto divide_by_variance = [&](Tensor<B>& x) {
      for (int i = 0; i < 2; ++i) ops::multiply(b, x, cache.precision, x, Write::overwrite);
    };
    ops::gaussian_policy_backward(b, sample, mean, advantage, Scalar<B>(1), d_mean, Write::overwrite);
    divide_by_variance(d_mean);  // (B, 2): -A (sample - mean) / sigma^2
    ops::copy(b, sample, w.deviation);
    ops::axpy(b, Scalar<B>(-1), mean, w.deviation);                         // (B, 2)
    ops::multiply(b, d_mean, w.deviation, w.d_variance, Write::overwrite);  // (B, 2): -A z^2
    ops::row_sums_backward(b, advantage, w.d_variance, Write::accumulate);  // (B, 2): A (1 - z^2)
    ops::axpy(b, -over_batch(b, config_.entropy, advantage), cache.ones, w.d_variance);  // (B, 2): of ln sigma
    divide_by_variance(w.d_variance);
    ops::add_bias_backward(b, w.d_variance, w.d_share, Write::overwrite);  // (2)
    ops::sigmoid_backward(b, cache.share, w.d_share, w.d_share, Write::overwrite);
    ops::axpy(b, static_cast<Scalar<B>>(range() / 2), w.d_share, d_p.logit);  // (2)
  }

  /// Sigma on both axes, for people to read: waits for the parameters.
  [[nodiscard]] std::array<double, 2> sigma(B& b, const Parameters& p) const {
    std::array<Scalar<B>, 2> logit{};
    b.download(p.logit, std::span<Scalar<B>>(logit));
    const auto of = [&](Scalar<B> x) { return std::sqrt(floor() + range() / (1 + std::exp(-static_cast<double>(x)))); };
    return {of(logit[0]), of(logit[1])};
  }

 private:
  [[nodiscard]] double floor() const { return config_.low * config_.low; }
  [[nodiscard]] double range() const { return config_.high * config_.high - floor(); }

  Config config_;
};

/// Entropy of a location whose axes have these standard deviations, in nats: ln(2 pi e sigma_x sigma_y).
[[nodiscard]] inline double location_entropy(const std::array<double, 2>& sigma) {
  return std::log(2 * std::numbers::pi * std::numbers::e * sigma[0] * sigma[1]);
}

}  // namespace saccade
