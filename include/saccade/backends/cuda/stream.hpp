#pragma once

#include <saccade/backends/cuda/device.hpp>

#include <memory>
#include <type_traits>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// A queue of work on one device. Not the default stream, so that several do not wait for one another.
class Stream {
 public:
  explicit Stream(int device) : device_(device) {
    const DeviceGuard guard(device);
    check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "CudaBackend", "cudaStreamCreateWithFlags");
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    (void)cudaStreamSynchronize(handle_);
    (void)cudaStreamDestroy(handle_);
  }

  [[nodiscard]] cudaStream_t get() const { return handle_; }
  [[nodiscard]] int device() const { return device_; }

  /// Waits for everything queued so far.
  void synchronize() const { check(cudaStreamSynchronize(handle_), "synchronize", "the work queued before it"); }

 private:
  int device_;
  cudaStream_t handle_ = nullptr;
};

/// A point in a stream that the host can wait for.
class Event {
 public:
  Event() {
    cudaEvent_t handle = nullptr;
    check(cudaEventCreateWithFlags(&handle, cudaEventDisableTiming), "CudaBackend", "cudaEventCreateWithFlags");
    handle_.reset(handle);
  }

  void record(const Stream& stream) {
    check(cudaEventRecord(handle_.get(), stream.get()), "CudaBackend", "cudaEventRecord");
  }
  /// Waits until the stream has come to the last point recorded; at once if there is none.
  void wait() const { check(cudaEventSynchronize(handle_.get()), "CudaBackend", "the work queued before an event"); }

 private:
  struct Destroy {
    void operator()(cudaEvent_t handle) const { (void)cudaEventDestroy(handle); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, Destroy> handle_;
};

}  // namespace saccade::cuda
