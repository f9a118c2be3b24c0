#pragma once

#include <saccade/core/shape.hpp>

#include <algorithm>
#include <cmath>

/// How far a correct backend may be from the exact result. `epsilon` is the relative spacing of the backend's numbers,
/// about 1.2e-7 for float and 2.2e-16 for double, or that of a coarser format it multiplies in.
namespace saccade::inline SACCADE_NAMESPACE::testing {

/// Of a sum of `depth` products whose result is of the size of `magnitude`: rounding errors add up like a random walk,
/// so they grow with sqrt(depth). The factor leaves room for the order of summation, fused multiply-adds, the
/// transforms of a Winograd convolution (their errors are about ten times those of a direct one) and a fast exp.
[[nodiscard]] inline double sum_tolerance(double epsilon, Index depth, double magnitude) {
  return 32 * epsilon * std::sqrt(static_cast<double>(std::max<Index>(depth, 1))) * std::max(magnitude, 1.0);
}

/// Of the two sides of an adjoint identity, each a sum whose terms have the absolute values `total` all together.
[[nodiscard]] inline double adjoint_tolerance(double epsilon, double total) { return 64 * epsilon * (total + 1); }

/// Step of a central difference at numbers of about 1: it balances the truncation error, step^2, with the rounding
/// error, epsilon / step.
[[nodiscard]] inline double difference_step(double epsilon) { return std::cbrt(epsilon); }

/// Of a central difference with that step; `total` is the sum of the absolute values of the terms of the loss. Both
/// errors are epsilon^(2/3) times numbers of the size of `total`; a third derivative may be several times larger.
[[nodiscard]] inline double difference_tolerance(double epsilon, double total) {
  return 30 * std::pow(epsilon, 2.0 / 3.0) * (total + 1);
}

}  // namespace saccade::testing
