#pragma once

#include <saccade/backends/cuda/kernels/elementwise.cuh>
#include <saccade/backends/cuda/kernels/reduce.cuh>

/// Filling, copying and scaling, between formats too; rows with a bias; columns.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

template <class T>
__global__ void fill_kernel(float value, T* y, Index n) {
  constexpr int N = pack_width<T>, ahead = packs_ahead<1>;
  Floats<N> pack;
#pragma unroll
  for (int k = 0; k < N; ++k) pack.value[k] = value;
  const Index first = Index{blockIdx.x} * (Index{block_threads} * N * ahead) + Index{threadIdx.x} * N;
#pragma unroll
  for (int a = 0; a < ahead; ++a) {
    const Index i = first + Index{a} * (Index{block_threads} * N);
    if (i + N <= n) {
      store(y + i, pack);
    } else {
#pragma unroll 1
      for (Index j = i; j < n; ++j) y[j] = from_float<T>(value);
    }
  }
}

/// y (+)= alpha x; both in packs of four, whatever their formats.
template <class From, class To>
__global__ void convert_kernel(float alpha, const From* x, To* y, Index n, Write how) {
  constexpr int N = 4, ahead = 4;
  const Index first = Index{blockIdx.x} * (Index{block_threads} * N * ahead) + Index{threadIdx.x} * N;
  Floats<N> values[ahead];
#pragma unroll
  for (int a = 0; a < ahead; ++a) {
    const Index i = first + Index{a} * (Index{block_threads} * N);
    if (i + N <= n) values[a] = load<N>(x + i);
  }
#pragma unroll
  for (int a = 0; a < ahead; ++a) {
    const Index i = first + Index{a} * (Index{block_threads} * N);
    if (i + N <= n) {
#pragma unroll
      for (int k = 0; k < N; ++k) values[a].value[k] *= alpha;
      write(y + i, values[a], how);
    } else {
#pragma unroll 1
      for (Index j = i; j < n; ++j) write(y + j, Floats<1>{{alpha * to_float(x[j])}}, how);
    }
  }
}

inline void convert(const char* name, float alpha, ConstMap x, Map y, Write how, Index n, cudaStream_t stream) {
  if (n == 0) return;
  with_type(x.format, [&]<class From>(Type<From>) {
    with_type(y.format, [&]<class To>(Type<To>) {
      launch(name, convert_kernel<From, To>, ceil_divide(n, Index{block_threads} * 16), stream, alpha, numbers<From>(x),
             numbers<To>(y), n, how);
    });
  });
}

/// y (1, rows, C) = x + bias; y may be x.
template <class T, int N>
__global__ void add_bias_kernel(const float* __restrict__ bias, const T* x, T* y, Write how, ChannelTiles tiles) {
  const TilePlace place = tile_place<N>(tiles);
  if (!place.active) return;
  const Floats<N> addend = load_vector<N>(bias, place.channel);
  x += place.origin;
  y += place.origin;
  for_each_row<4>(
      tiles, place, [&](Index i) { return load<N>(x + i); },
      [&](Index i, Floats<N> values) {
#pragma unroll
        for (int k = 0; k < N; ++k) values.value[k] += addend.value[k];
        write(y + i, values, how);
      });
}

/// A column of a matrix: the element at row r is data[r * stride].
template <class T>
struct Columns {
  T* data;  ///< the first of them, in row 0
  Index stride;
};

/// y (+)= x for `tiles.channels` columns of both.
template <class T>
__global__ void copy_columns_kernel(Columns<const T> x, Columns<T> y, Write how, ChannelTiles tiles) {
  const TilePlace place = tile_place<1>(tiles);
  if (!place.active) return;
  for (Index row = place.first + place.lane; row < place.last; row += place.lanes)
    write(y.data + row * y.stride + place.channel, load<1>(x.data + row * x.stride + place.channel), how);
}

inline void copy_columns(const char* name, ConstMap x, Index x_first, Index x_columns, Map y, Index y_first,
                         Index y_columns, Write how, Index rows, Index columns, cudaStream_t stream) {
  if (rows * columns == 0) return;
  const ChannelTiles tiles = row_tiles(1, rows, columns, 1);
  with_type(y.format, [&]<class T>(Type<T>) {
    launch(name, copy_columns_kernel<T>, tiles.blocks(), stream, Columns<const T>{numbers<T>(x) + x_first, x_columns},
           Columns<T>{numbers<T>(y) + y_first, y_columns}, how, tiles);
  });
}

}  // namespace kernels

void fill(float value, Map y, Index n, cudaStream_t stream) {
  if (n == 0) return;
  kernels::with_type(y.format, [&]<class T>(kernels::Type<T>) {
    kernels::launch("fill", kernels::fill_kernel<T>, kernels::elementwise_blocks<T>(n, kernels::packs_ahead<1>), stream,
                    value, kernels::numbers<T>(y), n);
  });
}

void copy(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::convert("copy", 1.0f, x, y, Write::overwrite, n, stream);
}

void axpy(float alpha, ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::convert("axpy", alpha, x, y, Write::accumulate, n, stream);
}

void add_bias(const float* bias, Map y, Index rows, Index channels, cudaStream_t stream) {
  if (rows * channels == 0) return;
  kernels::with_wide_pack(y.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::ChannelTiles tiles = kernels::row_tiles(1, rows, channels, N);
    kernels::launch("add_bias", kernels::add_bias_kernel<T, N>, tiles.blocks(), stream, bias, kernels::numbers<T>(y),
                    kernels::numbers<T>(y), Write::overwrite, tiles);
  });
}

void read_columns(ConstMap x, Index first, Map y, Write write, Index rows, Index x_columns, Index y_columns,
                  cudaStream_t stream) {
  kernels::copy_columns("read_columns", x, first, x_columns, y, 0, y_columns, write, rows, y_columns, stream);
}

void write_columns(ConstMap x, Index first, Map y, Write write, Index rows, Index x_columns, Index y_columns,
                   cudaStream_t stream) {
  kernels::copy_columns("write_columns", x, 0, x_columns, y, first, y_columns, write, rows, x_columns, stream);
}

}  // namespace cuda
}  // namespace saccade
