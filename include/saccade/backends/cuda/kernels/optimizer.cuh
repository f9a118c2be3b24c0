#pragma once

#include <saccade/backends/cuda/kernels/elementwise.cuh>
#include <saccade/backends/cuda/kernels/reduce.cuh>
#include <saccade/math/optimizer.hpp>

#include <limits>

/// Norms of gradients and Adam, for one parameter or for all of them in one launch. A block has one chunk of at most
/// `parameter_chunk` numbers.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// f(i, N): `count` numbers, four neighbours at a time where there are four.
template <class F>
__device__ __forceinline__ void for_each_pack(std::uint32_t count, const F& f) {
  constexpr std::uint32_t N = pack_width<float>;
  for (std::uint32_t i = threadIdx.x * N; i < count; i += block_threads * N) {
    if (i + N <= count) {
      f(i, Width<N>{});
    } else {
#pragma unroll 1
      for (std::uint32_t j = i; j < count; ++j) f(j, Width<1>{});
    }
  }
}

/// The sum of squares of x (count), over the block.
__device__ __forceinline__ float squares_of_chunk(const float* __restrict__ x, std::uint32_t count) {
  float sum = 0.0f;
  for_each_pack(count, [&]<int N>(std::uint32_t i, Width<N>) {
    const Floats<N> values = load<N>(x + i);
#pragma unroll
    for (int k = 0; k < N; ++k) sum = std::fma(values.value[k], values.value[k], sum);
  });
  return sum_over_block(sum);
}

/// shares (blocks): of the numbers of each block's chunk.
__global__ void sum_of_squares_kernel(const float* __restrict__ x, Index n, float* __restrict__ shares) {
  const Index first = Index{blockIdx.x} * parameter_chunk;
  const Index left = n - first;
  const float sum =
      squares_of_chunk(x + first, static_cast<std::uint32_t>(left < parameter_chunk ? left : parameter_chunk));
  if (threadIdx.x == 0) shares[blockIdx.x] = sum;
}

__global__ void sum_of_squares_list_kernel(const ParameterChunk* __restrict__ chunks, float* __restrict__ shares) {
  const ParameterChunk& chunk = chunks[blockIdx.x];
  const float sum = squares_of_chunk(chunk.gradient, chunk.count);
  if (threadIdx.x == 0) shares[blockIdx.x] = sum;
}

__global__ void zero_gradients_kernel(const ParameterChunk* __restrict__ chunks) {
  const ParameterChunk& chunk = chunks[blockIdx.x];
  float* const gradient = chunk.gradient;
  for_each_pack(chunk.count, [&]<int N>(std::uint32_t i, Width<N>) { store(gradient + i, Floats<N>{}); });
}

__global__ void clip_scale_kernel(const float* sum, float max_norm, float* scale) {
  if (threadIdx.x == 0) *scale = math::clip_scale(*sum, max_norm);
}

inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// *mark = NaN unless all of x is finite. Whoever finds a number that is not writes the same, so that no order matters.
template <class T>
__global__ void mark_not_finite_kernel(const T* __restrict__ x, Index n, float* mark) {
  constexpr int N = pack_width<T>;
  const Index first = (Index{blockIdx.x} * block_threads + threadIdx.x) * N;
  bool finite = true;
  if (first + N <= n) {
    const Floats<N> values = load<N>(x + first);
#pragma unroll
    for (int k = 0; k < N; ++k) finite = finite && math::is_finite(values.value[k]);
  } else {
#pragma unroll 1
    for (Index i = first; i < n; ++i) finite = finite && math::is_finite(to_float(x[i]));
  }
  if (!finite) *mark = not_a_number;
}

__global__ void advance_adam_kernel(float* hyper) {
  if (threadIdx.x == 0) math::advance_adam(hyper);
}

/// Adam for one chunk; nothing moves where the scale is not finite.
__device__ __forceinline__ void adam_chunk(const float* gradient, float scale, const float* __restrict__ hyper,
                                           float* parameter, float* first, float* second, std::uint32_t count) {
  if (!math::is_finite(scale)) return;
  float constants[AdamHyper::count];
#pragma unroll
  for (int h = 0; h < AdamHyper::count; ++h) constants[h] = hyper[h];
  for_each_pack(count, [&]<int N>(std::uint32_t i, Width<N>) {
    const Floats<N> g = load<N>(gradient + i);
    Floats<N> p = load<N>(parameter + i), m = load<N>(first + i), v = load<N>(second + i);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const math::AdamState<float> next =
          math::adam_step(scale * g.value[k], constants, {p.value[k], m.value[k], v.value[k]});
      p.value[k] = next.parameter;
      m.value[k] = next.first_moment;
      v.value[k] = next.second_moment;
    }
    store(parameter + i, p);
    store(first + i, m);
    store(second + i, v);
  });
}

__global__ void adam_step_kernel(const float* gradient, const float* scale, const float* hyper, float* parameter,
                                 float* first_moment, float* second_moment, Index n) {
  const Index first = Index{blockIdx.x} * parameter_chunk;
  const Index left = n - first;
  adam_chunk(gradient + first, *scale, hyper, parameter + first, first_moment + first, second_moment + first,
             static_cast<std::uint32_t>(left < parameter_chunk ? left : parameter_chunk));
}

__global__ void adam_step_list_kernel(const ParameterChunk* __restrict__ chunks, const float* scale) {
  const ParameterChunk& chunk = chunks[blockIdx.x];
  adam_chunk(chunk.gradient, *scale, chunk.hyper, chunk.parameter, chunk.first, chunk.second, chunk.count);
}

}  // namespace kernels

void sum_of_squares(const float* x, float* sum, Write write, Index n, float* workspace, cudaStream_t stream) {
  const Index blocks = sum_of_squares_workspace(n);
  if (blocks > 0) {
    kernels::launch("sum_of_squares", kernels::sum_of_squares_kernel, blocks, stream, x, n, workspace);
  }
  kernels::launch("sum_of_squares", kernels::sum_vector_kernel, 1, stream, workspace, blocks, sum, write);
}

Index sum_of_squares_workspace(Index n) { return kernels::ceil_divide(n, parameter_chunk); }

void clip_scale(const float* sum, float max_norm, float* scale, cudaStream_t stream) {
  kernels::launch("clip_scale", kernels::clip_scale_kernel, 1, stream, sum, max_norm, scale);
}

void mark_not_finite(ConstMap x, float* mark, Index n, cudaStream_t stream) {
  if (n == 0) return;
  kernels::with_type(x.format, [&]<class T>(kernels::Type<T>) {
    kernels::launch("mark_not_finite", kernels::mark_not_finite_kernel<T>, kernels::elementwise_blocks<T>(n, 1), stream,
                    kernels::numbers<T>(x), n, mark);
  });
}

void adam_step(const float* gradient, const float* scale, const float* hyper, float* parameter, float* first_moment,
               float* second_moment, Index n, cudaStream_t stream) {
  if (n == 0) return;
  kernels::launch("adam_step", kernels::adam_step_kernel, kernels::ceil_divide(n, parameter_chunk), stream, gradient,
                  scale, hyper, parameter, first_moment, second_moment, n);
}

void advance_adam(float* hyper, cudaStream_t stream) {
  kernels::launch("advance_adam", kernels::advance_adam_kernel, 1, stream, hyper);
}

void zero_gradients(const ParameterChunk* chunks, Index count, cudaStream_t stream) {
  if (count == 0) return;
  kernels::launch("zero_gradients", kernels::zero_gradients_kernel, count, stream, chunks);
}

void sum_of_squares(const ParameterChunk* chunks, Index count, float* sum, float* workspace, cudaStream_t stream) {
  if (count > 0) {
    kernels::launch("sum_of_squares", kernels::sum_of_squares_list_kernel, count, stream, chunks, workspace);
  }
  kernels::launch("sum_of_squares", kernels::sum_vector_kernel, 1, stream, workspace, count, sum, Write::overwrite);
}

Index sum_of_squares_list_workspace(Index count) { return count; }

void adam_step(const ParameterChunk* chunks, Index count, const float* scale, cudaStream_t stream) {
  if (count == 0) return;
  kernels::launch("adam_step", kernels::adam_step_list_kernel, count, stream, chunks, scale);
}

}  // namespace cuda
}  // namespace saccade
