#pragma once

#include <saccade/core/component.hpp>
#include <saccade/ops/glimpse.hpp>

#include <bit>
#include <cstdint>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// Looks: crops every image of a batch, resident or streamed, at its location, at all scales, and normalises.
/// location (B, 2) in [-1, 1], or with more than one zoom (B, 3), patches (B, side, side, 3 * scales). See
/// GlimpseGeometry for the rules.
/// Source: Mnih et al. 2014 (the retina); Xu et al. 2019, section 2.1 (one scale).
template <GlimpseOps B>
class GlimpseSensor {
 public:
  using Config = GlimpseGeometry;

  explicit GlimpseSensor(const Config& config) : config_(config) {
    expect_config(config.side >= 1, "GlimpseSensor: side must be at least 1, but is " + std::to_string(config.side));
    expect_config(config.scales >= 1 && config.scales <= 16,
                  "GlimpseSensor: scales must be from 1 to 16, but is " + std::to_string(config.scales));
    expect_config(
        config.scale_step >= 2 && std::has_single_bit(static_cast<std::uint64_t>(config.scale_step)),
        "GlimpseSensor: scale_step must be a power of two, at least 2, but is " + std::to_string(config.scale_step));
    expect_config(config.zooms >= 1 && config.zooms <= ops::detail::most_zooms,
                  "GlimpseSensor: zooms must be from 1 to 25, but is " + std::to_string(config.zooms));
    expect_config(ops::detail::reductions_fit(config),
                  "GlimpseSensor: scale_step^(scales + zooms - 2) must be at most 2^24, but is " +
                      std::to_string(config.scale_step) + "^" + std::to_string(config.scales + config.zooms - 2));
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

 private:
  Config config_;
};

}  // namespace saccade
