#pragma once

#include <saccade/components/backbone_config.hpp>
#include <saccade/components/soft_attention_block.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// The encoder that a configuration chooses: SA-Net, or, where `backbone.kind` names one, a network whose map takes the
/// place of SA-Net's trunk. The fields of the mask (`mask`, `mask_depth`, `mask_skips`, `unit`, `corners`,
/// `normalization`) count for either; `width`, `stem_kernel`, `stem_stride` and `trunk_units` for SA-Net alone.
struct EncoderConfig : SoftAttentionConfig {
  BackboneConfig backbone{};
};

}  // namespace saccade
