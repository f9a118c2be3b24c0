#pragma once

#include <saccade/components/backbone.hpp>
#include <saccade/components/encoder_config.hpp>
#include <saccade/components/mask_branch.hpp>
#include <saccade/ops/mask.hpp>

#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Investigates a patch with a network that may have been trained elsewhere. T is its map; features are the global
/// average pool of T, or, with soft attention, of A = (1 + M(T)) * T, equation 1:
///
///     logits of M = expand(MaskBranch(reduce(T))),  where reduce and expand are convolutions 1x1
///
/// patches (B, side, side, 3), normalised as the network expects them, see input_normalization; features (B, channels
/// of T). The patches are data: no gradient flows into them. What `freeze` finds frozen is evaluated as after training:
/// see Backbone.
/// Source: Xu et al. 2019, equation 1; for the networks see resnet_plan and efficientnet_lite_plan.
template <class B>
requires ConvolutionOps<B> && LinearOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B> &&
    UpsampleOps<B> && MaskOps<B>
class BackboneEncoder {
  using Network = Backbone<B>;
  using Convolution = ConvolutionLayer<B>;
  using Branch = MaskBranch<B>;

  struct MaskParameters {
    typename Convolution::Parameters reduce;
    typename Branch::Parameters branch;
    typename Convolution::Parameters expand;
  };

  struct MaskCache {
    Tensor<B> reduced;  // (B, h, w, mask_width)
    typename Branch::Cache branch;
    Tensor<B> narrow;  // (B, h, w, mask_width): logits before they are expanded
  };

  struct MaskWorkspace {
    typename Branch::Workspace branch;
    Tensor<B> d_logits;              // (B, h, w, C)
    Tensor<B> d_narrow, d_reduced;   // (B, h, w, mask_width)
    Tensor<B> scratch, scratch_too;  // (B, h, w, mask_width)
  };

 public:
  using Config = EncoderConfig;

  struct Parameters {
    typename Network::Parameters backbone;
    std::vector<MaskParameters> mask;  ///< one, or none

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Network::Parameters::for_each(self.backbone, prefix + "backbone.", visit);
      for (auto& mask : self.mask) {
        Convolution::Parameters::for_each(mask.reduce, prefix + "mask.reduce.", visit);
        Branch::Parameters::for_each(mask.branch, prefix + "mask.", visit);
        Convolution::Parameters::for_each(mask.expand, prefix + "mask.expand.", visit);
      }
    }
  };

  struct Statistics {
    typename Network::Statistics backbone;
    std::vector<typename Branch::Statistics> mask;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Network::Statistics::for_each(self.backbone, prefix + "backbone.", visit);
      for (auto& mask : self.mask) Branch::Statistics::for_each(mask, prefix + "mask.", visit);
    }
  };

  struct Cache {
    typename Network::Cache backbone;
    std::vector<MaskCache> mask;
    Tensor<B> mask_logits;  // (B, h, w, C), or of length 0 without a mask
    Tensor<B> attended;     // (B, h, w, C), where the backend does not fuse mask and pooling; else of length 0
  };

  struct Workspace {
    typename Network::Workspace backbone;
    std::vector<MaskWorkspace> mask;
    Tensor<B> d_map;  // (B, h, w, C), or of length 0 where nothing reads it
  };

  /// The network that `config.backbone` names; of the other fields those of the mask count.
  explicit BackboneEncoder(const Config& config)
      : BackboneEncoder(backbone_plan(config.backbone.kind, config.backbone.stages), config) {
    expect_config(config.inputs == 3, "BackboneEncoder: a patch must have 3 channels, of one scale, but has " +
                                          std::to_string(config.inputs));
  }

  /// A network of your own; of `config` count `side` and the mask's fields.
  BackboneEncoder(const BackbonePlan& plan, const Config& config) : config_(config), network_(plan, config.side) {
    if (config.mask == MaskUse::none) return;
    const Index width = config.backbone.mask_width;
    expect_config(width >= 1, "BackboneEncoder: mask_width must be at least 1, but is " + std::to_string(width));
    layers_.push_back(Convolution({.inputs = network_.channels(), .outputs = width}));
    layers_.push_back(Convolution({.inputs = width, .outputs = network_.channels()}));
    branch_.push_back(Branch({.width = width,
                              .depth = config.mask_depth,
                              .skips = config.mask_skips,
                              .unit = config.unit,
                              .normalization = config.normalization,
                              .corners = config.corners}));
  }

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Network& backbone() const { return network_; }

  /// Length of a feature vector.
  [[nodiscard]] Index features() const { return network_.channels(); }

  /// Side of the feature map and of the mask.
  [[nodiscard]] Index map_side() const { return network_.map_side(); }

  /// See Backbone::freeze. @param prefix  of the parameters' names, "encoder."
  void freeze(const Parameters& p, const std::string& prefix, const IsFrozen& is_frozen) {
    network_.freeze(p.backbone, prefix + "backbone.", is_frozen);
  }

  /// Whether nothing that training changes has a part in the features.
  [[nodiscard]] bool is_constant() const { return !network_.trains() && branch_.empty(); }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{network_.make_parameters(b), {}};
    for (const Branch& branch : branch_)
      p.mask.push_back({layers_[0].make_parameters(b), branch.make_parameters(b), layers_[1].make_parameters(b)});
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics s{network_.make_statistics(b), {}};
    for (const Branch& branch : branch_) s.mask.push_back(branch.make_statistics(b));
    return s;
  }

  /// One made for evaluation holds only what forward needs.
  /// @param sibling  null, or another cache of the same episode: what is thrown away is then shared
  [[nodiscard]] Cache make_cache(B& b, Index batch, Mode mode = Mode::training, const Cache* sibling = nullptr) const {
    const Index side = map_side();
    const Shape map = map_shape(batch), none{0};
    Cache cache{network_.make_cache(b, batch, mode, sibling ? &sibling->backbone : nullptr),
                {},
                make_map(b, branch_.empty() ? none : map),
                make_map(b, branch_.empty() || ops::FusedAttentionPool<B> ? none : map)};
    for (const Branch& branch : branch_)
      cache.mask.push_back({make_map(b, narrow_shape(batch)), branch.make_cache(b, batch, side, side, mode),
                            make_map(b, narrow_shape(batch))});
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    const Index side = map_side();
    const bool needs_map = network_.trains() || !branch_.empty();
    Workspace w{network_.make_workspace(b, batch), {}, make_map(b, needs_map ? map_shape(batch) : Shape{0})};
    const auto narrow = [&] { return make_map(b, narrow_shape(batch)); };
    for (const Branch& branch : branch_)
      w.mask.push_back({branch.make_workspace(b, batch, side, side), make_map(b, map_shape(batch)), narrow(), narrow(),
                        narrow(), narrow()});
    return w;
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& patches, Cache& cache, Tensor<B>& features,
               Mode mode) const {
    forward_frozen(b, p, s, patches, cache, features, mode);
    forward_rest(b, p, s, cache, features, mode);
  }

  /// Whether `forward_frozen` gives the same for a patch as long as the backbone's weights stay as they are.
  [[nodiscard]] bool has_frozen_part(Mode mode) const { return mode == Mode::evaluation || !network_.trains(); }

  /// The first part of `forward`: the backbone, and without a mask the pooling, which writes `features`.
  void forward_frozen(B& b, const Parameters& p, Statistics& s, const Tensor<B>& patches, Cache& cache,
                      Tensor<B>& features, Mode mode) const {
    network_.forward(b, p.backbone, s.backbone, patches, cache.backbone, mode);
    if (branch_.empty()) ops::global_average_pool(b, network_.map(cache.backbone), features);
  }

  /// What `forward_frozen` leaves for the rest: the backbone's map (B, h, w, C), or without a mask `features`.
  [[nodiscard]] Tensor<B>& frozen_output(Cache& cache, Tensor<B>& features) const {
    return branch_.empty() ? features : cache.backbone.inferred;
  }

  /// Visits the tensors that `forward_frozen` depends on.
  template <class Visitor>
  static void for_each_frozen(const Parameters& p, const Statistics& s, Visitor&& visit) {
    Network::Parameters::for_each(p.backbone, "backbone.", visit);
    Network::Statistics::for_each(s.backbone, "backbone.", visit);
  }

  /// The second part of `forward`.
  void forward_rest(B& b, const Parameters& p, Statistics& s, Cache& cache, Tensor<B>& features, Mode mode) const {
    if (branch_.empty()) return;
    const Tensor<B>& trunk = network_.map(cache.backbone);  // (B, h, w, C)
    MaskCache& mask = cache.mask[0];
    layers_[0].forward(b, p.mask[0].reduce, trunk, mask.reduced);
    branch_[0].forward(b, p.mask[0].branch, s.mask[0], mask.reduced, mask.branch, mask.narrow, mode);
    layers_[1].forward(b, p.mask[0].expand, mask.narrow, cache.mask_logits);
    ops::attention_pool(b, trunk, cache.mask_logits, cache.attended, features);  // (B, C)
  }

  /// Gradients of parameters accumulate; those of frozen parts stay as they are. Valid after a forward pass in training
  /// mode.
  void backward(B& b, const Parameters& p, const Tensor<B>& patches, Cache& cache, const Tensor<B>& d_features,
                Workspace& w,
                Parameters& d_p) const requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> &&
      TrainablePointwiseOps<B> && TrainablePoolingOps<B> && TrainableUpsampleOps<B> && TrainableMaskOps<B> {
    const Tensor<B>& trunk = network_.map(cache.backbone);
    if (branch_.empty()) {
      if (!network_.trains()) return;
      ops::global_average_pool_backward(b, d_features, w.d_map, Write::overwrite);
    } else {
      MaskWorkspace& at = w.mask[0];
      const MaskCache& mask = cache.mask[0];
      ops::attention_pool_backward(b, trunk, cache.mask_logits, d_features, cache.attended, w.d_map, Write::overwrite,
                                   at.d_logits, Write::overwrite);
      layers_[1].backward_parameters(b, mask.narrow, at.d_logits, d_p.mask[0].expand);
      layers_[1].backward_input(b, p.mask[0].expand, at.d_logits, at.d_narrow, Write::overwrite);
      branch_[0].backward(b, p.mask[0].branch, mask.branch, at.d_narrow, at.scratch, at.scratch_too, at.branch,
                          d_p.mask[0].branch, at.d_reduced, Write::overwrite);
      layers_[0].backward_parameters(b, trunk, at.d_reduced, d_p.mask[0].reduce);
      if (!network_.trains()) return;
      layers_[0].backward_input(b, p.mask[0].reduce, at.d_reduced, w.d_map, Write::accumulate);
    }
    network_.backward(b, p.backbone, patches, cache.backbone, w.d_map, w.backbone, d_p.backbone);
  }

 private:
  [[nodiscard]] Shape map_shape(Index batch) const { return {batch, map_side(), map_side(), features()}; }
  [[nodiscard]] Shape narrow_shape(Index batch) const {
    return {batch, map_side(), map_side(), config_.backbone.mask_width};
  }

  Config config_;
  Network network_;
  std::vector<Convolution> layers_;  ///< reduce and expand, or none
  std::vector<Branch> branch_;       ///< one, or none
};

/// ResNet as an encoder, of any size, cut after any stage.
template <class B>
class ResNetEncoder : public BackboneEncoder<B> {
 public:
  /// Of `encoder` count `side` and the mask's fields.
  explicit ResNetEncoder(const ResNetConfig& config, const EncoderConfig& encoder = {})
      : BackboneEncoder<B>(resnet_plan(config), encoder) {}
};

/// EfficientNet-Lite as an encoder, of any size, cut after any stage.
template <class B>
class EfficientNetLiteEncoder : public BackboneEncoder<B> {
 public:
  /// Of `encoder` count `side` and the mask's fields.
  explicit EfficientNetLiteEncoder(const EfficientNetLiteConfig& config, const EncoderConfig& encoder = {})
      : BackboneEncoder<B>(efficientnet_lite_plan(config), encoder) {}
};

}  // namespace saccade
