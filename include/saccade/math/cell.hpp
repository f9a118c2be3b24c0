#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/shape.hpp>

namespace saccade::inline SACCADE_NAMESPACE::math {

/// Where the middle of cell i of n lies on an axis that goes from -1 to 1 across all of them: (2 i + 1) / n - 1.
template <class Scalar>
[[nodiscard]] SACCADE_HOST_DEVICE inline Scalar cell_centre(Index i, Index n) {
  return static_cast<Scalar>(2 * i + 1) / static_cast<Scalar>(n) - Scalar(1);
}

}  // namespace saccade::math
