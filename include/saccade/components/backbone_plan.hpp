#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/geometry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

/// Which layers the networks have whose weights can be loaded.
namespace saccade::inline SACCADE_NAMESPACE {

/// A convolution with its batch normalisation: y = rectifier(norm(x * w)).
struct PlannedConvolution {
  Index inputs = 1;
  Index outputs = 1;
  Index kernel = 1;
  Index stride = 1;
  Index groups = 1;
  Rectifier rectifier = Rectifier::relu;  ///< of a block's last convolution it comes after the sum with the shortcut
};

/// What is added to a block's last convolution.
enum class Shortcut { none, identity, projection };

struct BlockPlan {
  std::string name;  ///< "stem", "stage2.block1", "head"
  Index part = 0;    ///< the stem is part 0, stage i part i, and a head comes last
  std::vector<PlannedConvolution> convolutions;
  Shortcut shortcut = Shortcut::none;  ///< a projection is a convolution 1x1 with the block's stride, and its norm
  bool pooled = false;                 ///< a max-pooling 3x3/2 follows
};

/// Where a convolution puts its zeros: kernel / 2 on every side, or as TensorFlow's "SAME" does.
enum class PaddingRule { half, same };

/// A network up to its last map. See resnet_plan and efficientnet_lite_plan.
struct BackbonePlan {
  std::vector<BlockPlan> blocks;
  PaddingRule padding = PaddingRule::half;
  double epsilon = 1e-5;  ///< of every normalisation

  /// Stem, stages and head, as far as they are there.
  [[nodiscard]] Index parts() const { return blocks.back().part + 1; }

  [[nodiscard]] Index channels() const { return blocks.back().convolutions.back().outputs; }

  /// "stem", "stage3", "head".
  [[nodiscard]] std::string part_name(Index part) const {
    for (const BlockPlan& block : blocks)
      if (block.part == part) return block.name.substr(0, block.name.find('.'));
    throw ConfigError("backbone: there is no part " + std::to_string(part));
  }

  /// The zeros that a convolution of this network puts around a square map.
  [[nodiscard]] Padding padding_of(const PlannedConvolution& layer, Index side) const {
    return padding == PaddingRule::same ? same_padding(side, side, layer.kernel, layer.kernel, layer.stride)
                                        : Padding(layer.kernel / 2);
  }

  /// Side of the last map of an image of `side` x `side` pixels.
  [[nodiscard]] Index map_side(Index side) const {
    for (const BlockPlan& block : blocks) {
      for (const PlannedConvolution& layer : block.convolutions) {
        const Padding zeros = padding_of(layer, side);
        side = sliding_extent(side, layer.kernel, layer.stride, zeros.top, zeros.bottom);
      }
      if (block.pooled) side = sliding_extent(side, 3, 2, 1);
    }
    return side;
  }

  /// The network without the parts behind stage `stages`; 0: all of it. @throws ConfigError
  [[nodiscard]] BackbonePlan cut(Index stages) const {
    expect_config(stages >= 0 && stages < parts(), "backbone: stages must be from 1 to " + std::to_string(parts() - 1) +
                                                       ", or 0 for all, but is " + std::to_string(stages));
    BackbonePlan plan = *this;
    while (stages > 0 && plan.blocks.back().part > stages) plan.blocks.pop_back();
    return plan;
  }
};

struct ResNetConfig {
  std::array<Index, 4> blocks{2, 2, 2, 2};  ///< of each stage; 3, 4, 6, 3 for ResNet-34 and ResNet-50
  bool bottleneck = false;                  ///< 1x1, 3x3 and 1x1 as in ResNet-50, else 3x3 and 3x3
  Index width = 64;                         ///< channels of the stem
  Index stages = 0;                         ///< that are there, from 1 to 4; 0: all
};

/// ResNet: a stem 7x7/2 with a max-pooling, then four stages of blocks; the first block of each but the first stage
/// halves the map, in a bottleneck by its 3x3. A shortcut is projected where its shape changes.
/// Source: He et al., "Deep residual learning for image recognition", CVPR 2016; torchvision.models.resnet.
/// @throws ConfigError
[[nodiscard]] inline BackbonePlan resnet_plan(const ResNetConfig& config) {
  expect_config(config.width >= 1, "resnet: width must be at least 1, but is " + std::to_string(config.width));
  BackbonePlan plan;
  plan.blocks.push_back(
      {"stem", 0, {{.inputs = 3, .outputs = config.width, .kernel = 7, .stride = 2}}, Shortcut::none, true});
  const Index widening = config.bottleneck ? 4 : 1;
  Index inputs = config.width;
  for (std::size_t stage = 0; stage < config.blocks.size(); ++stage) {
    const Index width = config.width << stage, outputs = width * widening;
    expect_config(config.blocks[stage] >= 1, "resnet: every stage needs at least one block");
    for (Index i = 0; i < config.blocks[stage]; ++i) {
      const Index stride = i == 0 && stage > 0 ? 2 : 1;
      BlockPlan block{"stage" + std::to_string(stage + 1) + ".block" + std::to_string(i + 1),
                      static_cast<Index>(stage) + 1,
                      {},
                      stride != 1 || inputs != outputs ? Shortcut::projection : Shortcut::identity};
      if (config.bottleneck) {
        block.convolutions = {{.inputs = inputs, .outputs = width},
                              {.inputs = width, .outputs = width, .kernel = 3, .stride = stride},
                              {.inputs = width, .outputs = outputs}};
      } else {
        block.convolutions = {{.inputs = inputs, .outputs = width, .kernel = 3, .stride = stride},
                              {.inputs = width, .outputs = width, .kernel = 3}};
      }
      plan.blocks.push_back(std::move(block));
      inputs = outputs;
    }
  }
  return plan.cut(config.stages);
}

struct EfficientNetLiteConfig {
  double width = 1.0;  ///< factor on the channels, which are rounded to multiples of `divisor`
  double depth = 1.0;  ///< factor on the blocks of a stage, rounded up; the first and the last stage keep theirs
  Index divisor = 8;
  Index stem = 32;    ///< channels of the stem
  Index head = 1280;  ///< channels of the last convolution
  Index stages = 0;   ///< that are there, from 1 to 7; 8 or 0: all, and the head
};

/// EfficientNet-Lite: a stem 3x3/2, seven stages of inverted residual blocks (1x1 that widens six times, depthwise,
/// 1x1 without a rectifier), and a head 1x1. ReLU6 everywhere, no squeeze and excitation, TensorFlow's padding.
/// Source: Tan and Le, "EfficientNet", ICML 2019; Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020.
/// @throws ConfigError
[[nodiscard]] inline BackbonePlan efficientnet_lite_plan(const EfficientNetLiteConfig& config) {
  expect_config(config.width > 0 && config.depth > 0 && config.divisor >= 1 && config.stem >= 1 && config.head >= 1,
                "efficientnet_lite: width, depth, divisor, stem and head must be greater than 0");
  struct Stage {
    Index blocks, kernel, stride, widening, channels;
  };
  constexpr std::array<Stage, 7> stages{{{1, 3, 1, 1, 16},
                                         {2, 3, 2, 6, 24},
                                         {2, 5, 2, 6, 40},
                                         {3, 3, 2, 6, 80},
                                         {3, 5, 1, 6, 112},
                                         {4, 5, 2, 6, 192},
                                         {1, 3, 1, 6, 320}}};
  const auto rounded = [&](Index channels) {
    const double wanted = static_cast<double>(channels) * config.width;
    const auto steps =
        static_cast<Index>((wanted + static_cast<double>(config.divisor) / 2) / static_cast<double>(config.divisor));
    const Index nearest = std::max(config.divisor, steps * config.divisor);
    return static_cast<double>(nearest) < 0.9 * wanted ? nearest + config.divisor : nearest;
  };
  constexpr Rectifier relu6 = Rectifier::relu6;
  BackbonePlan plan{.blocks = {}, .padding = PaddingRule::same, .epsilon = 1e-3};
  plan.blocks.push_back(
      {"stem", 0, {{.inputs = 3, .outputs = config.stem, .kernel = 3, .stride = 2, .rectifier = relu6}}});
  Index inputs = config.stem;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const Stage& stage = stages[s];
    const bool scaled = s > 0 && s + 1 < stages.size();
    const Index blocks =
        scaled ? static_cast<Index>(std::ceil(static_cast<double>(stage.blocks) * config.depth)) : stage.blocks;
    const Index outputs = rounded(stage.channels);
    for (Index i = 0; i < blocks; ++i) {
      const Index stride = i == 0 ? stage.stride : 1, wide = inputs * stage.widening;
      BlockPlan block{"stage" + std::to_string(s + 1) + ".block" + std::to_string(i + 1),
                      static_cast<Index>(s) + 1,
                      {},
                      stride == 1 && inputs == outputs ? Shortcut::identity : Shortcut::none};
      if (wide != inputs) block.convolutions.push_back({.inputs = inputs, .outputs = wide, .rectifier = relu6});
      block.convolutions.push_back({.inputs = wide,
                                    .outputs = wide,
                                    .kernel = stage.kernel,
                                    .stride = stride,
                                    .groups = wide,
                                    .rectifier = relu6});
      block.convolutions.push_back({.inputs = wide, .outputs = outputs, .rectifier = Rectifier::none});
      plan.blocks.push_back(std::move(block));
      inputs = outputs;
    }
  }
  plan.blocks.push_back({"head", 8, {{.inputs = inputs, .outputs = config.head, .rectifier = relu6}}});
  return plan.cut(config.stages);
}

}  // namespace saccade
