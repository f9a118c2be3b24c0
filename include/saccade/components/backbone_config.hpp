#pragma once

#include <saccade/components/backbone_plan.hpp>

#include <array>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE {

/// A network that may have been trained elsewhere; `none`: SA-Net's own layers.
enum class BackboneKind {
  none,
  resnet18,
  resnet34,
  resnet50,
  efficientnet_lite0,
  efficientnet_lite1,
  efficientnet_lite2,
  efficientnet_lite3,
  efficientnet_lite4,
};

inline constexpr std::array<std::string_view, 9> backbone_names{
    "none",
    "resnet18",
    "resnet34",
    "resnet50",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "efficientnet_lite3",
    "efficientnet_lite4",
};

[[nodiscard]] constexpr std::string_view backbone_name(BackboneKind kind) {
  return backbone_names[static_cast<std::size_t>(kind)];
}

[[nodiscard]] constexpr bool is_efficientnet_lite(BackboneKind kind) {
  return kind >= BackboneKind::efficientnet_lite0;
}

/// What stands in the place of SA-Net's stem, entry and trunk, if anything.
struct BackboneConfig {
  BackboneKind kind = BackboneKind::none;
  Index stages = 0;       ///< after which it is cut: ResNet has 4; EfficientNet-Lite 7, and its head is the 8th; 0: all
  Index mask_width = 32;  ///< channels of the mask branch, between two convolutions 1x1
};

/// The layers of a network. @throws ConfigError for `none`, and for stages that it does not have
[[nodiscard]] inline BackbonePlan backbone_plan(BackboneKind kind, Index stages = 0) {
  switch (kind) {
    case BackboneKind::resnet18:
      return resnet_plan({.stages = stages});
    case BackboneKind::resnet34:
      return resnet_plan({.blocks = {3, 4, 6, 3}, .stages = stages});
    case BackboneKind::resnet50:
      return resnet_plan({.blocks = {3, 4, 6, 3}, .bottleneck = true, .stages = stages});
    case BackboneKind::efficientnet_lite0:
      return efficientnet_lite_plan({.stages = stages});
    case BackboneKind::efficientnet_lite1:
      return efficientnet_lite_plan({.depth = 1.1, .stages = stages});
    case BackboneKind::efficientnet_lite2:
      return efficientnet_lite_plan({.width = 1.1, .depth = 1.2, .stages = stages});
    case BackboneKind::efficientnet_lite3:
      return efficientnet_lite_plan({.width = 1.2, .depth = 1.4, .stages = stages});
    case BackboneKind::efficientnet_lite4:
      return efficientnet_lite_plan({.width = 1.4, .depth = 1.8, .stages = stages});
    case BackboneKind::none:
      break;
  }
  throw ConfigError("backbone: kind none has no layers");
}

/// How a network expects its pixels, see GlimpseGeometry.
struct InputNormalization {
  std::array<float, 3> mean;
  std::array<float, 3> deviation;
};

/// EfficientNet-Lite: (p - 127) / 128. ResNet: mean and deviation of ImageNet.
[[nodiscard]] constexpr InputNormalization input_normalization(BackboneKind kind) {
  if (!is_efficientnet_lite(kind)) return {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
  constexpr float mean = 127.0f / 255.0f, deviation = 128.0f / 255.0f;
  return {{mean, mean, mean}, {deviation, deviation, deviation}};
}

}  // namespace saccade
