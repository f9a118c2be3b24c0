#pragma once

#include <saccade/core/any_image.hpp>
#include <saccade/math/random_sequence.hpp>
#include <saccade/math/stain.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

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

namespace detail {
/// Changes the stains of `count` interleaved RGB pixels. `from` and `to` may be the same.
inline void restain_pixels(const math::StainMap& map, const std::uint8_t* from, Index count, std::uint8_t* to) {
  static const std::array<double, 256> densities = [] {
    std::array<double, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = math::optical_density(static_cast<std::uint8_t>(i));
    return table;
  }();
  for (Index i = 0; i < count; ++i, from += image_channels, to += image_channels) {
    const math::Vector3 density = map({densities[from[0]], densities[from[1]], densities[from[2]]});
    for (std::size_t c = 0; c < density.size(); ++c) to[c] = math::transmitted(density[c]);
  }
}
}  // namespace detail

/// The image with its stains changed: every pixel's optical densities are taken apart into haematoxylin, eosin and what
/// is left, changed, and put together again.
[[nodiscard]] inline RgbImage restain(const ImageView& image, const math::StainChange& change) {
  const math::StainMap map(change);
  RgbImage result(image.width, image.height);
  for (Index y = 0; y < image.height; ++y)
    detail::restain_pixels(map, image.pixels + y * image.row_stride, image.width, result.at(0, y));
  return result;
}

/// The same of a source, as its regions are read. At coarser scales the means are changed, not the pixels.
class RestainedSource {
 public:
  RestainedSource(StreamedImage source, const math::StainChange& change) : source_(std::move(source)), map_(change) {}

  [[nodiscard]] Index width() const { return source_.width(); }
  [[nodiscard]] Index height() const { return source_.height(); }

  /// See RegionSource.
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    source_.read_region(x, y, width, height, reduction, pixels);
    detail::restain_pixels(map_, pixels.data(), width * height, pixels.data());
  }

 private:
  StreamedImage source_;
  math::StainMap map_;
};

/// The image, pixels or source, with its stains changed. Its tissue is where it was.
[[nodiscard]] inline AnyImage restain(const AnyImage& image, const math::StainChange& change) {
  AnyImage stained = image.pixels() ? AnyImage(restain(image.pixels()->view(), change))
                                    : AnyImage(StreamedImage(RestainedSource(*image.source(), change)));
  stained.set_tissue(image.tissue());
  return stained;
}

}  // namespace saccade::data
