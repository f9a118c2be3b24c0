#pragma once

#include <saccade/components/residual_unit.hpp>
#include <saccade/ops/pooling.hpp>
#include <saccade/ops/upsample.hpp>

#include <string>
#include <utility>
#include <vector>

namespace saccade::inline v0 {

struct MaskBranchConfig {
  Index width = 64;
  Index depth = 4;  ///< how often the map is halved
  bool skips = true;
  UnitKind unit = UnitKind::bottleneck;
  NormalizedActivationConfig normalization{};
  Corners corners = Corners::aligned;
};

/// The mask branch of SA-Net: down, up, and two 1x1 convolutions; x and mask_logits (B, H, W, C). The sigmoid that turns
/// logits into the mask M belongs to ops::apply_mask.
///
///     down     depth times: max-pool 3x3/2, residual unit
///     bottom   two residual units
///     up       depth - 1 times: bilinear to the size of the level above, + a residual unit of that level's map (skip),
///              residual unit; then bilinear to the size of x
///     head     twice: norm - PReLU - convolution 1x1
///
/// Source: Xu et al. 2019, figure 2; Wang et al., "Residual attention network", CVPR 2017.
template <class B>
  requires ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B> && UpsampleOps<B>
class MaskBranch {
  using Unit = ResidualUnit<B>;
  using Norm = NormalizedActivation<B>;
  using Convolution = ConvolutionLayer<B>;

 public:
  using Config = MaskBranchConfig;

  struct Parameters {
    std::vector<typename Unit::Parameters> down, bottom, skip, up;
    std::vector<typename Norm::Parameters> norm;
    std::vector<typename Convolution::Parameters> convolution;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for_each_unit(self, prefix, visit, [](auto& unit, const std::string& name, auto& v) {
        Unit::Parameters::for_each(unit, name, v);
      });
      for (std::size_t i = 0; i < self.norm.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        Norm::Parameters::for_each(self.norm[i], prefix + "head.norm" + number + ".", visit);
        Convolution::Parameters::for_each(self.convolution[i], prefix + "head.conv" + number + ".", visit);
      }
    }
  };

  struct Statistics {
    std::vector<typename Unit::Statistics> down, bottom, skip, up;
    std::vector<typename Norm::Statistics> norm;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for_each_unit(self, prefix, visit, [](auto& unit, const std::string& name, auto& v) {
        Unit::Statistics::for_each(unit, name, v);
      });
      for (std::size_t i = 0; i < self.norm.size(); ++i)
        Norm::Statistics::for_each(self.norm[i], prefix + "head.norm" + std::to_string(i + 1) + ".", visit);
    }
  };

  /// Maps of one level: level 0 is half of x, level i half of level i - 1. Those that a level lacks have length 0.
  struct LevelCache {
    Tensor<B> pooled, argmax;  // (B, h, w, C)
    Tensor<B> down;            // (B, h, w, C)
    Tensor<B> skip;            // (B, h, w, C)
    Tensor<B> joined;          // (B, h, w, C)  the upsampled map of the level below, plus skip
    Tensor<B> up;              // (B, h, w, C)
    typename Unit::Cache down_unit, skip_unit, up_unit;
  };

  struct Cache {
    std::vector<LevelCache> levels;
    std::vector<typename Unit::Cache> bottom_unit;  // two
    std::vector<Tensor<B>> bottom;                  // two (B, h, w, C) of the last level
    Tensor<B> full;                                 // (B, H, W, C)
    std::vector<typename Norm::Cache> norm;         // two
    std::vector<Tensor<B>> activated;               // two (B, H, W, C)
    Tensor<B> convolved;                            // (B, H, W, C)
  };

  struct LevelWorkspace {
    typename Unit::Workspace unit;
    Tensor<B> d_out, d_joined, d_down;  // (B, h, w, C)
  };

  struct Workspace {
    std::vector<LevelWorkspace> levels;
    Tensor<B> d_activated, d_full;  // (B, H, W, C)
  };

  explicit MaskBranch(const Config& config)
      : config_(config),
        unit_({.inputs = config.width,
               .outputs = config.width,
               .kind = config.unit,
               .normalization = config.normalization}),
        norm_(normalization_of(config)),
        convolution_({.inputs = config.width, .outputs = config.width, .kernel = 1, .geometry = {}}) {
    expect_config(config.depth >= 1, "MaskBranch: depth must be at least 1, but is " + std::to_string(config.depth));
  }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p;
    for_each_unit_of(p, [&](auto& units) { units.push_back(unit_.make_parameters(b)); });
    for (int i = 0; i < 2; ++i) {
      p.norm.push_back(norm_.make_parameters(b));
      p.convolution.push_back(convolution_.make_parameters(b));
    }
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    for_each_unit_of(statistics, [&](auto& units) { units.push_back(unit_.make_statistics(b)); });
    for (int i = 0; i < 2; ++i) statistics.norm.push_back(norm_.make_statistics(b));
    return statistics;
  }

  /// @throws ConfigError if halving the map `depth` times leaves less than 2 pixels to halve
  [[nodiscard]] Cache make_cache(B& b, Index batch, Index height, Index width) const {
    const auto map = [&](Index h, Index w) { return b.zeros({batch, h, w, config_.width}); };
    const auto none = [&] { return b.zeros({0}); };
    Cache cache{.levels = {},
                .bottom_unit = {},
                .bottom = {},
                .full = map(height, width),
                .norm = {},
                .activated = {},
                .convolved = map(height, width)};
    for (int i = 0; i < 2; ++i) {
      cache.norm.push_back(norm_.make_cache(b, {batch, height, width, config_.width}));
      cache.activated.push_back(map(height, width));
    }
    Index h = height, w = width;
    for (Index level = 0; level < config_.depth; ++level) {
      expect_config(h > 1 && w > 1, "MaskBranch: a map of " + std::to_string(height) + " x " + std::to_string(width) +
                                        " cannot be halved " + std::to_string(config_.depth) + " times");
      h = halved(h);
      w = halved(w);
      const bool last = level + 1 == config_.depth, skip = !last && config_.skips;
      cache.levels.push_back({.pooled = map(h, w),
                              .argmax = map(h, w),
                              .down = map(h, w),
                              .skip = skip ? map(h, w) : none(),
                              .joined = last ? none() : map(h, w),
                              .up = last ? none() : map(h, w),
                              .down_unit = unit_.make_cache(b, batch, h, w),
                              .skip_unit = unit_.make_cache(b, skip ? batch : 0, h, w),
                              .up_unit = unit_.make_cache(b, last ? 0 : batch, h, w)});
    }
    for (int i = 0; i < 2; ++i) {
      cache.bottom_unit.push_back(unit_.make_cache(b, batch, h, w));
      cache.bottom.push_back(map(h, w));
    }
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch, Index height, Index width) const {
    const auto map = [&](Index h, Index w) { return b.zeros({batch, h, w, config_.width}); };
    Workspace workspace{{}, map(height, width), map(height, width)};
    Index h = height, w = width;
    for (Index level = 0; level < config_.depth; ++level) {
      h = halved(h);
      w = halved(w);
      workspace.levels.push_back({unit_.make_workspace(b, batch, h, w), map(h, w), map(h, w), map(h, w)});
    }
    return workspace;
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& x, Cache& cache, Tensor<B>& mask_logits,
               Mode mode) const {
    const Tensor<B>* in = &x;
    for (std::size_t i = 0; i < cache.levels.size(); ++i) {
      LevelCache& level = cache.levels[i];
      ops::max_pool(b, *in, pooling, level.pooled, level.argmax);
      unit_.forward(b, p.down[i], s.down[i], level.pooled, level.down_unit, level.down, mode);
      in = &level.down;
    }
    for (std::size_t i = 0; i < 2; ++i) {
      unit_.forward(b, p.bottom[i], s.bottom[i], *in, cache.bottom_unit[i], cache.bottom[i], mode);
      in = &cache.bottom[i];
    }
    for (std::size_t i = cache.levels.size() - 1; i-- > 0;) {
      LevelCache& level = cache.levels[i];
      ops::upsample_bilinear(b, *in, config_.corners, level.joined);
      if (config_.skips) {
        unit_.forward(b, p.skip[i], s.skip[i], level.down, level.skip_unit, level.skip, mode);
        ops::axpy(b, Scalar<B>(1), level.skip, level.joined);
      }
      unit_.forward(b, p.up[i], s.up[i], level.joined, level.up_unit, level.up, mode);
      in = &level.up;
    }
    ops::upsample_bilinear(b, *in, config_.corners, cache.full);  // (B, H, W, C)
    norm_.forward(b, p.norm[0], s.norm[0], cache.full, cache.norm[0], cache.activated[0], mode);
    convolution_.forward(b, p.convolution[0], cache.activated[0], cache.convolved);
    norm_.forward(b, p.norm[1], s.norm[1], cache.convolved, cache.norm[1], cache.activated[1], mode);
    convolution_.forward(b, p.convolution[1], cache.activated[1], mask_logits);  // (B, H, W, C)
  }

  void backward(B& b, const Parameters& p, const Cache& cache, const Tensor<B>& d_mask_logits, Workspace& workspace,
                Parameters& d_p, Tensor<B>& d_x, Write write) const
    requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B> &&
             TrainablePoolingOps<B> && TrainableUpsampleOps<B>
  {
    Tensor<B>&d_activated = workspace.d_activated, &d_full = workspace.d_full;
    convolution_.backward_parameters(b, cache.activated[1], d_mask_logits, d_p.convolution[1]);
    convolution_.backward_input(b, p.convolution[1], d_mask_logits, d_activated, Write::overwrite);
    Tensor<B>& d_convolved = d_full;
    norm_.backward(b, p.norm[1], cache.convolved, cache.norm[1], d_activated, d_p.norm[1], d_convolved, Write::overwrite);
    convolution_.backward_parameters(b, cache.activated[0], d_convolved, d_p.convolution[0]);
    convolution_.backward_input(b, p.convolution[0], d_convolved, d_activated, Write::overwrite);
    norm_.backward(b, p.norm[0], cache.full, cache.norm[0], d_activated, d_p.norm[0], d_full, Write::overwrite);

    ops::upsample_bilinear_backward(b, d_full, config_.corners, workspace.levels[0].d_out, Write::overwrite);
    const std::size_t last = cache.levels.size() - 1;
    for (std::size_t i = 0; i < last; ++i) {
      const LevelCache& level = cache.levels[i];
      LevelWorkspace& w = workspace.levels[i];
      unit_.backward(b, p.up[i], level.joined, level.up_unit, w.d_out, w.unit, d_p.up[i], w.d_joined, Write::overwrite);
      if (config_.skips) {
        unit_.backward(b, p.skip[i], level.down, level.skip_unit, w.d_joined, w.unit, d_p.skip[i], w.d_down,
                       Write::overwrite);
      } else {
        b.fill(Scalar<B>(0), w.d_down);
      }
      ops::upsample_bilinear_backward(b, w.d_joined, config_.corners, workspace.levels[i + 1].d_out, Write::overwrite);
    }
    LevelWorkspace& w = workspace.levels[last];
    unit_.backward(b, p.bottom[1], cache.bottom[0], cache.bottom_unit[1], w.d_out, w.unit, d_p.bottom[1], w.d_joined,
                   Write::overwrite);
    unit_.backward(b, p.bottom[0], cache.levels[last].down, cache.bottom_unit[0], w.d_joined, w.unit, d_p.bottom[0],
                   w.d_down, Write::overwrite);
    for (std::size_t i = cache.levels.size(); i-- > 0;) {
      const LevelCache& level = cache.levels[i];
      LevelWorkspace& at = workspace.levels[i];
      Tensor<B>& d_pooled = at.d_out;
      unit_.backward(b, p.down[i], level.pooled, level.down_unit, at.d_down, at.unit, d_p.down[i], d_pooled,
                     Write::overwrite);
      ops::max_pool_backward(b, d_pooled, level.argmax, pooling, i == 0 ? d_x : workspace.levels[i - 1].d_down,
                             i == 0 ? write : Write::accumulate);
    }
  }

 private:
  static constexpr PoolingGeometry pooling{.window = 3, .stride = 2, .padding = 1};

  static Index halved(Index extent) { return sliding_extent(extent, pooling.window, pooling.stride, pooling.padding); }

  static NormalizedActivationConfig normalization_of(const Config& config) {
    NormalizedActivationConfig normalization = config.normalization;
    normalization.channels = config.width;
    return normalization;
  }

  /// Visits the units that Parameters and Statistics list alike, by their full names.
  template <class Self, class Visitor, class Each>
  static void for_each_unit(Self& self, const std::string& prefix, Visitor& visit, Each each) {
    const auto list = [&](auto& units, const char* name) {
      for (std::size_t i = 0; i < units.size(); ++i)
        each(units[i], prefix + name + std::to_string(i + 1) + ".", visit);
    };
    list(self.down, "down");
    list(self.bottom, "bottom");
    list(self.skip, "skip");
    list(self.up, "up");
  }

  /// Calls `append` for each unit that the configuration asks for.
  template <class Units, class Append>
  void for_each_unit_of(Units& units, Append append) const {
    for (Index i = 0; i < config_.depth; ++i) append(units.down);
    for (int i = 0; i < 2; ++i) append(units.bottom);
    for (Index i = 0; i + 1 < config_.depth; ++i) {
      if (config_.skips) append(units.skip);
      append(units.up);
    }
  }

  Config config_;
  Unit unit_;
  Norm norm_;
  Convolution convolution_;
};

}  // namespace saccade::inline v0
