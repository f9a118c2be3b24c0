#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

/// Pieces of work that do not depend on each other, taken in their order by at most `jobs` threads.
///
/// @param work  work(i), 0 <= i < count, gives a std::optional<Result>; nothing where it was asked to stop
/// @param done  told after every piece, by one thread at a time, the results so far in the order of the pieces
/// @return      all results; nothing where a piece gave none: no other is begun then
/// @throws      what `work` or `done` threw first. No other piece is begun then, and those that are at work end
template <class Result, class Work, class Done>
[[nodiscard]] std::optional<std::vector<Result>> parallel_map(std::size_t count, int jobs, const Work& work,
                                                              const Done& done) {
  std::vector<std::optional<Result>> results(count);
  std::mutex mutex;
  std::size_t next = 0;
  bool stopped = false;
  std::exception_ptr failure;
  const auto so_far = [&] {
    std::vector<Result> present;
    for (const std::optional<Result>& result : results)
      if (result) present.push_back(*result);
    return present;
  };
  const auto take_pieces = [&] {
    std::unique_lock lock(mutex);
    while (next < count && !stopped) {
      const std::size_t piece = next++;
      try {
        lock.unlock();
        std::optional<Result> result = work(piece);
        lock.lock();
        results[piece] = std::move(result);
        if (results[piece]) {
          done(so_far());
        } else {
          stopped = true;
        }
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        if (!failure) failure = std::current_exception();
        stopped = true;
      }
    }
  };
  {
    std::vector<std::jthread> threads;  // they end with this block
    for (std::size_t i = 1; i < std::min(count, static_cast<std::size_t>(std::max(jobs, 1))); ++i)
      threads.emplace_back(take_pieces);
    take_pieces();
  }
  if (failure) std::rethrow_exception(failure);
  if (stopped) return {};
  return so_far();
}

}  // namespace bench
