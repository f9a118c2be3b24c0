#pragma once

#include <saccade/components/convolution_layer.hpp>
#include <saccade/components/normalized_activation.hpp>
#include <saccade/ops/activated_convolution.hpp>

#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

struct ActivatedConvolutionConfig {
  Index inputs = 1;
  Index outputs = 1;
  Index kernel = 1;
  ConvolutionGeometry geometry{};
  NormalizedActivationConfig normalization{};  ///< its channels are the inputs
};

/// y = PReLU(norm(x)) * w [+ residual], what all of SA-Net is made of. x (B, H, W, inputs), y (B, H', W', outputs).
///
/// With batch normalisation on a backend that is ops::FusedActivation, nothing of x's size is kept beside x: the
/// convolution activates what it reads, and backward does so again. Otherwise the three are composed.
template <class B>
  requires ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B>
class ActivatedConvolution {
  using Norm = NormalizedActivation<B>;
  using Convolution = ConvolutionLayer<B>;

 public:
  using Config = ActivatedConvolutionConfig;

  struct Parameters {
    typename Norm::Parameters norm;
    typename Convolution::Parameters convolution;

    /// As "norm2.gamma" and "conv2.weight" where the number is 2.
    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, std::size_t number, Visitor&& visit) {
      Norm::Parameters::for_each(self.norm, prefix + "norm" + std::to_string(number) + ".", visit);
      Convolution::Parameters::for_each(self.convolution, prefix + "conv" + std::to_string(number) + ".", visit);
    }
  };

  using Statistics = typename Norm::Statistics;

  /// What backward needs beside x.
  struct Cache {
    typename Norm::Cache norm;
    Tensor<B> activated;  // (B, H, W, inputs), or of length 0 where fused
  };

  explicit ActivatedConvolution(const Config& config)
      : norm_(with_channels(config.normalization, config.inputs)),
        convolution_(
            {.inputs = config.inputs, .outputs = config.outputs, .kernel = config.kernel, .geometry = config.geometry}),
        fused_(ops::FusedActivation<B> && config.normalization.normalization == Normalization::batch) {}

  /// Whether nothing activated is stored, and `residual` may be y itself.
  [[nodiscard]] bool fused() const { return fused_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    return {norm_.make_parameters(b), convolution_.make_parameters(b)};
  }

  [[nodiscard]] Statistics make_statistics(B& b) const { return norm_.make_statistics(b); }

  /// For x (B, height, width, inputs). One made for evaluation holds only what forward needs.
  [[nodiscard]] Cache make_cache(B& b, Index batch, Index height, Index width, Mode mode) const {
    const Shape stored = stored_shape(batch, height, width);
    return {norm_.make_cache(b, stored, mode), make_map(b, stored)};
  }

  /// Scratch for `backward`: (B, height, width, inputs), or of length 0 where fused.
  [[nodiscard]] Tensor<B> make_scratch(B& b, Index batch, Index height, Index width) const {
    return make_map(b, stored_shape(batch, height, width));
  }

  /// @param residual  null, or of y's shape; y itself only where fused
  void forward(B& b, const Parameters& p, Statistics& statistics, const Tensor<B>& x, Cache& cache,
               const Tensor<B>* residual, Tensor<B>& y, Mode mode) const {
    if constexpr (ops::FusedActivation<B>) {
      if (fused_) {
        const ActivationView<B> activation = norm_.prepare(b, p.norm, statistics, x, cache.norm, mode);
        ops::convolve_activated(b, x, activation, p.convolution.weight, convolution_.config().geometry, residual, y);
        return;
      }
    }
    norm_.forward(b, p.norm, statistics, x, cache.norm, cache.activated, mode);  // (B, H, W, inputs)
    convolution_.forward(b, p.convolution, cache.activated, y);                  // (B, H', W', outputs)
    if (residual) ops::axpy(b, Scalar<B>(1), *residual, y);
  }

  /// y of the last forward pass once more, in training and without a residual. Only where fused.
  void repeat(B& b, const Parameters& p, const Tensor<B>& x, const Cache& cache,
              Tensor<B>& y) const
    requires ops::FusedActivation<B>
  {
    ops::convolve_activated(b, x, norm_.saved(p.norm, cache.norm), p.convolution.weight, convolution_.config().geometry,
                            nullptr, y);
  }

  /// d_x = d loss / d x [+ d_residual]; gradients of parameters accumulate. Valid after a forward pass in training
  /// mode.
  ///
  /// @param d_residual  null, or of x's shape: the gradient that reaches x on another way
  void backward(B& b, const Parameters& p, const Tensor<B>& x, const Cache& cache, const Tensor<B>& d_y,
                const Tensor<B>* d_residual, Tensor<B>& scratch, Parameters& d_p, Tensor<B>& d_x) const
    requires  TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B>
  {
    if constexpr (ops::FusedActivation<B>) {
      if (fused_) {
        const ActivationView<B> activation = norm_.saved(p.norm, cache.norm);
        ops::convolve_activated_backward_weight(b, d_y, x, activation, convolution_.config().geometry,
                                                d_p.convolution.weight, Write::accumulate);
        Tensor<B>& d_activated = d_x;
        convolution_.backward_input(b, p.convolution, d_y, d_activated, Write::overwrite);
        ops::activation_backward(b, d_activated, x, activation, d_residual, d_x, Write::overwrite, d_p.norm.gamma,
                                 d_p.norm.beta, d_p.norm.slope, Write::accumulate);
        return;
      }
    }
    Tensor<B>& d_activated = scratch;
    convolution_.backward_parameters(b, cache.activated, d_y, d_p.convolution);
    convolution_.backward_input(b, p.convolution, d_y, d_activated, Write::overwrite);
    norm_.backward(b, p.norm, x, cache.norm, d_activated, d_p.norm, d_x, Write::overwrite);
    if (d_residual) ops::axpy(b, Scalar<B>(1), *d_residual, d_x);
  }

 private:
  static NormalizedActivationConfig with_channels(NormalizedActivationConfig normalization, Index channels) {
    normalization.channels = channels;
    return normalization;
  }

  [[nodiscard]] Shape stored_shape(Index batch, Index height, Index width) const {
    return fused_ ? Shape{0} : Shape{batch, height, width, convolution_.config().inputs};
  }

  Norm norm_;
  Convolution convolution_;
  bool fused_;
};

}  // namespace saccade
