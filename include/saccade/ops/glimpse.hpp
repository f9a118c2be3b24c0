#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/core/image.hpp>
#include <saccade/ops/check.hpp>
#include <saccade/ops/streamed_glimpse.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// Shape (B, g, g, S*C) of the glimpses at `batch` images.
[[nodiscard]] constexpr Shape glimpse_shape(Index batch, const GlimpseGeometry& geometry) {
  return {batch, geometry.side, geometry.side, geometry.scales * image_channels};
}

/// A handle of the pixels of `view` that the backend can crop from. Whether it copies them depends on the backend, so
/// keep them alive.
/// @throws ConfigError if the view has no pixels or its rows overlap
template <GlimpseOps B>
[[nodiscard]] Image<B> make_image(B& b, const ImageView& view) {
  if (view.pixels == nullptr || view.width < 1 || view.height < 1 || view.row_stride < image_channels * view.width) {
    throw ConfigError("make_image: a view of " + std::to_string(view.width) + " x " + std::to_string(view.height) +
                      " pixels with " + std::to_string(view.row_stride) + " bytes a row" +
                      (view.pixels == nullptr ? " and no pixels" : "") +
                      " is not an image; expected pixels, and at least 3 bytes a row for each column");
  }
  return b.make_image(view);
}

/// Size of one image of a batch as stored: before its symmetry.
template <GlimpseOps B>
[[nodiscard]] ImageSize stored_size(B& b, const OrientedImage<B>& image) {
  if (image.source != nullptr) return {image.source->width(), image.source->height()};
  return {b.width(*image.image), b.height(*image.image)};
}

/// Size of one image of a batch as it is seen: through its symmetry.
template <GlimpseOps B>
[[nodiscard]] ImageSize seen_size(B& b, const OrientedImage<B>& image) {
  const auto [width, height] = stored_size(b, image);
  return {math::oriented_width(image.symmetry, width, height), math::oriented_height(image.symmetry, width, height)};
}

namespace detail {
/// More would not fit into any image.
inline constexpr Index most_scales = 16;
/// As many as there are powers of two up to most_reduction.
inline constexpr Index most_zooms = 25;
/// Pixels, on each axis, that one of the widest window stands for: 2^24.
inline constexpr Index most_reduction = Index{1} << 24;

/// Whether one pixel of the widest window stands for at most most_reduction.
[[nodiscard]] constexpr bool reductions_fit(const GlimpseGeometry& geometry) {
  Index reduction = 1;
  for (Index level = 2; level < geometry.scales + geometry.zooms; ++level, reduction *= geometry.scale_step)
    if (reduction > most_reduction / geometry.scale_step) return false;
  return true;
}

inline void expect_glimpse_geometry(std::string_view operation, const GlimpseGeometry& geometry) {
  expect_argument(geometry.side >= 1, operation, "the side must be at least 1", static_cast<double>(geometry.side));
  expect_argument(geometry.scales >= 1 && geometry.scales <= most_scales, operation,
                  "the number of scales must be between 1 and 16", static_cast<double>(geometry.scales));
  const bool power = geometry.scale_step >= 2 && std::has_single_bit(static_cast<std::uint64_t>(geometry.scale_step));
  expect_argument(power, operation, "scale_step must be a power of two, at least 2",
                  static_cast<double>(geometry.scale_step));
  expect_argument(geometry.zooms >= 1 && geometry.zooms <= most_zooms, operation,
                  "the number of zooms must be between 1 and 25", static_cast<double>(geometry.zooms));
  expect_argument(reductions_fit(geometry), operation,
                  "scale_step^(scales + zooms - 2) must be at most 2^24, at scale_step",
                  static_cast<double>(geometry.scale_step));
  for (const float deviation : geometry.deviation) {
    expect_argument(deviation > 0, operation, "every deviation must be positive", static_cast<double>(deviation));
  }
}

/// Throws ConfigError unless there is one image everywhere, and a glimpse fits into each.
template <class B>
void expect_glimpses_fit(B& b, ImageBatch<B> images, const GlimpseGeometry& geometry) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    const bool resident = images[i].image != nullptr, streamed = images[i].source != nullptr;
    if (resident == streamed) {
      throw ConfigError("crop_glimpses: image " + std::to_string(i) +
                        (resident ? " is both resident and streamed" : " is missing"));
    }
    const auto [width, height] = stored_size(b, images[i]);
    if (width < geometry.side || height < geometry.side) {
      throw ConfigError("crop_glimpses: image " + std::to_string(i) + " is " + std::to_string(width) + " x " +
                        std::to_string(height) + ", smaller than the glimpse of " + std::to_string(geometry.side) +
                        " x " + std::to_string(geometry.side));
    }
  }
}
}  // namespace detail

/// A backend that takes note of a batch's images before the work that looks at them. Optional: one that is RecordedStep
/// offers it, so that a repetition looks at the images of its own call.
template <class B>
concept StagedImages = GlimpseOps<B> && requires(B b, ImageBatch<B> images) {
  { b.stage_images(images) } -> std::same_as<void>;
};

/// Tells the backend which images the crops of the next `run_step` look at: one table for each batch size, the last one
/// staged. Does nothing more than check them where the backend does not ask, or where one of them is streamed.
///
/// @param images    B images of any sizes not below `side`; they stay alive until the work is done
/// @param geometry  of the crops
/// @throws ConfigError
template <GlimpseOps B>
void stage_images(B& b, ImageBatch<B> images, const GlimpseGeometry& geometry) {
  detail::expect_glimpse_geometry("crop_glimpses", geometry);
  detail::expect_glimpses_fit(b, images, geometry);
  if constexpr (StagedImages<B>)
    if (all_resident<B>(images)) b.stage_images(images);
}

/// Hard attention: crops around each location, normalised, seen through each image's symmetry.
/// Pixels are (p / 255 - mean) / deviation; see GlimpseGeometry and Border for windows, scales and borders.
///
/// The backend crops resident images. Of a streamed one, `scales` regions of side x side pixels are read on the host,
/// several images at a time, so that the cost does not grow with the image: the call then waits for the location, makes
/// host memory, and must not be recorded (see `run_step`). At full resolution both give the same bits; at coarser
/// scales a source has rounded its means to whole grey levels.
///
/// @param images    B images of any sizes not below `side`, resident or streamed
/// @param location  (B, 2)  x to the right and y down, -1 and +1 the outer edges of the image; with zooms above 1
///                  (B, 3), the third number the zoom, whole
/// @param patches   (B, g, g, S*C), scale by scale
/// Not differentiable, by design: the location learns from the reward.
/// @throws ShapeError, ConfigError; BadRowsError for streamed images that cannot be read
/// Source: Mnih et al. 2014, section 3.1; Xu et al. 2019, section 2.1.
template <GlimpseOps B>
void crop_glimpses(B& b, ImageBatch<B> images, const Tensor<B>& location, const GlimpseGeometry& geometry,
                   Tensor<B>& patches) {
  const Index batch = static_cast<Index>(images.size());
  detail::expect_glimpse_geometry("crop_glimpses", geometry);
  expect_shape("crop_glimpses", "location", geometry.zooms > 1 ? "(B, 3)" : "(B, 2)", {batch, geometry.location_size()},
               b.shape(location));
  expect_shape("crop_glimpses", "patches", "(B, g, g, S*C)", glimpse_shape(batch, geometry), b.shape(patches));
  detail::expect_glimpses_fit(b, images, geometry);
  if (all_resident<B>(images)) {
    b.crop_glimpses(images, location, geometry, patches);
  } else {
    detail::crop_streamed(b, images, location, geometry, patches);
  }
}

}  // namespace saccade::ops
