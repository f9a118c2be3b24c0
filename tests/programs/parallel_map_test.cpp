#include "../../studies/common/parallel_map.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace {

/// Waits for what other threads do; false where they do not do it in a time that is long for them.
template <class Condition>
bool waited_for(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

constexpr auto nothing_to_do = [](const std::vector<int>&) {};

}  // namespace

TEST_CASE("pieces that end in any order have their results in their own", "[programs][benchmark]") {
  // Three at once: piece 0 ends last of all, piece 2 before piece 1.
  std::vector<std::atomic<bool>> ended(5);
  std::atomic<bool> in_time = true;
  const auto work = [&](std::size_t i) -> std::optional<std::string> {
    if (i == 0) in_time = waited_for([&] { return ended[1] && ended[2] && ended[3] && ended[4]; }) && in_time;
    if (i == 1) in_time = waited_for([&] { return ended[2].load(); }) && in_time;
    ended[i] = true;
    return std::string(1, static_cast<char>('a' + i));
  };
  std::vector<std::vector<std::string>> told;
  const auto results = bench::parallel_map<std::string>(
      5, 3, work, [&](const std::vector<std::string>& so_far) { told.push_back(so_far); });
  CHECK(in_time);
  const std::vector<std::string> all{"a", "b", "c", "d", "e"};
  REQUIRE(results);
  CHECK(*results == all);
  REQUIRE(told.size() == 5);
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(told[i].size() == i + 1);
    CHECK(std::is_sorted(told[i].begin(), told[i].end()));
  }
  CHECK(told[4] == all);
}

TEST_CASE("as many pieces are at work as there are jobs, and no more", "[programs][benchmark]") {
  std::atomic<int> at_work = 0, most = 0, telling = 0;
  std::atomic<bool> in_time = true, alone = true;
  const auto work = [&](std::size_t i) -> std::optional<int> {
    const int now = ++at_work;
    for (int before = most; before < now && !most.compare_exchange_weak(before, now);) continue;
    in_time = waited_for([&] { return most == 2; }) && in_time;
    --at_work;
    return static_cast<int>(i);
  };
  const auto done = [&](const std::vector<int>&) {
    alone = ++telling == 1 && alone;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --telling;
  };
  REQUIRE(bench::parallel_map<int>(8, 2, work, done));
  CHECK(in_time);
  CHECK(most == 2);
  CHECK(alone);
  CHECK(bench::parallel_map<int>(0, 2, work, done) == std::vector<int>{});
}

TEST_CASE("after a piece that fails no other is begun, and its error is thrown", "[programs][benchmark]") {
  std::atomic<int> begun = 0, ended = 0;
  const auto fail_together = [&](std::size_t i) -> std::optional<int> {
    ++begun;
    waited_for([&] { return begun == 2; });
    ++ended;
    throw std::runtime_error("piece " + std::to_string(i));
  };
  CHECK_THROWS_AS(bench::parallel_map<int>(6, 2, fail_together, nothing_to_do), std::runtime_error);
  CHECK(begun == 2);
  CHECK(ended == 2);

  begun = 0;
  const auto count = [&](std::size_t i) -> std::optional<int> {
    ++begun;
    if (i == 2) throw std::runtime_error("the third");
    return 0;
  };
  CHECK_THROWS_WITH(bench::parallel_map<int>(6, 1, count, nothing_to_do), "the third");
  CHECK(begun == 3);
  const auto full_disk = [](const std::vector<int>&) { throw std::runtime_error("no space"); };
  begun = 0;
  CHECK_THROWS_WITH(bench::parallel_map<int>(6, 1, count, full_disk), "no space");
  CHECK(begun == 1);
}

TEST_CASE("a piece that was asked to stop is the last one", "[programs][benchmark]") {
  int begun = 0;
  std::vector<int> last;
  const auto stop_at_third = [&](std::size_t i) -> std::optional<int> {
    ++begun;
    return i == 2 ? std::optional<int>() : static_cast<int>(i);
  };
  const auto results =
      bench::parallel_map<int>(6, 1, stop_at_third, [&](const std::vector<int>& so_far) { last = so_far; });
  CHECK_FALSE(results);
  CHECK(begun == 3);
  CHECK(last == std::vector<int>{0, 1});
}
