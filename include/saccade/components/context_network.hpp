#pragma once

#include <saccade/components/convolution_layer.hpp>
#include <saccade/components/normalized_activation.hpp>
#include <saccade/ops/pooling.hpp>

#include <string>
#include <vector>

namespace saccade::inline v0 {

struct ContextNetworkConfig {
  Index inputs = 3;    ///< channels of a patch: 3 per scale
  Index side = 112;    ///< pixels of a patch
  Index width = 16;    ///< filters of every convolution
  Index outputs = 16;  ///< length of what it tells the policy
  NormalizedActivationConfig normalization{};
};

/// Tells the location policy where in the glimpse, at its wide scales above all, something is: that is just what the
/// global average pooling of SA-Net forgets. A chain of [convolution 3x3/2 - norm - PReLU] until the map is at most 8
/// wide, then a convolution as large as the map. patches (B, side, side, inputs), context (B, outputs).
///
/// Not in the paper, whose policy sees pooled features only. It feeds the location path and learns from the reward alone,
/// like the context network of Ba, Mnih and Kavukcuoglu, "Multiple object recognition with visual attention", ICLR 2015.
template <class B>
  requires ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B>
class ContextNetwork {
  using Norm = NormalizedActivation<B>;
  using Convolution = ConvolutionLayer<B>;

 public:
  using Config = ContextNetworkConfig;

  struct Parameters {
    std::vector<typename Convolution::Parameters> convolutions;
    std::vector<typename Norm::Parameters> norms;
    typename Convolution::Parameters readout;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (std::size_t i = 0; i < self.norms.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        Convolution::Parameters::for_each(self.convolutions[i], prefix + "conv" + number + ".", visit);
        Norm::Parameters::for_each(self.norms[i], prefix + "norm" + number + ".", visit);
      }
      Convolution::Parameters::for_each(self.readout, prefix + "readout.", visit);
    }
  };

  struct Statistics {
    std::vector<typename Norm::Statistics> norms;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (std::size_t i = 0; i < self.norms.size(); ++i)
        Norm::Statistics::for_each(self.norms[i], prefix + "norm" + std::to_string(i + 1) + ".", visit);
    }
  };

  struct StageCache {
    Tensor<B> convolved, activated;  // (B, h, w, width)
    typename Norm::Cache norm;
  };

  struct Cache {
    std::vector<StageCache> stages;
    Tensor<B> read;  // (B, 1, 1, outputs)
  };

  struct StageWorkspace {
    Tensor<B> d_convolved, d_activated;  // (B, h, w, width)
  };

  struct Workspace {
    std::vector<StageWorkspace> stages;
    Tensor<B> d_read;  // (B, 1, 1, outputs)
  };

  explicit ContextNetwork(const Config& config) : config_(checked(config)), readout_(last_layer(config)) {
    NormalizedActivationConfig normalization = config.normalization;
    normalization.channels = config.width;
    const std::size_t stages = sides().size();
    for (std::size_t i = 0; i < stages; ++i) {
      convolutions_.push_back(Convolution({.inputs = i == 0 ? config.inputs : config.width,
                                           .outputs = config.width,
                                           .kernel = 3,
                                           .geometry = halving}));
      norms_.push_back(Norm(normalization));
    }
  }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{{}, {}, readout_.make_parameters(b)};
    for (const Convolution& convolution : convolutions_) p.convolutions.push_back(convolution.make_parameters(b));
    for (const Norm& norm : norms_) p.norms.push_back(norm.make_parameters(b));
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    for (const Norm& norm : norms_) statistics.norms.push_back(norm.make_statistics(b));
    return statistics;
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    Cache cache{{}, b.zeros({batch, 1, 1, config_.outputs})};
    for (const Index side : sides()) {
      const Shape map{batch, side, side, config_.width};
      cache.stages.push_back({b.zeros(map), b.zeros(map), norms_[0].make_cache(b, map)});
    }
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    Workspace workspace{{}, b.zeros({batch, 1, 1, config_.outputs})};
    for (const Index side : sides()) {
      const Shape map{batch, side, side, config_.width};
      workspace.stages.push_back({b.zeros(map), b.zeros(map)});
    }
    return workspace;
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& patches, Cache& cache, Tensor<B>& context,
               Mode mode) const {
    for (std::size_t i = 0; i < norms_.size(); ++i) {
      StageCache& c = cache.stages[i];
      convolutions_[i].forward(b, p.convolutions[i], input(patches, cache, i), c.convolved);       // (B, h, w, width)
      norms_[i].forward(b, p.norms[i], s.norms[i], c.convolved, c.norm, c.activated, mode);        // (B, h, w, width)
    }
    readout_.forward(b, p.readout, input(patches, cache, norms_.size()), cache.read);  // (B, 1, 1, outputs)
    ops::global_average_pool(b, cache.read, context);                                  // (B, outputs): of one pixel
  }

  /// Gradients of parameters accumulate; the patches are data. Valid after a forward pass in training mode.
  void backward(B& b, const Parameters& p, const Tensor<B>& patches, const Cache& cache, const Tensor<B>& d_context,
                Workspace& w, Parameters& d_p) const
    requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B> &&
             TrainablePoolingOps<B>
  {
    ops::global_average_pool_backward(b, d_context, w.d_read, Write::overwrite);  // (B, 1, 1, outputs)
    readout_.backward_parameters(b, input(patches, cache, norms_.size()), w.d_read, d_p.readout);
    if (norms_.empty()) return;
    readout_.backward_input(b, p.readout, w.d_read, w.stages.back().d_activated, Write::overwrite);
    for (std::size_t i = norms_.size(); i-- > 0;) {
      StageWorkspace& at = w.stages[i];
      const StageCache& c = cache.stages[i];
      norms_[i].backward(b, p.norms[i], c.convolved, c.norm, at.d_activated, d_p.norms[i], at.d_convolved,
                         Write::overwrite);
      convolutions_[i].backward_parameters(b, input(patches, cache, i), at.d_convolved, d_p.convolutions[i]);
      if (i > 0)
        convolutions_[i].backward_input(b, p.convolutions[i], at.d_convolved, w.stages[i - 1].d_activated,
                                        Write::overwrite);
    }
  }

 private:
  /// Before the layers are made, whose own sentences would name the wrong thing.
  static const Config& checked(const Config& config) {
    expect_config(config.inputs > 0 && config.side > 0 && config.width > 0 && config.outputs > 0,
                  "ContextNetwork: inputs, side, width and outputs must be at least 1");
    return config;
  }

  static constexpr ConvolutionGeometry halving{.stride = 2, .padding = 1};

  /// Sides of the maps after each halving.
  [[nodiscard]] static std::vector<Index> sides_of(const Config& config) {
    std::vector<Index> sides;
    for (Index side = config.side; side > 8;) sides.push_back(side = sliding_extent(side, 3, halving.stride, halving.padding));
    return sides;
  }
  [[nodiscard]] std::vector<Index> sides() const { return sides_of(config_); }

  [[nodiscard]] static Convolution last_layer(const Config& config) {
    const std::vector<Index> sides = sides_of(config);
    return Convolution({.inputs = sides.empty() ? config.inputs : config.width,
                        .outputs = config.outputs,
                        .kernel = sides.empty() ? config.side : sides.back(),
                        .geometry = {}});
  }

  /// What stage i reads.
  [[nodiscard]] static const Tensor<B>& input(const Tensor<B>& patches, const Cache& cache, std::size_t i) {
    return i == 0 ? patches : cache.stages[i - 1].activated;
  }

  Config config_;
  std::vector<Convolution> convolutions_;
  std::vector<Norm> norms_;
  Convolution readout_;
};

}  // namespace saccade::inline v0
