#pragma once

#include <saccade/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Starts `count` threads that call body(0), body(1), ..., all of them or none: where the system refuses one, those
/// that run are told to stop and joined, so that the constructor which starts them may throw.
///
/// @param who   begins the error sentence
/// @param stop  makes every body that has been started return
/// @throws Error where the system has no room for so many
template <class Body, class Stop, class Thread = std::thread>
void start_threads(std::string_view who, std::vector<Thread>& threads, int count, Body body, Stop stop) {
  const auto give_up = [&] {
    stop();
    for (Thread& thread : threads) thread.join();
    threads.clear();
  };
  try {
    threads.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) threads.emplace_back([body, i] { body(i); });
  } catch (const std::system_error& error) {
    const std::size_t started = threads.size();
    give_up();
    throw Error(std::string(who) + ": only " + std::to_string(started) + " of " + std::to_string(count) +
                " threads can be started (" + error.code().message() + "); ask for fewer");
  } catch (...) {
    give_up();
    throw;
  }
}

}  // namespace saccade
