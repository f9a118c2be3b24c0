#pragma once

#include <saccade/backends/eigen/engine.hpp>
#include <saccade/backends/eigen/micro_kernel.hpp>

#include <algorithm>

/// Cross-correlation: x (B, H, W, C), w (O, kh, kw, C), y (B, H', W', O), without copies of windows: the pixels of a
/// row are the rows of a matrix product (see micro_kernel.hpp), `stride` pixels apart in the source.
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

/// The rows of a source that some rows of a grid look at, with zeros around them where windows reach beyond.
template <class Scalar>
struct SourceRows {
  const Scalar* data;  ///< where the window of the first grid pixel begins
  Index row_stride;
};

/// Whether every window lies inside the source.
template <class Scalar>
[[nodiscard]] bool windows_are_inside(const ImageBlock<const Scalar>& source, const CorrelationGrid& grid) {
  const auto inside = [&](Index first, Index count, Index window, Index extent) {
    return first >= 0 && first + (count - 1) * grid.step + window <= extent;
  };
  return inside(grid.first_row, grid.height, grid.window_height, source.height) &&
         inside(grid.first_column, grid.width, grid.window_width, source.width);
}

/// How the rows of a grid are divided into blocks of work, by sizes alone.
struct RowBlocks {
  /// @param padded  whether a block copies its source rows, with zeros around them
  template <class Scalar>
  RowBlocks(const ImageBlock<const Scalar>& source, const CorrelationGrid& grid, Index outputs, bool padded)
      : source_width((grid.width - 1) * grid.step + grid.window_width) {
    const Index terms = grid.window_height * grid.window_width * source.channels;
    const Index row_work = std::max<Index>(1, grid.width * terms * outputs);
    const Index row_bytes = std::max<Index>(1, grid.step * source_width * source.channels * Index{sizeof(Scalar)});
    const Index fitting = std::max<Index>(1, max_bytes / row_bytes - grid.window_height / grid.step);
    rows = std::clamp<Index>(std::min(fitting, std::max(min_rows, block_work / row_work)), 1, grid.height);
    per_image = (grid.height + rows - 1) / rows;
    room = padded ? source_rows(grid, rows) * source_width * source.channels : 0;
  }

  [[nodiscard]] static Index source_rows(const CorrelationGrid& grid, Index grid_rows) {
    return (grid_rows - 1) * grid.step + grid.window_height;
  }

  Index source_width;  ///< columns of the source, zeros included, that the windows of a row reach
  Index rows;          ///< of the grid, in a block
  Index per_image;     ///< blocks
  Index room;          ///< numbers that a block copies

 private:
  static constexpr Index block_work = Index{1} << 22;  // multiply-adds: some tens of microseconds
  static constexpr Index min_rows = 4;                 // fewer would copy neighbouring rows too often
  static constexpr Index max_bytes = 256 * 1024;       // of source rows, to stay in the second-level cache
};

/// Grid rows [first, last) of one image as `SourceRows`: the source itself, or a copy in `room` with zeros around it.
template <class Scalar>
SourceRows<Scalar> source_rows(const ImageBlock<const Scalar>& source, const CorrelationGrid& grid,
                               const RowBlocks& blocks, Index image, Index first, Index last, bool padded,
                               Scalar* room) {
  const Index channels = source.channels;
  const Index source_stride = source.width * channels;
  const Scalar* const pixels = source.data + image * source.height * source_stride;
  const Index top = first * grid.step + grid.first_row;
  if (!padded) return {pixels + top * source_stride + grid.first_column * channels, source_stride};
  const Index row_stride = blocks.source_width * channels;
  const Index skipped = std::clamp<Index>(-grid.first_column, 0, blocks.source_width);
  const Index kept = std::clamp<Index>(source.width - grid.first_column, skipped, blocks.source_width);
  Scalar* to = room;
  for (Index row = top; row < top + RowBlocks::source_rows(grid, last - first); ++row, to += row_stride) {
    const bool inside = row >= 0 && row < source.height && skipped < kept;
    const Index begin = inside ? skipped * channels : row_stride;
    const Index end = inside ? kept * channels : row_stride;
    std::fill(to, to + begin, Scalar(0));
    if (inside)
      std::copy_n(pixels + row * source_stride + (grid.first_column + skipped) * channels, end - begin, to + begin);
    std::fill(to + end, to + row_stride, Scalar(0));
  }
  return {room, row_stride};
}

/// A matrix (terms, N) in strips of tile_columns columns, each strip contiguous and padded to whole registers:
/// `value(term, column)` are its elements. Room for terms * padded_columns(N) numbers.
template <class Scalar, class Value>
void pack_strips(Index terms, Index columns, Scalar* packed, const Value& value) {
  for (Index strip = 0; strip < columns; strip += tile_columns<Scalar>) {
    const Index count = std::min(tile_columns<Scalar>, columns - strip);
    const Index width = padded_columns<Scalar>(count);
    for (Index term = 0; term < terms; ++term, packed += width)
      for (Index i = 0; i < width; ++i) packed[i] = i < count ? value(term, strip + i) : Scalar(0);
  }
}

/// target = windows of the source (pixels, K) times a matrix (K, N) packed by pack_strips, N the target's channels.
template <class Scalar>
void correlate(Engine& engine, Index batch, const ImageBlock<const Scalar>& source, const CorrelationGrid& grid,
               const Scalar* matrix, const ImageBlock<Scalar>& target, Write write) {
  if (grid.height == 0 || grid.width == 0) return;
  const bool padded = !windows_are_inside(source, grid);
  const RowBlocks blocks(source, grid, target.channels, padded);
  const Index run = grid.window_width * source.channels;
  const Index terms = grid.window_height * run;
  const auto scratch = engine.per_thread<Scalar>(blocks.room);
  engine.parallel_for(batch * blocks.per_image, [&](Index block, int thread) {
    const Index image = block / blocks.per_image;
    const Index first = block % blocks.per_image * blocks.rows;
    const Index last = std::min(grid.height, first + blocks.rows);
    const auto rows = source_rows(source, grid, blocks, image, first, last, padded, scratch(thread));
    const Scalar* strip_matrix = matrix;
    for (Index strip = 0; strip < target.channels; strip += tile_columns<Scalar>) {
      const Index columns = std::min(tile_columns<Scalar>, target.channels - strip);
      const Index width = padded_columns<Scalar>(columns);
      for (Index row = first; row < last; ++row) {
        const Index target_row = image * target.height + row * grid.spread + grid.target_row;
        multiply_rows<Scalar>({grid.window_height, rows.row_stride, run, 1}, grid.width,
                              rows.data + (row - first) * grid.step * rows.row_stride, grid.step * source.channels,
                              strip_matrix, width,
                              target.data + (target_row * target.width + grid.target_column) * target.channels + strip,
                              grid.spread * target.channels, columns, write);
      }
      strip_matrix += terms * width;
    }
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
  Scalar* const matrix = engine.shared<Scalar>(terms * padded_columns<Scalar>(outputs));  // (kh kw C, O)
  pack_strips(terms, outputs, matrix, [&](Index term, Index output) { return w.data()[output * terms + term]; });
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
  // (taps O, C) of one phase
  Scalar* const matrix = engine.shared<Scalar>(weights[1] * weights[2] * outputs * padded_columns<Scalar>(channels));
  for (Index row_phase = 0; row_phase < stride; ++row_phase) {
    const BackwardAxis rows(target.height, weights[1], geometry, row_phase);
    for (Index column_phase = 0; column_phase < stride; ++column_phase) {
      const BackwardAxis columns(target.width, weights[2], geometry, column_phase);
      pack_strips(rows.taps * columns.taps * outputs, channels, matrix, [&](Index term, Index channel) {
        const Index row_tap = rows.first_tap + (rows.taps - 1 - term / outputs / columns.taps) * stride;
        const Index column_tap = columns.first_tap + (columns.taps - 1 - term / outputs % columns.taps) * stride;
        return w.data()[((term % outputs * weights[1] + row_tap) * weights[2] + column_tap) * channels + channel];
      });
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

/// d_w (O, K) (+)= d_y (pixels, O)^T windows (pixels, K). Blocks of rows are divided into chunks by the sizes alone;
/// each chunk has its own sum (K, O), and the sums are added in order.
template <class Scalar>
void convolve_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& x,
                              ConvolutionGeometry geometry, HostTensor<Scalar>& d_w, Write write) {
  constexpr Index max_chunks = 32;
  constexpr Index chunk_work = Index{1} << 21;  // multiply-adds, to be worth the addition of another sum
  const Index outputs = d_w.shape()[0];
  const Index width = padded_columns<Scalar>(outputs);
  const auto source = image_block(x);
  const CorrelationGrid grid = forward_grid(d_y, d_w.shape(), geometry);
  const Index run = grid.window_width * source.channels;
  const Index terms = grid.window_height * run;
  const bool padded_source = !windows_are_inside(source, grid);
  const RowBlocks rows(source, grid, outputs, padded_source);
  const Index blocks = x.shape()[0] * rows.per_image;
  const Index work = x.shape()[0] * grid.pixels() * terms * outputs;
  const Index chunks = std::min(blocks, std::clamp<Index>(work / chunk_work, 1, max_chunks));
  // Enough pixels for a sum to stay in registers for a while, few enough to stay in the first-level cache.
  const Index rows_at_once = std::max<Index>(1, 128 / std::max<Index>(1, grid.width));
  const Index stride = padded(terms * width);
  Scalar* const sums = engine.shared<Scalar>(chunks * stride);
  // Vectors are read whole, so gradients that do not fill them are copied with zeros behind.
  const bool padded_gradient = width != outputs;
  const Index gradient_room = padded_gradient ? padded(rows.rows * grid.width * width) : 0;
  const auto scratch = engine.per_thread<Scalar>(gradient_room + rows.room);
  engine.parallel_for(chunks, [&](Index chunk, int thread) {
    Scalar* const sum = sums + chunk * stride;
    std::fill_n(sum, terms * width, Scalar(0));
    for (Index block = blocks * chunk / chunks; block < blocks * (chunk + 1) / chunks; ++block) {
      const Index image = block / rows.per_image;
      const Index first = block % rows.per_image * rows.rows;
      const Index last = std::min(grid.height, first + rows.rows);
      const auto windows =
          source_rows(source, grid, rows, image, first, last, padded_source, scratch(thread) + gradient_room);
      const Index pixels = (last - first) * grid.width;
      const Scalar* gradient = d_y.data() + (image * grid.pixels() + first * grid.width) * outputs;
      if (padded_gradient) {
        for (Index p = 0; p < pixels; ++p)
          for (Index o = 0; o < width; ++o)
            scratch(thread)[p * width + o] = o < outputs ? gradient[p * outputs + o] : Scalar(0);
        gradient = scratch(thread);
      }
      for (Index row = 0; row < last - first; row += rows_at_once) {
        const TermRuns pixel_runs{std::min(rows_at_once, last - first - row), grid.step * windows.row_stride,
                                  grid.width, grid.step * source.channels};
        const Scalar* const corner = windows.data + row * grid.step * windows.row_stride;
        const Scalar* const row_gradient = gradient + row * grid.width * width;
        for (Index strip = 0; strip < width; strip += tile_columns<Scalar>)
          for (Index tap = 0; tap < grid.window_height; ++tap)
            multiply_rows<Scalar>(pixel_runs, run, corner + tap * windows.row_stride, 1, row_gradient + strip, width,
                                  sum + tap * run * width + strip, width, std::min(tile_columns<Scalar>, width - strip),
                                  Write::accumulate);
      }
    }
  });
  const Index grain = std::max<Index>(1, elementwise_grain / std::max<Index>(1, chunks * width));
  engine.parallel_ranges(terms, grain, [&](Index begin, Index end, int) {
    for (Index chunk = 1; chunk < chunks; ++chunk)
      for (Index i = begin * width; i < end * width; ++i) sums[i] += sums[chunk * stride + i];
    for (Index o = 0; o < outputs; ++o)
      for (Index term = begin; term < end; ++term) {
        const Scalar sum = chunks == 0 ? Scalar(0) : sums[term * width + o];
        Scalar& target = d_w.data()[o * terms + term];
        target = write == Write::accumulate ? target + sum : sum;
      }
  });
}

}  // namespace saccade::inline v0::eigen
