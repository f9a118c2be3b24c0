#pragma once

#include <saccade/core/image.hpp>
#include <saccade/math/random_sequence.hpp>
#include <saccade/math/stain.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// How strongly image `image` (its position in the list of records) is stained in epoch `epoch`: each stain's scale
/// uniform in 1 +- strength, its shift uniform in +- strength. For training images only.
/// Source: Tellez et al., "Whole-slide mitosis detection in H&E breast histology using PHH3 as a reference", 2018;
/// strength 0.05 is called light there, 0.2 strong.
[[nodiscard]] inline math::StainChange draw_stain(std::uint64_t seed, std::uint64_t epoch, Index image,
                                                  double strength) {
  math::RandomSequence random(
      {.seed = seed, .stream = RandomStream::stain, .counter = epoch << 32 | static_cast<std::uint32_t>(image)});
  math::StainChange change;
  for (std::size_t stain = 0; stain < change.scale.size(); ++stain) {
    change.scale[stain] += strength * (2 * random.uniform() - 1);
    change.shift[stain] += strength * (2 * random.uniform() - 1);
  }
  return change;
}

/// The image with its stains changed: every pixel's optical densities are taken apart into haematoxylin, eosin and what
/// is left, changed, and put together again.
[[nodiscard]] inline RgbImage restain(const ImageView& image, const math::StainChange& change) {
  static const std::array<double, 256> densities = [] {
    std::array<double, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = math::optical_density(static_cast<std::uint8_t>(i));
    return table;
  }();
  const math::StainMap map(change);
  RgbImage result(image.width, image.height);
  std::uint8_t* target = result.pixels.data();
  for (Index y = 0; y < image.height; ++y) {
    const std::uint8_t* pixel = image.pixels + y * image.row_stride;
    for (Index x = 0; x < image.width; ++x, pixel += image_channels, target += image_channels) {
      const math::Vector3 density = map({densities[pixel[0]], densities[pixel[1]], densities[pixel[2]]});
      for (std::size_t c = 0; c < density.size(); ++c) target[c] = math::transmitted(density[c]);
    }
  }
  return result;
}

}  // namespace saccade::data
