#pragma once

#include <csignal>

/// SIGINT (Ctrl-C) and SIGTERM as a question that a loop can ask.
namespace program {

/// While one of these lives, the first signal is remembered and a second one ends the program at once.
class Interruption {
 public:
  Interruption() {
    requested_ = 0;
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, remember);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption() {
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  }

  [[nodiscard]] bool requested() const { return requested_ != 0; }

 private:
  static void remember(int signal) {
    requested_ = 1;
    std::signal(signal, SIG_DFL);
  }

  static inline volatile std::sig_atomic_t requested_ = 0;
};

}  // namespace program
