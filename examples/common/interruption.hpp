#pragma once

#include <atomic>
#include <csignal>

/// SIGINT (Ctrl-C) and SIGTERM as a question that a loop can ask.
namespace program {

/// While one of these lives, the first signal is remembered and a second one ends the program at once.
class Interruption {
 public:
  Interruption() {
    requested_ = false;
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, remember);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  }

  [[nodiscard]] bool requested() const { return requested_; }

 private:
  static void remember(int signal) {
    requested_ = true;
    std::signal(signal, SIG_DFL);
  }

  // Several threads may ask. Only an atomic without a lock may be set by a signal.
  static inline std::atomic<bool> requested_ = false;
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace program
