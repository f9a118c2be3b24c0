#pragma once

#include <saccade/components/mask_branch.hpp>
#include <saccade/ops/mask.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// SA-Net, layer by layer. `MaskUse::none` is the encoder without soft attention ("w/o SA" in Table 1).
enum class MaskUse { attend, none };

struct SoftAttentionConfig {
  Index inputs = 3;       ///< channels of a patch: 3 per scale
  Index side = 112;       ///< pixels of a patch
  Index width = 64;       ///< filters of every convolution
  Index stem_kernel = 0;  ///< 0: no stem; else a strided convolution before everything
  Index stem_stride = 1;
  Index trunk_units = 2;
  MaskUse mask = MaskUse::attend;
  Index mask_depth = 4;
  bool mask_skips = true;
  UnitKind unit = UnitKind::bottleneck;
  Corners corners = Corners::aligned;
  NormalizedActivationConfig normalization{};
};

/// Investigates a patch: features = global average pool of A(x) = (1 + M(x)) * T(x), equation 1.
///
///     stem    convolution (optional)
///     entry   residual unit, inputs -> width
///     trunk   `trunk_units` residual units: T
///     mask    MaskBranch of the entry's output: logits of M
///
/// patches (B, side, side, inputs), features (B, width). The patches are data: no gradient flows into them.
/// Source: Xu et al. 2019, section 2.2 and figure 2.
template <class B>
  requires ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B> && UpsampleOps<B> && MaskOps<B>
class SoftAttentionBlock {
  using Unit = ResidualUnit<B>;
  using Convolution = ConvolutionLayer<B>;
  using Mask = MaskBranch<B>;

 public:
  using Config = SoftAttentionConfig;

  struct Parameters {
    std::vector<typename Convolution::Parameters> stem;  ///< one, or none
    typename Unit::Parameters entry;
    std::vector<typename Unit::Parameters> trunk;
    std::vector<typename Mask::Parameters> mask;  ///< one, or none

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for (auto& stem : self.stem) Convolution::Parameters::for_each(stem, prefix + "stem.", visit);
      Unit::Parameters::for_each(self.entry, prefix + "entry.", visit);
      for (std::size_t i = 0; i < self.trunk.size(); ++i)
        Unit::Parameters::for_each(self.trunk[i], prefix + "trunk" + std::to_string(i + 1) + ".", visit);
      for (auto& mask : self.mask) Mask::Parameters::for_each(mask, prefix + "mask.", visit);
    }
  };

  struct Statistics {
    typename Unit::Statistics entry;
    std::vector<typename Unit::Statistics> trunk;
    std::vector<typename Mask::Statistics> mask;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Unit::Statistics::for_each(self.entry, prefix + "entry.", visit);
      for (std::size_t i = 0; i < self.trunk.size(); ++i)
        Unit::Statistics::for_each(self.trunk[i], prefix + "trunk" + std::to_string(i + 1) + ".", visit);
      for (auto& mask : self.mask) Mask::Statistics::for_each(mask, prefix + "mask.", visit);
    }
  };

  struct Cache {
    Tensor<B> stem;  // (B, h, w, width), or of length 0 without a stem
    typename Unit::Cache entry_unit;
    Tensor<B> entry;                                // (B, h, w, width)
    std::vector<typename Unit::Cache> trunk_units;  ///< one of each unit; in evaluation one that all use in turn
    std::vector<Tensor<B>> trunk;                   // (B, h, w, width) of each unit; in evaluation at most two, in turn
    std::vector<typename Mask::Cache> mask;
    Tensor<B> mask_logits;  // (B, h, w, width), or of length 0 without a mask
    Tensor<B> attended;     // (B, h, w, width), where the backend does not fuse mask and pooling; else of length 0
  };

  struct Workspace {
    typename Unit::Workspace unit;  ///< of the entry, whose shapes serve the trunk too
    std::vector<typename Mask::Workspace> mask;
    Tensor<B> d_trunk, d_entry, d_mask_logits;  // (B, h, w, width)
    Tensor<B> d_input;                          // of the entry's input
  };

  explicit SoftAttentionBlock(const Config& config)
      : config_(checked(config)),
        entry_(unit_config(config, config.stem_kernel > 0 ? config.width : config.inputs)),
        unit_(unit_config(config, config.width)) {
    if (config.stem_kernel > 0) {
      stem_.push_back(
          Convolution({.inputs = config.inputs,
                       .outputs = config.width,
                       .kernel = config.stem_kernel,
                       .geometry = {.stride = config.stem_stride, .padding = (config.stem_kernel - 1) / 2}}));
    }
    if (config.mask == MaskUse::attend) {
      mask_.push_back(Mask({.width = config.width,
                            .depth = config.mask_depth,
                            .skips = config.mask_skips,
                            .unit = config.unit,
                            .normalization = config.normalization,
                            .corners = config.corners}));
    }
  }

  [[nodiscard]] const Config& config() const { return config_; }

  /// Length of a feature vector.
  [[nodiscard]] Index features() const { return config_.width; }

  /// Side of the feature map and of the mask.
  [[nodiscard]] Index map_side() const { return stem_.empty() ? config_.side : stem_[0].output_extent(config_.side); }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{{}, entry_.make_parameters(b), {}, {}};
    for (const Convolution& stem : stem_) p.stem.push_back(stem.make_parameters(b));
    for (Index i = 0; i < config_.trunk_units; ++i) p.trunk.push_back(unit_.make_parameters(b));
    for (const Mask& mask : mask_) p.mask.push_back(mask.make_parameters(b));
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics s{entry_.make_statistics(b), {}, {}};
    for (Index i = 0; i < config_.trunk_units; ++i) s.trunk.push_back(unit_.make_statistics(b));
    for (const Mask& mask : mask_) s.mask.push_back(mask.make_statistics(b));
    return s;
  }

  /// One made for evaluation holds only what forward needs.
  [[nodiscard]] Cache make_cache(B& b, Index batch, Mode mode = Mode::training) const {
    const Index side = map_side();
    const Shape map{batch, side, side, config_.width}, none{0};
    Cache cache{.stem = make_map(b, stem_.empty() ? none : map),
                .entry_unit = entry_.make_cache(b, batch, side, side, mode),
                .entry = make_map(b, map),
                .trunk_units = {},
                .trunk = {},
                .mask = {},
                .mask_logits = make_map(b, mask_.empty() ? none : map),
                .attended = make_map(b, mask_.empty() || ops::FusedAttentionPool<B> ? none : map)};
    const bool evaluates = mode == Mode::evaluation;
    const Index caches = evaluates ? 1 : config_.trunk_units, maps = evaluates ? 2 : config_.trunk_units;
    for (Index i = 0; i < caches; ++i) cache.trunk_units.push_back(unit_.make_cache(b, batch, side, side, mode));
    for (Index i = 0; i < std::min(maps, config_.trunk_units); ++i) cache.trunk.push_back(make_map(b, map));
    for (const Mask& mask : mask_) cache.mask.push_back(mask.make_cache(b, batch, side, side, mode));
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    const Index side = map_side();
    const Shape map{batch, side, side, config_.width};
    Workspace workspace{.unit = entry_.make_workspace(b, batch, side, side),
                        .mask = {},
                        .d_trunk = make_map(b, map),
                        .d_entry = make_map(b, map),
                        .d_mask_logits = make_map(b, mask_.empty() ? Shape{0} : map),
                        .d_input = make_map(b, {batch, side, side, entry_.config().inputs})};
    for (const Mask& mask : mask_) workspace.mask.push_back(mask.make_workspace(b, batch, side, side));
    return workspace;
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& patches, Cache& cache, Tensor<B>& features,
               Mode mode) const {
    if (!stem_.empty()) stem_[0].forward(b, p.stem[0], patches, cache.stem);  // (B, h, w, width)
    entry_.forward(b, p.entry, s.entry, entry_input(patches, cache), cache.entry_unit, cache.entry, mode);
    const std::size_t units = p.trunk.size(), caches = cache.trunk_units.size(), maps = cache.trunk.size();
    const Tensor<B>* in = &cache.entry;
    for (std::size_t i = 0; i < units; ++i) {
      Tensor<B>& out = cache.trunk[i % maps];
      unit_.forward(b, p.trunk[i], s.trunk[i], *in, cache.trunk_units[i % caches], out, mode);
      in = &out;
    }
    const Tensor<B>& trunk = *in;
    if (mask_.empty()) {
      ops::global_average_pool(b, trunk, features);  // (B, width)
    } else {
      mask_[0].forward(b, p.mask[0], s.mask[0], cache.entry, cache.mask[0], cache.mask_logits, mode);
      ops::attention_pool(b, trunk, cache.mask_logits, cache.attended, features);  // (B, width)
    }
  }

  /// Gradients of parameters accumulate. Valid after a forward pass in training mode.
  void backward(B& b, const Parameters& p, const Tensor<B>& patches, Cache& cache, const Tensor<B>& d_features,
                Workspace& w, Parameters& d_p) const
    requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B> &&
             TrainablePoolingOps<B> && TrainableUpsampleOps<B> && TrainableMaskOps<B>
  {
    if (mask_.empty()) {
      ops::global_average_pool_backward(b, d_features, w.d_trunk, Write::overwrite);
    } else {
      ops::attention_pool_backward(b, cache.trunk.back(), cache.mask_logits, d_features, cache.attended, w.d_trunk,
                                   Write::overwrite, w.d_mask_logits, Write::overwrite);
    }
    Tensor<B>*d_out = &w.d_trunk, *d_in = &w.d_entry;
    for (std::size_t i = cache.trunk.size(); i-- > 0;) {
      unit_.backward(b, p.trunk[i], i == 0 ? cache.entry : cache.trunk[i - 1], cache.trunk_units[i], *d_out, w.unit,
                     d_p.trunk[i], *d_in);
      std::swap(d_out, d_in);
    }
    if (!mask_.empty()) {
      Tensor<B>&full = *d_in, &d_convolved = w.unit.d_convolved[0];  // both are free here
      mask_[0].backward(b, p.mask[0], cache.mask[0], w.d_mask_logits, full, d_convolved, w.mask[0], d_p.mask[0], *d_out,
                        Write::accumulate);
    }
    entry_.backward(b, p.entry, entry_input(patches, cache), cache.entry_unit, *d_out, w.unit, d_p.entry, w.d_input);
    if (!stem_.empty()) stem_[0].backward_parameters(b, patches, w.d_input, d_p.stem[0]);
  }

 private:
  /// Before the layers are made, whose own sentences would name the wrong thing.
  static const Config& checked(const Config& config) {
    expect_config(config.side > 0 && config.width > 0 && config.inputs > 0,
                  "SoftAttentionBlock: side, width and inputs must be at least 1");
    expect_config(config.trunk_units >= 1, "SoftAttentionBlock: trunk_units must be at least 1");
    expect_config(config.stem_kernel == 0 || (config.stem_stride >= 1 && config.stem_kernel >= config.stem_stride),
                  "SoftAttentionBlock: stem_kernel must be 0 or at least stem_stride, and stem_stride at least 1");
    return config;
  }

  static ResidualUnitConfig unit_config(const Config& config, Index inputs) {
    return {.inputs = inputs, .outputs = config.width, .kind = config.unit, .normalization = config.normalization};
  }

  const Tensor<B>& entry_input(const Tensor<B>& patches, const Cache& cache) const {
    return stem_.empty() ? patches : cache.stem;
  }

  Config config_;
  std::vector<Convolution> stem_;  ///< one, or none
  Unit entry_;
  Unit unit_;
  std::vector<Mask> mask_;  ///< one, or none
};

}  // namespace saccade
