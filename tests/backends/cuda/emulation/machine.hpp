#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

/// The machine that the emulator pretends to be: what tests may ask and change.
namespace saccade_test::emulation {

/// Number of devices; 1 at first. With 0 every call fails as where there is a driver, but no device.
void set_device_count(int count);

/// Calls that allocated memory of a device or pinned memory, since the program began.
[[nodiscard]] std::int64_t allocations();

/// Bytes allocated and not yet freed.
[[nodiscard]] std::int64_t allocated_bytes();

/// Lets the n-th allocation from now fail, once, for want of memory; 1 is the next one.
void fail_allocation(std::int64_t n);

/// Kernels, copies, products and whatever else has been put into a stream or a capture since the program began.
[[nodiscard]] std::int64_t queued_work();

}  // namespace saccade_test::emulation
