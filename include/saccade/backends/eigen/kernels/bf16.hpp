#pragma once

#include <saccade/backends/eigen/precision.hpp>
#include <saccade/core/shape.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

/// Products of bf16 matrices with sums in single precision, by one of several units; see bf16_kernels.hpp.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// The upper half of a float.
struct Bf16 {
  std::uint16_t bits;
};

[[nodiscard]] inline float to_float(Bf16 x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16); }

/// The nearest bf16 number, of two equally near ones that with an even last bit: a relative error of 2^-8 at most. As
/// in the processors, numbers below 2^-126 become 0.
[[nodiscard]] inline Bf16 round_to_bf16(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  const auto upper = static_cast<std::uint16_t>(bits >> 16);
  if (std::isnan(x)) return {static_cast<std::uint16_t>(upper | 0x40)};
  if (std::abs(x) < std::numeric_limits<float>::min()) return {static_cast<std::uint16_t>(upper & 0x8000)};
  return {static_cast<std::uint16_t>((bits + 0x7fff + (upper & 1)) >> 16)};
}

/// Columns of a packed matrix come in multiples of it.
inline constexpr Index bf16_columns = 16;

/// The kernels of one unit.
struct Bf16Kernels {
  Bf16Unit unit;
  Index rows;   ///< that `multiply` takes at a time: callers pad to a multiple
  Index terms;  ///< likewise, with zeros; even
  Index strip;  ///< columns of a strip of a packed matrix

  /// y = x, rounded.
  void (*round)(Index count, const float* x, Bf16* y);
  /// c (rows, columns) = a (rows, terms) b (terms, columns), all dense. b is packed in strips of columns, one after the
  /// other; the last one has what is left. Row p of a strip has, column by column, the terms 2 p and 2 p + 1.
  void (*multiply)(Index rows, Index terms, const Bf16* a, const Bf16* packed, Index columns, float* c);
};

}  // namespace saccade::eigen
