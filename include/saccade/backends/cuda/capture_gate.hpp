#pragma once

#include <saccade/core/config.hpp>

#include <mutex>
#include <shared_mutex>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Some calls wait for the whole device: those that make and destroy handles of the libraries, and those that take and
/// give back pinned memory. Made by any thread while another one captures on that device, such a call breaks the capture. So they
/// wait until no thread captures, and captures wait for them.
class CaptureGate {
 public:
  /// Held while this thread captures; others may capture beside it.
  class Capture {
   public:
    Capture() : lock_(gate()) { ++captures_here(); }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;
    ~Capture() { --captures_here(); }

   private:
    std::shared_lock<std::shared_mutex> lock_;
  };

  /// Held around a call that waits for the whole device. In a thread that captures it waits for nothing: the call then
  /// fails, and says so.
  class DeviceWide {
   public:
    DeviceWide() {
      if (captures_here() == 0) lock_ = std::unique_lock(gate());
    }

   private:
    std::unique_lock<std::shared_mutex> lock_;
  };

 private:
  static std::shared_mutex& gate() {
    static std::shared_mutex mutex;
    return mutex;
  }
  static int& captures_here() {
    thread_local int count = 0;
    return count;
  }
};

}  // namespace saccade::cuda
