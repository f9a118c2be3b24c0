#pragma once

#include <saccade/backends/eigen/gemm.hpp>
#include <saccade/backends/eigen/packing.hpp>

#include <algorithm>
#include <cstring>

/// Convolution as a matrix product: the windows of a block of pixels are copied side by side, which costs little beside
/// the product and serves every kernel, stride and padding.
///
/// Forward and backward by the input are one routine, `correlate`: windows of a source, multiplied by a matrix, give
/// the pixels of a grid. Forward, the window steps by the stride through x. Backward, the input pixels with the same
/// remainder modulo the stride see the same taps of the kernel and form one grid over d_y; so nothing is scattered,
/// nothing is multiplied by a zero, and every element is written by one thread. Few channels are the exception: see
/// scatter.hpp. So is a kernel as large as the image, backward: one pixel of d_y reaches every pixel of d_x, which is a
/// dense layer, and as windows it would be zeros but for one tap.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// A dense image batch (batch, height, width, channels).
template <class Scalar>
struct ImageBlock {
  Scalar* data;
  Index height;
  Index width;
  Index channels;
};

template <class Scalar>
[[nodiscard]] ImageBlock<const Scalar> image_block(const HostTensor<Scalar>& tensor) {
  return {tensor.data(), tensor.shape()[1], tensor.shape()[2], tensor.shape()[3]};
}

template <class Scalar>
[[nodiscard]] ImageBlock<Scalar> image_block(HostTensor<Scalar>& tensor) {
  return {tensor.data(), tensor.shape()[1], tensor.shape()[2], tensor.shape()[3]};
}

/// What a convolution reads: images, activated on the way unless `activation` is null.
template <class Scalar>
struct ConvolutionSource {
  ImageBlock<const Scalar> images;
  const ChannelActivation<Scalar>* activation = nullptr;
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

  /// Whether every window is one pixel of an image (height, width), in its order.
  [[nodiscard]] bool is_pixelwise(Index image_height, Index image_width) const {
    return window_height == 1 && window_width == 1 && step == 1 && first_row == 0 && first_column == 0 &&
           height == image_height && width == image_width;
  }
  /// Whether the results are the pixels of an image (height, width), in its order.
  [[nodiscard]] bool fills(Index image_height, Index image_width) const {
    return spread == 1 && height == image_height && width == image_width;
  }
};

/// Copies `pixels` consecutive pixels of a source from `from` on.
template <class Scalar>
void copy_pixels(const Kernels<Scalar>& kernels, const ConvolutionSource<Scalar>& source, const Scalar* from,
                 Index pixels, Scalar* to) {
  if (source.activation)
    for_periods(pixels, source.images.channels, source.activation->period,
                [&](Index count, Index channels, Index position) {
                  kernels.activate_pixels(count, channels, from + position, *source.activation, to + position);
                });
  else
    std::copy_n(from, pixels * source.images.channels, to);
}

/// Calls `body(image, row, column, count)` for the grid pixels [first, last), counted over all images: `count` of them
/// side by side in one row.
template <class Body>
void for_row_pieces(const CorrelationGrid& grid, Index first, Index last, const Body& body) {
  while (first < last) {
    const Index in_image = first % grid.pixels();
    const Index column = in_image % grid.width;
    const Index count = std::min(last - first, grid.width - column);
    body(first / grid.pixels(), in_image / grid.width, column, count);
    first += count;
  }
}

/// Numbers that `copy_windows` copies at a time.
inline constexpr Index copied_numbers = 16;

/// Numbers of one row of what the windows of `pixels` pixels side by side see, and behind it.
[[nodiscard]] inline Index strip_size(const CorrelationGrid& grid, Index channels, Index pixels) {
  return padded(((pixels - 1) * grid.step + grid.window_width) * channels) + copied_numbers;
}

/// Room that `copy_windows` needs: for the windows of `pixels` pixels, and behind them for what these see, activated.
[[nodiscard]] inline Index windows_room(const CorrelationGrid& grid, Index channels, Index pixels, Index stride) {
  return padded(pixels * stride) + copied_numbers + grid.window_height * strip_size(grid, channels, pixels);
}

/// windows (last - first, stride): those of the grid pixels [first, last), counted over all images. What lies behind
/// the window of a pixel, up to the stride, is left as it is or written over. `strips` is the room behind the windows.
///
/// Pixels are activated once, and the edge of the image is looked at once, for all windows of a row that see them: what
/// they see is first copied into strips, unless it can be copied from where it lies.
template <class Scalar>
void copy_windows(const Kernels<Scalar>& kernels, const ConvolutionSource<Scalar>& source, const CorrelationGrid& grid,
                  Index first, Index last, Scalar* windows, Index stride, Scalar* strips) {
  const ImageBlock<const Scalar>& images = source.images;
  if (grid.is_pixelwise(images.height, images.width) && stride == images.channels)
    return copy_pixels(kernels, source, images.data + first * stride, last - first, windows);
  const Index run = grid.window_width * images.channels;
  const Index size = strip_size(grid, images.channels, last - first);
  for_row_pieces(grid, first, last, [&](Index image, Index row, Index column, Index count) {
    const Index top = row * grid.step + grid.first_row;
    const Index left = column * grid.step + grid.first_column;
    const Index reach = (count - 1) * grid.step + grid.window_width;
    const Index row_size = images.width * images.channels;
    const Scalar* const pixels = images.data + image * images.height * row_size;
    const Scalar* from = pixels + top * row_size + left * images.channels;
    Index row_stride = row_size;
    const bool inside =
        top >= 0 && left >= 0 && top + grid.window_height <= images.height && left + reach <= images.width;
    if (!inside || source.activation || run % copied_numbers != 0) {
      from = strips;
      row_stride = size;
      const Index begin = std::clamp<Index>(-left, 0, reach);
      const Index end = std::clamp<Index>(images.width - left, begin, reach);
      for (Index r = 0; r < grid.window_height; ++r) {
        Scalar* const strip = strips + r * size;
        if (top + r < 0 || top + r >= images.height) {
          std::fill_n(strip, reach * images.channels, Scalar(0));
          continue;
        }
        std::fill_n(strip, begin * images.channels, Scalar(0));
        copy_pixels(kernels, source, pixels + (top + r) * row_size + (left + begin) * images.channels, end - begin,
                    strip + begin * images.channels);
        std::fill(strip + end * images.channels, strip + reach * images.channels, Scalar(0));
      }
    }
    // Pieces reach beyond the end of a run, into what is written next.
    for (Index pixel = 0; pixel < count; ++pixel, windows += stride, from += grid.step * images.channels)
      for (Index r = 0; r < grid.window_height; ++r)
        for (Index i = 0; i < run; i += copied_numbers)
          std::memcpy(windows + r * run + i, from + r * row_stride + i, sizeof(Scalar) * copied_numbers);
  });
}

/// Grid pixels of a block of work: their windows stay in the second-level cache.
[[nodiscard]] inline Index pixels_per_block(Index terms) {
  constexpr Index numbers = 32768, most = 48;
  return std::clamp<Index>(numbers / std::max<Index>(1, terms) / product_rows * product_rows, product_rows, most);
}

/// target = windows of the source (pixels, K) times a packed matrix (K, N), N the target's channels, plus `addend`, of
/// the target's shape and perhaps the target itself, unless it is null, and then as `epilogue` says, unless that is
/// null.
template <class Scalar>
void correlate(Engine& engine, Index batch, const ConvolutionSource<Scalar>& source, const CorrelationGrid& grid,
               const Scalar* packed, const ImageBlock<Scalar>& target, const Scalar* addend,
               const ChannelEpilogue<Scalar>* epilogue = nullptr) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index channels = target.channels;
  const Index terms = grid.window_height * grid.window_width * source.images.channels;
  const Index columns = round_up(channels, kernels.lanes);
  // Where windows are pixels, and results fill the target, memory is read and written where it lies. The kernel takes
  // whole groups of rows, so a last, ragged block goes through scratch memory.
  const bool pixelwise = grid.is_pixelwise(source.images.height, source.images.width);
  const bool writes_in_place = grid.fills(target.height, target.width);
  const bool reads_in_place = pixelwise && !source.activation;
  const Index pixels = batch * grid.pixels();
  // A few pixels are divided among the threads by their channels, if that costs no copies, or into smaller blocks.
  const Index fair = round_up((pixels + 2 * engine.threads() - 1) / (2 * engine.threads()), product_rows);
  const Index most = pixels_per_block(terms);
  const Index block = reads_in_place ? most : std::min(most, std::max(fair, product_rows));
  const Index blocks = (pixels + block - 1) / block;
  const Index all_strips = (channels + kernels.strip - 1) / kernels.strip;
  const Index parts = reads_in_place && blocks > 0
                          ? std::clamp<Index>(4 * engine.threads() / blocks, 1, std::max<Index>(1, all_strips))
                          : 1;
  const Index strips = padded(block * terms) + copied_numbers;
  const Index room = padded(windows_room(grid, source.images.channels, block, terms));
  const auto scratch = engine.per_thread<Scalar>(room + block * columns);
  engine.parallel_for(blocks * parts, [&](Index task, int thread) {
    const Index first = task / parts * block;
    const Index last = std::min(pixels, first + block);
    const Index left = all_strips * (task % parts) / parts * kernels.strip;
    const Index right = std::min(channels, all_strips * (task % parts + 1) / parts * kernels.strip);
    const bool whole = (last - first) % product_rows == 0;
    const Index rows = round_up(last - first, product_rows);
    Scalar* const copy = scratch(thread);
    const Scalar* const windows = reads_in_place && whole ? source.images.data + first * terms : copy;
    if (windows == copy) copy_windows(kernels, source, grid, first, last, copy, terms, copy + strips);
    // Copying comes in bursts, which would have to wait for memory: meanwhile ask for the next block of this thread.
    const Index next = first + engine.threads() * block;
    const Scalar* const ahead =
        pixelwise && left == 0 && next + block <= pixels ? source.images.data + next * terms : nullptr;
    const ChannelEpilogue<Scalar> finishing = epilogue ? epilogue->from(left) : ChannelEpilogue<Scalar>();
    if (writes_in_place && whole) {
      const Index place = first * channels + left;
      kernels.multiply(rows, terms, windows, terms, packed + left * terms, right - left,
                       addend ? addend + place : nullptr, epilogue ? &finishing : nullptr, ahead, target.data + place,
                       channels);
      return;
    }
    Scalar* products = copy + room;
    kernels.multiply(rows, terms, windows, terms, packed + left * terms, right - left, nullptr, nullptr, ahead,
                     products, columns);
    for_row_pieces(grid, first, last, [&](Index image, Index row, Index column, Index count) {
      Index place = (image * target.height + row * grid.spread + grid.target_row) * target.width;
      place = (place + column * grid.spread + grid.target_column) * channels + left;
      const Index target_stride = grid.spread * channels;
      kernels.finish(count, right - left, products, columns, addend ? addend + place : nullptr,
                     epilogue ? &finishing : nullptr, target.data + place, target_stride);
      products += count * columns;
    });
  });
}

/// The windows of x that the pixels of y (height, width) see.
[[nodiscard]] inline CorrelationGrid forward_grid(Index height, Index width, const Shape& weights,
                                                  ConvolutionGeometry geometry) {
  return {.height = height,
          .width = width,
          .window_height = weights[1],
          .window_width = weights[2],
          .step = geometry.stride,
          .first_row = -geometry.padding.top,
          .first_column = -geometry.padding.left};
}

template <class Scalar>
void convolve_windows(Engine& engine, const ConvolutionSource<Scalar>& x, const HostTensor<Scalar>& w,
                      ConvolutionGeometry geometry, HostTensor<Scalar>& y, const Scalar* addend,
                      const ChannelEpilogue<Scalar>* epilogue = nullptr) {
  const Index outputs = w.shape()[0];
  const Index terms = w.size() / std::max<Index>(1, outputs);
  Scalar* const packed =
      engine.shared<Scalar>(terms * round_up(outputs, engine.kernels<Scalar>().lanes));  // (kh kw C, O)
  pack_transposed(engine, terms, outputs, w.data(), epilogue ? epilogue->scale : nullptr, packed);
  const ChannelEpilogue<Scalar> unscaled = epilogue ? epilogue->without_scale() : ChannelEpilogue<Scalar>();
  correlate(engine, y.shape()[0], x, forward_grid(y.shape()[1], y.shape()[2], w.shape(), geometry), packed,
            image_block(y), addend, epilogue ? &unscaled : nullptr);
}

/// One axis of a grid of backward-by-input: the input positions `phase`, `phase` + stride, ... and their taps.
/// Input i receives from output o through tap k where o * stride + k = i + padding, the padding being that before the
/// first pixel, so taps step by the stride, and they are turned around for the outputs to be read in ascending order.
struct BackwardAxis {
  BackwardAxis(Index extent, Index kernel, Index stride, Index padding, Index phase)
      : count(extent <= phase ? 0 : (extent - phase - 1) / stride + 1),
        first_tap((phase + padding) % stride),
        taps(kernel <= first_tap ? 0 : (kernel - first_tap - 1) / stride + 1),
        first_output((phase + padding) / stride - (taps - 1)) {}

  Index count;         ///< input positions
  Index first_tap;     ///< smallest tap
  Index taps;          ///< number of taps
  Index first_output;  ///< output read through the largest tap by the first input position
};

/// The input pixels of one phase, as results of a correlation over d_y with the taps that they see, turned around.
[[nodiscard]] inline CorrelationGrid backward_grid(const BackwardAxis& rows, Index row_phase,
                                                   const BackwardAxis& columns, Index column_phase, Index stride) {
  return {.height = rows.count,
          .width = columns.count,
          .window_height = rows.taps,
          .window_width = columns.taps,
          .step = 1,
          .first_row = rows.first_output,
          .first_column = columns.first_output,
          .spread = stride,
          .target_row = row_phase,
          .target_column = column_phase};
}

/// Whether the kernel lies on an image (batch, height, width, channels) in one place only, and covers it.
[[nodiscard]] inline bool covers_image(const Shape& image, const Shape& weights, ConvolutionGeometry geometry) {
  return geometry.padding == Padding() && image[1] == weights[1] && image[2] == weights[2];
}

template <class Scalar>
void convolve_windows_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                                     ConvolutionGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Shape& weights = w.shape();
  const Index outputs = weights[0];
  if (covers_image(d_x.shape(), weights, geometry)) {
    const Index terms = weights[1] * weights[2] * weights[3];
    return parallel_gemm<Layout::plain>(engine, d_y.shape()[0], terms, outputs, d_y.data(), w.data(), d_x.data(),
                                        write);
  }
  const Index channels = weights[3];
  const Index stride = geometry.stride;
  const ImageBlock<Scalar> target = image_block(d_x);
  // (taps O, C) of one phase
  Scalar* const packed = engine.shared<Scalar>(weights[1] * weights[2] * outputs * round_up(channels, kernels.lanes));
  for (Index row_phase = 0; row_phase < stride; ++row_phase) {
    const BackwardAxis rows(target.height, weights[1], stride, geometry.padding.top, row_phase);
    for (Index column_phase = 0; column_phase < stride; ++column_phase) {
      const BackwardAxis columns(target.width, weights[2], stride, geometry.padding.left, column_phase);
      pack_rows(engine, rows.taps * columns.taps * outputs, channels, packed, [&](Index term) {
        const Index row_tap = rows.first_tap + (rows.taps - 1 - term / outputs / columns.taps) * stride;
        const Index column_tap = columns.first_tap + (columns.taps - 1 - term / outputs % columns.taps) * stride;
        return w.data() + ((term % outputs * weights[1] + row_tap) * weights[2] + column_tap) * channels;
      });
      correlate(engine, d_x.shape()[0], ConvolutionSource<Scalar>{image_block(d_y)},
                backward_grid(rows, row_phase, columns, column_phase, stride), packed, target,
                write == Write::accumulate ? d_x.data() : nullptr);
    }
  }
}

}  // namespace saccade::eigen
