#pragma once

#include <saccade/core/component.hpp>
#include <saccade/math/glimpse.hpp>
#include <saccade/ops/glimpse.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Looks: crops every image of a batch at its location, at all scales, and normalises.
/// location (B, 2) in [-1, 1], patches (B, side, side, 3 * scales). See GlimpseGeometry for the rules.
/// Source: Mnih et al. 2014 (the retina); Xu et al. 2019, section 2.1 (one scale).
template <GlimpseOps B>
class GlimpseSensor {
 public:
  using Config = GlimpseGeometry;

  /// Host memory through which the glimpses of streamed images pass.
  struct Staging {
    std::vector<std::uint8_t> region;  ///< (side, side, 3)
    std::vector<Scalar<B>> location;   ///< (B, 2)
    std::vector<Scalar<B>> patches;    ///< (B, side, side, 3 * scales)
  };

  explicit GlimpseSensor(const Config& config) : config_(config) {
    expect_config(config.side >= 1, "GlimpseSensor: side must be at least 1, but is " + std::to_string(config.side));
    expect_config(config.scales >= 1 && config.scales <= 16,
                  "GlimpseSensor: scales must be from 1 to 16, but is " + std::to_string(config.scales));
    for (const float deviation : config.deviation)
      expect_config(deviation > 0, "GlimpseSensor: every deviation must be greater than 0");
  }

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] Shape patch_shape(Index batch) const {
    return {batch, config_.side, config_.side, image_channels * config_.scales};
  }

  /// Says which images `forward` is going to look at in an ops::run_step. @throws ConfigError for one that is too small
  void stage(B& b, ImageBatch<B> images) const { ops::stage_images(b, images, config_); }

  void forward(B& b, ImageBatch<B> images, const Tensor<B>& location, Tensor<B>& patches) const {
    ops::crop_glimpses(b, images, location, config_, patches);
  }

  [[nodiscard]] Staging make_staging(Index batch) const {
    return {std::vector<std::uint8_t>(static_cast<std::size_t>(config_.side * config_.side * image_channels)),
            std::vector<Scalar<B>>(static_cast<std::size_t>(batch * 2)),
            std::vector<Scalar<B>>(static_cast<std::size_t>(patch_shape(batch).size()))};
  }

  /// The same for images too large to hold: reads `scales` regions of side x side pixels an image and nothing else, so
  /// the cost does not grow with the image. Waits for the location.
  template <RegionSource Source>
  void forward(B& b, std::span<const Source* const> images, const Tensor<B>& location, Staging& staging,
               Tensor<B>& patches) const {
    const Index batch = static_cast<Index>(images.size());
    expect_shape("GlimpseSensor", "location", "(B, 2)", {batch, 2}, b.shape(location));
    expect_shape("GlimpseSensor", "patches", "(B, g, g, S*C)", patch_shape(batch), b.shape(patches));
    b.download(location, std::span<Scalar<B>>(staging.location));
    for (Index n = 0; n < batch; ++n)
      for (Index scale = 0; scale < config_.scales; ++scale) read_scale(*images[static_cast<std::size_t>(n)], n, scale, staging);
    b.upload(std::span<const Scalar<B>>(staging.patches), patches);
  }

 private:
  template <RegionSource Source>
  void read_scale(const Source& image, Index n, Index scale, Staging& staging) const {
    const Index width = image.width(), height = image.height(), side = config_.side, reduction = Index{1} << scale;
    if (width < side || height < side)
      throw ConfigError("GlimpseSensor: image " + std::to_string(n) + " is " + std::to_string(width) + " x " +
                        std::to_string(height) + ", smaller than the glimpse of " + std::to_string(side) + " x " +
                        std::to_string(side));
    const Scalar<B>* at = &staging.location[static_cast<std::size_t>(2 * n)];
    const math::GlimpseWindow window = math::glimpse_window(config_, scale, at[0], at[1], width, height);
    image.read_region(window.x, window.y, side, side, reduction, std::span<std::uint8_t>(staging.region));

    std::array<math::PixelNormalization<Scalar<B>>, image_channels> normalization;
    for (std::size_t c = 0; c < normalization.size(); ++c)
      normalization[c] = math::pixel_normalization<Scalar<B>>(config_.mean[c], config_.deviation[c]);

    const std::uint8_t* pixel = staging.region.data();
    Scalar<B>* out = &staging.patches[static_cast<std::size_t>((n * side * side * config_.scales + scale) * image_channels)];
    for (Index j = 0; j < side; ++j) {
      for (Index i = 0; i < side; ++i, pixel += image_channels, out += image_channels * config_.scales) {
        const Index count = inside(window.x + i * reduction, reduction, width) *
                            inside(window.y + j * reduction, reduction, height);
        for (std::size_t c = 0; c < normalization.size(); ++c) {
          const Index sum = count == 0 ? 0 : count * pixel[c];
          out[c] = math::patch_value(normalization[c], sum, count, reduction * reduction);
        }
      }
    }
  }

  /// How many of the `length` pixels from `first` on lie on an axis of `extent` pixels.
  static Index inside(Index first, Index length, Index extent) {
    return std::max<Index>(0, std::min(first + length, extent) - std::max<Index>(first, 0));
  }

  Config config_;
};

}  // namespace saccade
