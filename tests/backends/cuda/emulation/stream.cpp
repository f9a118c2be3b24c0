#include "stream.hpp"

#include "grid.hpp"
#include "launch.hpp"
#include "machine.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

using namespace saccade_test::emulation;

namespace saccade_test::emulation {
namespace {

int device_count = 1;
std::int64_t pieces_of_work = 0;
thread_local int device = 0;
thread_local cudaError_t last_error = cudaSuccess;

std::set<CUstream_st*>& streams() {
  static std::set<CUstream_st*> all;
  return all;
}

}  // namespace

void set_device_count(int count) { device_count = count; }
std::int64_t queued_work() { return pieces_of_work; }

cudaError_t report(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

cudaError_t require_device() { return report(device_count > 0 ? cudaSuccess : cudaErrorNoDevice); }

bool is_capturing(cudaStream_t stream) { return stream && stream->capture; }
int device_of(cudaStream_t stream) { return stream ? stream->device : device; }
int current_device() { return device; }

cudaError_t refuse_while_capturing() {
  cudaError_t error = cudaSuccess;
  for (CUstream_st* const stream : streams()) {
    if (!stream->capture || stream->mode == cudaStreamCaptureModeRelaxed) continue;
    stream->capture_failed = true;
    error = cudaErrorStreamCaptureUnsupported;
  }
  return report(error);
}

cudaError_t enqueue(cudaStream_t stream, Work work) {
  if (const cudaError_t error = require_device()) return error;
  ++pieces_of_work;
  if (!stream) {  // the default stream, which waits for all others
    if (const cudaError_t error = refuse_while_capturing()) return error;
    run_everything();
    work();
  } else if (stream->capture_failed) {
    return report(cudaErrorStreamCaptureInvalidated);
  } else if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
  } else {
    stream->work.push_back(std::move(work));
  }
  return cudaSuccess;
}

void run_everything() {
  for (CUstream_st* const stream : streams()) stream->run_until(stream->position());
}

void launch_grid(dim3 grid, dim3 block, cudaStream_t stream, std::function<void()> thread) {
  const bool possible = grid.x > 0 && grid.y > 0 && grid.z > 0 && block.x > 0 && block.y > 0 && block.z > 0 &&
                        grid.x <= 0x7FFFFFFFu && grid.y <= 0xFFFFu && grid.z <= 0xFFFFu && block.z <= 64 &&
                        std::uint64_t{block.x} * block.y * block.z <= 1024;
  if (!possible) {
    report(cudaErrorInvalidConfiguration);
  } else if (device_of(stream) != device) {
    report(cudaErrorInvalidResourceHandle);
  } else {
    enqueue(stream, [grid, block, thread = std::move(thread)] { run_grid(grid, block, thread); });
  }
}

}  // namespace saccade_test::emulation

void CUstream_st::run_until(std::uint64_t position) {
  while (finished < position) {
    const Work next = std::move(work.front());
    work.pop_front();
    ++finished;
    next();
  }
}

// Errors and devices.

const char* cudaGetErrorName(cudaError_t error) { return error == cudaSuccess ? "cudaSuccess" : "an error"; }

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
    default:
      return "another error";
  }
}

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = device_count;
  return require_device();
}

cudaError_t cudaSetDevice(int chosen) {
  if (const cudaError_t error = require_device()) return error;
  if (chosen < 0 || chosen >= device_count) return report(cudaErrorInvalidDevice);
  device = chosen;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* chosen) {
  *chosen = device;
  return require_device();
}

cudaError_t cudaDeviceSynchronize() {
  if (const cudaError_t error = require_device()) return error;
  if (const cudaError_t error = refuse_while_capturing()) return error;
  run_everything();
  return cudaSuccess;
}

// Streams.

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  if (const cudaError_t error = require_device()) return error;
  *stream = new CUstream_st;
  (*stream)->device = device;
  streams().insert(*stream);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (streams().erase(stream) == 0) return report(cudaErrorInvalidResourceHandle);
  stream->run_until(stream->position());
  delete stream->capture;
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (const cudaError_t error = require_device()) return error;
  if (!stream) return cudaDeviceSynchronize();
  if (stream->capture) return refuse_while_capturing();
  stream->run_until(stream->position());
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (!event->stream) return cudaSuccess;
  return enqueue(stream, [recorded = event->stream, position = event->position] { recorded->run_until(position); });
}

// Events.

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  if (const cudaError_t error = require_device()) return error;
  *event = new CUevent_st;
  (*event)->device = device;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (event->device != device_of(stream)) return report(cudaErrorInvalidResourceHandle);
  if (is_capturing(stream)) return enqueue(stream, [] {});
  event->stream = stream;
  event->position = stream ? stream->position() : 0;
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (const cudaError_t error = refuse_while_capturing()) return error;
  if (event->stream) event->stream->run_until(event->position);
  return cudaSuccess;
}

// Graphs.

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (!stream) return report(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return report(cudaErrorIllegalState);
  stream->capture = new CUgraph_st;
  stream->mode = mode;
  stream->capture_failed = false;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (!stream || !stream->capture) return report(cudaErrorIllegalState);
  *graph = std::exchange(stream->capture, nullptr);
  if (!std::exchange(stream->capture_failed, false)) return cudaSuccess;
  delete std::exchange(*graph, nullptr);
  return report(cudaErrorStreamCaptureInvalidated);
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  *status = !is_capturing(stream)    ? cudaStreamCaptureStatusNone
            : stream->capture_failed ? cudaStreamCaptureStatusInvalidated
                                     : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const Work& work : executable->work)
    if (const cudaError_t error = enqueue(stream, work)) return error;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
