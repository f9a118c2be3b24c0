#include "support/catch.hpp"

#include <saccade/backends/eigen/engine.hpp>
#include <saccade/backends/eigen/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace saccade;
using eigen::ThreadPool;

TEST_CASE("every block runs once, on a thread that is in range", "[eigen][threads]") {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    REQUIRE(pool.threads() == threads);
    for (const Index blocks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(blocks));
      std::atomic<bool> in_range{true};
      pool.parallel_for(blocks, [&](Index block, int thread) {
        ++runs[static_cast<std::size_t>(block)];
        if (thread < 0 || thread >= threads) in_range = false;
      });
      CHECK(in_range);
      for (const auto& count : runs) CHECK(count == 1);
    }
  }
}

TEST_CASE("many small jobs, with pauses in which the workers fall asleep", "[eigen][threads]") {
  ThreadPool pool(3);
  Index sum = 0;
  for (int job = 0; job < 20000; ++job) {
    // Plain memory: parallel_for orders what the blocks wrote before what the caller reads.
    Index parts[4] = {};
    pool.parallel_for(4, [&](Index block, int) { parts[block] = block + job; });
    sum += std::accumulate(parts, parts + 4, Index{0});
    if (job % 4000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  CHECK(sum == 20000 * (0 + 1 + 2 + 3) + 4 * (19999 * Index{20000} / 2));
}

TEST_CASE("a worker that comes late to a short job takes no block of the longer one after it", "[eigen][threads]") {
  // Many more threads than processors, so that threads are stopped between any two instructions. A block too many is
  // never waited for and ends in a hang, which the alarm ends.
  ::alarm(120);
  ThreadPool pool(16);
  bool right = true;
  for (Index job = 0; job < 200000; ++job) {
    const Index blocks = job % 2 == 0 ? 6 + job % 5 : 2 + job % 3;
    std::atomic<int> runs[16] = {};
    pool.parallel_for(blocks, [&](Index block, int) { ++runs[block]; });
    for (Index block = 0; block < 16; ++block) right = right && runs[block] == (block < blocks ? 1 : 0);
  }
  ::alarm(0);
  CHECK(right);
}

TEST_CASE("one thread is the caller's own", "[eigen][threads]") {
  ThreadPool pool(1);
  std::set<std::thread::id> ids;
  pool.parallel_for(10, [&](Index, int) { ids.insert(std::this_thread::get_id()); });
  CHECK(ids == std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST_CASE("an exception of a block reaches the caller, and the pool works on", "[eigen][threads]") {
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      CHECK_THROWS_WITH(pool.parallel_for(8,
                                          [&](Index block, int) {
                                            if (block == round % 8) throw std::runtime_error("block failed");
                                          }),
                        "block failed");
      std::atomic<int> runs{0};
      pool.parallel_for(8, [&](Index, int) { ++runs; });
      CHECK(runs == 8);
    }
  }
}

TEST_CASE("a nested parallel_for is refused with a sentence", "[eigen][threads]") {
  for (const int threads : {1, 2}) {
    ThreadPool pool(threads);
    CHECK_THROWS_WITH(pool.parallel_for(2, [&](Index, int) { pool.parallel_for(2, [](Index, int) {}); }),
                      contains("cannot be nested"));
  }
}

TEST_CASE("a negative number of threads is refused", "[eigen][threads]") {
  CHECK_THROWS_WITH(ThreadPool(-2), contains("threads must be at least 0, but is -2"));
}

TEST_CASE("ranges cover the items, the last one shorter", "[eigen][threads]") {
  eigen::Engine engine(2);
  std::vector<int> items(103);
  std::vector<Index> lengths(11);
  engine.parallel_ranges(103, 10, [&](Index begin, Index end, int) {
    for (Index i = begin; i < end; ++i) ++items[static_cast<std::size_t>(i)];
    lengths[static_cast<std::size_t>(begin / 10)] = end - begin;
  });
  CHECK(items == std::vector<int>(103, 1));
  CHECK(lengths == std::vector<Index>{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 3});
}
