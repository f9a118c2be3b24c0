#pragma once

#include <saccade/components/activated_convolution.hpp>

#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

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
  using Stage = ActivatedConvolution<B>;
  using Convolution = ConvolutionLayer<B>;

 public:
  using Config = ResidualUnitConfig;

  struct Parameters {
    std::vector<typename Stage::Parameters> stages;
    std::vector<typename Convolution::Parameters> projection;  ///< one, or none

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (std::size_t i = 0; i < self.stages.size(); ++i)
        Stage::Parameters::for_each(self.stages[i], prefix, i + 1, visit);
      for (auto& p : self.projection) Convolution::Parameters::for_each(p, prefix + "projection.", visit);
    }
  };

  struct Statistics {
    std::vector<typename Stage::Statistics> norms;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (std::size_t i = 0; i < self.norms.size(); ++i)
        Stage::Statistics::for_each(self.norms[i], prefix + "norm" + std::to_string(i + 1) + ".", visit);
    }
  };

  /// Where the stages are fused, the first convolution of a bottleneck is not kept: 1x1, it is cheap to compute again.
  struct Cache {
    std::vector<typename Stage::Cache> stages;
    std::vector<Tensor<B>> convolved;  // (B, H, W, outputs) of every stage but the last; of length 0 if not kept
    Tensor<B> projected;               // (B, H, W, outputs), or of length 0 without a projection or where fused
  };

  /// Gradients on their way back. Units of equal outputs may share the workspace of the one that has a projection.
  struct Workspace {
    std::vector<Tensor<B>> d_convolved;  // (B, H, W, outputs) of every stage but the last
    Tensor<B> scratch;                   // of a stage with as many inputs as outputs
    Tensor<B> first_scratch;             // of the first stage where there is a projection
    Tensor<B> repeated;                  // (B, H, W, outputs) where there is a projection and the first is not kept
  };

  explicit ResidualUnit(const Config& config) : config_(config) {
    const Index kernels_of[2][3] = {{1, 3, 1}, {3, 3, 0}};
    for (const Index kernel : kernels_of[config.kind == UnitKind::basic]) {
      if (kernel == 0) break;
      stages_.push_back(Stage({.inputs = stages_.empty() ? config.inputs : config.outputs,
                               .outputs = config.outputs,
                               .kernel = kernel,
                               .geometry = {.stride = 1, .padding = kernel / 2},
                               .normalization = config.normalization}));
    }
    if (config.inputs != config.outputs)
      projection_.push_back(
          Convolution({.inputs = config.inputs, .outputs = config.outputs, .kernel = 1, .geometry = {}}));
    repeats_first_ = fused() && config.kind == UnitKind::bottleneck;
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p;
    for (const Stage& stage : stages_) p.stages.push_back(stage.make_parameters(b));
    for (const Convolution& projection : projection_) p.projection.push_back(projection.make_parameters(b));
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    for (const Stage& stage : stages_) statistics.norms.push_back(stage.make_statistics(b));
    return statistics;
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch, Index height, Index width, Mode mode = Mode::training) const {
    const Shape out{batch, height, width, config_.outputs};
    Cache cache{{}, {}, make_map(b, projection_.empty() || fused() ? Shape{0} : out)};
    for (const Stage& stage : stages_) cache.stages.push_back(stage.make_cache(b, batch, height, width, mode));
    for (std::size_t i = 0; i + 1 < stages_.size(); ++i)
      cache.convolved.push_back(make_map(b, i == 0 && repeats_first_ ? Shape{0} : out));
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch, Index height, Index width) const {
    const Shape out{batch, height, width, config_.outputs};
    const bool projects = !projection_.empty();
    Workspace workspace{.d_convolved = {},
                        .scratch = stages_.back().make_scratch(b, batch, height, width),
                        .first_scratch = projects ? stages_[0].make_scratch(b, batch, height, width) : make_map(b, {0}),
                        .repeated = make_map(b, projects && repeats_first_ ? out : Shape{0})};
    for (std::size_t i = 1; i < stages_.size(); ++i) workspace.d_convolved.push_back(make_map(b, out));
    return workspace;
  }

  void forward(B& b, const Parameters& p, Statistics& statistics, const Tensor<B>& x, Cache& cache, Tensor<B>& y,
               Mode mode) const {
    Tensor<B>& first = repeats_first_ ? y : cache.convolved[0];  // y is free until the shortcut is added
    const auto output = [&](std::size_t i) -> Tensor<B>& { return i == 0 ? first : cache.convolved[i]; };
    const std::size_t last = stages_.size() - 1;
    for (std::size_t i = 0; i < last; ++i) {
      stages_[i].forward(b, p.stages[i], statistics.norms[i], i == 0 ? x : output(i - 1), cache.stages[i], nullptr,
                         output(i), mode);  // (B, H, W, outputs)
    }
    const Tensor<B>* shortcut = &x;
    if (!projection_.empty()) {
      Tensor<B>& projected = fused() ? y : cache.projected;
      projection_[0].forward(b, p.projection[0], x, projected);  // (B, H, W, outputs)
      shortcut = &projected;
    }
    stages_[last].forward(b, p.stages[last], statistics.norms[last], output(last - 1), cache.stages[last], shortcut, y,
                          mode);  // (B, H, W, outputs)
  }

  /// d_x = d loss / d x; gradients of parameters accumulate. Valid after a forward pass in training mode.
  void backward(B& b, const Parameters& p, const Tensor<B>& x, const Cache& cache, const Tensor<B>& d_y, Workspace& w,
                Parameters& d_p, Tensor<B>& d_x) const
    requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B>
  {
    const bool projects = !projection_.empty();
    Tensor<B>& repeated = projects ? w.repeated : d_x;  // d_x is free until the first stage's turn
    if constexpr (ops::FusedActivation<B>) {
      if (repeats_first_) stages_[0].repeat(b, p.stages[0], x, cache.stages[0], repeated);
    }
    const Tensor<B>& first = repeats_first_ ? repeated : cache.convolved[0];
    const std::size_t last = stages_.size() - 1;
    for (std::size_t i = stages_.size(); i-- > 0;) {
      const Tensor<B>& in = i == 0 ? x : i == 1 ? first : cache.convolved[i - 1];
      const Tensor<B>* d_shortcut = i == 0 && !projects ? &d_y : nullptr;
      stages_[i].backward(b, p.stages[i], in, cache.stages[i], i == last ? d_y : w.d_convolved[i], d_shortcut,
                          i == 0 && projects ? w.first_scratch : w.scratch, d_p.stages[i],
                          i == 0 ? d_x : w.d_convolved[i - 1]);
    }
    if (!projects) return;
    projection_[0].backward_parameters(b, x, d_y, d_p.projection[0]);
    projection_[0].backward_input(b, p.projection[0], d_y, d_x, Write::accumulate);
  }

 private:
  [[nodiscard]] bool fused() const { return stages_.back().fused(); }

  Config config_;
  std::vector<Stage> stages_;
  std::vector<Convolution> projection_;  ///< one, or none
  bool repeats_first_ = false;
};

}  // namespace saccade
