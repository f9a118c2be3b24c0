#pragma once

#include <saccade/model/config.hpp>

namespace saccade_test {

/// Small enough for plain loops. One scale: full resolution, where a source is exact.
[[nodiscard]] inline saccade::HybridAttentionConfig one_scale_config() {
  saccade::HybridAttentionConfig config;
  config.glimpses = 2;
  config.sensor = {.side = 8, .scales = 1};
  config.encoder.width = 4;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.fusion_width = config.hidden = 8;
  config.first_location = saccade::GlimpsePolicy::random;
  return validated(config);
}

}  // namespace saccade_test
