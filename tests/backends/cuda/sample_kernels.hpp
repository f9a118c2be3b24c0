#pragma once

#include <cuda_runtime_api.h>

/// Kernels of sample_kernels.cpp for the test of the emulator, right and wrong ones.
namespace saccade_test {

/// sums[b] = the sum of the 64 numbers of block b, by a tree in shared memory and a warp's shuffles.
void launch_sum(const float* numbers, float* sums, unsigned blocks, cudaStream_t stream);

/// found[0] = what shared memory holds before anybody writes it.
void launch_unwritten_shared(float* found, cudaStream_t stream);

/// order[i] = which thread of the grid, of `blocks` blocks of 64, was the i-th to run.
void launch_order(unsigned* counter, unsigned* order, unsigned blocks, cudaStream_t stream);

/// Only the first half of the block waits.
void launch_half_barrier(cudaStream_t stream);
/// Thread 0 returns before the others wait.
void launch_early_exit(cudaStream_t stream);
/// Odd lanes exchange, even ones do not.
void launch_half_shuffle(float* y, cudaStream_t stream);

}  // namespace saccade_test
