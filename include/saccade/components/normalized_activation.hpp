#pragma once

#include <saccade/core/component.hpp>
#include <saccade/ops/activated_convolution.hpp>
#include <saccade/ops/normalization.hpp>
#include <saccade/ops/pointwise.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

enum class Normalization { batch, group };
enum class SlopeSharing { shared, per_channel };

/// Normalisation and activation, as every convolution of SA-Net is preceded by them.
struct NormalizedActivationConfig {
  Index channels = 1;
  Normalization normalization = Normalization::batch;
  Index groups = 8;  ///< of group normalisation; as many as divide the channels, at most this
  SlopeSharing slope_sharing = SlopeSharing::per_channel;
  BatchNormHyper batch_norm{};
};

/// y = PReLU(norm(x)); x, y (B, H, W, C).
///
/// Training with batch normalisation uses the statistics of the batch and moves the running ones; evaluation uses the
/// running ones. Group normalisation (Wu and He, ECCV 2018) has no running statistics and is the same in both.
template <class B>
  requires NormalizationOps<B> && PointwiseOps<B>
class NormalizedActivation {
 public:
  using Config = NormalizedActivationConfig;

  struct Parameters {
    Tensor<B> gamma;  // (C)
    Tensor<B> beta;   // (C)
    Tensor<B> slope;  // (1) or (C)

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      visit(prefix + "gamma", self.gamma, initialization::ones);
      visit(prefix + "beta", self.beta, initialization::zeros);
      visit(prefix + "slope", self.slope, initialization::slope);
    }
  };

  /// Running statistics of batch normalisation; of length 0 with group normalisation.
  struct Statistics {
    Tensor<B> running_mean;      // (C)
    Tensor<B> running_variance;  // (C)

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      visit(prefix + "running_mean", self.running_mean, initialization::zeros);
      visit(prefix + "running_variance", self.running_variance, initialization::ones);
    }
  };

  /// What backward needs beside x.
  struct Cache {
    Tensor<B> normalized;  // (B, H, W, C), or of length 0 in evaluation
    Tensor<B> mean;        // (C) or (B, groups)
    Tensor<B> rstd;        // as mean
  };

  explicit NormalizedActivation(const Config& config) : config_(config) {
    expect_config(config.channels > 0 && config.groups > 0,
                  "NormalizedActivation: channels and groups must be at least 1");
    while (config_.channels % config_.groups != 0) --config_.groups;
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    const Index slopes = config_.slope_sharing == SlopeSharing::shared ? 1 : config_.channels;
    return {b.zeros({config_.channels}), b.zeros({config_.channels}), b.zeros({slopes})};
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    const Index channels = uses_batch() ? config_.channels : 0;
    return {b.zeros({channels}), b.zeros({channels})};
  }

  /// One made for evaluation holds only what forward needs. A shape (0) is enough for `prepare`.
  [[nodiscard]] Cache make_cache(B& b, const Shape& shape, Mode mode = Mode::training) const {
    const Shape moments = uses_batch() ? Shape{config_.channels} : Shape{shape[0], config_.groups};
    return {make_map(b, mode == Mode::training ? shape : Shape{0}), b.zeros(moments), b.zeros(moments)};
  }

  void forward(B& b, const Parameters& p, Statistics& statistics, const Tensor<B>& x, Cache& cache, Tensor<B>& y,
               Mode mode) const {
    Tensor<B>& normalized = mode == Mode::training ? cache.normalized : y;
    normalize(b, p, statistics, x, cache, normalized, mode);  // (B, H, W, C)
    ops::prelu(b, normalized, p.slope, y);                    // (B, H, W, C)
  }

  /// The statistics of `forward` alone, for a convolution that activates what it reads. Batch normalisation only.
  [[nodiscard]] ActivationView<B> prepare(B& b, const Parameters& p, Statistics& statistics, const Tensor<B>& x,
                                          Cache& cache, Mode mode) const
    requires ops::FusedActivation<B>
  {
    if (mode == Mode::evaluation) {
      ops::batch_norm_rstd(b, statistics.running_variance, config_.batch_norm.epsilon, cache.rstd);
      return {p.gamma, p.beta, statistics.running_mean, cache.rstd, p.slope};
    }
    if constexpr (ops::TrainableFusedActivation<B>) {
      ops::batch_norm_statistics(b, x, config_.batch_norm, statistics.running_mean, statistics.running_variance,
                                 cache.mean, cache.rstd);
    } else {
      throw_untrainable();
    }
    return saved(p, cache);
  }

  /// The view of a `prepare` in training, which backward needs again.
  [[nodiscard]] ActivationView<B> saved(const Parameters& p, const Cache& cache) const {
    return {p.gamma, p.beta, cache.mean, cache.rstd, p.slope};
  }

  /// Valid after a forward pass in training mode. `d_y` is used as scratch.
  void backward(B& b, const Parameters& p, const Tensor<B>& x, const Cache& cache, Tensor<B>& d_y, Parameters& d_p,
                Tensor<B>& d_x, Write write) const
    requires TrainableNormalizationOps<B> && TrainablePointwiseOps<B>
  {
    Tensor<B>& d_normalized = d_y;
    ops::prelu_backward(b, cache.normalized, p.slope, d_y, d_normalized, Write::overwrite, d_p.slope,
                        Write::accumulate);
    if (uses_batch()) {
      ops::batch_norm_backward(b, d_normalized, x, p.gamma, cache.mean, cache.rstd, d_x, write, d_p.gamma, d_p.beta,
                               Write::accumulate);
    } else {
      ops::group_norm_backward(b, d_normalized, x, p.gamma, config_.groups, cache.mean, cache.rstd, d_x, write,
                               d_p.gamma, d_p.beta, Write::accumulate);
    }
  }

 private:
  [[nodiscard]] bool uses_batch() const { return config_.normalization == Normalization::batch; }

  void normalize(B& b, const Parameters& p, Statistics& statistics, const Tensor<B>& x, Cache& cache,
                 Tensor<B>& normalized, Mode mode) const {
    if (!uses_batch()) {
      ops::group_norm(b, x, p.gamma, p.beta, config_.groups, config_.batch_norm.epsilon, normalized, cache.mean,
                      cache.rstd);
    } else if (mode == Mode::evaluation) {
      ops::batch_norm_infer(b, x, p.gamma, p.beta, statistics.running_mean, statistics.running_variance,
                            config_.batch_norm.epsilon, normalized);
    } else if constexpr (TrainableNormalizationOps<B>) {
      ops::batch_norm_train(b, x, p.gamma, p.beta, config_.batch_norm, statistics.running_mean,
                            statistics.running_variance, normalized, cache.mean, cache.rstd);
    } else {
      throw_untrainable();
    }
  }

  [[noreturn]] static void throw_untrainable() {
    throw ConfigError("NormalizedActivation: training needs a backend with TrainableNormalizationOps");
  }

  Config config_;
};

}  // namespace saccade
