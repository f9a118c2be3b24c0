#pragma once

#include <saccade/backends/eigen/engine.hpp>

#include <Eigen/Core>

#include <algorithm>

/// Matrix products of row-major matrices with Eigen's kernels.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// How the left operand is stored: as it stands in the formula, or transposed.
enum class Layout { plain, transposed };

/// Largest block of a product. Eigen copies the operands of a block to the stack while each copy is within 128 KB, and
/// to the heap beyond that: these sizes keep it from allocating.
template <class Scalar>
struct GemmBlock {
  static constexpr Index extent = 128;  ///< rows, and columns, of the result
  static constexpr Index depth = 128 * 1024 / (extent * static_cast<Index>(sizeof(Scalar)));
};

template <class Scalar>
using MatrixView = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                              Eigen::Unaligned, Eigen::OuterStride<>>;

template <class Scalar>
using MutableMatrixView = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                                     Eigen::Unaligned, Eigen::OuterStride<>>;

/// c (m, n) = a (m, k) b (k, n), or c += a b, on the calling thread. A row of a stored matrix begins `stride` numbers
/// after the one before; a transposed one is stored as (k, m).
template <Layout LayoutA, class Scalar>
void gemm(Index m, Index n, Index k, const Scalar* a, Index stride_a, const Scalar* b, Index stride_b, Scalar* c,
          Index stride_c, Write write) {
  using Block = GemmBlock<Scalar>;
  // Eigen, too, assigns a product by adding it to zeros.
  if (write == Write::overwrite)
    for (Index i = 0; i < m; ++i) std::fill_n(c + i * stride_c, n, Scalar(0));
  // Equal parts: a short last part would run at a fraction of the speed.
  const Index depth_parts = (k + Block::depth - 1) / Block::depth;
  const Index depth = depth_parts == 0 ? 0 : (k + depth_parts - 1) / depth_parts;
  for (Index i = 0; i < m; i += Block::extent) {
    const Index rows = std::min(Block::extent, m - i);
    for (Index j = 0; j < n; j += Block::extent) {
      const Index columns = std::min(Block::extent, n - j);
      MutableMatrixView<Scalar> result(c + i * stride_c + j, rows, columns, Eigen::OuterStride<>(stride_c));
      for (Index p = 0; p < k; p += depth) {
        const Index terms = std::min(depth, k - p);
        const MatrixView<Scalar> right(b + p * stride_b + j, terms, columns, Eigen::OuterStride<>(stride_b));
        if constexpr (LayoutA == Layout::plain)
          result.noalias() +=
              MatrixView<Scalar>(a + i * stride_a + p, rows, terms, Eigen::OuterStride<>(stride_a)) * right;
        else
          result.noalias() +=
              MatrixView<Scalar>(a + p * stride_a + i, terms, rows, Eigen::OuterStride<>(stride_a)).transpose() * right;
      }
    }
  }
}

/// The same on all threads, for dense matrices.
template <Layout LayoutA, class Scalar>
void parallel_gemm(Engine& engine, Index m, Index n, Index k, const Scalar* a, const Scalar* b, Scalar* c,
                   Write write) {
  // Tiles of the result, larger where there is little to do for each element, so that a block is worth a thread.
  const Index columns = std::min<Index>(n, GemmBlock<Scalar>::extent);
  const Index work_per_row = std::max<Index>(1, columns * k);
  const Index rows = std::clamp<Index>(Index{1 << 19} / work_per_row, 16, 4096);
  const Index row_tiles = (m + rows - 1) / rows;
  const Index column_tiles = columns == 0 ? 0 : (n + columns - 1) / columns;
  const Index stride_a = LayoutA == Layout::plain ? k : m;
  engine.parallel_for(row_tiles * column_tiles, [&](Index tile, int) {
    const Index i = tile / column_tiles * rows;
    const Index j = tile % column_tiles * columns;
    gemm<LayoutA>(std::min(rows, m - i), std::min(columns, n - j), k, LayoutA == Layout::plain ? a + i * k : a + i,
                  stride_a, b + j, n, c + i * n + j, n, write);
  });
}

}  // namespace saccade::eigen
