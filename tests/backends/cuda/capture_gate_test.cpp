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

TEST_CASE("what waits for the device waits for captures of other threads") {
  std::atomic<bool> passed = false;
  std::optional<CaptureGate::Capture> capture(std::in_place);
  std::thread other([&] {
    const CaptureGate::DeviceWide pass;
    passed = true;
  });
  std::this_thread::sleep_for(a_while);
  CHECK_FALSE(passed);
  capture.reset();
  other.join();
  CHECK(passed);
}

TEST_CASE("a capture waits for what waits for the device") {
  std::atomic<bool> captured = false;
  std::optional<CaptureGate::DeviceWide> pass(std::in_place);
  std::thread other([&] {
    const CaptureGate::Capture capture;
    captured = true;
  });
  std::this_thread::sleep_for(a_while);
  CHECK_FALSE(captured);
  pass.reset();
  other.join();
  CHECK(captured);
}

TEST_CASE("captures pass side by side, and a thread that captures does not wait for itself") {
  const CaptureGate::Capture mine;
  std::thread([] { const CaptureGate::Capture beside; }).join();
  const CaptureGate::DeviceWide pass;  // or this test would not end
  SUCCEED();
}

}  // namespace
