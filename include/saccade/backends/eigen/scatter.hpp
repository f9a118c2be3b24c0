#pragma once

#include <saccade/backends/eigen/windows.hpp>

#include <algorithm>

/// Backward by the input of a convolution of few channels, the first of a network say. As a product with windows
/// (windows.hpp) it would copy windows of d_y, which has many channels, for results that do not fill a vector.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Whether the gradients of the input had better be scattered: so few channels would not fill a vector.
[[nodiscard]] inline bool scattering_pays(const Shape& weights) { return weights[3] < 8; }

/// For few channels. All that a pixel of d_y adds to d_x, through kh rows of kw C numbers, is one row of a product
/// d_y (pixels, O) w (O, kh kw C); a thread has some rows of d_x and adds what reaches them, in the order of d_y's
/// rows.
template <class Scalar>
void scatter_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                            ConvolutionGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  constexpr Index block = 16;  // rows of d_x: the rows of d_y on its edge are multiplied twice
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const ImageBlock<const Scalar> from = image_block(d_y);
  const ImageBlock<Scalar> to = image_block(d_x);
  const Index kernel_height = w.shape()[1], kernel_width = w.shape()[2];
  const Index run = kernel_width * to.channels;
  const Index columns = round_up(kernel_height * run, kernels.lanes);
  Scalar* const packed = engine.shared<Scalar>(from.channels * columns);
  pack_rows(engine, from.channels, kernel_height * run, packed,
            [&](Index term) { return w.data() + term * kernel_height * run; });
  const Index whole = from.width / product_rows * product_rows;
  const Index room = padded(round_up(from.width, product_rows) * columns);
  const auto scratch = engine.per_thread<Scalar>(room + product_rows * from.channels);
  const Index blocks = (to.height + block - 1) / block;
  engine.parallel_for(d_x.shape()[0] * blocks, [&](Index task, int thread) {
    Scalar* const products = scratch(thread);
    Scalar* const last_pixels = products + room;
    const Index image = task / blocks;
    const Index top = task % blocks * block;
    const Index bottom = std::min(to.height, top + block);
    Scalar* const target = to.data + image * to.height * to.width * to.channels;
    if (write == Write::overwrite)
      std::fill(target + top * to.width * to.channels, target + bottom * to.width * to.channels, Scalar(0));
    const Index reach = top + geometry.padding.top - kernel_height + 1;
    const Index first = reach <= 0 ? 0 : (reach + geometry.stride - 1) / geometry.stride;
    const Index last = std::min(from.height, (bottom - 1 + geometry.padding.top) / geometry.stride + 1);
    for (Index row = first; row < last; ++row) {
      const Scalar* const pixels = from.data + (image * from.height + row) * from.width * from.channels;
      kernels.multiply(whole, from.channels, pixels, from.channels, packed, columns, nullptr, nullptr, nullptr,
                       products, columns);
      if (whole < from.width) {
        std::copy(pixels + whole * from.channels, pixels + from.width * from.channels, last_pixels);
        kernels.multiply(product_rows, from.channels, last_pixels, from.channels, packed, columns, nullptr, nullptr,
                         nullptr, products + whole * columns, columns);
      }
      for (Index tap = 0; tap < kernel_height; ++tap) {
        const Index target_row = row * geometry.stride + tap - geometry.padding.top;
        if (target_row < top || target_row >= bottom) continue;
        for (Index pixel = 0; pixel < from.width; ++pixel) {
          const Index left = pixel * geometry.stride - geometry.padding.left;
          const Index begin = std::clamp<Index>(-left, 0, kernel_width);
          const Index end = std::clamp<Index>(to.width - left, begin, kernel_width);
          const Scalar* const sums = products + pixel * columns + tap * run;
          Scalar* const place = target + (target_row * to.width + left) * to.channels;
          for (Index i = begin * to.channels; i < end * to.channels; ++i) place[i] += sums[i];
        }
      }
    }
  });
}

}  // namespace saccade::eigen
