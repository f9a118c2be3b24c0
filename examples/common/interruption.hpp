#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

/// The signals that ask a program to stop as a question that a loop can ask: Ctrl-C (SIGINT), SIGTERM, the end of the
/// session (SIGHUP), and those by which schedulers announce the end (SIGUSR1, SIGUSR2).
namespace program {

/// While one of these lives, the first signal is remembered; a second SIGINT or SIGTERM ends the program at once. A
/// signal that was ignored when the program began stays so: nohup ignores SIGHUP.
class Interruption {
 public:
  Interruption() {
    requested_ = false;
    for (std::size_t i = 0; i < signals.size(); ++i) {
      ::sigaction(signals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler == SIG_IGN) continue;
      struct sigaction action {};
      action.sa_handler = remember;
      // Whoever asks for the end of a session may say so twice.
      const bool once = signals[i] == SIGINT || signals[i] == SIGTERM;
      action.sa_flags = SA_RESTART | (once ? static_cast<int>(SA_RESETHAND) : 0);
      ::sigaction(signals[i], &action, nullptr);
    }
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
  }

  [[nodiscard]] bool requested() const { return requested_; }

 private:
  static constexpr std::array<int, 5> signals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

  static void remember(int) { requested_ = true; }

  std::array<struct sigaction, signals.size()> before_{};

  // Several threads may ask. Only an atomic without a lock may be set by a signal.
  static inline std::atomic<bool> requested_ = false;
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace program
