#pragma once

#include <cstddef>

namespace saccade_test::emulation {

/// A thread of control with a stack of its own that runs when it is told to and stops when it says so: what the threads
/// of an emulated block are made of.
class Fiber {
 public:
  /// @param body  is called, with `argument`, by the first `resume`; it must not return, but suspend for ever
  Fiber(void (*body)(void*), void* argument);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the fiber from where it stopped until it suspends.
  void resume();

  /// Stops the fiber that is running and goes back to who resumed it.
  static void suspend();

  /// Forgets what the fiber was doing: its next `resume` begins anew. It must not be running.
  void restart();

 private:
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t stack_size = 48 * page;

  static void enter();
  void switch_to_fiber();
  void switch_to_resumer();

  void (*body_)(void*);
  void* argument_;
  char* memory_;  ///< an inaccessible page, so that an overflow is noticed, and the stack above it

  void* context_ = nullptr;  ///< of the fiber, while it is stopped
  void* resumer_ = nullptr;  ///< of who resumed it, while it runs
  // What the address sanitizer wants to know and to keep.
  [[maybe_unused]] void* frame_ = nullptr;
  [[maybe_unused]] void* resumer_frame_ = nullptr;
  [[maybe_unused]] const void* resumer_stack_ = nullptr;
  [[maybe_unused]] std::size_t resumer_stack_size_ = 0;
};

}  // namespace saccade_test::emulation
