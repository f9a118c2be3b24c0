#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/tensor.hpp>
#include <saccade/core/tissue_area.hpp>
#include <saccade/math/philox.hpp>
#include <saccade/model/config.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/ops/memory.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Where a location of the image as stored lies in the image as seen.
[[nodiscard]] constexpr Location seen_location(Symmetry symmetry, const Location& stored) {
  const auto [x, y, zoom] = stored;
  switch (symmetry) {
    case Symmetry::rotate_90:
      return {-y, x, zoom};
    case Symmetry::rotate_180:
      return {-x, -y, zoom};
    case Symmetry::rotate_270:
      return {y, -x, zoom};
    case Symmetry::flip_horizontal:
      return {-x, y, zoom};
    case Symmetry::flip_vertical:
      return {x, -y, zoom};
    case Symmetry::transpose:
      return {y, x, zoom};
    case Symmetry::anti_transpose:
      return {-y, -x, zoom};
    case Symmetry::identity:
      break;
  }
  return stored;
}

/// A location drawn evenly over the tissue of an image, in the image as seen, with any of the zooms.
/// @param element  number of the draw of `key`
/// @throws ConfigError where nobody has looked for the image's tissue
template <class B>
[[nodiscard]] Location tissue_location(const OrientedImage<B>& image, const RandomKey& key, std::uint32_t element,
                                       Index zooms = 1) {
  if (image.tissue == nullptr) {
    throw ConfigError(
        "model: random_locations is tissue, but nobody has told where the tissue of an image is "
        "(OrientedImage::tissue)");
  }
  const math::PhiloxBlock block = math::random_block(key, element);
  const double which = (static_cast<double>(block.word[0]) + 0.5) * 0x1p-32;  // finer than there are cells
  const auto [x, y] = image.tissue->at(which, math::unit_interval(block.word[1]), math::unit_interval(block.word[2]));
  const auto [width, height] = image.tissue->size();
  return seen_location(image.symmetry, {2 * x / static_cast<double>(width) - 1, 2 * y / static_cast<double>(height) - 1,
                                        detail::drawn_zoom(block, zooms)});
}

/// Whether a rollout that draws its locations begins with one on tissue. Its caller puts that into the episode, for
/// what is known of an image is on the host, and the rollout may be recorded: see RolloutOptions::first_given.
[[nodiscard]] constexpr bool begins_on_tissue(const HybridAttentionConfig& config) {
  return config.random_locations == RandomLocations::tissue && config.first_location == GlimpsePolicy::random &&
         config.glance.side == 0;
}

/// Draws a location on the tissue of each image; that of image n is draw 2 n of `key`, as if all were drawn at once.
/// @param first     whether it is the first one of a rollout, whose zoom is the widest; else any
/// @param values    scratch
/// @param location  (B, L)
/// @throws ConfigError as tissue_location does
template <class B>
void place_on_tissue(B& b, ImageBatch<B> images, const RandomKey& key, const GlimpseGeometry& sensor, bool first,
                     std::vector<Scalar<B>>& values, Tensor<B>& location) {
  values.clear();
  for (std::size_t n = 0; n < images.size(); ++n) {
    Location place = tissue_location<B>(images[n], key, static_cast<std::uint32_t>(2 * n), sensor.zooms);
    if (first) place.zoom = sensor.zooms - 1;
    append_location(values, place, sensor);
  }
  ops::upload(b, std::span<const Scalar<B>>(values), location);
}

}  // namespace saccade
