#include <saccade/core/started_threads.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

using namespace saccade;

namespace {

/// A thread of a system that has no room for a third one.
class ScarceThread {
 public:
  static inline int room = 0;
  static inline int joined = 0;

  template <class Body>
  explicit ScarceThread(Body body) {
    if (room == 0) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    --room;
    thread_ = std::thread(std::move(body));
  }
  ScarceThread(ScarceThread&&) = default;
  void join() {
    thread_.join();
    ++joined;
  }

 private:
  std::thread thread_;
};

}  // namespace

TEST_CASE("threads that are started know their numbers", "[started_threads]") {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<int> numbers;
  start_threads(
      "test", threads, 3,
      [&](int number) {
        const std::lock_guard lock(mutex);
        numbers.insert(number);
      },
      [] {});
  REQUIRE(threads.size() == 3);
  for (std::thread& thread : threads) thread.join();
  CHECK(numbers == std::set<int>{0, 1, 2});
  start_threads(
      "test", threads, 0, [](int) {}, [] {});
}

TEST_CASE("where the system refuses a thread, those that run are stopped and joined, and the sentence counts them",
          "[started_threads]") {
  ScarceThread::room = 2;
  ScarceThread::joined = 0;
  std::vector<ScarceThread> threads;
  std::atomic<bool> stop = false;
  const auto wait = [&](int) { stop.wait(false); };
  const auto end = [&] {
    stop = true;
    stop.notify_all();
  };
  CHECK_THROWS_WITH(start_threads("loader", threads, 5, wait, end),
                    "loader: only 2 of 5 threads can be started (Resource temporarily unavailable); ask for fewer");
  CHECK(ScarceThread::joined == 2);
  CHECK(threads.empty());
}
