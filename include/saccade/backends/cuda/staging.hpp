#pragma once

#include <saccade/backends/cuda/device_memory.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Copies from the host to the device that do not wait: bytes are first written into one of a few pinned buffers, and a
/// buffer is used again when the device has read it. The source may be changed as soon as a call returns.
class Staging {
 public:
  explicit Staging(std::shared_ptr<const Stream> stream)
      : stream_(stream), buffers_(std::move(stream), chunk * read_.size(), "CudaBackend") {}

  /// Queues target[0 : bytes] = what `write(buffer, offset, count)` puts into `buffer`, chunk by chunk.
  template <class Writer>
  void copy_from(Writer&& write, void* target, std::size_t bytes, std::string_view operation) {
    for (std::size_t offset = 0; offset < bytes; offset += chunk) {
      const std::size_t count = std::min(chunk, bytes - offset);
      std::byte* const buffer = static_cast<std::byte*>(buffers_.data()) + next_ * chunk;
      Event& read = read_[next_];
      next_ = (next_ + 1) % read_.size();
      read.wait();
      write(buffer, offset, count);
      check(cudaMemcpyAsync(static_cast<std::byte*>(target) + offset, buffer, count, cudaMemcpyHostToDevice,
                            stream_->get()),
            operation, "cudaMemcpyAsync to the device");
      read.record(*stream_);
    }
  }

  /// Queues target[0 : bytes] = source[0 : bytes].
  void copy(const void* source, void* target, std::size_t bytes, std::string_view operation) {
    copy_from(
        [source](std::byte* buffer, std::size_t offset, std::size_t count) {
          std::memcpy(buffer, static_cast<const std::byte*>(source) + offset, count);
        },
        target, bytes, operation);
  }

 private:
  static constexpr std::size_t chunk = std::size_t{256} << 10;  // bytes of a buffer

  std::shared_ptr<const Stream> stream_;
  // A training step copies a handful of times, so the host may be some steps ahead of the device.
  std::array<Event, 16> read_;
  PinnedMemory buffers_;
  std::size_t next_ = 0;
};

}  // namespace saccade::cuda
