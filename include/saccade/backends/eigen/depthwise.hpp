#pragma once

#include <saccade/backends/eigen/grouped.hpp>

#include <algorithm>

/// Depthwise convolution, w (C, kh, kw, 1): each channel has a kernel of its own. It is bound by memory where the maps
/// are large, so it is computed from where they lie, a row of results at a time, vectors running along the channels.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Whether there are groups, each of one input and one output.
[[nodiscard]] inline bool is_depthwise(const Shape& weights, ConvolutionGeometry geometry) {
  return geometry.groups > 1 && weights[3] == 1 && weights[0] == geometry.groups;
}

/// packed (taps, C padded) = `source(tap, channel)`, with zeros behind.
template <class Scalar, class Source>
void pack_taps(Index taps, Index channels, Index lanes, Scalar* packed, const Source& source) {
  for (Index tap = 0; tap < taps; ++tap) {
    for (Index c = 0; c < channels; ++c) *packed++ = source(tap, c);
    packed = std::fill_n(packed, round_up(channels, lanes) - channels, Scalar(0));
  }
}

/// Rows of results that a thread takes at a time: enough to be worth it.
[[nodiscard]] inline Index depthwise_rows(Index row_products) {
  constexpr Index least = Index{1} << 18;
  return std::max<Index>(1, least / std::max<Index>(1, row_products));
}

/// Row `row` of a grid's results in an image: `images` correlated with packed taps (window_height, window_width, C) as
/// the grid says, plus `addend`, which lies as the target and may be it, unless it is null, and then as `epilogue`
/// says, unless that is null. `correlate` is the kernel, `lanes` the numbers in a vector.
template <class Scalar>
void correlate_depthwise_row(void (*correlate)(const DepthwiseRow<Scalar>&), Index lanes,
                             const ImageBlock<const Scalar>& images, const CorrelationGrid& grid, Index image,
                             Index row, const Scalar* taps, const ImageBlock<Scalar>& target, const Scalar* addend,
                             const ChannelEpilogue<Scalar>* epilogue) {
  const Index channels = images.channels;
  const Index top = row * grid.step + grid.first_row;
  const Index first = std::max<Index>(0, -top);
  const Index last = std::max(first, std::min(grid.window_height, images.height - top));
  const Index target_row = image * target.height + row * grid.spread + grid.target_row;
  const Index place = (target_row * target.width + grid.target_column) * channels;
  correlate({.source = images.data + (image * images.height + top + first) * images.width * channels,
             .taps = taps + first * grid.window_width * round_up(channels, lanes),
             .rows = last - first,
             .kernel_width = grid.window_width,
             .channels = channels,
             .width = images.width,
             .step = grid.step,
             .first_column = grid.first_column,
             .count = grid.width,
             .target = target.data + place,
             .target_stride = grid.spread * channels,
             .addend = addend ? addend + place : nullptr,
             .epilogue = epilogue});
}

/// y = x * w plus `addend`, of y's shape and perhaps y itself, unless it is null, and then as `epilogue` says.
template <class Scalar>
void convolve_depthwise(Engine& engine, const ConvolutionSource<Scalar>& x, const HostTensor<Scalar>& w,
                        ConvolutionGeometry geometry, HostTensor<Scalar>& y, const Scalar* addend,
                        const ChannelEpilogue<Scalar>* epilogue) {
  const Shape& weights = w.shape();
  const Index batch = y.shape()[0], channels = weights[0], taps = weights[1] * weights[2];
  const Index lanes = engine.kernels<Scalar>().lanes;
  const Index room = activated_room(batch, x);
  Scalar* const memory = engine.shared<Scalar>(room + taps * round_up(channels, lanes));
  Scalar* const packed = memory + room;
  const Scalar* const scale = epilogue ? epilogue->scale : nullptr;
  pack_taps(taps, channels, lanes, packed, [&](Index tap, Index c) {
    const Scalar value = w.data()[c * taps + tap];
    return scale ? value * scale[c] : value;
  });
  ImageBlock<const Scalar> images = x.images;
  images.data = activated_images(engine, batch, x, memory);
  const CorrelationGrid grid = forward_grid(y.shape()[1], y.shape()[2], weights, geometry);
  const Index grain = depthwise_rows(grid.width * taps * channels);
  engine.parallel_ranges(batch * grid.height, grain, [&](Index begin, Index end, int) {
    for (Index i = begin; i < end; ++i)
      correlate_depthwise_row(engine.kernels<Scalar>().depthwise, lanes, images, grid, i / grid.height, i % grid.height,
                              packed, image_block(y), addend, epilogue);
  });
}

/// As convolve_windows_backward_input: the pixels with the same remainders modulo the stride are one correlation over
/// d_y, with the taps that they see turned around. A row of d_x is written whole before the next one.
template <class Scalar>
void convolve_depthwise_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                                       ConvolutionGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  const Shape& weights = w.shape();
  const Index channels = weights[0], stride = geometry.stride;
  const Index lanes = engine.kernels<Scalar>().lanes;
  const auto kernel = engine.gradient_kernels<Scalar>().depthwise_input;
  const ImageBlock<Scalar> target = image_block(d_x);
  const Index phase_size = weights[1] * weights[2] * round_up(channels, lanes);  // at most
  Scalar* const packed = engine.shared<Scalar>(stride * stride * phase_size);
  const auto for_phases = [&](Index row_phase, const auto& body) {
    const BackwardAxis rows(target.height, weights[1], stride, geometry.padding.top, row_phase);
    for (Index column_phase = 0; column_phase < stride; ++column_phase)
      body(rows, BackwardAxis(target.width, weights[2], stride, geometry.padding.left, column_phase), column_phase,
           packed + (row_phase * stride + column_phase) * phase_size);
  };
  for (Index row_phase = 0; row_phase < stride; ++row_phase)
    for_phases(row_phase, [&](const BackwardAxis& rows, const BackwardAxis& columns, Index, Scalar* taps) {
      pack_taps(rows.taps * columns.taps, channels, lanes, taps, [&](Index tap, Index c) {
        const Index row_tap = rows.first_tap + (rows.taps - 1 - tap / columns.taps) * stride;
        const Index column_tap = columns.first_tap + (columns.taps - 1 - tap % columns.taps) * stride;
        return w.data()[(c * weights[1] + row_tap) * weights[2] + column_tap];
      });
    });
  const Scalar* const addend = write == Write::accumulate ? d_x.data() : nullptr;
  const Index grain = depthwise_rows(target.width * weights[1] * weights[2] * channels / (stride * stride));
  engine.parallel_ranges(d_x.shape()[0] * target.height, grain, [&](Index begin, Index end, int) {
    for (Index i = begin; i < end; ++i) {
      const Index row = i % target.height, row_phase = row % stride;
      for_phases(row_phase,
                 [&](const BackwardAxis& rows, const BackwardAxis& columns, Index column_phase, const Scalar* taps) {
                   const CorrelationGrid grid = backward_grid(rows, row_phase, columns, column_phase, stride);
                   correlate_depthwise_row<Scalar>(kernel, lanes, image_block(d_y), grid, i / target.height,
                                                   row / stride, taps, target, addend, nullptr);
                 });
    }
  });
}

/// Rows are divided into chunks by the sizes alone; each chunk has its own sums (taps, C), and they are added in order.
/// Within a chunk, threads share the channels.
template <class Scalar>
void convolve_depthwise_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y,
                                        const ConvolutionSource<Scalar>& x, ConvolutionGeometry geometry,
                                        HostTensor<Scalar>& d_w, Write write) {
  constexpr Index tasks = 32;                   // that are worth having
  constexpr Index chunk_work = Index{1} << 18;  // multiply-adds, to be worth the addition of another sum
  constexpr Index part = 64;                    // channels of a task: whole vectors of every kind
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Shape& weights = d_w.shape();
  const Index batch = d_y.shape()[0], height = d_y.shape()[1], width = d_y.shape()[2];
  const Index channels = weights[0], taps = weights[1] * weights[2];
  const Index tap_stride = round_up(channels, kernels.lanes);
  const Index rows = batch * height;
  const Index parts = (channels + part - 1) / part;
  const Index chunks = std::min(
      rows, std::clamp<Index>(rows * width * taps * channels / chunk_work, 1, std::max<Index>(1, tasks / parts)));
  const Index sum_size = padded(taps * tap_stride);
  const Index room = activated_room(batch, x);
  Scalar* const memory = engine.shared<Scalar>(room + chunks * sum_size);
  Scalar* const sums = memory + room;
  ImageBlock<const Scalar> images = x.images;
  images.data = activated_images(engine, batch, x, memory);
  engine.parallel_for(chunks * parts, [&](Index task, int) {
    const Index chunk = task / parts;
    const Index begin = task % parts * part;
    const Index end = std::min(channels, begin + part);
    Scalar* const sum = sums + chunk * sum_size;
    for (Index tap = 0; tap < taps; ++tap)
      std::fill(sum + tap * tap_stride + begin, sum + tap * tap_stride + round_up(end, kernels.lanes), Scalar(0));
    for (Index i = rows * chunk / chunks; i < rows * (chunk + 1) / chunks; ++i) {
      const Index top = i % height * geometry.stride - geometry.padding.top;
      const Index first = std::max<Index>(0, -top);
      const Index last = std::min(weights[1], images.height - top);
      if (first >= last) continue;
      engine.gradient_kernels<Scalar>().depthwise_gradient(
          {.source = images.data + (i / height * images.height + top + first) * images.width * channels,
           .gradient = d_y.data() + i * width * channels,
           .rows = last - first,
           .kernel_width = weights[2],
           .channels = channels,
           .width = images.width,
           .step = geometry.stride,
           .first_column = -geometry.padding.left,
           .count = width,
           .begin = begin,
           .end = end,
           .sums = sum + first * weights[2] * tap_stride});
    }
  });
  engine.parallel_ranges(channels, part, [&](Index begin, Index end, int) {
    for (Index tap = 0; tap < taps; ++tap) {
      for (Index chunk = 1; chunk < chunks; ++chunk)
        for (Index c = begin; c < end; ++c) sums[tap * tap_stride + c] += sums[chunk * sum_size + tap * tap_stride + c];
      for (Index c = begin; c < end; ++c) {
        const Scalar sum = chunks == 0 ? Scalar(0) : sums[tap * tap_stride + c];
        Scalar& target = d_w.data()[c * taps + tap];
        target = write == Write::accumulate ? target + sum : sum;
      }
    }
  });
}

}  // namespace saccade::eigen
