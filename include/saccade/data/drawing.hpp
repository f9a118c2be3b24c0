#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/core/started_threads.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Calls `draw(i)` for i = 0, ..., images - 1, `threads` at a time, the caller's included.
/// @param progress  called with (images done, images in all), by one thread at a time; may be empty
/// @throws what the first call to fail threw; no others begin after it
inline void draw_images(Index images, int threads, const std::function<void(Index)>& draw,
                        const std::function<void(Index, Index)>& progress) {
  std::atomic<Index> next = 0;
  std::mutex mutex;
  Index done = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (Index i = next++; i < images; i = next++) {
        draw(i);
        const std::lock_guard lock(mutex);
        ++done;
        if (progress) progress(done, images);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = images;
    }
  };
  std::vector<std::thread> helpers;
  start_threads(
      "synthetic tissue", helpers, threads - 1, [&](int) { work(); }, [&] { next = images; });
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

/// The same for a table with a line for each image: `draw(i)` draws and returns it. The lines in the order of the
/// images.
inline std::string draw_table(Index images, int threads, const std::function<std::string(Index)>& draw,
                              const std::function<void(Index, Index)>& progress) {
  std::vector<std::string> lines(static_cast<std::size_t>(images));
  draw_images(
      images, threads, [&](Index i) { lines[static_cast<std::size_t>(i)] = draw(i); }, progress);
  std::string table;
  for (const std::string& line : lines) table += line;
  return table;
}

/// "0007": a number from 1 in the name of a file, with as many digits at least.
[[nodiscard]] inline std::string padded(Index number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

/// "x,y,width,height".
[[nodiscard]] inline std::string box_fields(const Box& box) {
  return std::to_string(box.x) + ',' + std::to_string(box.y) + ',' + std::to_string(box.width) + ',' +
         std::to_string(box.height);
}

}  // namespace saccade::data
