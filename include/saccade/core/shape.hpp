#pragma once

#include <saccade/core/config.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// Signed size and position type of the whole library.
using Index = std::int64_t;

/// Extents of a dense row-major tensor, outermost first; rank 0 (one number) to 4.
class Shape {
 public:
  static constexpr std::size_t max_rank = 4;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<Index> extents) {
    assert(extents.size() <= max_rank);
    for (const Index extent : extents) extents_[rank_++] = extent;
  }

  [[nodiscard]] constexpr std::size_t rank() const noexcept { return rank_; }
  [[nodiscard]] constexpr Index operator[](std::size_t axis) const noexcept { return extents_[axis]; }

  /// Number of elements; 1 for rank 0.
  [[nodiscard]] constexpr Index size() const noexcept {
    Index product = 1;
    for (std::size_t axis = 0; axis < rank_; ++axis) product *= extents_[axis];
    return product;
  }

  /// Extent of the innermost axis: the channels of an image, the columns of a matrix; 1 for rank 0.
  [[nodiscard]] constexpr Index last() const noexcept { return rank_ == 0 ? 1 : extents_[rank_ - 1]; }

  friend constexpr bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<Index, max_rank> extents_{};
  std::size_t rank_ = 0;
};

/// "(8, 112, 112, 3)".
[[nodiscard]] inline std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + ")";
}

}  // namespace saccade
