#pragma once

#include <saccade/backends/eigen/gemm.hpp>

#include <algorithm>

/// Cross-correlation: x (B, H, W, C), w (O, kh, kw, C), y (B, H', W', O), as products of matrices.
///
/// Forward and backward by the input are one routine, `correlate`: windows of a source, multiplied by a matrix, give
/// the pixels of a grid. Forward, the window steps by the stride through x. Backward, the input pixels with the same
/// remainder modulo the stride see the same taps of the kernel and form one grid over d_y; so nothing is scattered,
/// nothing is multiplied by a zero, and every element is written by one thread.
namespace saccade::inline v0::eigen {

/// A dense image batch (batch, height, width, channels).
template <class Scalar>
struct ImageBlock {
  Scalar* data;
  Index height;
  Index width;
  Index channels;
};

/// Where the windows of a correlation lie, and where its results go. The window of grid pixel (i, j) begins at row
/// i * step + first_row, column j * step + first_column of the source; its result is target pixel
/// (i * spread + target_row, j * spread + target_column). Places outside the source count as 0.
struct CorrelationGrid {
  Index height;  ///< of the grid
  Index width;
  Index window_height;
  Index window_width;
  Index step;
  Index first_row;
  Index first_column;
  Index spread = 1;
  Index target_row = 0;
  Index target_column = 0;

  [[nodiscard]] Index pixels() const { return height * width; }
};

/// A pixel of the grids of a batch.
struct GridPixel {
  Index image;
  Index row;
  Index column;

  GridPixel(const CorrelationGrid& grid, Index pixel)
      : image(pixel / grid.pixels()), row(pixel % grid.pixels() / grid.width), column(pixel % grid.width) {}

  void advance(const CorrelationGrid& grid) {
    if (++column < grid.width) return;
    column = 0;
    if (++row < grid.height) return;
    row = 0;
    ++image;
  }
};

/// windows (end - begin, window_height * window_width * C): the windows of consecutive grid pixels, one a row.
template <class Scalar>
void gather_windows(const ImageBlock<const Scalar>& source, const CorrelationGrid& grid, Index begin, Index end,
                    Scalar* windows) {
  const Index channels = source.channels;
  const Index run = grid.window_width * channels;
  GridPixel pixel(grid, begin);
  for (Index p = begin; p < end; ++p, pixel.advance(grid)) {
    const Index top = pixel.row * grid.step + grid.first_row;
    const Index left = pixel.column * grid.step + grid.first_column;
    const Index skipped = std::clamp<Index>(-left, 0, grid.window_width) * channels;
    const Index kept = std::clamp<Index>(source.width - left, 0, grid.window_width) * channels;
    for (Index row = top; row < top + grid.window_height; ++row, windows += run) {
      if (row < 0 || row >= source.height || kept <= skipped) {
        std::fill_n(windows, run, Scalar(0));
        continue;
      }
      const Scalar* const from = source.data + ((pixel.image * source.height + row) * source.width + left) * channels;
      std::fill_n(windows, skipped, Scalar(0));
      std::copy(from + skipped, from + kept, windows + skipped);
      std::fill_n(windows + kept, run - kept, Scalar(0));
    }
  }
}

/// Whether the windows are the source itself, so that they need no gathering.
template <class Scalar>
[[nodiscard]] bool windows_are_pixels(const ImageBlock<const Scalar>& source, const CorrelationGrid& grid) {
  return grid.window_height == 1 && grid.window_width == 1 && grid.step == 1 && grid.first_row == 0 &&
         grid.first_column == 0 && grid.height == source.height && grid.width == source.width;
}

/// Pixels whose windows stay in the second-level cache while they are multiplied.
[[nodiscard]] constexpr Index pixels_per_block(Index window_size, Index scalar_size) {
  return std::clamp<Index>(256 * 1024 / (scalar_size * std::max<Index>(1, window_size)) / 16 * 16, 64, 2048);
}

/// Puts the results of consecutive grid pixels, (end - begin, C), where they belong in the target.
template <class Scalar>
void spread_pixels(const CorrelationGrid& grid, Index begin, Index end, const Scalar* result,
                   const ImageBlock<Scalar>& target, Write write) {
  const Index channels = target.channels;
  GridPixel pixel(grid, begin);
  for (Index p = begin; p < end; ++p, pixel.advance(grid), result += channels) {
    const Index row = pixel.row * grid.spread + grid.target_row;
    const Index column = pixel.column * grid.spread + grid.target_column;
    Scalar* const to = target.data + ((pixel.image * target.height + row) * target.width + column) * channels;
    if (write == Write::accumulate)
      for (Index c = 0; c < channels; ++c) to[c] += result[c];
    else
      std::copy_n(result, channels, to);
  }
}

/// target = windows of the source (pixels, K) times matrix (K, N), N being the target's channels.
template <class Scalar>
void correlate(Engine& engine, Index batch, const ImageBlock<const Scalar>& source, const CorrelationGrid& grid,
               const Scalar* matrix, const ImageBlock<Scalar>& target, Write write) {
  const Index terms = grid.window_height * grid.window_width * source.channels;
  const Index channels = target.channels;
  const bool direct = windows_are_pixels(source, grid);
  const bool dense = grid.spread == 1;
  const Index block = pixels_per_block(terms, sizeof(Scalar));
  const Index window_room = direct ? 0 : padded(block * terms);
  const auto scratch = engine.per_thread<Scalar>(window_room + (dense ? 0 : block * channels));
  engine.parallel_ranges(batch * grid.pixels(), block, [&](Index begin, Index end, int thread) {
    if (!direct) gather_windows(source, grid, begin, end, scratch(thread));
    const Scalar* const windows = direct ? source.data + begin * terms : scratch(thread);
    Scalar* const result = dense ? target.data + begin * channels : scratch(thread) + window_room;
    gemm<Layout::plain, Layout::plain>(end - begin, channels, terms, windows, terms, matrix, channels, result,
                                       channels, dense ? write : Write::overwrite);
    if (!dense) spread_pixels(grid, begin, end, result, target, write);
  });
}

template <class Scalar>
[[nodiscard]] ImageBlock<const Scalar> image_block(const HostTensor<Scalar>& tensor) {
  return {tensor.data(), tensor.shape()[1], tensor.shape()[2], tensor.shape()[3]};
}

/// The windows of x that the pixels of y see.
template <class Scalar>
[[nodiscard]] CorrelationGrid forward_grid(const HostTensor<Scalar>& y, const Shape& weights,
                                           ConvolutionGeometry geometry) {
  return {.height = y.shape()[1],
          .width = y.shape()[2],
          .window_height = weights[1],
          .window_width = weights[2],
          .step = geometry.stride,
          .first_row = -geometry.padding,
          .first_column = -geometry.padding};
}

template <class Scalar>
void convolve(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& w, ConvolutionGeometry geometry,
              HostTensor<Scalar>& y) {
  const Shape& weights = w.shape();
  const Index outputs = weights[0];
  const Index terms = weights[1] * weights[2] * weights[3];
  Scalar* const matrix = engine.shared<Scalar>(terms * outputs);  // (kh kw C, O)
  MutableMatrixView<Scalar>(matrix, terms, outputs, Eigen::OuterStride<>(outputs)) =
      MatrixView<Scalar>(w.data(), outputs, terms, Eigen::OuterStride<>(terms)).transpose();
  correlate(engine, x.shape()[0], image_block(x), forward_grid(y, weights, geometry), matrix,
            ImageBlock<Scalar>{y.data(), y.shape()[1], y.shape()[2], outputs}, Write::overwrite);
}

/// One axis of a grid of backward-by-input: the input positions `phase`, `phase` + stride, ... and their taps.
/// Input i receives from output o through tap k where o * stride + k = i + padding, so taps step by the stride, and
/// they are turned around for the outputs to be read in ascending order.
struct BackwardAxis {
  BackwardAxis(Index extent, Index kernel, ConvolutionGeometry geometry, Index phase)
      : count(extent <= phase ? 0 : (extent - phase - 1) / geometry.stride + 1),
        first_tap((phase + geometry.padding) % geometry.stride),
        taps(kernel <= first_tap ? 0 : (kernel - first_tap - 1) / geometry.stride + 1),
        first_output((phase + geometry.padding) / geometry.stride - (taps - 1)) {}

  Index count;         ///< input positions
  Index first_tap;     ///< smallest tap
  Index taps;          ///< number of taps
  Index first_output;  ///< output read through the largest tap by the first input position
};

template <class Scalar>
void convolve_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                             ConvolutionGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  const Shape& weights = w.shape();
  const Index outputs = weights[0];
  const Index channels = weights[3];
  const Index stride = geometry.stride;
  const ImageBlock<Scalar> target{d_x.data(), d_x.shape()[1], d_x.shape()[2], channels};
  Scalar* const matrix = engine.shared<Scalar>(w.size());  // (taps O, C) of one phase
  for (Index row_phase = 0; row_phase < stride; ++row_phase) {
    const BackwardAxis rows(target.height, weights[1], geometry, row_phase);
    for (Index column_phase = 0; column_phase < stride; ++column_phase) {
      const BackwardAxis columns(target.width, weights[2], geometry, column_phase);
      Scalar* packed = matrix;
      for (Index i = rows.taps - 1; i >= 0; --i)
        for (Index j = columns.taps - 1; j >= 0; --j)
          for (Index o = 0; o < outputs; ++o, packed += channels)
            std::copy_n(w.data() + ((o * weights[1] + rows.first_tap + i * stride) * weights[2] + columns.first_tap +
                                    j * stride) * channels,
                        channels, packed);
      correlate(engine, d_x.shape()[0], image_block(d_y),
                CorrelationGrid{.height = rows.count,
                                .width = columns.count,
                                .window_height = rows.taps,
                                .window_width = columns.taps,
                                .step = 1,
                                .first_row = rows.first_output,
                                .first_column = columns.first_output,
                                .spread = stride,
                                .target_row = row_phase,
                                .target_column = column_phase},
                matrix, target, write);
    }
  }
}

/// d_w (O, K) (+)= d_y (pixels, O)^T windows (pixels, K). The pixels are divided into chunks by the sizes alone; each
/// has its own sum, and the sums are added in order.
template <class Scalar>
void convolve_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& x,
                              ConvolutionGeometry geometry, HostTensor<Scalar>& d_w, Write write) {
  constexpr Index max_chunks = 32;
  const Index outputs = d_w.shape()[0];
  const Index terms = d_w.size() / std::max<Index>(1, outputs);
  const auto source = image_block(x);
  const CorrelationGrid grid = forward_grid(d_y, d_w.shape(), geometry);
  const bool direct = windows_are_pixels(source, grid);
  const Index pixels = x.shape()[0] * grid.pixels();
  const Index block = pixels_per_block(terms, sizeof(Scalar));
  const Index blocks = (pixels + block - 1) / block;
  const Index chunks = std::min(max_chunks, blocks);
  const Index stride = padded(d_w.size());
  Scalar* const sums = engine.shared<Scalar>(chunks * stride);
  const auto scratch = engine.per_thread<Scalar>(direct ? 0 : block * terms);
  engine.parallel_for(chunks, [&](Index chunk, int thread) {
    const Index first = blocks * chunk / chunks;
    const Index last = blocks * (chunk + 1) / chunks;
    for (Index i = first; i < last; ++i) {
      const Index begin = i * block;
      const Index end = std::min(pixels, begin + block);
      if (!direct) gather_windows(source, grid, begin, end, scratch(thread));
      gemm<Layout::transposed, Layout::plain>(outputs, terms, end - begin, d_y.data() + begin * outputs, outputs,
                                              direct ? x.data() + begin * terms : scratch(thread), terms,
                                              sums + chunk * stride, terms,
                                              i == first ? Write::overwrite : Write::accumulate);
    }
  });
  engine.parallel_ranges(d_w.size(), elementwise_grain / max_chunks * 4, [&](Index begin, Index end, int) {
    if (write == Write::overwrite) std::fill(d_w.data() + begin, d_w.data() + end, Scalar(0));
    for (Index chunk = 0; chunk < chunks; ++chunk)
      for (Index i = begin; i < end; ++i) d_w.data()[i] += sums[chunk * stride + i];
  });
}

}  // namespace saccade::inline v0::eigen
