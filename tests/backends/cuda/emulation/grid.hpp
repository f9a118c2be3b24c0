#pragma once

#include <vector_types.h>

#include <cstdint>
#include <functional>

/// Runs kernels on the CPU: the blocks one after another, the threads of a block as fibers that take turns at barriers
/// and shuffles only.
namespace saccade_test::emulation {

/// A line of a kernel. (std::source_location is missing where clang 14 meets an older library.)
struct Place {
  const char* file = "";
  int line = 0;

  static Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

/// Runs `thread` once for each thread of the grid. Throws std::logic_error where a block goes wrong: threads that miss
/// a barrier, lanes that miss a shuffle.
void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread);

/// The order in which blocks and the threads of a block run: 0 for their natural one, otherwise the seed of a random
/// one. What a kernel computes must not depend on it.
void set_thread_order(std::uint32_t seed);

/// __syncthreads: returns when all threads of the block have come to `where`.
void wait_for_block(Place where);

/// A warp's exchange at `where`: hands in `value` and returns what lane `lane` handed in. All 32 lanes must come.
[[nodiscard]] std::uint64_t exchange_in_warp(std::uint64_t value, unsigned lane, Place where);

/// Lane of the running thread in its warp.
[[nodiscard]] unsigned lane_of_thread();

}  // namespace saccade_test::emulation
