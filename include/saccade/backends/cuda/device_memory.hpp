#pragma once

#include <saccade/backends/cuda/capture_gate.hpp>
#include <saccade/backends/cuda/stream.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Bytes on a device, owned: taken and given back in the order of a stream, so that work queued before the end of their
/// life may still use them. Keeps the stream alive.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  /// @throws CudaError that names `operation` and how much it asked for
  DeviceMemory(std::shared_ptr<const Stream> stream, std::size_t bytes, std::string_view operation)
      : stream_(std::move(stream)), bytes_(bytes) {
    if (bytes == 0) return;
    const DeviceGuard guard(stream_->device());
    check(cudaMallocAsync(&data_, bytes, stream_->get()), operation,
          "cudaMallocAsync of " + std::to_string(bytes) + " bytes");
  }
  DeviceMemory(DeviceMemory&& other) noexcept { swap(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    DeviceMemory(std::move(other)).swap(*this);
    return *this;
  }
  ~DeviceMemory() {
    if (data_ != nullptr) (void)cudaFreeAsync(data_, stream_->get());
  }

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void swap(DeviceMemory& other) noexcept {
    std::swap(stream_, other.stream_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  std::shared_ptr<const Stream> stream_;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Bytes of the host that a device can read: copies from here need no detour, and kernels may read in place. Before
/// they are given back, the stream that reads them is waited for.
class PinnedMemory {
 public:
  PinnedMemory() = default;
  PinnedMemory(std::shared_ptr<const Stream> reader, std::size_t bytes, std::string_view operation)
      : data_(nullptr, Free{std::move(reader)}), bytes_(bytes) {
    if (bytes == 0) return;
    const CaptureGate::DeviceWide pass;
    void* data = nullptr;
    check(cudaHostAlloc(&data, bytes, cudaHostAllocMapped | cudaHostAllocPortable), operation,
          "cudaHostAlloc of " + std::to_string(bytes) + " bytes");
    data_.reset(data);
  }

  [[nodiscard]] void* data() const { return data_.get(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// The address under which the current device reads these bytes.
  [[nodiscard]] const void* on_device(std::string_view operation) const {
    void* address = nullptr;
    check(cudaHostGetDevicePointer(&address, data_.get(), 0), operation, "cudaHostGetDevicePointer");
    return address;
  }

 private:
  struct Free {
    std::shared_ptr<const Stream> reader;
    void operator()(void* data) const {
      (void)cudaStreamSynchronize(reader->get());
      const CaptureGate::DeviceWide pass;
      (void)cudaFreeHost(data);
    }
  };
  std::unique_ptr<void, Free> data_;
  std::size_t bytes_ = 0;
};

}  // namespace saccade::cuda
