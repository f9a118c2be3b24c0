#pragma once

#include <saccade/backends/eigen/windows.hpp>

#include <algorithm>

/// The gradient of a convolution's weights as a matrix product: d_w (O, K) = d_y (pixels, O)^T windows (pixels, K).
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// d_w (O, K) (+)= d_y (pixels, O)^T x (pixels, K), O a multiple of gradient_terms. A task has a block of d_w and all
/// pixels: nothing is added up but in registers and in the first-level cache, and no sum depends on the threads.
template <class Scalar>
void multiply_pixels(Engine& engine, Index pixels, Index outputs, Index terms, const Scalar* d_y, const Scalar* x,
                     Scalar* d_w, Write write) {
  constexpr Index block = 2 * gradient_rows;  // pixels whose copies lie side by side in the first-level cache
  constexpr Index height = 48, width = 64;    // of a task: whole tiles of every kernel
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index row_tasks = (outputs + height - 1) / height;
  const Index column_tasks = (terms + width - 1) / width;
  const auto scratch = engine.per_thread<Scalar>((block + height) * width);
  engine.parallel_for(row_tasks * column_tasks, [&](Index task, int thread) {
    const Index top = task % row_tasks * height, left = task / row_tasks * width;
    const Index rows = std::min(height, outputs - top), columns = std::min(width, terms - left);
    const Index stride = round_up(columns, kernels.lanes);
    Scalar* const sums = scratch(thread);  // (rows, stride)
    Scalar* const copies = sums + height * width;
    std::fill_n(sums, rows * stride, Scalar(0));
    for (Index first = 0; first < pixels; first += block) {
      const Index count = std::min(block, pixels - first);
      for (Index pixel = 0; pixel < count; ++pixel) {
        Scalar* const copy = copies + pixel * stride;
        std::fill(std::copy_n(x + (first + pixel) * terms + left, columns, copy), copy + stride, Scalar(0));
      }
      engine.gradient_kernels<Scalar>().multiply_transposed(count, rows, d_y + first * outputs + top, outputs, copies,
                                                            stride, stride, sums);
    }
    with_write(write, [&](auto accumulate) {
      for (Index row = 0; row < rows; ++row)
        for (Index i = 0; i < columns; ++i)
          store<accumulate>(d_w[(top + row) * terms + left + i], sums[row * stride + i]);
    });
  });
}

/// The windows (pixels, K) of all images, in the engine's shared memory; K a multiple of gradient_terms. They come by way
/// of each thread's own, for copy_windows may write beyond the last of a block.
template <class Scalar>
const Scalar* copy_all_windows(Engine& engine, const ConvolutionSource<Scalar>& x, const CorrelationGrid& grid,
                               Index pixels, Index terms) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index block = pixels_per_block(terms);
  const Index strips = padded(block * terms) + copied_numbers;
  Scalar* const windows = engine.shared<Scalar>(padded(pixels * terms) + copied_numbers);
  const auto scratch = engine.per_thread<Scalar>(padded(windows_room(grid, x.images.channels, block, terms)));
  engine.parallel_for((pixels + block - 1) / block, [&](Index b, int thread) {
    const Index first = b * block, last = std::min(pixels, first + block);
    Scalar* const copy = scratch(thread);
    copy_windows(kernels, x, grid, first, last, copy, terms, copy + strips);
    std::copy_n(copy, (last - first) * terms, windows + first * terms);
  });
  return windows;
}

/// d_w (O, K) (+)= d_y (pixels, O)^T windows (pixels, K). Blocks of pixels are divided into chunks by the sizes alone;
/// each chunk has its own sum (K, O), and the sums are added in order. Where these sums would be more to read and write
/// than the operands (few pixels and many weights, as in a kernel that covers its image), all windows are multiplied at
/// once as above. Pixels that are themselves the windows have sums (O, K) where vectors are filled by K and not by O.
template <class Scalar>
void convolve_windows_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y, const ConvolutionSource<Scalar>& x,
                                      ConvolutionGeometry geometry, HostTensor<Scalar>& d_w, Write write) {
  constexpr Index max_chunks = 32;
  constexpr Index chunk_work = Index{1} << 21;  // multiply-adds, to be worth the addition of another sum
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index outputs = d_w.shape()[0];
  const CorrelationGrid grid = forward_grid(d_y.shape()[1], d_y.shape()[2], d_w.shape(), geometry);
  const Index terms = grid.window_height * grid.window_width * x.images.channels;
  const Index stride = round_up(terms, gradient_terms);  // of windows
  const bool reads_in_place = stride == terms && !x.activation && grid.is_pixelwise(x.images.height, x.images.width);
  const bool terms_across =
      reads_in_place && outputs % gradient_terms == 0 && outputs % kernels.lanes != 0 && terms % kernels.lanes == 0;
  const Index rows = terms_across ? outputs : terms;
  const Index columns = terms_across ? terms : round_up(outputs, kernels.lanes);
  const Index pixels = d_y.shape()[0] * grid.pixels();
  const Index block = pixels_per_block(stride);
  const Index blocks = (pixels + block - 1) / block;
  const Index chunks = std::min(blocks, std::clamp<Index>(pixels * terms * outputs / chunk_work, 1, max_chunks));
  if (stride == terms && outputs % gradient_terms == 0 && chunks * terms * outputs > pixels * (terms + outputs)) {
    const Scalar* const windows = reads_in_place ? x.images.data : copy_all_windows(engine, x, grid, pixels, terms);
    return multiply_pixels(engine, pixels, outputs, terms, d_y.data(), windows, d_w.data(), write);
  }
  const Index sum_rows = round_up(rows, gradient_terms);
  const Index sum_size = padded(sum_rows * columns);
  Scalar* const sums = engine.shared<Scalar>(chunks * sum_size);
  // Vectors are read whole, so gradients that do not fill them are copied with zeros behind.
  const bool pads_gradients = !terms_across && columns != outputs;
  const Index strips = padded(block * stride) + copied_numbers;
  const Index room = padded(windows_room(grid, x.images.channels, block, stride));
  const auto scratch = engine.per_thread<Scalar>(room + (pads_gradients ? block * columns : 0));
  engine.parallel_for(chunks, [&](Index chunk, int thread) {
    Scalar* const sum = sums + chunk * sum_size;
    std::fill_n(sum, sum_rows * columns, Scalar(0));
    Scalar* const copy = scratch(thread);
    for (Index b = blocks * chunk / chunks; b < blocks * (chunk + 1) / chunks; ++b) {
      const Index first = b * block;
      const Index last = std::min(pixels, first + block);
      const Scalar* const windows = reads_in_place ? x.images.data + first * terms : copy;
      if (!reads_in_place) copy_windows(kernels, x, grid, first, last, copy, stride, copy + strips);
      const Scalar* gradient = d_y.data() + first * outputs;
      if (pads_gradients) {
        Scalar* const gradients = copy + room;
        for (Index pixel = 0; pixel < last - first; ++pixel) {
          std::copy_n(gradient + pixel * outputs, outputs, gradients + pixel * columns);
          std::fill_n(gradients + pixel * columns + outputs, columns - outputs, Scalar(0));
        }
        gradient = gradients;
      }
      const auto multiply = engine.gradient_kernels<Scalar>().multiply_transposed;
      if (terms_across)
        multiply(last - first, sum_rows, gradient, outputs, windows, terms, columns, sum);
      else
        multiply(last - first, sum_rows, windows, stride, gradient, columns, columns, sum);
    }
  });
  // Whole cache lines of d_w belong to one range.
  const Index grain = round_up(std::max<Index>(1, elementwise_grain / std::max<Index>(1, chunks * columns)), 16);
  engine.parallel_ranges(rows, grain, [&](Index begin, Index end, int) {
    for (Index chunk = 1; chunk < chunks; ++chunk)
      for (Index i = begin * columns; i < end * columns; ++i) sums[i] += sums[chunk * sum_size + i];
    const auto put = [&](Index o, Index term, Index place) {
      const Scalar sum = chunks == 0 ? Scalar(0) : sums[place];
      Scalar& target = d_w.data()[o * terms + term];
      target = write == Write::accumulate ? target + sum : sum;
    };
    if (terms_across) {
      for (Index i = begin * terms; i < end * terms; ++i) put(0, i, i);
      return;
    }
    for (Index o = 0; o < outputs; ++o)
      for (Index term = begin; term < end; ++term) put(o, term, term * columns + o);
  });
}

}  // namespace saccade::eigen
