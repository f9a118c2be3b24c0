#pragma once

#include <saccade/core/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace saccade::inline v0::eigen {

/// Numbers in memory aligned to a cache line, which is also the widest vector; not initialised. Move-only.
template <class Number>
class AlignedBuffer {
 public:
  static constexpr std::align_val_t alignment{64};

  AlignedBuffer() = default;
  explicit AlignedBuffer(Index size)
      : data_(size == 0
                  ? nullptr
                  : static_cast<Number*>(::operator new(static_cast<std::size_t>(size) * sizeof(Number), alignment))),
        size_(size) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  [[nodiscard]] Number* data() const { return data_.get(); }
  [[nodiscard]] Index size() const { return size_; }

 private:
  struct Release {
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

}  // namespace saccade::inline v0::eigen
