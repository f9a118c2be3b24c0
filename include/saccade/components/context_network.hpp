#pragma once

#include <saccade/components/backbone.hpp>
#include <saccade/components/backbone_config.hpp>
#include <saccade/components/glimpse_sensor.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/core/box.hpp>
#include <saccade/ops/pointwise.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// What a ContextNetwork reads: the pixels of the thumbnail, or the map that the encoder's backbone makes of it.
enum class GlanceInput { pixels, backbone };

/// `backbone`, `mean`, `deviation` and `normalization` follow from the model's sensor and encoder.
struct ContextNetworkConfig {
  Index side = 0;        ///< pixels of the thumbnail; 0: there is none
  Index reduction = 32;  ///< each is the mean of reduction x reduction pixels of the image; a power of two, at least 2
  Index outputs = 16;    ///< numbers that it tells the location head
  Readout readout = Readout::convolution;
  GlanceInput input = GlanceInput::pixels;
  Index stages = 3;  ///< of the encoder's backbone that the thumbnail goes through, where its map is read
  BackboneKind backbone = BackboneKind::none;
  std::array<float, 3> mean{0.5f, 0.5f, 0.5f};
  std::array<float, 3> deviation{0.5f, 0.5f, 0.5f};
  NormalizedActivationConfig normalization{};

  /// Width and height of the largest image that the thumbnail shows whole.
  [[nodiscard]] constexpr Index covers() const { return side * reduction; }
};

/// What the readout of a ContextNetwork is told of its input. @throws ConfigError where there is no such backbone
[[nodiscard]] inline PatchReadoutConfig glance_readout(const ContextNetworkConfig& config) {
  PatchReadoutConfig readout{.inputs = image_channels,
                             .side = config.side,
                             .outputs = config.outputs,
                             .readout = config.readout,
                             .normalization = config.normalization};
  if (config.input == GlanceInput::pixels || config.side == 0) return readout;
  const BackbonePlan plan = backbone_plan(config.backbone, config.stages);
  readout.inputs = plan.channels();
  readout.side = plan.map_side(config.side);
  return readout;
}

/// One glance at a thumbnail of the whole image, before the first glimpse: a PatchReadout over it tells the location
/// head where to begin, and what else there is.
///
/// The thumbnail is a crop like any other, its window side * reduction pixels wide, in the middle of the image, so that
/// one pixel is as large on both axes and in every image. Images of any sizes and proportions from `side` to
/// side * reduction lie in its middle; what is outside them counts as the mean colour, and shows where they end. It is
/// seen through each image's symmetry, as the glimpses are. context (B, outputs).
///
/// With GlanceInput::backbone the readout does not see the thumbnail itself but the map that the first stages of the
/// encoder's backbone make of it. That is a constant: it is normalised by the running statistics, and no gradient goes
/// on into the encoder.
///
/// Source: Ba, Mnih and Kavukcuoglu, "Multiple object recognition with visual attention", ICLR 2015, section 3.1
/// (context network): it feeds the location path alone, so that nothing can be classified by it.
template <class B>
requires GlimpseOps<B> && ConvolutionOps<B> && LinearOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B>
class ContextNetwork {
  using Network = PatchReadout<B>;
  using Eye = Backbone<B>;

 public:
  using Config = ContextNetworkConfig;
  using Parameters = typename Network::Parameters;
  using Statistics = typename Network::Statistics;
  using Workspace = typename Network::Workspace;

  struct Cache {
    Tensor<B> middle;     // (B, 2), zero
    Tensor<B> retina;     // (B, side, side, 6): the crop at full resolution, and the thumbnail
    Tensor<B> thumbnail;  // (B, side, side, 3)
    std::optional<typename Eye::Cache> backbone;
    typename Network::Cache network;
  };

  /// The weights of the encoder's backbone; null without one.
  struct Weights {
    const typename Eye::Parameters* parameters = nullptr;
    typename Eye::Statistics* statistics = nullptr;
  };

  explicit ContextNetwork(const Config& config)
      : config_(checked(config)),
        sensor_({.side = config.side,
                 .scales = 2,
                 .scale_step = config.reduction,
                 .mean = config.mean,
                 .deviation = config.deviation}),
        network_(glance_readout(config)) {
    if (config.input == GlanceInput::backbone)
      backbone_.emplace(backbone_plan(config.backbone, config.stages), config.side);
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const { return network_.make_parameters(b); }
  [[nodiscard]] Statistics make_statistics(B& b) const { return network_.make_statistics(b); }
  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const { return network_.make_workspace(b, batch); }

  [[nodiscard]] Cache make_cache(B& b, Index batch, Mode mode) const {
    Cache cache{.middle = b.zeros({batch, 2}),
                .retina = make_map(b, sensor_.patch_shape(batch)),
                .thumbnail = make_map(b, {batch, config_.side, config_.side, image_channels}),
                .backbone = {},
                .network = network_.make_cache(b, batch, mode)};
    if (backbone_) cache.backbone.emplace(backbone_->make_cache(b, batch, Mode::evaluation));
    return cache;
  }

  /// The part of an image of this size that the thumbnail shows, in pixels: all of it, and what is around it.
  [[nodiscard]] Box window(Index width, Index height) const {
    const GlimpseGeometry& retina = sensor_.config();
    constexpr std::array middle{0.0f, 0.0f};
    const auto w = math::glimpse_window(retina, retina.scales - 1, middle.data(), width, height);
    return {w.x, w.y, w.size, w.size};
  }

  /// Length of what it tells the policy.
  [[nodiscard]] Index outputs() const {
    const Index side = cells();
    return config_.readout == Readout::cells ? side * side : config_.outputs;
  }

  /// Cells on each side of the map.
  [[nodiscard]] Index cells() const { return readout_side(glance_readout(config_)); }

  /// How the thumbnail of an image of `width` x `height` pixels lies over it: the sides of its window in those of the
  /// image; and for each cell, row by row, 0 where its centre shows the image, else far below 0.
  void frame(Index width, Index height, std::span<Scalar<B>, 2> stretch, std::span<Scalar<B>> outside) const {
    const auto side = static_cast<double>(config_.covers());
    const double x = side / static_cast<double>(width), y = side / static_cast<double>(height);
    stretch[0] = static_cast<Scalar<B>>(x);
    stretch[1] = static_cast<Scalar<B>>(y);
    const Index count = cells();
    const auto centre = [&](Index place) {
      return static_cast<double>(2 * place + 1) / static_cast<double>(count) - 1;
    };
    for (std::size_t i = 0; i < outside.size(); ++i) {
      const auto cell = static_cast<Index>(i);
      const bool inside = std::abs(centre(cell % count)) * x <= 1 && std::abs(centre(cell / count)) * y <= 1;
      outside[i] = inside ? Scalar<B>(0) : Scalar<B>(-1e4);
    }
  }

  /// Says which images `look` is going to look at in an ops::run_step.
  /// @throws ConfigError for one that is smaller than `side`, or larger than the thumbnail covers
  void stage(B& b, ImageBatch<B> images) const {
    expect_covered(b, images);
    sensor_.stage(b, images);
  }

  /// Makes the thumbnails. Of a streamed image side x side pixels are read at full resolution and reduced.
  /// @throws ConfigError as `stage` does
  void look(B& b, ImageBatch<B> images, Cache& cache) const {
    expect_covered(b, images);
    sensor_.forward(b, images, cache.middle, cache.retina);
    choose_widest(b, cache);
  }

  /// What the thumbnails say, after `look`.
  /// @param weights  of the encoder's backbone, where its map is read
  void forward(B& b, const Parameters& p, Statistics& s, Cache& cache, Tensor<B>& context, Mode mode,
               const Weights& weights = {}) const {
    if (backbone_)
      backbone_->forward(b, *weights.parameters, *weights.statistics, cache.thumbnail, *cache.backbone,
                         Mode::evaluation);
    network_.forward(b, p, s, input(cache), cache.network, context, mode);  // (B, outputs)
  }

  /// Gradients of parameters accumulate; the thumbnails are data. Valid after a forward pass in training mode.
  void backward(B& b, const Parameters& p, const Cache& cache, const Tensor<B>& d_context, Workspace& w,
                Parameters& d_p) const requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> &&
      TrainablePointwiseOps<B> && TrainablePoolingOps<B> {
    network_.backward(b, p, input(cache), cache.network, d_context, w, d_p);
  }

 private:
  static const Config& checked(const Config& config) {
    expect_config(config.side >= 1 && config.outputs >= 1, "ContextNetwork: side and outputs must be at least 1");
    expect_config(
        config.reduction >= 2 && std::has_single_bit(static_cast<std::uint64_t>(config.reduction)),
        "ContextNetwork: reduction must be a power of two, at least 2, but is " + std::to_string(config.reduction));
    return config;
  }

  void expect_covered(B& b, ImageBatch<B> images) const {
    for (std::size_t n = 0; n < images.size(); ++n) {
      if (images[n].image == nullptr && images[n].source == nullptr) continue;  // the crop says so
      const auto [width, height] = ops::stored_size(b, images[n]);
      if (width <= config_.covers() && height <= config_.covers()) continue;
      const std::string covers = std::to_string(config_.covers());
      throw ConfigError("ContextNetwork: image " + std::to_string(n) + " is " + std::to_string(width) + " x " +
                        std::to_string(height) + ", larger than the " + covers + " x " + covers +
                        " pixels that a thumbnail of side " + std::to_string(config_.side) + " with a reduction of " +
                        std::to_string(config_.reduction) + " covers");
    }
  }

  /// The crop has two scales; the thumbnail is the wider one alone.
  void choose_widest(B& b, Cache& cache) const {
    const Index first = (sensor_.config().scales - 1) * image_channels;
    ops::read_columns(b, cache.retina, first, cache.thumbnail, Write::overwrite);  // (B, side, side, 3)
  }

  /// What is read out.
  [[nodiscard]] const Tensor<B>& input(const Cache& cache) const {
    return backbone_ ? backbone_->map(*cache.backbone) : cache.thumbnail;
  }

  Config config_;
  GlimpseSensor<B> sensor_;
  std::optional<Eye> backbone_{};
  Network network_;
};

}  // namespace saccade
