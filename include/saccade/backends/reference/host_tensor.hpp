#pragma once

#include <saccade/core/geometry.hpp>
#include <saccade/core/shape.hpp>

#include <concepts>
#include <type_traits>
#include <vector>

/// The reference backend: plain loops in the order of the formulas, any floating type, nothing clever. It is the
/// executable specification of every operation; core/backend.hpp states the shapes and axioms. One header a noun, each
/// a base class without data, put together by reference_backend.hpp.
///
/// Letters: B batch, H and W rows and columns, C channels, K and N inputs and outputs of a dense layer, M rows.
/// `d_x` is d loss / d x.
namespace saccade::inline SACCADE_NAMESPACE::reference {

/// A dense row-major tensor in ordinary memory.
template <std::floating_point Scalar>
struct HostTensor {
  Shape shape;
  std::vector<Scalar> values;

  [[nodiscard]] Scalar* data() { return values.data(); }
  [[nodiscard]] const Scalar* data() const { return values.data(); }
};

/// Sums are taken in double at least.
template <std::floating_point Scalar>
using Sum = std::common_type_t<Scalar, double>;

/// Place of element (b, h, w, c) of a (B, H, W, C) tensor.
[[nodiscard]] constexpr Index offset(const Shape& shape, Index b, Index h, Index w, Index c) {
  return ((b * shape[1] + h) * shape[2] + w) * shape[3] + c;
}

/// target = value, or target += value.
template <std::floating_point Scalar>
constexpr void store(Sum<Scalar> value, Write write, Scalar& target) {
  target = static_cast<Scalar>(write == Write::accumulate ? static_cast<Sum<Scalar>>(target) + value : value);
}

}  // namespace saccade::reference
