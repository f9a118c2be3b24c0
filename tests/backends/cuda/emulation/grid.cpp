#include "grid.hpp"

#include "fiber.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

// The coordinates of the running thread, which device.hpp declares.
thread_local uint3 threadIdx;
thread_local uint3 blockIdx;
thread_local dim3 blockDim;
thread_local dim3 gridDim;

// The shared memory of all kernels: see shared_memory.ld. A program without kernels has none.
extern "C" __attribute__((weak)) unsigned char saccade_test_shared_begin[];
extern "C" __attribute__((weak)) unsigned char saccade_test_shared_end[];

namespace saccade_test::emulation {
namespace {

constexpr unsigned warp_size = 32;

enum class State : unsigned char { ready, at_barrier, in_shuffle, ended };

struct Thread {
  State state = State::ready;
  Fiber* fiber = nullptr;  ///< that it stopped on
  Place where;
  std::uint64_t value = 0;  ///< handed in to a shuffle, then received from it
  unsigned lane = 0;        ///< whose value it wants
};

std::uint32_t order_seed = 0;

/// The running block of this thread of the process.
class Block {
 public:
  /// Runs `thread` for each thread of the block.
  void run(unsigned threads, std::uint32_t block_number, const std::function<void()>& thread) {
    thread_function_ = &thread;
    threads_.assign(threads, Thread{});
    started_ = 0;
    ended_ = 0;
    choose_order(block_number);
    fill_shared_memory();
    // A fiber runs threads until one of them has to wait; that one keeps it, and the next fiber goes on.
    while (started_ < threads) {
      if (free_.empty()) free_.push_back(fibers_.emplace_back(std::make_unique<Fiber>(&body_of_fiber, this)).get());
      Fiber* const fiber = free_.back();
      free_.pop_back();
      resume(fiber);
    }
    while (ended_ < threads) {
      if (!exchange_in_warps()) open_barrier();
      for (const unsigned t : order_) {
        if (threads_[t].state != State::ready) continue;
        make_current(t);
        resume(threads_[t].fiber);
      }
    }
  }

  /// Stops the running thread until the block lets it go on; returns its value.
  std::uint64_t wait(State state, std::uint64_t value, unsigned lane, Place where) {
    Thread& thread = threads_[current_];
    thread = {state, running_, where, value, lane};
    Fiber::suspend();
    return thread.value;
  }

  [[nodiscard]] unsigned current() const { return current_; }

 private:
  static void body_of_fiber(void* block) {
    for (;;) static_cast<Block*>(block)->run_threads();
  }

  void run_threads() {
    while (started_ < order_.size()) {
      make_current(order_[started_++]);
      (*thread_function_)();
      threads_[current_].state = State::ended;
      ++ended_;
    }
    free_.push_back(running_);
    Fiber::suspend();
  }

  void resume(Fiber* fiber) {
    running_ = fiber;
    fiber->resume();
  }

  void make_current(unsigned t) {
    current_ = t;
    threadIdx = {t % blockDim.x, t / blockDim.x % blockDim.y, t / (blockDim.x * blockDim.y)};
  }

  /// Lets the warps go on whose lanes all wait in the same shuffle; false if no lane waits in one.
  bool exchange_in_warps() {
    bool any = false;
    for (unsigned first = 0; first < threads_.size(); first += warp_size) {
      const unsigned last = std::min(first + warp_size, static_cast<unsigned>(threads_.size()));
      const auto in_shuffle = [](const Thread& thread) { return thread.state == State::in_shuffle; };
      const auto lanes = std::span(threads_).subspan(first, last - first);
      const auto waiting = std::find_if(lanes.begin(), lanes.end(), in_shuffle);
      if (waiting == lanes.end()) continue;
      any = true;
      std::array<std::uint64_t, warp_size> values{};
      for (unsigned lane = 0; lane < warp_size; ++lane) {
        if (lane >= lanes.size() || !in_shuffle(lanes[lane]) || lanes[lane].where.line != waiting->where.line)
          fail("lane " + std::to_string(lane) + " of warp " + std::to_string(first / warp_size) +
                   " misses the shuffle of another lane",
               waiting->where);
        values[lane] = lanes[lane].value;
      }
      for (Thread& thread : lanes) {
        thread.value = values[thread.lane];
        thread.state = State::ready;
      }
    }
    return any;
  }

  /// Lets all threads go on, which wait at the same barrier.
  void open_barrier() {
    const auto at_barrier = [](const Thread& thread) { return thread.state == State::at_barrier; };
    const Thread& waiting = *std::find_if(threads_.begin(), threads_.end(), at_barrier);
    for (std::size_t t = 0; t < threads_.size(); ++t) {
      if (!at_barrier(threads_[t]) || threads_[t].where.line != waiting.where.line)
        fail("thread " + std::to_string(t) + " misses the barrier that others wait at", waiting.where);
    }
    for (Thread& thread : threads_) thread.state = State::ready;
  }

  /// Abandons the block, whatever its threads were doing.
  [[noreturn]] void fail(const std::string& what, Place where) {
    free_.clear();
    for (const std::unique_ptr<Fiber>& fiber : fibers_) {
      fiber->restart();
      free_.push_back(fiber.get());
    }
    throw std::logic_error(what + " (" + where.file + ":" + std::to_string(where.line) + ")");
  }

  void choose_order(std::uint32_t block_number) {
    order_.resize(threads_.size());
    std::iota(order_.begin(), order_.end(), 0u);
    if (order_seed == 0) return;
    std::minstd_rand random(order_seed + block_number);
    std::shuffle(order_.begin(), order_.end(), random);
  }

  /// Byte by byte 0xFF, which is NaN as a number and out of range as an index. The address sanitizer keeps bytes of its
  /// own between the arrays.
  __attribute__((no_sanitize("address"))) static void fill_shared_memory() {
    for (volatile unsigned char* byte = saccade_test_shared_begin; byte != saccade_test_shared_end; ++byte)
      *byte = 0xFF;
  }

  const std::function<void()>* thread_function_ = nullptr;
  std::vector<Thread> threads_;
  std::vector<unsigned> order_;
  std::size_t started_ = 0;
  std::size_t ended_ = 0;
  unsigned current_ = 0;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> free_;
  Fiber* running_ = nullptr;
};

/// Of one thread of the process, since fibers stay on the one that made them.
thread_local Block running_block;

}  // namespace

void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread) {
  // Shared memory is there but once.
  static std::mutex one_kernel_at_a_time;
  const std::lock_guard lock(one_kernel_at_a_time);
  gridDim = grid;
  blockDim = block;
  const unsigned blocks = grid.x * grid.y * grid.z;
  std::vector<unsigned> order(blocks);
  std::iota(order.begin(), order.end(), 0u);
  std::minstd_rand random(order_seed);
  if (order_seed != 0) std::shuffle(order.begin(), order.end(), random);
  for (const unsigned b : order) {
    blockIdx = {b % grid.x, b / grid.x % grid.y, b / (grid.x * grid.y)};
    running_block.run(block.x * block.y * block.z, b, thread);
  }
}

void set_thread_order(std::uint32_t seed) { order_seed = seed; }

void wait_for_block(Place where) { running_block.wait(State::at_barrier, 0, 0, where); }

std::uint64_t exchange_in_warp(std::uint64_t value, unsigned lane, Place where) {
  return running_block.wait(State::in_shuffle, value, lane, where);
}

unsigned lane_of_thread() { return running_block.current() % warp_size; }

}  // namespace saccade_test::emulation
