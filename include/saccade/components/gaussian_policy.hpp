#pragma once

#include <saccade/components/linear_layer.hpp>
#include <saccade/components/location_spread.hpp>
#include <saccade/components/policy_config.hpp>
#include <saccade/components/policy_inputs.hpp>
#include <saccade/core/component.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// A location drawn around a mean that a linear layer reads from the state, as in the paper.
///
///     mean = squash(W [h, patch, context] + b);  sample ~ N(mean, sigma^2);  location = clamp(sample, -1, 1)
///     d(-advantage * ln pi)/d mean = -advantage (sample - mean) / sigma^2                           (equation 3)
///
/// The density is taken at the sample before clamping: the clamp belongs to the world, not to the policy. The sample is
/// a constant in it; the mean is not. The gradient of a learned sigma is LocationSpread's.
///
/// A move adds movement_penalty / B * |mean - previous|^2 to the loss, `previous` a constant: where every next place is
/// as good, a glimpse stays, and goes where that earns more than it costs. The way is from mean to mean: from the draw
/// the loss would charge for noise, of which the state may know nothing.
///
/// h (B, hidden), patch (B, patch), context (B, context), mean, sample, location (B, 2), in units of half the image.
/// Source: Williams 1992; Mnih et al. 2014; Xu et al. 2019, section 2.3.
template <class B>
requires LinearOps<B> && NormalizationOps<B> && PointwiseOps<B> && PolicyOps<B>
class GaussianPolicy {
  using Layer = LinearLayer<B>;
  using Spread = LocationSpread<B>;

 public:
  using Config = PolicyConfig;

  struct Parameters {
    typename Layer::Parameters locator;
    std::optional<typename Spread::Parameters> spread{};  ///< where sigma is learned

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Layer::Parameters::for_each(self.locator, prefix + "locator.", visit);
      if (self.spread) Spread::Parameters::for_each(*self.spread, prefix + "sigma.", visit);
    }
  };

  /// The distribution of one location, and its draw.
  struct Cache {
    Tensor<B> seen;    // (B, hidden + patch + context): what the location head reads; of length 0 if it is h alone
    Tensor<B> mean;    // (B, 2)
    Tensor<B> sample;  // (B, 2), before clamping
    double sigma = 0;  ///< of the draw, where it is not learned
    std::optional<typename Spread::Cache> spread{};  ///< where it is
  };

  struct Workspace {
    Tensor<B> d_mean;                                    // (B, 2)
    Tensor<B> d_seen;                                    // (B, hidden + patch + context), or of length 0
    Tensor<B> deviation;                                 // (B, 2)  sample - mean
    Tensor<B> z;                                         // (B, 2)  deviation / sigma
    Tensor<B> log_sigma;                                 // (B, 2)
    Tensor<B> terms;                                     // (B, 2)  of the log-density or of the entropy, by axis
    Tensor<B> total;                                     // (B)     their sums
    std::optional<typename Spread::Workspace> spread{};  ///< where sigma is learned
  };

  explicit GaussianPolicy(const Config& config)
      : config_(config),
        locator_({.inputs = config.hidden + config.patch + config.context,
                  .outputs = 2,
                  .initialization = initialization::near_zero}) {
    expect_config(config.sigma > 0,
                  "GaussianPolicy: sigma must be greater than 0, but is " + std::to_string(config.sigma));
    expect_config(config.movement_penalty >= 0, "GaussianPolicy: movement_penalty must be at least 0, but is " +
                                                    std::to_string(config.movement_penalty));
    expect_config(config.patch >= 0, "GaussianPolicy: patch must be at least 0");
    expect_config(config.context >= 0, "GaussianPolicy: context must be at least 0");
    expect_config(config.learn_sigma || config.entropy == 0,
                  "GaussianPolicy: an entropy bonus needs learn_sigma: that of a given sigma depends on no weight");
    if (!config.learn_sigma) return;
    spread_.emplace(typename Spread::Config{
        .sigma = config.sigma, .low = config.sigma_low, .high = config.sigma_high, .entropy = config.entropy});
  }

  [[nodiscard]] const Config& config() const { return config_; }

  /// Sigma on both axes: learned, for which it waits, or the configuration's.
  [[nodiscard]] std::array<double, 2> sigma(B& b, const Parameters& p) const {
    return !spread_ ? std::array{config_.sigma, config_.sigma} : spread_->sigma(b, *p.spread);
  }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{locator_.make_parameters(b)};
    if (spread_) p.spread = spread_->make_parameters(b);
    return p;
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    Cache cache{.seen = b.zeros(seen_shape(batch)),
                .mean = b.zeros({batch, 2}),
                .sample = b.zeros({batch, 2}),
                .sigma = config_.sigma};
    if (spread_) cache.spread = spread_->make_cache(b, batch);
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    Workspace w{.d_mean = b.zeros({batch, 2}),
                .d_seen = b.zeros(seen_shape(batch)),
                .deviation = b.zeros({batch, 2}),
                .z = b.zeros({batch, 2}),
                .log_sigma = b.zeros({batch, 2}),
                .terms = b.zeros({batch, 2}),
                .total = b.zeros({batch})};
    if (spread_) w.spread = spread_->make_workspace(b, batch);
    return w;
  }

  /// Another sigma for the draws to come. @throws ConfigError where it is learned
  void set_sigma(Cache& cache, double sigma) const {
    if (config_.learn_sigma) throw ConfigError("GaussianPolicy: sigma is learned, so no other one can be given");
    cache.sigma = sigma;
  }

  void describe(B& b, const Parameters& p, const PolicyInputs<B>& in, Cache& cache) const {
    if (reads_more()) {
      ops::write_columns(b, in.state, 0, cache.seen, Write::overwrite);
      if (config_.patch > 0) ops::write_columns(b, in.patch, config_.hidden, cache.seen, Write::overwrite);
      if (config_.context > 0)
        ops::write_columns(b, in.context, config_.hidden + config_.patch, cache.seen, Write::overwrite);
    }
    locator_.forward(b, p.locator, reads_more() ? cache.seen : in.state, cache.mean);  // (B, 2)
    if (config_.squash == MeanSquash::tanh) ops::tanh(b, cache.mean, cache.mean);
    if (spread_) spread_->forward(b, *p.spread, *cache.spread);
    cache.sigma = config_.sigma;
  }

  /// Element (n, i) draws number 2 n + i of `key`.
  void sample(B& b, const RandomKey& key, const PolicyInputs<B>&, Cache& cache) const {
    if (spread_) return spread_->draw(b, key, cache.mean, *cache.spread, cache.sample);
    ops::sample_gaussian(b, cache.mean, static_cast<Scalar<B>>(cache.sigma), key, cache.sample);  // (B, 2)
  }

  void take_mode(B& b, Cache& cache) const { ops::copy(b, cache.mean, cache.sample); }

  /// Where the policy would go, and what has been drawn, (B, 2).
  [[nodiscard]] static const Tensor<B>& mode(const Cache& cache) { return cache.mean; }
  [[nodiscard]] static Tensor<B>& drawn(Cache& cache) { return cache.sample; }

  /// y[n] = ln N(sample[n]; mean[n], sigma^2), (B), of a density in units of half the image.
  void log_density(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    ops::copy(b, cache.sample, w.deviation);
    ops::axpy(b, Scalar<B>(-1), cache.mean, w.deviation);  // (B, 2)
    divide_by_sigma(b, cache, w.deviation, w.z);           // (B, 2)
    ops::multiply(b, w.z, w.z, w.terms, Write::overwrite);
    add_log_sigma(b, cache, Scalar<B>(2), w);  // z^2 + 2 ln sigma
    ops::row_sums(b, w.terms, w.total, Write::overwrite);
    b.fill(static_cast<Scalar<B>>(-std::log(2 * std::numbers::pi)), y);
    ops::axpy(b, Scalar<B>(-0.5), w.total, y);  // (B)
  }

  /// y[n] = ln(2 pi e sigma_x sigma_y), (B), in nats.
  void entropy(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    b.fill(Scalar<B>(0), w.terms);
    add_log_sigma(b, cache, Scalar<B>(1), w);
    ops::row_sums(b, w.terms, w.total, Write::overwrite);
    b.fill(static_cast<Scalar<B>>(std::log(2 * std::numbers::pi) + 1), y);
    ops::axpy(b, Scalar<B>(1), w.total, y);  // (B)
  }

  /// Adds the gradient of sum_n -advantage[n] ln pi(sample[n]), and those of the entropy bonus and the movement
  /// penalty.
  /// @param advantage  (B), a constant
  void score_gradient(B& b, const Parameters& p, const PolicyInputs<B>& in, const Cache& cache,
                      const Tensor<B>& advantage, Workspace& w, Parameters& d_p, PolicyInputGradients<B> d_in)
      const requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainablePolicyOps<B> {
    if (!spread_) {
      const auto sigma = static_cast<Scalar<B>>(cache.sigma);
      ops::gaussian_policy_backward(b, cache.sample, cache.mean, advantage, sigma, w.d_mean,
                                    Write::overwrite);  // (B, 2)
    } else {
      spread_->backward(b, cache.sample, cache.mean, advantage, *cache.spread, *w.spread, w.d_mean,
                        *d_p.spread);  // (B, 2)
    }
    if (config_.movement_penalty > 0 && b.shape(in.previous).size() > 0) {
      const Scalar<B> factor = over_batch(b, 2 * config_.movement_penalty, cache.mean);
      ops::axpy(b, factor, cache.mean, w.d_mean);
      ops::axpy(b, -factor, in.previous, w.d_mean);  // (B, 2)
    }
    if (config_.squash == MeanSquash::tanh) ops::tanh_backward(b, cache.mean, w.d_mean, w.d_mean, Write::overwrite);
    locator_.backward_parameters(b, reads_more() ? cache.seen : in.state, w.d_mean, d_p.locator);
    const bool attached = config_.state == StateGradient::attached;
    if (reads_more()) {
      locator_.backward_input(b, p.locator, w.d_mean, w.d_seen, Write::overwrite);  // (B, hidden + patch + context)
      if (config_.patch > 0) ops::read_columns(b, w.d_seen, config_.hidden, d_in.patch, Write::accumulate);
      if (config_.context > 0)
        ops::read_columns(b, w.d_seen, config_.hidden + config_.patch, d_in.context, Write::accumulate);
      if (attached) ops::read_columns(b, w.d_seen, 0, d_in.state, Write::accumulate);  // (B, hidden)
    } else if (attached) {
      locator_.backward_input(b, p.locator, w.d_mean, d_in.state, Write::accumulate);  // (B, hidden)
    }
  }

 private:
  [[nodiscard]] bool reads_more() const { return config_.patch + config_.context > 0; }

  [[nodiscard]] Shape seen_shape(Index batch) const {
    return reads_more() ? Shape{batch, config_.hidden + config_.patch + config_.context} : Shape{0};
  }

  void divide_by_sigma(B& b, const Cache& cache, const Tensor<B>& x, Tensor<B>& z) const {
    if (spread_) return ops::multiply(b, x, cache.spread->precision, z, Write::overwrite);
    b.fill(Scalar<B>(0), z);
    ops::axpy(b, static_cast<Scalar<B>>(1 / cache.sigma), x, z);
  }

  /// w.terms (B, 2) += factor ln sigma.
  void add_log_sigma(B& b, const Cache& cache, Scalar<B> factor, Workspace& w) const {
    if (!spread_) {
      b.fill(static_cast<Scalar<B>>(std::log(cache.sigma)), w.log_sigma);
    } else {
      ops::log(b, cache.spread->sigma, w.log_sigma);
    }
    ops::axpy(b, factor, w.log_sigma, w.terms);
  }

  Config config_;
  Layer locator_;
  std::optional<Spread> spread_;  ///< where sigma is learned
};

}  // namespace saccade
