#pragma once

#include "grid.hpp"
#include "launch.hpp"

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>

/// The words of CUDA C++ that the kernels use, for an ordinary compiler. Included by force in front of kernels.cu, so
/// that the text of the kernels is the one that nvcc sees.

// The toolkit's headers leave this one empty without nvcc. One block runs at a time, so its memory may be static.
#undef __shared__
#define __shared__ static

extern thread_local uint3 threadIdx;
extern thread_local uint3 blockIdx;
extern thread_local dim3 blockDim;
extern thread_local dim3 gridDim;

inline void __syncthreads(saccade_test::emulation::Place where = saccade_test::emulation::Place::here()) {
  saccade_test::emulation::wait_for_block(where);
}

namespace saccade_test::emulation {

/// What lane `lane` of the warp handed in; only full warps may exchange.
template <class Number>
Number shuffle(unsigned mask, Number value, unsigned lane, Place where) {
  static_assert(std::is_trivially_copyable_v<Number> && sizeof(Number) <= sizeof(std::uint64_t));
  if (mask != 0xFFFFFFFFu) throw std::logic_error("a shuffle without a full mask");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(Number));
  bits = exchange_in_warp(bits, lane, where);
  std::memcpy(&value, &bits, sizeof(Number));
  return value;
}

}  // namespace saccade_test::emulation

template <class Number>
Number __shfl_xor_sync(unsigned mask, Number value, int lane_mask,
                       saccade_test::emulation::Place where = saccade_test::emulation::Place::here()) {
  const unsigned lane = saccade_test::emulation::lane_of_thread();
  return saccade_test::emulation::shuffle(mask, value, lane ^ static_cast<unsigned>(lane_mask), where);
}

template <class Number>
Number __shfl_down_sync(unsigned mask, Number value, unsigned delta,
                        saccade_test::emulation::Place where = saccade_test::emulation::Place::here()) {
  const unsigned lane = saccade_test::emulation::lane_of_thread();
  return saccade_test::emulation::shuffle(mask, value, lane + delta < 32 ? lane + delta : lane, where);
}

template <class Number>
Number __shfl_sync(unsigned mask, Number value, int lane,
                   saccade_test::emulation::Place where = saccade_test::emulation::Place::here()) {
  return saccade_test::emulation::shuffle(mask, value, static_cast<unsigned>(lane) % 32, where);
}

inline void __syncwarp(saccade_test::emulation::Place where = saccade_test::emulation::Place::here()) {
  static_cast<void>(saccade_test::emulation::exchange_in_warp(0, 0, where));
}

// Threads take turns only where they wait, so a plain read and write is atomic, and memory is always in order.
template <class Whole>
requires std::is_integral_v<Whole> Whole atomicAdd(Whole* address, Whole value) {
  const Whole old = *address;
  *address = old + value;
  return old;
}

inline unsigned atomicInc(unsigned* address, unsigned last) {
  const unsigned old = *address;
  *address = old >= last ? 0 : old + 1;
  return old;
}

inline void __threadfence() {}
