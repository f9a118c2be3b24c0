#pragma once

#include <saccade/components/backbone_config.hpp>
#include <saccade/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Which tensors of a file made elsewhere are which of ours.
namespace saccade::inline SACCADE_NAMESPACE {

/// How a stored tensor lies: as ours does, or a convolution (O, I, kh, kw), ours being (O, kh, kw, I). With groups I is
/// the number of input channels of one group: 1 for a depthwise convolution.
enum class TensorLayout { same, channels_first };

/// Names in a file and in the model.
struct TensorMap {
  struct Entry {
    std::string stored;  ///< in the file
    std::string tensor;  ///< in the model
    TensorLayout layout = TensorLayout::same;
  };
  std::vector<Entry> entries;
  std::vector<std::string> ignored{};  ///< patterns, see matches_glob, of what the file has beside and nobody needs
};

/// The packages whose names are known.
enum class WeightNames {
  torchvision,            ///< ResNet, of torchvision and timm: "layer1.0.conv1.weight"
  timm,                   ///< EfficientNet-Lite, of timm's tf_efficientnet_lite*: "blocks.0.0.conv_dw.weight"
  efficientnet_lite_pytorch,  ///< EfficientNet-Lite: "_blocks.0._depthwise_conv.weight"
};

namespace detail {

/// How a package calls the layers of one block: each convolution, and its batch normalisation.
struct LayerNames {
  std::string convolution;
  std::string norm;
};

/// Of each convolution of a block, and of its projection. `number` counts the blocks of all stages, `place` those of the
/// block's stage.
[[nodiscard]] inline std::vector<LayerNames> layer_names(const BlockPlan& block, std::size_t number, std::size_t place,
                                                         WeightNames names) {
  const bool stem = block.name == "stem", head = block.name == "head";
  const std::size_t count = block.convolutions.size();
  if (names == WeightNames::torchvision) {
    if (stem) return {{"conv1", "bn1"}};
    const std::string at = "layer" + std::to_string(block.part) + "." + std::to_string(place) + ".";
    std::vector<LayerNames> layers;
    for (std::size_t i = 1; i <= count; ++i)
      layers.push_back({at + "conv" + std::to_string(i), at + "bn" + std::to_string(i)});
    if (block.shortcut == Shortcut::projection) layers.push_back({at + "downsample.0", at + "downsample.1"});
    return layers;
  }
  if (names == WeightNames::timm) {
    if (stem) return {{"conv_stem", "bn1"}};
    if (head) return {{"conv_head", "bn2"}};
    const std::string at = "blocks." + std::to_string(block.part - 1) + "." + std::to_string(place) + ".";
    if (count == 2) return {{at + "conv_dw", at + "bn1"}, {at + "conv_pw", at + "bn2"}};
    return {{at + "conv_pw", at + "bn1"}, {at + "conv_dw", at + "bn2"}, {at + "conv_pwl", at + "bn3"}};
  }
  if (stem) return {{"_conv_stem", "_bn0"}};
  if (head) return {{"_conv_head", "_bn1"}};
  const std::string at = "_blocks." + std::to_string(number) + ".";
  std::vector<LayerNames> layers{{at + "_expand_conv", at + "_bn0"},
                                 {at + "_depthwise_conv", at + "_bn1"},
                                 {at + "_project_conv", at + "_bn2"}};
  if (count == 2) layers.erase(layers.begin());
  return layers;
}

}  // namespace detail

/// The map for a Backbone of `plan` whose weights come from a file of the whole network, `whole`. What lies behind the
/// cut is ignored, and so are the classifier and the counts of batches.
/// @param prefix  of our names: "backbone."
[[nodiscard]] inline TensorMap backbone_map(const BackbonePlan& plan, const BackbonePlan& whole, WeightNames names,
                                            const std::string& prefix = "") {
  TensorMap map{{}, {"*.num_batches_tracked"}};
  map.ignored.push_back(names == WeightNames::torchvision                 ? "fc.*"
                        : names == WeightNames::timm                      ? "classifier.*"
                                                                          : "_fc.*");
  std::size_t place = 0;
  for (std::size_t i = 0; i < whole.blocks.size(); ++i) {
    const BlockPlan& block = whole.blocks[i];
    place = i > 0 && whole.blocks[i - 1].part == block.part ? place + 1 : 0;
    const std::size_t number = i == 0 ? 0 : i - 1;  // the stem comes before all
    const std::vector<detail::LayerNames> layers = detail::layer_names(block, number, place, names);
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      const auto& [convolution, norm] = layers[layer];
      if (i >= plan.blocks.size()) {
        map.ignored.push_back(convolution + ".*");
        map.ignored.push_back(norm + ".*");
        continue;
      }
      const bool projection = layer == block.convolutions.size();
      const std::string at = prefix + block.name + (projection ? ".projection." : ".");
      const std::string end = projection ? "." : std::to_string(layer + 1) + ".";
      map.entries.push_back({convolution + ".weight", at + "conv" + end + "weight", TensorLayout::channels_first});
      map.entries.push_back({norm + ".weight", at + "norm" + end + "gamma"});
      map.entries.push_back({norm + ".bias", at + "norm" + end + "beta"});
      map.entries.push_back({norm + ".running_mean", at + "norm" + end + "running_mean"});
      map.entries.push_back({norm + ".running_var", at + "norm" + end + "running_variance"});
    }
  }
  return map;
}

/// The same for a network that a configuration names. @throws ConfigError
[[nodiscard]] inline TensorMap backbone_map(const BackboneConfig& config, WeightNames names,
                                            const std::string& prefix = "") {
  const bool lite = is_efficientnet_lite(config.kind);
  expect_config(lite == (names != WeightNames::torchvision),
                "backbone_map: these are not the names of " + std::string(backbone_name(config.kind)));
  return backbone_map(backbone_plan(config.kind, config.stages), backbone_plan(config.kind), names, prefix);
}

}  // namespace saccade
