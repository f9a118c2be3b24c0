#pragma once

#include <saccade/components/convolution_layer.hpp>
#include <saccade/components/normalized_activation.hpp>
#include <saccade/ops/pooling.hpp>

namespace saccade::inline v0 {

/// Says where in a map something is, which global average pooling forgets: out = w * PReLU(norm(map)), a convolution with
/// a kernel as large as the map. map (B, side, side, C), out (B, outputs).
///
/// Not in the paper, whose policy sees pooled features only; without it a wide view cannot tell the policy on which side
/// of the patch to look next.
template <class B>
  requires ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B>
class SpatialReadout {
  using Norm = NormalizedActivation<B>;
  using Convolution = ConvolutionLayer<B>;

 public:
  struct Config {
    Index side = 1;
    Index outputs = 1;
    NormalizedActivationConfig normalization{};  ///< of the map's channels
  };

  struct Parameters {
    typename Norm::Parameters norm;
    typename Convolution::Parameters convolution;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Norm::Parameters::for_each(self.norm, prefix + "norm.", visit);
      Convolution::Parameters::for_each(self.convolution, prefix + "conv.", visit);
    }
  };

  using Statistics = typename Norm::Statistics;

  struct Cache {
    typename Norm::Cache norm;
    Tensor<B> activated;  // (B, side, side, C)
    Tensor<B> convolved;  // (B, 1, 1, outputs)
  };

  struct Workspace {
    Tensor<B> d_convolved;  // (B, 1, 1, outputs)
    Tensor<B> d_activated;  // (B, side, side, C)
  };

  explicit SpatialReadout(const Config& config)
      : config_(config),
        norm_(config.normalization),
        convolution_({.inputs = config.normalization.channels,
                      .outputs = config.outputs,
                      .kernel = config.side,
                      .geometry = {}}) {}

  [[nodiscard]] Parameters make_parameters(B& b) const {
    return {norm_.make_parameters(b), convolution_.make_parameters(b)};
  }

  [[nodiscard]] Statistics make_statistics(B& b) const { return norm_.make_statistics(b); }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    return {norm_.make_cache(b, map_shape(batch)), b.zeros(map_shape(batch)), b.zeros({batch, 1, 1, config_.outputs})};
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return {b.zeros({batch, 1, 1, config_.outputs}), b.zeros(map_shape(batch))};
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& map, Cache& cache, Tensor<B>& out,
               Mode mode) const {
    norm_.forward(b, p.norm, s, map, cache.norm, cache.activated, mode);               // (B, side, side, C)
    convolution_.forward(b, p.convolution, cache.activated, cache.convolved);          // (B, 1, 1, outputs)
    ops::global_average_pool(b, cache.convolved, out);                                 // (B, outputs), one pixel each
  }

  void backward(B& b, const Parameters& p, const Tensor<B>& map, const Cache& cache, const Tensor<B>& d_out,
                Workspace& w, Parameters& d_p, Tensor<B>& d_map, Write write) const
    requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B> &&
             TrainablePoolingOps<B>
  {
    ops::global_average_pool_backward(b, d_out, w.d_convolved, Write::overwrite);
    convolution_.backward_parameters(b, cache.activated, w.d_convolved, d_p.convolution);
    convolution_.backward_input(b, p.convolution, w.d_convolved, w.d_activated, Write::overwrite);
    norm_.backward(b, p.norm, map, cache.norm, w.d_activated, d_p.norm, d_map, write);
  }

 private:
  [[nodiscard]] Shape map_shape(Index batch) const {
    return {batch, config_.side, config_.side, config_.normalization.channels};
  }

  Config config_;
  Norm norm_;
  Convolution convolution_;
};

}  // namespace saccade::inline v0
