#pragma once

#include <saccade/backends/eigen/windows.hpp>

#include <algorithm>

/// Convolution in groups, pixel by pixel, by the definition: w (O, kh, kw, C / groups). For groups of any size; those
/// of a single channel have kernels of their own, see depthwise.hpp.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// The images of a source as they are read: activated into `memory`, of the images' size, or where they lie.
template <class Scalar>
[[nodiscard]] const Scalar* activated_images(Engine& engine, Index batch, const ConvolutionSource<Scalar>& source,
                                             Scalar* memory) {
  const ImageBlock<const Scalar>& images = source.images;
  if (!source.activation) return images.data;
  engine.parallel_ranges(batch * images.height, 8, [&](Index begin, Index end, int) {
    copy_pixels(engine.kernels<Scalar>(), source, images.data + begin * images.width * images.channels,
                (end - begin) * images.width, memory + begin * images.width * images.channels);
  });
  return memory;
}

/// Numbers of an activated copy.
template <class Scalar>
[[nodiscard]] Index activated_room(Index batch, const ConvolutionSource<Scalar>& source) {
  const ImageBlock<const Scalar>& images = source.images;
  return source.activation ? padded(batch * images.height * images.width * images.channels) : 0;
}

/// y = x * w plus `addend`, of y's shape and perhaps y itself, unless it is null.
template <class Scalar>
void convolve_grouped(Engine& engine, const ConvolutionSource<Scalar>& x, const HostTensor<Scalar>& w,
                      ConvolutionGeometry geometry, HostTensor<Scalar>& y, const Scalar* addend) {
  const Shape& weights = w.shape();
  const Index batch = y.shape()[0], height = y.shape()[1], width = y.shape()[2];
  const Index outputs = weights[0], inputs = weights[3], group = outputs / geometry.groups;
  const ImageBlock<const Scalar>& images = x.images;
  const Scalar* const pixels = activated_images(engine, batch, x, engine.shared<Scalar>(activated_room(batch, x)));
  engine.parallel_for(batch * height, [&](Index row, int) {
    const Index top = row % height * geometry.stride - geometry.padding.top;
    const Scalar* const image = pixels + row / height * images.height * images.width * images.channels;
    for (Index column = 0; column < width; ++column) {
      const Index left = column * geometry.stride - geometry.padding.left;
      for (Index o = 0; o < outputs; ++o) {
        Scalar sum(0);
        for (Index u = std::max<Index>(0, -top); u < std::min(weights[1], images.height - top); ++u)
          for (Index v = std::max<Index>(0, -left); v < std::min(weights[2], images.width - left); ++v) {
            const Scalar* const from =
                image + ((top + u) * images.width + left + v) * images.channels + o / group * inputs;
            const Scalar* const taps = w.data() + ((o * weights[1] + u) * weights[2] + v) * inputs;
            for (Index c = 0; c < inputs; ++c) sum += from[c] * taps[c];
          }
        const Index place = (row * width + column) * outputs + o;
        y.data()[place] = addend ? addend[place] + sum : sum;
      }
    }
  });
}

template <class Scalar>
void convolve_grouped_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                                     ConvolutionGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  const Shape& weights = w.shape();
  const Index outputs = weights[0], inputs = weights[3], group = outputs / geometry.groups;
  const Index stride = geometry.stride;
  const ImageBlock<const Scalar> from = image_block(d_y);
  const ImageBlock<Scalar> to = image_block(d_x);
  engine.parallel_for(d_x.shape()[0] * to.height, [&](Index row, int) {
    const Scalar* const gradients = from.data + row / to.height * from.height * from.width * outputs;
    Scalar* const target = to.data + row * to.width * to.channels;
    if (write == Write::overwrite) std::fill_n(target, to.width * to.channels, Scalar(0));
    for (Index u = 0; u < weights[1]; ++u) {
      const Index below = row % to.height + geometry.padding.top - u;
      if (below < 0 || below % stride != 0 || below / stride >= from.height) continue;
      for (Index column = 0; column < to.width; ++column)
        for (Index v = 0; v < weights[2]; ++v) {
          const Index right = column + geometry.padding.left - v;
          if (right < 0 || right % stride != 0 || right / stride >= from.width) continue;
          const Scalar* const gradient = gradients + (below / stride * from.width + right / stride) * outputs;
          for (Index o = 0; o < outputs; ++o) {
            const Scalar* const taps = w.data() + ((o * weights[1] + u) * weights[2] + v) * inputs;
            Scalar* const place = target + column * to.channels + o / group * inputs;
            for (Index c = 0; c < inputs; ++c) place[c] += gradient[o] * taps[c];
          }
        }
    }
  });
}

template <class Scalar>
void convolve_grouped_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y, const ConvolutionSource<Scalar>& x,
                                      ConvolutionGeometry geometry, HostTensor<Scalar>& d_w, Write write) {
  const Shape& weights = d_w.shape();
  const Index batch = d_y.shape()[0], outputs = weights[0], inputs = weights[3], group = outputs / geometry.groups;
  const ImageBlock<const Scalar> from = image_block(d_y);
  const ImageBlock<const Scalar>& images = x.images;
  const Scalar* const pixels = activated_images(engine, batch, x, engine.shared<Scalar>(activated_room(batch, x)));
  const Index terms = weights[1] * weights[2] * inputs;
  const auto scratch = engine.per_thread<double>(terms);
  engine.parallel_for(outputs, [&](Index o, int thread) {
    double* const sums = scratch(thread);
    std::fill_n(sums, terms, 0.0);
    for (Index row = 0; row < batch * from.height; ++row) {
      const Index top = row % from.height * geometry.stride - geometry.padding.top;
      const Scalar* const image = pixels + row / from.height * images.height * images.width * images.channels;
      for (Index column = 0; column < from.width; ++column) {
        const double gradient = static_cast<double>(from.data[(row * from.width + column) * outputs + o]);
        const Index left = column * geometry.stride - geometry.padding.left;
        for (Index u = std::max<Index>(0, -top); u < std::min(weights[1], images.height - top); ++u)
          for (Index v = std::max<Index>(0, -left); v < std::min(weights[2], images.width - left); ++v) {
            const Scalar* const seen =
                image + ((top + u) * images.width + left + v) * images.channels + o / group * inputs;
            double* const target = sums + (u * weights[2] + v) * inputs;
            for (Index c = 0; c < inputs; ++c) target[c] += gradient * static_cast<double>(seen[c]);
          }
      }
    }
    for (Index i = 0; i < terms; ++i) {
      Scalar& target = d_w.data()[o * terms + i];
      const Scalar sum = static_cast<Scalar>(sums[i]);
      target = write == Write::accumulate ? target + sum : sum;
    }
  });
}

}  // namespace saccade::eigen
