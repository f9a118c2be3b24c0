#pragma once

#include <saccade/backends/eigen/windows.hpp>

#include <algorithm>

/// Winograd's algorithm F(4x4, 3x3) for convolutions of stride 1: a tile of 4 x 4 outputs comes from 6 x 6 inputs with
/// 36 multiplications where the definition takes 144.
///
///     y = A^T [ (G g G^T) . (B^T d B) ] A        forward; backward by the input with the filter turned around
///     d_g = G^T [ (B^T d B) . (A d_y A^T) ] G    backward by the weights
///
/// The products of one of the 36 places, summed over channels, are a matrix product over a block of tiles. A block is
/// as large as lets its transformed tiles stay in the second-level cache. Source: Winograd 1980; Lavin and Gray, "Fast
/// algorithms for convolutional neural networks", CVPR 2016.
///
/// Rounding: in single precision the relative error (root mean square) is about 1e-6, and 5e-6 for the weights, against
/// 4e-7 of the definition.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

inline constexpr Index winograd_places = 36;

/// Whether a convolution with weights (O, kh, kw, C) is one that Winograd's algorithm computes, and faster than a plain
/// product.
[[nodiscard]] inline bool winograd_pays(const Shape& weights, ConvolutionGeometry geometry) {
  const Padding& padding = geometry.padding;
  return weights[1] == 3 && weights[2] == 3 && geometry.stride == 1 && geometry.groups == 1 &&
         padding.top == padding.left && padding.top <= 2 && weights[3] >= 8 && weights[0] >= 8;
}

/// Transformed tiles of one block: 36 planes (tiles, channels). Planes are a little longer than a power of two, lest
/// they meet in the same sets of a cache.
template <class Scalar>
struct PlaneLayout {
  PlaneLayout(Index tiles, Index padded_channels)
      : tile_stride(padded_channels), plane_stride(tiles * padded_channels + 64 / Index{sizeof(Scalar)}) {}

  [[nodiscard]] Index size() const { return winograd_places * plane_stride; }
  [[nodiscard]] TilePlanes<Scalar> at(Scalar* data) const { return {data, plane_stride, tile_stride}; }

  Index tile_stride;
  Index plane_stride;
};

/// Tiles of a block whose inputs and outputs have so many padded channels: a multiple of product_rows.
[[nodiscard]] inline Index tiles_per_block(Index channels, Index outputs) {
  constexpr Index numbers = 36 * 30 * 128;  // 550 KB in single precision
  return std::clamp<Index>(numbers / (winograd_places * (channels + outputs)) / product_rows * product_rows,
                           product_rows, 96);
}

/// y = x * g plus `addend`, where it is not null. `filter` holds the 36 packed matrices (C, O), one after the other.
template <class Scalar>
void winograd_correlate(Engine& engine, Index batch, const ConvolutionSource<Scalar>& x, const TileGrid& grid,
                        const Scalar* filter, const Scalar* addend, Scalar* y) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index channels = round_up(grid.channels, kernels.lanes);
  const Index outputs = round_up(grid.outputs, kernels.lanes);
  const Index tiles = batch * grid.per_image();
  // Blocks of equal size, as many for each thread: a tile's result does not depend on the block that it is in.
  const Index threads = engine.threads();
  const Index per_thread = (tiles + threads - 1) / threads;
  const Index most = tiles_per_block(channels, outputs);
  const Index blocks = std::min(tiles, threads * ((per_thread + most - 1) / most));
  const PlaneLayout<Scalar> input_layout(most, channels), output_layout(most, outputs);
  const auto scratch = engine.per_thread<Scalar>(padded(input_layout.size()) + output_layout.size());
  engine.parallel_for(blocks, [&](Index block, int thread) {
    const Index first = tiles * block / blocks;
    const Index last = tiles * (block + 1) / blocks;
    const auto inputs = input_layout.at(scratch(thread));
    const auto products = output_layout.at(inputs.data + padded(input_layout.size()));
    kernels.winograd_input(x.images.data, grid, first, last, x.activation, inputs);
    for (Index place = 0; place < winograd_places; ++place)
      kernels.multiply(round_up(last - first, product_rows), grid.channels, inputs.data + place * inputs.plane_stride,
                       channels, filter + place * grid.channels * outputs, outputs, nullptr, nullptr, nullptr,
                       products.data + place * products.plane_stride, outputs);
    kernels.winograd_output(products, grid, first, last, addend, y);
  });
}

template <class Scalar>
void winograd_convolve(Engine& engine, const ConvolutionSource<Scalar>& x, const HostTensor<Scalar>& w,
                       ConvolutionGeometry geometry, HostTensor<Scalar>& y, const Scalar* addend) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index outputs = w.shape()[0];
  const Index channels = w.shape()[3];
  const TileGrid grid{x.images.height, x.images.width,      channels, y.shape()[1], y.shape()[2],
                      outputs,         geometry.padding.top};
  const Index plane = channels * round_up(outputs, kernels.lanes);
  Scalar* const filter = engine.shared<Scalar>(padded(winograd_places * plane) + 9 * channels * outputs);
  Scalar* const taps = filter + padded(winograd_places * plane);  // (C, 9, O): columns side by side
  engine.parallel_ranges(channels, 16, [&](Index begin, Index end, int) {
    for (Index tap = 0; tap < 9 * outputs; ++tap)
      for (Index c = begin; c < end; ++c) taps[(c * 9 + tap % 9) * outputs + tap / 9] = w.data()[tap * channels + c];
    for (Index c = begin; c < end; ++c)
      kernels.winograd_filter(taps + c * 9 * outputs, outputs, outputs, channels, c, filter, plane);
  });
  winograd_correlate(engine, y.shape()[0], x, grid, filter, addend, y.data());
}

/// The same correlation over d_y, with the taps in reverse order and the roles of the channels exchanged.
template <class Scalar>
void winograd_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                             ConvolutionGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index outputs = w.shape()[0];
  const Index channels = w.shape()[3];
  const TileGrid grid{d_y.shape()[1], d_y.shape()[2],          outputs, d_x.shape()[1], d_x.shape()[2],
                      channels,       2 - geometry.padding.top};
  const Index plane = outputs * round_up(channels, kernels.lanes);
  Scalar* const filter = engine.shared<Scalar>(winograd_places * plane);
  engine.parallel_ranges(outputs, 16, [&](Index begin, Index end, int) {
    for (Index o = begin; o < end; ++o)
      kernels.winograd_filter(w.data() + (o * 9 + 8) * channels, -channels, channels, outputs, o, filter, plane);
  });
  winograd_correlate(engine, d_x.shape()[0], ConvolutionSource<Scalar>{image_block(d_y)}, grid, filter,
                     write == Write::accumulate ? d_x.data() : nullptr, d_x.data());
}

/// Segments of the tiles of winograd_backward_weight, each with a sum of its own: by the sizes alone, and so few that
/// adding the sums up takes little of the time.
[[nodiscard]] inline Index gradient_segments(Index tiles, Index sum_size) {
  constexpr Index least = 384, most = 8;     // tiles of a segment; segments
  constexpr Index numbers = Index{1} << 22;  // of all sums: 16 MB in single precision
  return std::clamp<Index>(std::min(tiles / least, numbers / sum_size), 1, most);
}

/// Tiles are divided into segments. Where there are as many segments as threads, each segment belongs to one thread:
/// its transformed tiles and its sums stay in that thread's second-level cache. Otherwise all threads work on one
/// segment after the other: they first transform some of its tiles and then add up the products of the 36 places, each
/// of which belongs to one thread. Either way gradient_rows tiles are summed before they are added to those of the
/// segment before them, and the segments are added in their order: the bits are the same for any number of threads.
template <class Scalar>
void winograd_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y, const ConvolutionSource<Scalar>& x,
                              ConvolutionGeometry geometry, HostTensor<Scalar>& d_w, Write write) {
  constexpr Index grain = 8;  // tiles that a thread transforms at a time
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const GradientKernels<Scalar>& gradient_kernels = engine.gradient_kernels<Scalar>();
  const TileGrid grid{x.images.height, x.images.width, x.images.channels,   d_y.shape()[1],
                      d_y.shape()[2],  d_w.shape()[0], geometry.padding.top};
  const Index channels = round_up(grid.channels, std::max(kernels.lanes, gradient_terms));
  const Index outputs = round_up(grid.outputs, kernels.lanes);
  const Index tiles = d_y.shape()[0] * grid.per_image();
  const Index plane = channels * outputs;
  const Index sum_size = padded(winograd_places * plane);
  const Index segments = gradient_segments(tiles, sum_size);
  const bool alone = segments >= engine.threads();
  const Index round = gradient_rows * (alone ? 1 : engine.threads());
  const PlaneLayout<Scalar> input_layout(round, channels), gradient_layout(round, outputs);
  const Index planes_size = padded(input_layout.size()) + gradient_layout.size();
  Scalar* const sums = engine.shared<Scalar>(segments * sum_size + (alone ? 0 : planes_size));
  const auto scratch = engine.per_thread<Scalar>(std::max(alone ? planes_size : 0, 9 * kernels.lanes));

  // `for_ranges` and `for_places` call what they are given for ranges of tiles and for the places, on one thread or on
  // all.
  const auto add_segment = [&](Index segment, Scalar* planes, const auto& for_ranges, const auto& for_places) {
    Scalar* const sum = sums + segment * sum_size;
    std::fill_n(sum, winograd_places * plane, Scalar(0));
    const auto inputs = input_layout.at(planes);
    const auto gradients = gradient_layout.at(planes + padded(input_layout.size()));
    const Index end_of_segment = tiles * (segment + 1) / segments;
    for (Index first = tiles * segment / segments; first < end_of_segment; first += round) {
      const Index count = std::min(round, end_of_segment - first);
      for_ranges(count, [&](Index begin, Index end) {
        kernels.winograd_input(x.images.data, grid, first + begin, first + end, x.activation, inputs.from(begin));
        gradient_kernels.winograd_gradient(d_y.data(), grid, first + begin, first + end, gradients.from(begin));
      });
      for_places([&](Index place) {
        for (Index row = 0; row < count; row += gradient_rows)
          gradient_kernels.multiply_transposed(std::min(gradient_rows, count - row), channels,
                                               inputs.from(row).data + place * inputs.plane_stride, channels,
                                               gradients.from(row).data + place * gradients.plane_stride, outputs,
                                               outputs, sum + place * plane);
      });
    }
  };
  if (alone) {
    engine.parallel_for(segments, [&](Index segment, int thread) {
      add_segment(
          segment, scratch(thread), [](Index count, const auto& body) { body(Index{0}, count); },
          [](const auto& body) {
            for (Index place = 0; place < winograd_places; ++place) body(place);
          });
    });
  } else {
    for (Index segment = 0; segment < segments; ++segment)
      add_segment(
          segment, sums + segments * sum_size,
          [&](Index count, const auto& body) {
            engine.parallel_ranges(count, grain, [&](Index begin, Index end, int) { body(begin, end); });
          },
          [&](const auto& body) { engine.parallel_for(winograd_places, [&](Index place, int) { body(place); }); });
  }
  engine.parallel_ranges(winograd_places * plane, elementwise_grain / 4, [&](Index begin, Index end, int) {
    for (Index segment = 1; segment < segments; ++segment)
      kernels.add(end - begin, sums + begin, sums + segment * sum_size + begin, sums + begin);
  });
  engine.parallel_for(outputs / kernels.lanes, [&](Index vector, int thread) {
    Scalar* const taps = scratch(thread);  // (9, lanes)
    const Index first = vector * kernels.lanes;
    const Index count = std::min(kernels.lanes, grid.outputs - first);
    for (Index c = 0; c < grid.channels; ++c) {
      gradient_kernels.winograd_filter_gradient(sums + c * outputs + first, plane, taps);
      for (Index o = 0; o < count; ++o)
        for (Index tap = 0; tap < 9; ++tap) {
          Scalar& target = d_w.data()[((first + o) * 9 + tap) * grid.channels + c];
          const Scalar sum = taps[tap * kernels.lanes + o];
          target = write == Write::accumulate ? target + sum : sum;
        }
    }
  });
}

}  // namespace saccade::eigen
