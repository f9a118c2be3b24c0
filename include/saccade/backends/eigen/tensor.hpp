#pragma once

#include <saccade/core/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Numbers in memory aligned to a cache line, which is also the widest vector; not initialised. Move-only.
///
/// Where Linux lets a program ask, large buffers lie in pages of 2 MB: a network touches them for the first time in a
/// tenth of the page faults, and addresses are translated faster.
template <class Number>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(Index size) : data_(allocate(size), {alignment(size)}), size_(size) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  [[nodiscard]] Number* data() const { return data_.get(); }
  [[nodiscard]] Index size() const { return size_; }

 private:
  static constexpr std::size_t large_page = std::size_t{1} << 21;

  static std::size_t bytes(Index size) { return static_cast<std::size_t>(size) * sizeof(Number); }
  static bool is_large(Index size) { return bytes(size) >= large_page; }
  static std::align_val_t alignment(Index size) { return std::align_val_t{is_large(size) ? large_page : 64}; }

  static Number* allocate(Index size) {
    if (size == 0) return nullptr;
    void* const memory = ::operator new(bytes(size), alignment(size));
#if defined(__linux__)
    // A refusal costs nothing but time.
    if (is_large(size)) ::madvise(memory, bytes(size) / large_page * large_page, MADV_HUGEPAGE);
#endif
    return static_cast<Number*>(memory);
  }

  struct Release {
    std::align_val_t alignment{64};
    void operator()(Number* data) const { ::operator delete(data, alignment); }
  };
  std::unique_ptr<Number, Release> data_;
  Index size_ = 0;
};

/// The tensor of EigenBackend: a shape and its numbers. Move-only.
template <class Number>
class HostTensor {
 public:
  HostTensor() : HostTensor(Shape{0}) {}
  explicit HostTensor(const Shape& shape) : shape_(shape), buffer_(shape.size()) {
    std::fill_n(buffer_.data(), buffer_.size(), Number(0));
  }

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] Index size() const { return buffer_.size(); }
  [[nodiscard]] Number* data() { return buffer_.data(); }
  [[nodiscard]] const Number* data() const { return buffer_.data(); }

  /// The numbers, row-major.
  [[nodiscard]] std::span<const Number> values() const { return {data(), static_cast<std::size_t>(size())}; }

 private:
  Shape shape_;
  AlignedBuffer<Number> buffer_;
};

}  // namespace saccade::eigen
