#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/geometry.hpp>

/// Bilinear interpolation on one axis, PyTorch's two conventions (see Corners).
///
/// Source positions are fractions of whole numbers, so they are computed with whole numbers: exact, the same bits on
/// every machine, and a weight is rounded once. `Integer` is signed and holds 2 * in * out + out: Index always does,
/// and a kernel may choose 32 bits for sides below 32,768.
namespace saccade::inline SACCADE_NAMESPACE::math {

/// Source position of output o: max(0, (slope * o + offset) / denominator), in input pixels.
template <class Integer>
struct BilinearMap {
  Integer slope;
  Integer offset;
  Integer denominator;
};

/// The map of an axis of `in` pixels stretched, or shrunk, to `out`; both >= 1.
///     aligned     src = o (in - 1) / (out - 1), 0 if out = 1
///     half_pixel  src = max(0, (o + 1/2) in / out - 1/2) = max(0, (2 in o + in - out) / (2 out))
template <class Integer>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr BilinearMap<Integer> bilinear_map(Corners corners, Integer in,
                                                                              Integer out) {
  if (corners == Corners::aligned) return {in - 1, 0, out > 1 ? out - 1 : 1};
  return {2 * in, in - out, 2 * out};
}

/// The two input pixels that an output pixel reads, with their weights: weight0 + weight1 = 1. At the last pixel both
/// indices are the same.
template <class Scalar, class Integer>
struct BilinearTaps {
  Integer index0;
  Integer index1;
  Scalar weight0;
  Scalar weight1;
};

/// The taps of output `o`; `in` is the extent of the input.
template <class Scalar, class Integer>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr BilinearTaps<Scalar, Integer> bilinear_taps(BilinearMap<Integer> map,
                                                                                        Integer in, Integer o) {
  const Integer position = map.slope * o + map.offset;
  const Integer numerator = position > 0 ? position : 0;
  const Integer index = numerator / map.denominator;
  const Scalar weight = static_cast<Scalar>(numerator - index * map.denominator) / static_cast<Scalar>(map.denominator);
  return {index, index < in - 1 ? index + 1 : index, Scalar(1) - weight, weight};
}

/// Weight with which an output of these taps reads input `i`; 0 where it does not.
template <class Scalar, class Integer>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar bilinear_weight(BilinearTaps<Scalar, Integer> taps, Integer i) {
  return (taps.index0 == i ? taps.weight0 : Scalar(0)) + (taps.index1 == i ? taps.weight1 : Scalar(0));
}

/// The value between four neighbours `x00` (upper left), `x01` (upper right), `x10`, `x11`.
template <class Scalar, class Integer>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Scalar bilinear(BilinearTaps<Scalar, Integer> row,
                                                            BilinearTaps<Scalar, Integer> column, Scalar x00,
                                                            Scalar x01, Scalar x10, Scalar x11) {
  return row.weight0 * (column.weight0 * x00 + column.weight1 * x01) +
         row.weight1 * (column.weight0 * x10 + column.weight1 * x11);
}

/// Outputs first to last (none if last < first).
template <class Integer>
struct BilinearReaders {
  Integer first;
  Integer last;
};

/// Every output that reads input `i` with a weight other than 0, for a backward pass that gathers: those with
/// i - 1 < src < i + 1, and beyond the outermost pixels all that are left.
template <class Integer>
[[nodiscard]] SACCADE_HOST_DEVICE constexpr BilinearReaders<Integer> bilinear_readers(BilinearMap<Integer> map,
                                                                                      Integer in, Integer out,
                                                                                      Integer i) {
  Integer first = 0;
  Integer last = out - 1;
  if (i > 0) {
    const Integer bound = (i - 1) * map.denominator - map.offset;  // slope * o > bound
    if (bound >= 0) first = bound / map.slope + 1;
  }
  if (i < in - 1) {
    const Integer bound = (i + 1) * map.denominator - map.offset;  // slope * o < bound
    const Integer below = bound > 0 ? (bound - 1) / map.slope : -1;
    if (below < last) last = below;
  }
  return {first, last};
}

}  // namespace saccade::math
