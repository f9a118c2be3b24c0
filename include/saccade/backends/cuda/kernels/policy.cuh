#pragma once

#include <saccade/backends/cuda/kernels/launch.cuh>
#include <saccade/math/gaussian.hpp>
#include <saccade/math/policy.hpp>

/// Draws, one block of random words an element, and the gradient of a Gaussian policy.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// The random words of an element, in a step that may have been captured at another counter.
__device__ __forceinline__ math::PhiloxBlock random_words(RandomKey key, const unsigned long long* counter_offset,
                                                          Index element) {
  if (counter_offset != nullptr) key.counter += *counter_offset;
  return math::random_block(key, static_cast<std::uint32_t>(element));
}

__global__ void sample_gaussian_kernel(const float* mean, float sigma, RandomKey key,
                                       const unsigned long long* __restrict__ counter_offset, float* sample, Index n) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i < n) sample[i] = math::gaussian_draw(mean[i], sigma, random_words(key, counter_offset, i));
}

__global__ void sample_uniform_kernel(float low, float high, RandomKey key,
                                      const unsigned long long* __restrict__ counter_offset, float* sample, Index n) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i < n) sample[i] = math::uniform_draw(low, high, random_words(key, counter_offset, i));
}

__global__ void sample_categorical_kernel(const float* __restrict__ probabilities, RandomKey key,
                                          const unsigned long long* __restrict__ counter_offset,
                                          float* __restrict__ drawn, Index batch, Index classes) {
  const Index b = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (b >= batch) return;
  drawn[b] = static_cast<float>(
      math::categorical_draw(probabilities + b * classes, classes, random_words(key, counter_offset, b)));
}

__global__ void advance_counter_kernel(unsigned long long* counter_offset, unsigned long long stride) {
  if (threadIdx.x == 0) *counter_offset += stride;
}

__global__ void gaussian_policy_backward_kernel(const float* sample, const float* mean, const float* advantage,
                                                float sigma, float* d_mean, Write how, Index batch, Index columns) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i >= batch * columns) return;
  const float gradient = math::gaussian_policy_derivative(sample[i], mean[i], advantage[i / columns], sigma);
  d_mean[i] = how == Write::accumulate ? d_mean[i] + gradient : gradient;
}

}  // namespace kernels

void sample_gaussian(const float* mean, float sigma, RandomKey key, const unsigned long long* counter_offset,
                     float* sample, Index n, cudaStream_t stream) {
  if (n == 0) return;
  kernels::launch("sample_gaussian", kernels::sample_gaussian_kernel, kernels::ceil_divide(n, kernels::block_threads),
                  stream, mean, sigma, key, counter_offset, sample, n);
}

void sample_uniform(float low, float high, RandomKey key, const unsigned long long* counter_offset, float* sample,
                    Index n, cudaStream_t stream) {
  if (n == 0) return;
  kernels::launch("sample_uniform", kernels::sample_uniform_kernel, kernels::ceil_divide(n, kernels::block_threads),
                  stream, low, high, key, counter_offset, sample, n);
}

void sample_categorical(const float* probabilities, RandomKey key, const unsigned long long* counter_offset,
                        float* drawn, Index batch, Index classes, cudaStream_t stream) {
  if (batch == 0) return;
  kernels::launch("sample_categorical", kernels::sample_categorical_kernel,
                  kernels::ceil_divide(batch, kernels::block_threads), stream, probabilities, key, counter_offset,
                  drawn, batch, classes);
}

void advance_counter(unsigned long long* counter_offset, unsigned long long stride, cudaStream_t stream) {
  kernels::launch("advance_counter", kernels::advance_counter_kernel, 1, stream, counter_offset, stride);
}

void gaussian_policy_backward(const float* sample, const float* mean, const float* advantage, float sigma,
                              float* d_mean, Write write, Index batch, Index columns, cudaStream_t stream) {
  if (batch * columns == 0) return;
  kernels::launch("gaussian_policy_backward", kernels::gaussian_policy_backward_kernel,
                  kernels::ceil_divide(batch * columns, kernels::block_threads), stream, sample, mean, advantage, sigma,
                  d_mean, write, batch, columns);
}

}  // namespace cuda
}  // namespace saccade
