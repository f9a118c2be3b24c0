#pragma once

#include <saccade/backends/eigen/flushed_denormals.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/core/started_threads.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Tells the processor that this is a busy loop.
inline void spin_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

/// A fork-join pool. The caller takes part, so one thread means no other thread at all; idle workers spin for a short
/// while, then sleep. Work comes as a number of independent blocks that any thread may take: whoever wants results
/// that do not depend on the number of threads chooses the blocks by the size of the problem alone.
class ThreadPool {
 public:
  /// @param threads  including the caller; 0: as many as the machine runs at once
  /// @throws ConfigError; Error where the system has no room for so many
  explicit ThreadPool(int threads = 0) {
    expect_config(threads >= 0, "thread pool: threads must be at least 0, but is " + std::to_string(threads));
    if (threads == 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    start_threads(
        "thread pool", workers_, threads - 1, [this](int worker) { work(worker + 1); }, [this] { stop(); });
  }

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  ~ThreadPool() {
    stop();
    for (std::thread& worker : workers_) worker.join();
  }

  /// Number of threads, the caller included.
  [[nodiscard]] int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls `body(block, thread)` once for each block in [0, blocks), and returns when all have returned; `thread` in
  /// [0, threads()) names the thread, for scratch memory. An exception of a block reaches the caller, the first one if
  /// there are several; blocks that have not begun are then left out. Blocks run with FlushedDenormals.
  ///
  /// @throws Error  if called from inside a block, or from two threads at once
  template <class Body>
  void parallel_for(Index blocks, Body&& body) {
    if (blocks <= 0) return;
    const Turn turn(busy_);
    const FlushedDenormals flushed;
    if (blocks == 1 || workers_.empty()) {
      for (Index block = 0; block < blocks; ++block) body(block, 0);
      return;
    }
    using Target = std::remove_reference_t<Body>;
    context_.store(const_cast<void*>(static_cast<const void*>(std::addressof(body))), std::memory_order_relaxed);
    call_.store([](void* context, Index block, int thread) { (*static_cast<Target*>(context))(block, thread); },
                std::memory_order_relaxed);
    run(blocks);
  }

 private:
  using Call = void (*)(void*, Index, int);

  /// Marks the pool as busy for the length of one parallel_for.
  class Turn {
   public:
    explicit Turn(std::atomic<bool>& busy) : busy_(busy) {
      if (busy_.exchange(true, std::memory_order_acquire))
        throw Error("thread pool: parallel_for was called while another one is running; it cannot be nested or shared");
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { busy_.store(false, std::memory_order_release); }

   private:
    std::atomic<bool>& busy_;
  };

  static constexpr int spins = 2000;  // some tens of microseconds, more than lies between two operations of a network

  // A ticket is the number of a job and how many of its blocks nobody has taken. A thread owns a block when it has
  // taken one from the ticket, which can only succeed while that job is unfinished, so what it read of the job before
  // is still true. The ticket alone says whether anything is left: a late thread of a short job must not be misled by
  // the number of blocks of a longer one, which is written before that one's ticket.
  static constexpr std::uint64_t first_ticket(std::uint32_t job, std::uint32_t blocks) {
    return std::uint64_t{job} << 32 | blocks;
  }

  void run(Index blocks) {
    if (blocks > Index{UINT32_MAX}) throw Error("thread pool: more than 2^32 - 1 blocks");
    blocks_.store(static_cast<std::uint32_t>(blocks), std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    failed_.store(false, std::memory_order_relaxed);
    const std::uint32_t job = job_.load(std::memory_order_relaxed) + 1;
    ticket_.store(first_ticket(job, static_cast<std::uint32_t>(blocks)), std::memory_order_release);
    wake();
    take_blocks(job, 0);
    const int all = static_cast<int>(static_cast<std::uint32_t>(blocks));
    int done = done_.load(std::memory_order_acquire);
    for (int spin = 0; done != all && spin < spins; ++spin) {
      spin_pause();
      done = done_.load(std::memory_order_acquire);
    }
    while (done != all) {
      done_.wait(done, std::memory_order_acquire);
      done = done_.load(std::memory_order_acquire);
    }
    if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(std::exchange(exception_, nullptr));
  }

  void stop() {
    stop_.store(true, std::memory_order_relaxed);
    wake();
  }

  void wake() {
    job_.fetch_add(1, std::memory_order_release);
    job_.notify_all();
  }

  /// Runs blocks of `job` until none is left.
  void take_blocks(std::uint32_t job, int thread) {
    std::uint64_t ticket = ticket_.load(std::memory_order_acquire);
    for (;;) {
      const Call call = call_.load(std::memory_order_relaxed);
      void* const context = context_.load(std::memory_order_relaxed);
      const std::uint32_t blocks = blocks_.load(std::memory_order_relaxed);
      const std::uint32_t left = static_cast<std::uint32_t>(ticket);
      if (static_cast<std::uint32_t>(ticket >> 32) != job || left == 0) return;
      if (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel, std::memory_order_acquire))
        continue;
      --ticket;
      const std::uint32_t block = blocks - left;
      try {
        if (!failed_.load(std::memory_order_relaxed)) call(context, block, thread);
      } catch (...) {
        // The flag lets one thread store its exception; done_ publishes it to the caller.
        if (!failed_.exchange(true, std::memory_order_relaxed)) exception_ = std::current_exception();
      }
      if (static_cast<std::uint32_t>(done_.fetch_add(1, std::memory_order_acq_rel)) + 1 == blocks) done_.notify_one();
    }
  }

  void work(int thread) {
    const FlushedDenormals flushed;
    std::uint32_t seen = 0;
    for (;;) {
      std::uint32_t job = job_.load(std::memory_order_acquire);
      for (int spin = 0; job == seen && spin < spins; ++spin) {
        spin_pause();
        job = job_.load(std::memory_order_acquire);
      }
      while (job == seen) {
        job_.wait(seen, std::memory_order_acquire);
        job = job_.load(std::memory_order_acquire);
      }
      if (stop_.load(std::memory_order_relaxed)) return;
      seen = job;
      take_blocks(job, thread);
    }
  }

  alignas(64) std::atomic<std::uint64_t> ticket_{0};
  alignas(64) std::atomic<int> done_{0};
  alignas(64) std::atomic<std::uint32_t> job_{0};
  std::atomic<Call> call_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<std::uint32_t> blocks_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> busy_{false};
  std::exception_ptr exception_;
  std::vector<std::thread> workers_;
};

}  // namespace saccade::eigen
