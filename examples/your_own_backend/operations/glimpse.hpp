#pragma once

#include <saccade/core/image.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/math/glimpse.hpp>

#include "tensor.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace torch_example {

/// GlimpseOps over views of resident pixels. PyTorch has nothing that crops 8-bit images at given places, so the
/// windows and values are those of saccade/math/glimpse.hpp, in a loop.
template <std::floating_point Scalar>
struct Glimpse {
  [[nodiscard]] saccade::ImageView make_image(saccade::ImageView view) const { return view; }
  [[nodiscard]] Index width(const saccade::ImageView& image) const { return image.width; }
  [[nodiscard]] Index height(const saccade::ImageView& image) const { return image.height; }

  /// location (B, 2 or 3), patches (B, g, g, S*C). `images` are saccade::OrientedImage of the backend.
  template <class Oriented>
  void crop_glimpses(std::span<const Oriented> images, const Tensor& location, const saccade::GlimpseGeometry& geometry,
                     Tensor& patches) const {
    const Scalar* place = location.data_ptr<Scalar>();
    Scalar* patch = patches.data_ptr<Scalar>();  // of the pixel at hand, all its scales
    for (const Oriented& oriented : images) {
      for (Index i = 0; i < geometry.side; ++i) {
        for (Index j = 0; j < geometry.side; ++j) {
          for (Index s = 0; s < geometry.scales; ++s, patch += saccade::image_channels)
            crop_pixel(*oriented.image, oriented.symmetry, geometry, place, s, i, j, patch);
        }
      }
      place += geometry.location_size();
    }
  }

 private:
  /// Pixel (i, j) of scale s: the mean of a box of scale_step^(s + zoom) pixels a side, normalised, into patch[0 .. 3).
  static void crop_pixel(const saccade::ImageView& image, saccade::Symmetry symmetry,
                         const saccade::GlimpseGeometry& geometry, const Scalar* place, Index s, Index i, Index j,
                         Scalar* patch) {
    using namespace saccade::math;
    const GlimpseWindow window = glimpse_window(geometry, s, place, oriented_width(symmetry, image.width, image.height),
                                                oriented_height(symmetry, image.width, image.height));
    const Index box = window.size / geometry.side;
    std::array<Index, saccade::image_channels> sum{};
    Index count = 0;
    for (Index y = window.y + i * box; y < window.y + (i + 1) * box; ++y) {
      for (Index x = window.x + j * box; x < window.x + (j + 1) * box; ++x) {
        const saccade::PixelPosition p = saccade::source_pixel(symmetry, x, y, image.width, image.height);
        if (p.x < 0 || p.x >= image.width || p.y < 0 || p.y >= image.height) continue;
        const std::uint8_t* const pixel = image.pixels + p.y * image.row_stride + p.x * saccade::image_channels;
        for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += pixel[c];
        ++count;
      }
    }
    for (std::size_t c = 0; c < sum.size(); ++c) {
      const auto normalization = pixel_normalization<Scalar>(geometry.mean[c], geometry.deviation[c]);
      patch[c] = patch_value(normalization, sum[c], count, box * box);
    }
  }
};

}  // namespace torch_example
