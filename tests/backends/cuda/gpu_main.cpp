#define CATCH_CONFIG_RUNNER
#include <saccade/backends/cuda/device.hpp>

#include "support/catch.hpp"

#include <cstdio>
#include <optional>
#include <string>

/// Runs the tests on device 0; without one it says so and ends with 77, which ctest counts as skipped.
int main(int argc, char** argv) {
  if (const std::optional<std::string> fault = saccade::cuda::device_fault(0)) {
    std::printf("skipped: %s\n", fault->c_str());
    return 77;
  }
  return Catch::Session().run(argc, argv);
}
