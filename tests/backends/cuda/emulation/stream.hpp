#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

/// Streams, events and graphs of the emulator. Work that is put into a stream waits there until somebody waits for it,
/// as late as a real device could run it: who forgets to wait reads what is not yet there.
namespace saccade_test::emulation {

using Work = std::function<void()>;

/// Puts work into a stream, or, while the stream captures, into its graph. Errors go to cudaGetLastError as well.
cudaError_t enqueue(cudaStream_t stream, Work work);

/// Runs all that waits in all streams of all devices.
void run_everything();

/// Remembers an error for cudaGetLastError, and returns it.
cudaError_t report(cudaError_t error);

/// The error of a call that may not be made while a stream captures, which ends the capture; success where none does.
[[nodiscard]] cudaError_t refuse_while_capturing();

/// The error of every call on a machine without a device; success where there is one.
[[nodiscard]] cudaError_t require_device();

[[nodiscard]] bool is_capturing(cudaStream_t stream);
[[nodiscard]] int device_of(cudaStream_t stream);
[[nodiscard]] int current_device();

}  // namespace saccade_test::emulation

/// The toolkit leaves these types open.
struct CUgraph_st {
  std::vector<saccade_test::emulation::Work> work;
};

struct CUgraphExec_st {
  std::vector<saccade_test::emulation::Work> work;
};

struct CUstream_st {
  int device = 0;
  std::deque<saccade_test::emulation::Work> work;
  std::uint64_t finished = 0;  ///< pieces of work that have run
  CUgraph_st* capture = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  bool capture_failed = false;

  /// Runs the work that was put in up to the `position`th piece.
  void run_until(std::uint64_t position);
  [[nodiscard]] std::uint64_t position() const { return finished + work.size(); }
};

struct CUevent_st {
  int device = 0;
  CUstream_st* stream = nullptr;  ///< where it was recorded last
  std::uint64_t position = 0;
};
