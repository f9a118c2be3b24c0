#pragma once

#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/math/glimpse.hpp>

#include <span>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// GlimpseOps over views of resident pixels.
template <std::floating_point Scalar>
struct Glimpse {
  using Tensor = HostTensor<Scalar>;

  [[nodiscard]] ImageView make_image(ImageView view) const { return view; }
  [[nodiscard]] Index width(const ImageView& image) const { return image.width; }
  [[nodiscard]] Index height(const ImageView& image) const { return image.height; }

  /// location (B, 2 or 3), patches (B, g, g, S*C): channel s * 3 + c of patch pixel (i, j) is the mean of the box of
  /// r x r pixels, r = scale_step^(s + zoom), at column corner_x + j * r, row corner_y + i * r of the oriented image.
  /// `images` are OrientedImage<B>.
  template <class Oriented>
  void crop_glimpses(std::span<const Oriented> images, const Tensor& location, const GlimpseGeometry& geometry,
                     Tensor& patches) const {
    const Index B = patches.shape[0], side = geometry.side;
    for (Index b = 0; b < B; ++b) {
      const Oriented& oriented = images[static_cast<std::size_t>(b)];
      const ImageView& image = *oriented.image;
      for (Index s = 0; s < geometry.scales; ++s) {
        const math::GlimpseWindow window =
            math::glimpse_window(geometry, s, location.data() + b * geometry.location_size(),
                                 math::oriented_width(oriented.symmetry, image.width, image.height),
                                 math::oriented_height(oriented.symmetry, image.width, image.height));
        const Index box = window.size / side;
        for (Index i = 0; i < side; ++i) {
          for (Index j = 0; j < side; ++j) {
            for (Index c = 0; c < image_channels; ++c) {
              const auto normalization = math::pixel_normalization<Scalar>(
                  geometry.mean[static_cast<std::size_t>(c)], geometry.deviation[static_cast<std::size_t>(c)]);
              const BoxSum sum = box_sum(image, oriented.symmetry, window.x + j * box, window.y + i * box, box, c);
              patches.data()[offset(patches.shape, b, i, j, s * image_channels + c)] =
                  math::patch_value(normalization, sum.sum, sum.count, box * box);
            }
          }
        }
      }
    }
  }

 private:
  struct BoxSum {
    Index sum = 0;
    Index count = 0;  ///< pixels inside the image
  };

  /// Channel c of the box of `size` x `size` pixels from column x, row y of the oriented image.
  static BoxSum box_sum(const ImageView& image, Symmetry symmetry, Index x, Index y, Index size, Index c) {
    BoxSum result;
    for (Index row = y; row < y + size; ++row) {
      for (Index column = x; column < x + size; ++column) {
        const PixelPosition p = source_pixel(symmetry, column, row, image.width, image.height);
        if (p.x < 0 || p.x >= image.width || p.y < 0 || p.y >= image.height) continue;
        result.sum += image.pixels[p.y * image.row_stride + p.x * image_channels + c];
        ++result.count;
      }
    }
    return result;
  }
};

}  // namespace saccade::reference
