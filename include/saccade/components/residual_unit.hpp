#pragma once

#include <saccade/components/convolution_layer.hpp>
#include <saccade/components/normalized_activation.hpp>

#include <vector>

namespace saccade::inline v0 {

/// `bottleneck`: convolutions 1x1, 3x3, 1x1, as the parent network has them. `basic`: 3x3, 3x3.
enum class UnitKind { bottleneck, basic };

struct ResidualUnitConfig {
  Index inputs = 64;
  Index outputs = 64;  ///< filters of every convolution of the unit
  UnitKind kind = UnitKind::bottleneck;
  NormalizedActivationConfig normalization{};  ///< its channels are set by the unit
};

/// Pre-activation residual unit: y = F(x) + shortcut(x), F a chain of [norm - PReLU - convolution]; the shortcut is the
/// identity, or a 1x1 convolution where the number of channels changes. x (B, H, W, inputs), y (B, H, W, outputs).
/// Source: He et al., "Identity mappings in deep residual networks", ECCV 2016; Xu et al. 2019, figure 2.
template <class B>
  requires ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B>
class ResidualUnit {
  using Norm = NormalizedActivation<B>;
  using Convolution = ConvolutionLayer<B>;

  struct Stage {
    Norm norm;
    Convolution convolution;
  };

 public:
  using Config = ResidualUnitConfig;

  struct StageParameters {
    typename Norm::Parameters norm;
    typename Convolution::Parameters convolution;
  };

  struct Parameters {
    std::vector<StageParameters> stages;
    std::vector<typename Convolution::Parameters> projection;  ///< one, or none

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (std::size_t i = 0; i < self.stages.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        Norm::Parameters::for_each(self.stages[i].norm, prefix + "norm" + number + ".", visit);
        Convolution::Parameters::for_each(self.stages[i].convolution, prefix + "conv" + number + ".", visit);
      }
      for (auto& p : self.projection) Convolution::Parameters::for_each(p, prefix + "projection.", visit);
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
    typename Norm::Cache norm;
    Tensor<B> activated;  // (B, H, W, inputs of the convolution)
    Tensor<B> convolved;  // (B, H, W, outputs); of length 0 in the last stage, which writes y
  };

  struct Cache {
    std::vector<StageCache> stages;
    Tensor<B> projected;  // (B, H, W, outputs), or of length 0 where the shortcut is the identity
  };

  /// Gradients on their way back; units of equal shape may share one.
  struct Workspace {
    Tensor<B> d_activated;  // (B, H, W, outputs)
    Tensor<B> d_convolved;  // (B, H, W, outputs)
    Tensor<B> d_first;      // (B, H, W, inputs)
  };

  explicit ResidualUnit(const Config& config) : config_(config) {
    const Index kernels_of[2][3] = {{1, 3, 1}, {3, 3, 0}};
    for (const Index kernel : kernels_of[config.kind == UnitKind::basic]) {
      if (kernel == 0) break;
      const Index inputs = stages_.empty() ? config.inputs : config.outputs;
      NormalizedActivationConfig norm = config.normalization;
      norm.channels = inputs;
      stages_.push_back({Norm(norm), Convolution({.inputs = inputs,
                                                  .outputs = config.outputs,
                                                  .kernel = kernel,
                                                  .geometry = {.stride = 1, .padding = kernel / 2}})});
    }
    if (config.inputs != config.outputs)
      projection_.push_back(Convolution({.inputs = config.inputs, .outputs = config.outputs, .kernel = 1, .geometry = {}}));
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p;
    for (const Stage& stage : stages_)
      p.stages.push_back({stage.norm.make_parameters(b), stage.convolution.make_parameters(b)});
    for (const Convolution& projection : projection_) p.projection.push_back(projection.make_parameters(b));
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    for (const Stage& stage : stages_) statistics.norms.push_back(stage.norm.make_statistics(b));
    return statistics;
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch, Index height, Index width) const {
    const Shape projected = projection_.empty() ? Shape{0} : Shape{batch, height, width, config_.outputs};
    Cache cache{{}, b.zeros(projected)};
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const Shape in{batch, height, width, stages_[i].convolution.config().inputs};
      const Shape out = i + 1 == stages_.size() ? Shape{0} : Shape{batch, height, width, config_.outputs};
      cache.stages.push_back({stages_[i].norm.make_cache(b, in), b.zeros(in), b.zeros(out)});
    }
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch, Index height, Index width) const {
    const Shape out{batch, height, width, config_.outputs};
    return {b.zeros(out), b.zeros(out), b.zeros({batch, height, width, config_.inputs})};
  }

  void forward(B& b, const Parameters& p, Statistics& statistics, const Tensor<B>& x, Cache& cache, Tensor<B>& y,
               Mode mode) const {
    const Tensor<B>* in = &x;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      StageCache& c = cache.stages[i];
      Tensor<B>& out = i + 1 == stages_.size() ? y : c.convolved;
      stages_[i].norm.forward(b, p.stages[i].norm, statistics.norms[i], *in, c.norm, c.activated, mode);
      stages_[i].convolution.forward(b, p.stages[i].convolution, c.activated, out);  // (B, H, W, outputs)
      in = &out;
    }
    if (projection_.empty()) {
      ops::axpy(b, Scalar<B>(1), x, y);  // (B, H, W, outputs)
    } else {
      projection_[0].forward(b, p.projection[0], x, cache.projected);  // (B, H, W, outputs)
      ops::axpy(b, Scalar<B>(1), cache.projected, y);                  // (B, H, W, outputs)
    }
  }

  /// d_x (+)= d loss / d x; gradients of parameters accumulate. Valid after a forward pass in training mode.
  void backward(B& b, const Parameters& p, const Tensor<B>& x, const Cache& cache, const Tensor<B>& d_y,
                Workspace& workspace, Parameters& d_p, Tensor<B>& d_x, Write write) const
    requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B>
  {
    const Tensor<B>* d_out = &d_y;
    for (std::size_t i = stages_.size(); i-- > 0;) {
      const StageCache& c = cache.stages[i];
      const Tensor<B>& in = i == 0 ? x : cache.stages[i - 1].convolved;
      Tensor<B>& d_activated = i == 0 ? workspace.d_first : workspace.d_activated;
      Tensor<B>& d_in = i == 0 ? d_x : workspace.d_convolved;
      stages_[i].convolution.backward_parameters(b, c.activated, *d_out, d_p.stages[i].convolution);
      stages_[i].convolution.backward_input(b, p.stages[i].convolution, *d_out, d_activated, Write::overwrite);
      stages_[i].norm.backward(b, p.stages[i].norm, in, c.norm, d_activated, d_p.stages[i].norm, d_in,
                               i == 0 ? write : Write::overwrite);
      d_out = &d_in;
    }
    if (projection_.empty()) {
      ops::axpy(b, Scalar<B>(1), d_y, d_x);
    } else {
      projection_[0].backward_parameters(b, x, d_y, d_p.projection[0]);
      projection_[0].backward_input(b, p.projection[0], d_y, d_x, Write::accumulate);
    }
  }

 private:
  Config config_;
  std::vector<Stage> stages_;
  std::vector<Convolution> projection_;  ///< one, or none
};

}  // namespace saccade::inline v0
