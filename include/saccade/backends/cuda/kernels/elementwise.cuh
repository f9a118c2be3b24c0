#pragma once

#include <saccade/backends/cuda/kernels/pack.cuh>

/// Functions of one element, over maps of n elements that need not know their shape.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// The maps that an elementwise function reads.
template <class T, int count>
struct Inputs {
  const T* map[count];
};

/// Packs that a thread reads before it writes, so that enough bytes are under way.
template <int maps>
inline constexpr int packs_ahead = maps == 1 ? 4 : 2;

/// y[i] (+)= f(x_1[i], ..., x_count[i]); y may be one of the x. The last elements, fewer than a pack, go one by one.
template <class T, int count, class F>
__global__ void elementwise_kernel(Inputs<T, count> x, T* y, Index n, Write how, F f) {
  constexpr int N = pack_width<T>, ahead = packs_ahead<count>;
  const Index first = Index{blockIdx.x} * (Index{block_threads} * N * ahead) + Index{threadIdx.x} * N;
  Floats<N> values[ahead][count];
#pragma unroll
  for (int a = 0; a < ahead; ++a) {
    const Index i = first + Index{a} * (Index{block_threads} * N);
    if (i + N > n) continue;
#pragma unroll
    for (int m = 0; m < count; ++m) values[a][m] = load<N>(x.map[m] + i);
  }
#pragma unroll
  for (int a = 0; a < ahead; ++a) {
    const Index i = first + Index{a} * (Index{block_threads} * N);
    if (i + N <= n) {
      Floats<N> result;
#pragma unroll
      for (int k = 0; k < N; ++k) {
        float arguments[count];
#pragma unroll
        for (int m = 0; m < count; ++m) arguments[m] = values[a][m].value[k];
        result.value[k] = f(arguments);
      }
      write(y + i, result, how);
    } else {
#pragma unroll 1
      for (Index j = i; j < n; ++j) {
        float arguments[count];
#pragma unroll
        for (int m = 0; m < count; ++m) arguments[m] = to_float(x.map[m][j]);
        write(y + j, Floats<1>{{f(arguments)}}, how);
      }
    }
  }
}

/// Blocks of a kernel whose threads have `ahead` packs each.
template <class T>
[[nodiscard]] Index elementwise_blocks(Index n, int ahead) {
  return ceil_divide(n, Index{block_threads} * pack_width<T> * ahead);
}

template <class F>
void elementwise(const char* name, F f, ConstMap x, Map y, Write how, Index n, cudaStream_t stream) {
  if (n == 0) return;
  with_type(y.format, [&]<class T>(Type<T>) {
    launch(name, elementwise_kernel<T, 1, F>, elementwise_blocks<T>(n, packs_ahead<1>), stream,
           Inputs<T, 1>{{numbers<T>(x)}}, numbers<T>(y), n, how, f);
  });
}

template <class F>
void elementwise(const char* name, F f, ConstMap x1, ConstMap x2, Map y, Write how, Index n, cudaStream_t stream) {
  if (n == 0) return;
  with_type(y.format, [&]<class T>(Type<T>) {
    launch(name, elementwise_kernel<T, 2, F>, elementwise_blocks<T>(n, packs_ahead<2>), stream,
           Inputs<T, 2>{{numbers<T>(x1), numbers<T>(x2)}}, numbers<T>(y), n, how, f);
  });
}

}  // namespace kernels
}  // namespace cuda
}  // namespace saccade
