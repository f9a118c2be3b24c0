#include "emulation/device.hpp"

#include "sample_kernels.hpp"

namespace saccade_test {
namespace {

__device__ float warp_sum(float value) {
  for (int lane_mask = 16; lane_mask > 0; lane_mask /= 2) value += __shfl_xor_sync(0xFFFFFFFFu, value, lane_mask);
  return value;
}

template <class Number>
__global__ void sum_kernel(const Number* numbers, Number* sums) {
  __shared__ Number partial[2];
  const Number sum = warp_sum(numbers[blockIdx.x * blockDim.x + threadIdx.x]);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) sums[blockIdx.x] = partial[0] + partial[1];
}

__global__ void unwritten_shared_kernel(float* found) {
  __shared__ float cell[1];
  found[0] = cell[0];
  cell[0] = 1;
}

__global__ void order_kernel(unsigned* counter, unsigned* order) {
  order[atomicAdd(counter, 1u)] = blockIdx.x * blockDim.x + threadIdx.x;
}

__global__ void half_barrier_kernel() {
  if (threadIdx.x < 32) __syncthreads();
}

__global__ void early_exit_kernel() {
  if (threadIdx.x == 0) return;
  __syncthreads();
}

__global__ void half_shuffle_kernel(float* y) {
  float value = 1;
  if (threadIdx.x % 2 == 1) value = __shfl_down_sync(0xFFFFFFFFu, value, 1);
  y[threadIdx.x] = value;
}

}  // namespace

using emulation::launch;

void launch_sum(const float* numbers, float* sums, unsigned blocks, cudaStream_t stream) {
  launch(sum_kernel<float>, dim3(blocks), dim3(64), stream, numbers, sums);
}
void launch_unwritten_shared(float* found, cudaStream_t stream) {
  launch(unwritten_shared_kernel, dim3(1), dim3(1), stream, found);
}
void launch_order(unsigned* counter, unsigned* order, unsigned blocks, cudaStream_t stream) {
  launch(order_kernel, dim3(blocks), dim3(64), stream, counter, order);
}
void launch_half_barrier(cudaStream_t stream) { launch(half_barrier_kernel, dim3(1), dim3(64), stream); }
void launch_early_exit(cudaStream_t stream) { launch(early_exit_kernel, dim3(1), dim3(64), stream); }
void launch_half_shuffle(float* y, cudaStream_t stream) { launch(half_shuffle_kernel, dim3(1), dim3(32), stream, y); }

}  // namespace saccade_test
