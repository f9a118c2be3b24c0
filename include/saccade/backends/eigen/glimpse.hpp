#pragma once

#include <saccade/backends/eigen/engine.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/math/glimpse.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

/// Hard attention: only the pixels of the glimpse are read. The same numbers as the formulas of math/glimpse.hpp.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// An image seen through a symmetry: every symmetry is a first pixel and two steps.
class OrientedPixels {
 public:
  OrientedPixels(const ImageView& image, Symmetry symmetry)
      : width_(math::oriented_width(symmetry, image.width, image.height)),
        height_(math::oriented_height(symmetry, image.width, image.height)) {
    const auto offset = [&](Index x, Index y) {
      const PixelPosition p = source_pixel(symmetry, x, y, image.width, image.height);
      return p.y * image.row_stride + p.x * image_channels;
    };
    origin_ = image.pixels + offset(0, 0);
    step_x_ = offset(1, 0) - offset(0, 0);
    step_y_ = offset(0, 1) - offset(0, 0);
  }

  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] Index height() const { return height_; }
  [[nodiscard]] Index step_x() const { return step_x_; }

  /// The three bytes of the pixel at column `x`, row `y`, which must lie inside.
  [[nodiscard]] const std::uint8_t* at(Index x, Index y) const { return origin_ + y * step_y_ + x * step_x_; }

 private:
  Index width_;
  Index height_;
  const std::uint8_t* origin_;
  Index step_x_;
  Index step_y_;
};

/// Normalisation of each channel, and the result for every byte, which is all that a glimpse of scale 0 needs.
template <class Scalar>
struct PixelTables {
  explicit PixelTables(const GlimpseGeometry& geometry) {
    for (std::size_t c = 0; c < normalization.size(); ++c) {
      normalization[c] = math::pixel_normalization<Scalar>(geometry.mean[c], geometry.deviation[c]);
      for (Index byte = 0; byte < 256; ++byte)
        value[static_cast<std::size_t>(byte)][c] = math::patch_value(normalization[c], byte, 1, 1);
      outside[c] = math::patch_value(normalization[c], 0, 0, 1);
    }
  }

  std::array<math::PixelNormalization<Scalar>, image_channels> normalization;
  std::array<std::array<Scalar, image_channels>, 256> value;
  std::array<Scalar, image_channels> outside;
};

/// One row of a patch at full resolution: row `y` of the oriented image from column `x`. Pixels of the patch are
/// `stride` numbers apart.
template <class Scalar>
void crop_row(const OrientedPixels& pixels, const PixelTables<Scalar>& tables, Index x, Index y, Index side,
              Index stride, Scalar* patch) {
  const bool inside = y >= 0 && y < pixels.height();
  const Index begin = inside ? std::clamp<Index>(-x, 0, side) : side;
  const Index end = inside ? std::clamp<Index>(pixels.width() - x, begin, side) : side;
  for (Index j = 0; j < side; ++j, patch += stride) {
    if (j < begin || j >= end) {
      std::copy_n(tables.outside.data(), image_channels, patch);
      continue;
    }
    const std::uint8_t* const pixel = pixels.at(x + j, y);
    for (Index c = 0; c < image_channels; ++c) patch[c] = tables.value[pixel[c]][static_cast<std::size_t>(c)];
  }
}

/// One row of a patch that averages boxes of `box` x `box` pixels, the first of them at column `x`, row `y`.
///
/// @param line  room for side * box * 3 numbers
template <class Scalar>
void crop_row_of_boxes(const OrientedPixels& pixels, const PixelTables<Scalar>& tables, Index x, Index y, Index box,
                       Index side, Index stride, std::int32_t* line, Scalar* patch) {
  const Index top = std::clamp<Index>(y, 0, pixels.height());
  const Index bottom = std::clamp<Index>(y + box, 0, pixels.height());
  const Index first = std::clamp<Index>(x, 0, pixels.width());
  const Index last = std::clamp<Index>(x + side * box, first, pixels.width());

  // Sums of columns first: over neighbouring bytes where the symmetry keeps rows.
  std::fill_n(line, side * box * image_channels, 0);
  for (Index row = top; first < last && row < bottom; ++row) {
    const std::uint8_t* pixel = pixels.at(first, row);
    std::int32_t* const sums = line + (first - x) * image_channels;
    if (pixels.step_x() == image_channels)
      for (Index i = 0; i < (last - first) * image_channels; ++i) sums[i] += pixel[i];
    else
      for (Index i = 0; i < (last - first) * image_channels; i += image_channels, pixel += pixels.step_x())
        for (Index c = 0; c < image_channels; ++c) sums[i + c] += pixel[c];
  }

  const Index area = box * box;
  for (Index j = 0; j < side; ++j, patch += stride) {
    const Index left = std::clamp(x + j * box, first, last);
    const Index right = std::clamp(x + (j + 1) * box, first, last);
    const Index count = (bottom - top) * (right - left);
    for (Index c = 0; c < image_channels; ++c) {
      Index sum = 0;
      for (Index i = 0; i < box; ++i) sum += line[(j * box + i) * image_channels + c];
      const auto& normalization = tables.normalization[static_cast<std::size_t>(c)];
      // A box that lies inside is the usual case; its area is a power of two, so these are the same bits.
      patch[c] = count == area ? math::patch_value<Scalar>(
                                     {normalization.gain / static_cast<Scalar>(area), normalization.offset}, sum, 1, 1)
                               : math::patch_value(normalization, sum, count, area);
    }
  }
}

/// location (B, 2 or 3), patches (B, g, g, S*C); `images` are OrientedImage<B> over ImageView.
template <class Oriented, class Scalar>
void crop_glimpses(Engine& engine, std::span<const Oriented> images, const HostTensor<Scalar>& location,
                   const GlimpseGeometry& geometry, HostTensor<Scalar>& patches) {
  constexpr Index rows_at_once = 16;
  const PixelTables<Scalar> tables(geometry);
  const Index side = geometry.side;
  const Index stride = geometry.scales * image_channels;
  const Index parts = (side + rows_at_once - 1) / rows_at_once;
  const auto lines = engine.per_thread<std::int32_t>(side * geometry.largest_reduction() * image_channels);
  engine.parallel_for(patches.shape()[0] * parts, [&](Index block, int thread) {
    const Index b = block / parts;
    const Index first = block % parts * rows_at_once;
    const Oriented& oriented = images[static_cast<std::size_t>(b)];
    const OrientedPixels pixels(*oriented.image, oriented.symmetry);
    for (Index scale = 0; scale < geometry.scales; ++scale) {
      const math::GlimpseWindow window = math::glimpse_window(
          geometry, scale, location.data() + b * geometry.location_size(), pixels.width(), pixels.height());
      const Index box = window.size / side;
      for (Index row = first; row < std::min(side, first + rows_at_once); ++row) {
        Scalar* const patch = patches.data() + (b * side + row) * side * stride + scale * image_channels;
        if (box == 1)
          crop_row(pixels, tables, window.x, window.y + row, side, stride, patch);
        else
          crop_row_of_boxes(pixels, tables, window.x, window.y + row * box, box, side, stride, lines(thread), patch);
      }
    }
  });
}

}  // namespace saccade::eigen
