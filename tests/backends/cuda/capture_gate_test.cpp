#include <saccade/backends/cuda/capture_gate.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

/// What waits for the whole device keeps clear of captures.

using saccade::cuda::CaptureGate;

namespace {

constexpr std::chrono::milliseconds a_while{50};

/// While one thread holds the first, another does not get the second.
template <class Held, class Wanted>
void check_waits() {
  std::atomic<bool> passed = false;
  std::optional<Held> held(std::in_place);
  std::thread other([&] {
    const Wanted wanted;
    passed = true;
  });
  std::this_thread::sleep_for(a_while);
  CHECK_FALSE(passed);
  held.reset();
  other.join();
  CHECK(passed);
}

TEST_CASE("what waits for the device waits for captures of other threads") {
  check_waits<CaptureGate::Capture, CaptureGate::DeviceWide>();
}

TEST_CASE("a capture waits for what waits for the device") {
  check_waits<CaptureGate::DeviceWide, CaptureGate::Capture>();
}

TEST_CASE("captures pass side by side, and a thread that captures does not wait for itself") {
  const CaptureGate::Capture mine;
  std::thread([] { const CaptureGate::Capture beside; }).join();
  const CaptureGate::DeviceWide pass;  // or this test would not end
  SUCCEED();
}

}  // namespace
