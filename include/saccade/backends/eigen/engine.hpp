#pragma once

#include <saccade/backends/eigen/kernels/bf16_kernels.hpp>
#include <saccade/backends/eigen/kernels/kernels.hpp>
#include <saccade/backends/eigen/tensor.hpp>
#include <saccade/backends/eigen/thread_pool.hpp>
#include <saccade/core/geometry.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Memory that grows to the largest request and stays: after one step of a network nothing is allocated any more.
class Workspace {
 public:
  /// Room for `count` numbers, with whatever it holds. The next call may give the same memory.
  template <class Number>
  [[nodiscard]] Number* take(Index count) {
    const Index bytes = count * static_cast<Index>(sizeof(Number));
    if (bytes > buffer_.size()) buffer_ = AlignedBuffer<std::byte>(bytes);
    return reinterpret_cast<Number*>(buffer_.data());
  }

 private:
  AlignedBuffer<std::byte> buffer_;
};

/// `count` rounded up so that a part of a workspace keeps its successor on a cache line's boundary.
[[nodiscard]] constexpr Index padded(Index count) { return (count + 15) / 16 * 16; }

/// Scratch memory of each thread: `scratch(thread)` points to as many numbers as were asked for.
template <class Number>
struct PerThread {
  Number* data;
  Index stride;

  [[nodiscard]] Number* operator()(int thread) const { return data + thread * stride; }
};

/// What the operations run on: threads, scratch memory of each thread, and scratch memory that all of them see.
class Engine {
 public:
  /// @param bf16  what forward convolutions are computed with where it pays; null: none of them
  /// @throws ConfigError if the processor cannot run `set`
  explicit Engine(int threads, InstructionSet set = best_instruction_set(), const Bf16Kernels* bf16 = nullptr)
      : instruction_set_(set), bf16_(bf16), pool_(threads) {
    expect_config(supports(set), "EigenBackend: this processor cannot run " + name(set));
  }

  [[nodiscard]] int threads() const { return pool_.threads(); }
  [[nodiscard]] InstructionSet instruction_set() const { return instruction_set_; }
  [[nodiscard]] const Bf16Kernels* bf16() const { return bf16_; }

  template <class Scalar>
  [[nodiscard]] const Kernels<Scalar>& kernels() const {
    return kernels_for<Scalar>(instruction_set_);
  }

  template <class Scalar>
  [[nodiscard]] const GradientKernels<Scalar>& gradient_kernels() const {
    return gradient_kernels_for<Scalar>(instruction_set_);
  }

  /// See ThreadPool::parallel_for.
  template <class Body>
  void parallel_for(Index blocks, Body&& body) {
    pool_.parallel_for(blocks, body);
  }

  /// Calls `body(begin, end, thread)` for consecutive ranges of `grain` items (the last may be shorter) of [0, count).
  template <class Body>
  void parallel_ranges(Index count, Index grain, Body&& body) {
    parallel_for((count + grain - 1) / grain,
                 [&](Index block, int thread) { body(block * grain, std::min(count, (block + 1) * grain), thread); });
  }

  /// Scratch memory of `count` numbers for every thread, whichever of them will take a block. One call an operation,
  /// from the calling thread.
  template <class Number>
  [[nodiscard]] PerThread<Number> per_thread(Index count) {
    return {per_thread_.take<Number>(padded(count) * threads()), padded(count)};
  }

  /// Scratch memory that all blocks of an operation see. One call an operation, from the calling thread.
  template <class Number>
  [[nodiscard]] Number* shared(Index count) {
    return shared_.take<Number>(count);
  }

  /// The same once more, for the coefficients of channels.
  template <class Number>
  [[nodiscard]] Number* coefficients(Index count) {
    return coefficients_.take<Number>(count);
  }

 private:
  InstructionSet instruction_set_;
  const Bf16Kernels* bf16_;
  ThreadPool pool_;
  Workspace per_thread_;
  Workspace shared_;
  Workspace coefficients_;
};

/// Elements of a block of elementwise work: small operations stay on one thread, large ones split evenly enough.
inline constexpr Index elementwise_grain = 16384;

/// Calls `body` with std::true_type where `write` accumulates, so that its loops are compiled once for each case.
template <class Body>
void with_write(Write write, Body&& body) {
  if (write == Write::accumulate)
    body(std::true_type{});
  else
    body(std::false_type{});
}

/// target = value, or target += value.
template <bool Accumulate, class Number>
void store(Number& target, Number value) {
  if constexpr (Accumulate)
    target += value;
  else
    target = value;
}

}  // namespace saccade::eigen
