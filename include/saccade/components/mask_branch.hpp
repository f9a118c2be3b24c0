#pragma once

#include <saccade/components/residual_unit.hpp>
#include <saccade/ops/pooling.hpp>
#include <saccade/ops/upsample.hpp>

#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

struct MaskBranchConfig {
  Index width = 64;
  Index depth = 4;  ///< how often the map is halved
  bool skips = true;
  UnitKind unit = UnitKind::bottleneck;
  NormalizedActivationConfig normalization{};
  Corners corners = Corners::aligned;
};

/// The mask branch of SA-Net: down, up, and two 1x1 convolutions; x and mask_logits (B, H, W, C). The sigmoid that
/// turns logits into the mask M belongs to ops::apply_mask.
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
  using Head = ActivatedConvolution<B>;

 public:
  using Config = MaskBranchConfig;

  struct Parameters {
    std::vector<typename Unit::Parameters> down, bottom, skip, up;
    std::vector<typename Head::Parameters> head;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for_each_unit(self, prefix, visit,
                    [](auto& unit, const std::string& name, auto& v) { Unit::Parameters::for_each(unit, name, v); });
      for (std::size_t i = 0; i < self.head.size(); ++i)
        Head::Parameters::for_each(self.head[i], prefix + "head.", i + 1, visit);
    }
  };

  struct Statistics {
    std::vector<typename Unit::Statistics> down, bottom, skip, up;
    std::vector<typename Head::Statistics> head;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for_each_unit(self, prefix, visit,
                    [](auto& unit, const std::string& name, auto& v) { Unit::Statistics::for_each(unit, name, v); });
      for (std::size_t i = 0; i < self.head.size(); ++i)
        Head::Statistics::for_each(self.head[i], prefix + "head.norm" + std::to_string(i + 1) + ".", visit);
    }
  };

  /// Maps of one level: level 0 is half of x, level i half of level i - 1. The last level has no way up.
  struct LevelCache {
    Tensor<B> pooled, argmax;                 // (B, h, w, C)
    Tensor<B> down;                           // (B, h, w, C)
    Tensor<B> joined, up;                     // (B, h, w, C), or of length 0 in the last level
    std::vector<typename Unit::Cache> units;  ///< in the order of `Place`; in evaluation one that all use in turn
  };

  struct Cache {
    std::vector<LevelCache> levels;
    std::vector<Tensor<B>> bottom;           // two (B, h, w, C) of the last level
    std::vector<typename Head::Cache> head;  // two
    Tensor<B> convolved;                     // (B, H, W, C)
  };

  struct LevelWorkspace {
    typename Unit::Workspace unit;
    Tensor<B> d_out, d_joined, d_down;  // (B, h, w, C)
  };

  struct Workspace {
    std::vector<LevelWorkspace> levels;
    Tensor<B> scratch;  // of the head
  };

  explicit MaskBranch(const Config& config)
      : config_(config),
        unit_({.inputs = config.width,
               .outputs = config.width,
               .kind = config.unit,
               .normalization = config.normalization}),
        head_({.inputs = config.width,
               .outputs = config.width,
               .kernel = 1,
               .geometry = {},
               .normalization = config.normalization}) {
    expect_config(config.depth >= 1, "MaskBranch: depth must be at least 1, but is " + std::to_string(config.depth));
  }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p;
    for_each_unit_of(p, [&](auto& units) { units.push_back(unit_.make_parameters(b)); });
    for (int i = 0; i < 2; ++i) p.head.push_back(head_.make_parameters(b));
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    for_each_unit_of(statistics, [&](auto& units) { units.push_back(unit_.make_statistics(b)); });
    for (int i = 0; i < 2; ++i) statistics.head.push_back(head_.make_statistics(b));
    return statistics;
  }

  /// @throws ConfigError if halving the map `depth` times leaves less than 2 pixels to halve
  [[nodiscard]] Cache make_cache(B& b, Index batch, Index height, Index width, Mode mode = Mode::training) const {
    const auto map = [&](Index h, Index w) { return make_map(b, {batch, h, w, config_.width}); };
    Cache cache{{}, {}, {}, map(height, width)};
    for (int i = 0; i < 2; ++i) cache.head.push_back(head_.make_cache(b, batch, height, width, mode));
    Index h = height, w = width;
    for (Index level = 0; level < config_.depth; ++level) {
      expect_config(h > 1 && w > 1, "MaskBranch: a map of " + std::to_string(height) + " x " + std::to_string(width) +
                                        " cannot be halved " + std::to_string(config_.depth) + " times");
      h = halved(h);
      w = halved(w);
      const bool last = level + 1 == config_.depth;
      const auto way_up = [&] { return last ? make_map(b, {0}) : map(h, w); };
      cache.levels.push_back({map(h, w), map(h, w), map(h, w), way_up(), way_up(), {}});
      const int units = mode == Mode::evaluation ? 1 : last || config_.skips ? 3 : 2;
      for (int i = 0; i < units; ++i) cache.levels.back().units.push_back(unit_.make_cache(b, batch, h, w, mode));
    }
    for (int i = 0; i < 2; ++i) cache.bottom.push_back(map(h, w));
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch, Index height, Index width) const {
    const auto map = [&](Index h, Index w) { return make_map(b, {batch, h, w, config_.width}); };
    Workspace workspace{{}, head_.make_scratch(b, batch, height, width)};
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
      unit_.forward(b, p.down[i], s.down[i], level.pooled, unit(level, down), level.down, mode);
      in = &level.down;
    }
    for (std::size_t i = 0; i < 2; ++i) {
      unit_.forward(b, p.bottom[i], s.bottom[i], *in, unit(cache.levels.back(), bottom + i), cache.bottom[i], mode);
      in = &cache.bottom[i];
    }
    for (std::size_t i = cache.levels.size() - 1; i-- > 0;) {
      LevelCache& level = cache.levels[i];
      if (config_.skips) {
        unit_.forward(b, p.skip[i], s.skip[i], level.down, unit(level, skip), level.joined, mode);
        Tensor<B>& upsampled = level.up;
        ops::upsample_bilinear(b, *in, config_.corners, upsampled);
        ops::axpy(b, Scalar<B>(1), upsampled, level.joined);
      } else {
        ops::upsample_bilinear(b, *in, config_.corners, level.joined);
      }
      unit_.forward(b, p.up[i], s.up[i], level.joined, unit(level, up), level.up, mode);
      in = &level.up;
    }
    Tensor<B>& full = mask_logits;
    ops::upsample_bilinear(b, *in, config_.corners, full);  // (B, H, W, C)
    head_.forward(b, p.head[0], s.head[0], full, cache.head[0], nullptr, cache.convolved, mode);
    head_.forward(b, p.head[1], s.head[1], cache.convolved, cache.head[1], nullptr, mask_logits, mode);
  }

  /// d_x (+)= d loss / d x; gradients of parameters accumulate. Valid after a forward pass in training mode.
  ///
  /// @param d_mask_logits      (B, H, W, C), used as scratch
  /// @param full, d_convolved  (B, H, W, C), scratch
  void backward(B& b, const Parameters& p, const Cache& cache, Tensor<B>& d_mask_logits, Tensor<B>& full,
                Tensor<B>& d_convolved, Workspace& workspace, Parameters& d_p, Tensor<B>& d_x,
                Write write) const
    requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B> &&
             TrainablePoolingOps<B> && TrainableUpsampleOps<B>
  {
    // Not kept, for it is cheap to compute again.
    ops::upsample_bilinear(b, cache.levels.size() == 1 ? cache.bottom[1] : cache.levels[0].up, config_.corners, full);
    Tensor<B>& d_full = d_mask_logits;
    head_.backward(b, p.head[1], cache.convolved, cache.head[1], d_mask_logits, nullptr, workspace.scratch, d_p.head[1],
                   d_convolved);
    head_.backward(b, p.head[0], full, cache.head[0], d_convolved, nullptr, workspace.scratch, d_p.head[0], d_full);
    ops::upsample_bilinear_backward(b, d_full, config_.corners, workspace.levels[0].d_out, Write::overwrite);
    const std::size_t last = cache.levels.size() - 1;
    for (std::size_t i = 0; i < last; ++i) {
      const LevelCache& level = cache.levels[i];
      LevelWorkspace& w = workspace.levels[i];
      unit_.backward(b, p.up[i], level.joined, level.units[up], w.d_out, w.unit, d_p.up[i], w.d_joined);
      if (config_.skips) {
        unit_.backward(b, p.skip[i], level.down, level.units[skip], w.d_joined, w.unit, d_p.skip[i], w.d_down);
      } else {
        b.fill(Scalar<B>(0), w.d_down);
      }
      ops::upsample_bilinear_backward(b, w.d_joined, config_.corners, workspace.levels[i + 1].d_out, Write::overwrite);
    }
    const LevelCache& deepest = cache.levels[last];
    LevelWorkspace& w = workspace.levels[last];
    unit_.backward(b, p.bottom[1], cache.bottom[0], deepest.units[bottom + 1], w.d_out, w.unit, d_p.bottom[1],
                   w.d_joined);
    unit_.backward(b, p.bottom[0], deepest.down, deepest.units[bottom], w.d_joined, w.unit, d_p.bottom[0], w.d_down);
    for (std::size_t i = cache.levels.size(); i-- > 0;) {
      const LevelCache& level = cache.levels[i];
      LevelWorkspace& at = workspace.levels[i];
      Tensor<B>& d_pooled = at.d_out;
      unit_.backward(b, p.down[i], level.pooled, level.units[down], at.d_down, at.unit, d_p.down[i], d_pooled);
      ops::max_pool_backward(b, d_pooled, level.argmax, pooling, i == 0 ? d_x : workspace.levels[i - 1].d_down,
                             i == 0 ? write : Write::accumulate);
    }
  }

 private:
  static constexpr PoolingGeometry pooling{.window = 3, .stride = 2, .padding = 1};

  static Index halved(Index extent) { return sliding_extent(extent, pooling.window, pooling.stride, pooling.padding); }

  /// Of the units' caches in a level: down, up and skip, or, in the last level, down and the two at the bottom.
  enum Place : std::size_t { down = 0, up = 1, skip = 2, bottom = 1 };

  static typename Unit::Cache& unit(LevelCache& level, std::size_t place) {
    return level.units[level.units.size() == 1 ? 0 : place];
  }

  /// Visits the units that Parameters and Statistics list alike, by their full names.
  template <class Self, class Visitor, class Each>
  static void for_each_unit(Self& self, const std::string& prefix, Visitor& visit, Each each) {
    const auto list = [&](auto& units, const char* name) {
      for (std::size_t i = 0; i < units.size(); ++i) each(units[i], prefix + name + std::to_string(i + 1) + ".", visit);
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
  Head head_;
};

}  // namespace saccade
