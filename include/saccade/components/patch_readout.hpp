#pragma once

#include <saccade/components/activated_convolution.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pooling.hpp>

#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// How the map of a PatchReadout becomes numbers.
enum class Readout {
  convolution,  ///< a convolution as large as the map: a weight for every place
  positions,    ///< where each filter responds, ops::spatial_softmax: the same wherever it stands
  cells,        ///< the map itself, of one filter: a number for each cell, row by row
};

struct PatchReadoutConfig {
  Index inputs = 3;    ///< channels of a patch: 3 per scale
  Index side = 112;    ///< pixels of a patch
  Index width = 16;    ///< filters of every convolution
  Index outputs = 16;  ///< length of what it tells the policy; twice the number of positions; of cells it follows
  Readout readout = Readout::convolution;
  NormalizedActivationConfig normalization{};
  Index widest = 8;  ///< with a read-out by convolution, the map that is read out is at most so many cells wide
};

/// What a convolution 3x3 of a PatchReadout leaves.
struct ReadoutMap {
  Index side;
  Index stride;
};

/// Of all of them, in order.
[[nodiscard]] inline std::vector<ReadoutMap> readout_maps(const PatchReadoutConfig& config) {
  const bool flat = config.readout == Readout::convolution;
  const Index widest = flat ? config.widest : 24;
  const std::size_t least = flat ? 0 : 3;
  std::vector<ReadoutMap> maps;
  for (Index side = config.side; side > widest || maps.size() < least;) {
    const Index stride = side > widest ? 2 : 1;
    side = sliding_extent(side, 3, stride, 1);
    maps.push_back({side, stride});
  }
  return maps;
}

/// Side of the map that is read out: of the cells, where they are.
[[nodiscard]] inline Index readout_side(const PatchReadoutConfig& config) {
  const std::vector<ReadoutMap> maps = readout_maps(config);
  return maps.empty() ? config.side : maps.back().side;
}

/// Tells the location policy where in the glimpse, at its wide scales above all, something is: that is just what the
/// global average pooling of SA-Net forgets. patches (B, side, side, inputs), context (B, outputs).
///
/// `convolution`: a chain of [convolution 3x3/2 - norm - PReLU] until the map is at most `widest` wide, then a
/// convolution as large as the map. `positions`: three or more [convolution 3x3 - norm - PReLU], with stride 2 while
/// the map is wider than 24, then a convolution 1x1 and the expected position of each of its outputs / 2 channels. The
/// policy then only has to learn what to look for, not what it looks like at every place. `cells`: the same, but the
/// convolution 1x1 has one filter, and its map is the output.
///
/// Not in the paper, whose policy sees pooled features only. It feeds the location path and learns from the reward
/// alone, like the context network of Ba, Mnih and Kavukcuoglu, "Multiple object recognition with visual attention",
/// ICLR 2015.
template <class B>
requires ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B>
class PatchReadout {
  using Convolution = ConvolutionLayer<B>;
  using Stage = ActivatedConvolution<B>;

 public:
  using Config = PatchReadoutConfig;

  struct Parameters {
    typename Convolution::Parameters first;
    std::vector<typename Stage::Parameters> stages;

    /// The convolutions are "conv1", "conv2", ..., and the last "readout".
    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      const auto visit_convolution = [&](auto& p, std::size_t number) {
        const bool last = number > self.stages.size();
        Convolution::Parameters::for_each(p, prefix + (last ? "readout." : "conv" + std::to_string(number) + "."),
                                          visit);
      };
      visit_convolution(self.first, 1);
      for (std::size_t i = 0; i < self.stages.size(); ++i) {
        NormalizedActivation<B>::Parameters::for_each(self.stages[i].norm,
                                                      prefix + "norm" + std::to_string(i + 1) + ".", visit);
        visit_convolution(self.stages[i].convolution, i + 2);
      }
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

  struct Cache {
    // (B, h, w, width) of each convolution; of the last (B, 1, 1, outputs), (B, h, w, outputs / 2) for positions, or
    // (B, h, w, 1) for cells
    std::vector<Tensor<B>> convolved;
    std::vector<typename Stage::Cache> stages;
    Tensor<B> log_sum;   // (B, outputs / 2); of length 0 without positions
    Tensor<B> position;  // (B, outputs); of length 0 without positions
  };

  struct Workspace {
    std::vector<Tensor<B>> d_convolved;  // as `convolved`
    std::vector<Tensor<B>> scratch;      // of each stage
  };

  explicit PatchReadout(const Config& config)
      : config_(checked(config)), maps_(readout_maps(config)), first_(convolution(0)) {
    for (std::size_t i = 1; i <= maps_.size(); ++i) {
      const auto layer = convolution(i);
      stages_.push_back(Stage({.inputs = layer.inputs,
                               .outputs = layer.outputs,
                               .kernel = layer.kernel,
                               .geometry = layer.geometry,
                               .normalization = config.normalization}));
    }
  }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{first_.make_parameters(b), {}};
    for (const Stage& stage : stages_) p.stages.push_back(stage.make_parameters(b));
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    for (const Stage& stage : stages_) statistics.norms.push_back(stage.make_statistics(b));
    return statistics;
  }

  /// One made for evaluation holds only what forward needs.
  [[nodiscard]] Cache make_cache(B& b, Index batch, Mode mode = Mode::training) const {
    Cache cache{make_maps(b, batch),
                {},
                b.zeros(positions() ? Shape{batch, config_.outputs / 2} : Shape{0}),
                b.zeros(positions() ? Shape{batch, config_.outputs} : Shape{0})};
    for (std::size_t i = 0; i < stages_.size(); ++i)
      cache.stages.push_back(stages_[i].make_cache(b, batch, maps_[i].side, maps_[i].side, mode));
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    Workspace workspace{make_maps(b, batch), {}};
    for (std::size_t i = 0; i < stages_.size(); ++i)
      workspace.scratch.push_back(stages_[i].make_scratch(b, batch, maps_[i].side, maps_[i].side));
    return workspace;
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& patches, Cache& cache, Tensor<B>& context,
               Mode mode) const {
    first_.forward(b, p.first, patches, cache.convolved[0]);
    for (std::size_t i = 0; i < stages_.size(); ++i)
      stages_[i].forward(b, p.stages[i], s.norms[i], cache.convolved[i], cache.stages[i], nullptr,
                         cache.convolved[i + 1], mode);
    if (positions()) {
      ops::spatial_softmax(b, cache.convolved.back(), cache.log_sum, cache.position);
      ops::copy(b, cache.position, context);
    } else if (cells()) {
      ops::reshape(b, cache.convolved.back(), context);  // (B, h w)
    } else {
      ops::global_average_pool(b, cache.convolved.back(), context);  // (B, outputs): of one pixel
    }
  }

  /// Gradients of parameters accumulate; the patches are data. Valid after a forward pass in training mode.
  void backward(B& b, const Parameters& p, const Tensor<B>& patches, const Cache& cache, const Tensor<B>& d_context,
                Workspace& w, Parameters& d_p) const requires TrainableConvolutionOps<B> &&
      TrainableNormalizationOps<B> && TrainablePointwiseOps<B> && TrainablePoolingOps<B> {
    if (positions())
      ops::spatial_softmax_backward(b, cache.convolved.back(), cache.log_sum, cache.position, d_context,
                                    w.d_convolved.back(), Write::overwrite);  // (B, h, w, outputs / 2)
    else if (cells())
      ops::reshape(b, d_context, w.d_convolved.back());  // (B, h, w, 1)
    else
      ops::global_average_pool_backward(b, d_context, w.d_convolved.back(), Write::overwrite);  // (B, 1, 1, outputs)
    for (std::size_t i = stages_.size(); i-- > 0;)
      stages_[i].backward(b, p.stages[i], cache.convolved[i], cache.stages[i], w.d_convolved[i + 1], nullptr,
                          w.scratch[i], d_p.stages[i], w.d_convolved[i]);
    first_.backward_parameters(b, patches, w.d_convolved[0], d_p.first);
  }

 private:
  /// Before the layers are made, whose own sentences would name the wrong thing.
  static const Config& checked(const Config& config) {
    expect_config(config.inputs > 0 && config.side > 0 && config.width > 0 && config.outputs > 0 && config.widest > 0,
                  "PatchReadout: inputs, side, width, outputs and widest must be at least 1");
    expect_config(
        config.readout != Readout::positions || config.outputs % 2 == 0,
        "PatchReadout: outputs must be even where they are positions, but are " + std::to_string(config.outputs));
    return config;
  }

  [[nodiscard]] bool positions() const { return config_.readout == Readout::positions; }
  [[nodiscard]] bool cells() const { return config_.readout == Readout::cells; }
  /// Channels of the map that is read out.
  [[nodiscard]] Index filters() const { return cells() ? 1 : positions() ? config_.outputs / 2 : config_.outputs; }

  [[nodiscard]] Index last_side() const { return maps_.empty() ? config_.side : maps_.back().side; }

  /// Convolution number i; the last one reads out.
  [[nodiscard]] typename Convolution::Config convolution(std::size_t i) const {
    const Index inputs = i == 0 ? config_.inputs : config_.width;
    if (i < maps_.size())
      return {.inputs = inputs,
              .outputs = config_.width,
              .kernel = 3,
              .geometry = {.stride = maps_[i].stride, .padding = 1}};
    const Index kernel = config_.readout == Readout::convolution ? last_side() : 1;
    return {.inputs = inputs, .outputs = filters(), .kernel = kernel, .geometry = {}};
  }

  [[nodiscard]] std::vector<Tensor<B>> make_maps(B& b, Index batch) const {
    std::vector<Tensor<B>> maps;
    for (const ReadoutMap& map : maps_) maps.push_back(make_map(b, {batch, map.side, map.side, config_.width}));
    const Index side = config_.readout == Readout::convolution ? 1 : last_side();
    maps.push_back(make_map(b, {batch, side, side, filters()}));
    return maps;
  }

  Config config_;
  std::vector<ReadoutMap> maps_;
  Convolution first_;
  std::vector<Stage> stages_;
};

}  // namespace saccade
