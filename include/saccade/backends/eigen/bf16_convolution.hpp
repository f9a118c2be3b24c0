#pragma once

#include <saccade/backends/eigen/winograd.hpp>

#include <algorithm>
#include <cstring>

/// Forward convolution with both operands rounded to bf16 and sums in single precision, as a product of windows with
/// packed weights. A block of output rows rounds the input rows that it sees, each pixel once and activated, and
/// gathers windows from them.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Whether a convolution is faster in bf16. AVX512_BF16 does twice the multiply-adds of single precision, and
/// Winograd's algorithm needs a quarter of them; AMX does some fifteen times as many.
[[nodiscard]] inline bool bf16_pays(Bf16Unit unit, const Shape& weights, ConvolutionGeometry geometry) {
  return unit != Bf16Unit::avx512_bf16 || !winograd_pays(weights, geometry);
}

/// A convolution's matrices: windows (pixels, terms) and weights (terms, columns), with zeros behind.
struct Bf16Product {
  Bf16Product(const Bf16Kernels& unit, const Shape& weights)
      : window_terms(weights.size() / std::max<Index>(1, weights[0])),
        terms(round_up(window_terms, unit.terms)),
        outputs(weights[0]),
        columns(round_up(outputs, bf16_columns)) {}

  Index window_terms;
  Index terms;
  Index outputs;
  Index columns;
};

/// Weights (O, kh, kw, C), rounded and packed as Bf16Kernels::multiply says.
inline void pack_bf16_weights(Engine& engine, const Bf16Kernels& unit, const HostTensor<float>& w,
                              const Bf16Product& product, Bf16* packed) {
  const Index terms = product.terms;
  const auto scratch = engine.per_thread<Bf16>(bf16_columns * terms);
  engine.parallel_for(product.columns / bf16_columns, [&](Index vector, int thread) {
    const Index first = vector * bf16_columns;
    const Index count = std::min(bf16_columns, product.outputs - first);
    Bf16* const rounded = scratch(thread);  // (16, terms)
    std::fill_n(rounded, bf16_columns * terms, Bf16{});
    for (Index i = 0; i < count; ++i)
      unit.round(product.window_terms, w.data() + (first + i) * product.window_terms, rounded + i * terms);
    const Index strip = first / unit.strip * unit.strip;
    const Index width = std::min(unit.strip, product.columns - strip);
    Bf16* to = packed + strip * terms + (first - strip) * 2;
    for (Index term = 0; term < terms; term += 2, to += width * 2)
      for (Index i = 0; i < bf16_columns; ++i) std::memcpy(to + i * 2, rounded + i * terms + term, 2 * sizeof(Bf16));
  });
}

/// Rows [top, bottom) of an image, rounded.
struct Bf16Rows {
  const Bf16* data;
  Index top;
  Index bottom;
};

/// Rounds the rows of `image` (height, width, channels) that windows of the output rows [first, last) see.
/// `activated` is room for a row.
inline Bf16Rows round_rows(const Kernels<float>& kernels, const Bf16Kernels& unit,
                           const ConvolutionSource<float>& source, const float* image, const CorrelationGrid& grid,
                           Index first, Index last, float* activated, Bf16* rows) {
  const Index height = source.images.height;
  const Index row_size = source.images.width * source.images.channels;
  const Index start = first * grid.step + grid.first_row;
  const Index top = std::clamp<Index>(start, 0, height);
  const Index bottom = std::clamp<Index>((last - 1) * grid.step + grid.first_row + grid.window_height, top, height);
  for (Index row = top; row < bottom; ++row) {
    if ((row - start) % grid.step >= grid.window_height) continue;  // between windows
    const float* from = image + row * row_size;
    if (source.activation) {
      copy_pixels(kernels, source, from, source.images.width, activated);
      from = activated;
    }
    unit.round(row_size, from, rows + (row - top) * row_size);
  }
  return {rows, top, bottom};
}

/// windows (last - first, terms): those of the pixels [first, last) of an image's output.
inline void gather_windows(const Bf16Rows& rows, Index width, Index channels, const CorrelationGrid& grid, Index first,
                           Index last, Bf16* windows, Index terms) {
  const Index run = grid.window_width * channels;
  for (Index pixel = first; pixel < last; ++pixel, windows += terms) {
    const Index top = pixel / grid.width * grid.step + grid.first_row;
    const Index left = pixel % grid.width * grid.step + grid.first_column;
    const Index begin = std::clamp<Index>(-left, 0, grid.window_width);
    const Index end = std::clamp<Index>(width - left, begin, grid.window_width);
    Bf16* to = windows;
    for (Index row = top; row < top + grid.window_height; ++row, to += run) {
      if (row < rows.top || row >= rows.bottom || begin == end) {
        std::fill_n(to, run, Bf16{});
        continue;
      }
      std::fill_n(to, begin * channels, Bf16{});
      std::copy_n(rows.data + ((row - rows.top) * width + left + begin) * channels, (end - begin) * channels,
                  to + begin * channels);
      std::fill(to + end * channels, to + run, Bf16{});
    }
    std::fill(to, windows + terms, Bf16{});
  }
}

/// y (pixels, outputs) = products (pixels, columns) plus `addend`, unless it is null.
inline void write_products(const Kernels<float>& kernels, Index pixels, const float* products,
                           const Bf16Product& product, const float* addend, float* y) {
  // One piece where there are no columns to leave out.
  const Index pieces = product.columns == product.outputs ? 1 : pixels;
  const Index numbers = product.columns == product.outputs ? pixels * product.outputs : product.outputs;
  for (Index piece = 0; piece < pieces; ++piece) {
    const float* const from = products + piece * product.columns;
    if (addend)
      kernels.add(numbers, from, addend + piece * product.outputs, y + piece * product.outputs);
    else
      std::copy_n(from, numbers, y + piece * product.outputs);
  }
}

/// y = x * w plus `addend`, of y's shape and perhaps y itself, unless it is null.
inline void convolve_bf16(Engine& engine, const Bf16Kernels& unit, ConvolutionSource<float> x,
                          const HostTensor<float>& w, ConvolutionGeometry geometry, HostTensor<float>& y,
                          const float* addend) {
  constexpr Index cached_numbers = Index{1} << 17;  // 256 KB of rounded rows, and as much of windows
  constexpr Index most_pixels = 192;
  if (y.size() == 0) return;
  const Kernels<float>& kernels = engine.kernels<float>();
  const Bf16Product product(unit, w.shape());
  Bf16* const packed = engine.shared<Bf16>(product.terms * product.columns);
  pack_bf16_weights(engine, unit, w, product, packed);

  Index batch = y.shape()[0];
  ImageBlock<const float>& in = x.images;
  CorrelationGrid grid = forward_grid(y.shape()[1], y.shape()[2], w.shape(), geometry);
  const bool pixelwise = grid.is_pixelwise(in.height, in.width);
  if (pixelwise) {  // all images are one tall image
    grid.height = in.height = batch * in.height;
    batch = 1;
  }
  // Where each window is a pixel without a gap behind, the rounded rows are the windows.
  const bool gathers = !pixelwise || product.terms != in.channels;

  // A block of output rows: as many as the cache holds the inputs of, but enough blocks for the threads. Its pixels are
  // multiplied in parts whose windows stay in the cache.
  const Index cached_rows = cached_numbers / (grid.step * in.width * in.channels);
  const Index fair_rows = batch * grid.height / (4 * engine.threads());
  const Index block = std::clamp<Index>(std::min(cached_rows, fair_rows), 1, grid.height);
  const Index blocks = (grid.height + block - 1) / block;
  const Index part = std::clamp<Index>(round_up(cached_numbers / product.terms, unit.rows), unit.rows, most_pixels);

  const Index product_room = padded(part * product.columns);
  const Index activated_room = x.activation ? padded(in.width * in.channels) : 0;
  const Index row_room = padded(((block - 1) * grid.step + grid.window_height) * in.width * in.channels);
  const Index window_room = padded(part * product.terms);
  const auto scratch = engine.per_thread<float>(product_room + activated_room + (row_room + window_room) / 2);
  engine.parallel_for(batch * blocks, [&](Index task, int thread) {
    float* const products = scratch(thread);
    float* const activated = products + product_room;
    Bf16* const row_memory = reinterpret_cast<Bf16*>(activated + activated_room);
    Bf16* const windows = row_memory + row_room;
    const Index image = task / blocks;
    const Index first_row = task % blocks * block;
    const Index last_row = std::min(grid.height, first_row + block);
    const float* const pixels = in.data + image * in.height * in.width * in.channels;
    const Bf16Rows rows = round_rows(kernels, unit, x, pixels, grid, first_row, last_row, activated, row_memory);
    const Index begin = first_row * grid.width;
    const Index end = last_row * grid.width;
    for (Index first = begin; first < end; first += part) {
      const Index count = std::min(part, end - first);
      if (gathers) gather_windows(rows, in.width, in.channels, grid, first, first + count, windows, product.terms);
      const Bf16* const left = gathers ? windows : rows.data + (first - begin) * in.channels;
      // Beyond `count`, whatever the memory holds gives products that are not written.
      const Index padded_count = round_up(count, unit.rows);
      const Index place = (image * grid.pixels() + first) * product.outputs;
      const bool in_place = !addend && product.columns == product.outputs && padded_count == count;
      unit.multiply(padded_count, product.terms, left, packed, product.columns, in_place ? y.data() + place : products);
      if (!in_place)
        write_products(kernels, count, products, product, addend ? addend + place : nullptr, y.data() + place);
    }
  });
}

}  // namespace saccade::eigen
