#pragma once

#include <saccade/backends/cuda/kernels/launch.cuh>

/// One warp a row of a matrix, sums of rows, and rows of a table.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

inline constexpr unsigned warp_threads = 32;
inline constexpr unsigned all_lanes = 0xFFFFFFFFu;
inline constexpr unsigned rows_of_block = block_threads / warp_threads;

/// Row of the running warp, and its lane. All lanes of a warp have the same row.
struct WarpRow {
  Index row;
  unsigned lane;
};

__device__ __forceinline__ WarpRow warp_row() {
  return {Index{blockIdx.x} * rows_of_block + threadIdx.x / warp_threads, threadIdx.x % warp_threads};
}

inline Index warp_row_blocks(Index rows) { return ceil_divide(rows, rows_of_block); }

/// The sum over the lanes of a warp, in all of them.
__device__ __forceinline__ double sum_over_warp(double value) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(all_lanes, value, offset);
  return value;
}

/// y[m] (+)= sum over k of x[m, k], in double.
__global__ void row_sums_kernel(const float* __restrict__ x, float* __restrict__ y, Write how, Index rows,
                                Index columns) {
  const WarpRow place = warp_row();
  if (place.row >= rows) return;
  double sum = 0.0;
  for (Index k = place.lane; k < columns; k += warp_threads) sum += static_cast<double>(x[place.row * columns + k]);
  sum = sum_over_warp(sum);
  if (place.lane != 0) return;
  float& to = y[place.row];
  to = static_cast<float>(how == Write::accumulate ? static_cast<double>(to) + sum : sum);
}

/// d_x[m, k] (+)= d_y[m]
__global__ void row_sums_backward_kernel(const float* __restrict__ d_y, float* __restrict__ d_x, Write how, Index rows,
                                         Index columns) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i >= rows * columns) return;
  const float gradient = d_y[i / columns];
  d_x[i] = how == Write::accumulate ? d_x[i] + gradient : gradient;
}

/// y[m, k] = table[rows[m], k]
__global__ void take_rows_kernel(const float* __restrict__ table, const float* __restrict__ rows, float* __restrict__ y,
                                 Index count, Index columns) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i >= count * columns) return;
  const Index m = i / columns;
  y[i] = table[static_cast<Index>(rows[m]) * columns + (i - m * columns)];
}

}  // namespace kernels

void row_sums(const float* x, float* y, Write write, Index rows, Index columns, cudaStream_t stream) {
  if (rows == 0) return;
  kernels::launch("row_sums", kernels::row_sums_kernel, kernels::warp_row_blocks(rows), stream, x, y, write, rows,
                  columns);
}

void take_rows(const float* table, const float* rows, float* y, Index count, Index columns, cudaStream_t stream) {
  if (count * columns == 0) return;
  kernels::launch("take_rows", kernels::take_rows_kernel, kernels::ceil_divide(count * columns, kernels::block_threads),
                  stream, table, rows, y, count, columns);
}

void row_sums_backward(const float* d_y, float* d_x, Write write, Index rows, Index columns, cudaStream_t stream) {
  if (rows * columns == 0) return;
  kernels::launch("row_sums_backward", kernels::row_sums_backward_kernel,
                  kernels::ceil_divide(rows * columns, kernels::block_threads), stream, d_y, d_x, write, rows, columns);
}

}  // namespace cuda
}  // namespace saccade
