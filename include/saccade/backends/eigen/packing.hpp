#pragma once

#include <saccade/backends/eigen/engine.hpp>

#include <algorithm>

/// Weights in the order in which Kernels::multiply reads them.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// A matrix (terms, columns) packed as Kernels::strip says; `row(term)` points to its rows, which lie anywhere. Room
/// for terms * round_up(columns, lanes) numbers.
template <class Scalar, class Row>
void pack_rows(Engine& engine, Index terms, Index columns, Scalar* packed, const Row& row) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index grain = std::max<Index>(1, elementwise_grain / std::max<Index>(1, columns));
  engine.parallel_ranges(terms, grain, [&](Index begin, Index end, int) {
    for (Index strip = 0; strip < columns; strip += kernels.strip) {
      const Index count = std::min(kernels.strip, columns - strip);
      const Index width = round_up(count, kernels.lanes);
      for (Index term = begin; term < end; ++term) {
        Scalar* const to = packed + strip * terms + term * width;
        std::fill(std::copy_n(row(term) + strip, count, to), to + width, Scalar(0));
      }
    }
  });
}

/// The same of the transpose of a dense matrix (columns, terms), whose rows are multiplied by `scale` unless it is
/// null.
template <class Scalar>
void pack_transposed(Engine& engine, Index terms, Index columns, const Scalar* matrix, const Scalar* scale,
                     Scalar* packed) {
  constexpr Index tile = 64;  // terms of a row that are read at a time, while what is written stays in the cache
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index tiles = (terms + tile - 1) / tile;
  const Index strips = (columns + kernels.strip - 1) / kernels.strip;
  engine.parallel_ranges(strips * tiles, 16, [&](Index begin, Index end, int) {
    const auto place = [&](Index i) { return matrix + i / tiles * kernels.strip * terms + i % tiles * tile; };
    for (Index i = begin; i < end; ++i) {
      const Index strip = i / tiles * kernels.strip;
      const Index count = std::min(kernels.strip, columns - strip);
      const Index width = round_up(count, kernels.lanes);
      const Index first = i % tiles * tile;
      kernels.transpose(count, std::min(tile, terms - first), place(i), terms, scale ? scale + strip : nullptr,
                        place(std::min(i + 1, end - 1)), packed + strip * terms + first * width, width);
    }
  });
}

}  // namespace saccade::eigen
