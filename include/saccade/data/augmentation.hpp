#pragma once

#include <saccade/core/shape.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/math/philox.hpp>

#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// One of the eight symmetries of the square, each as likely, for image `image` (its position in the list of records)
/// in epoch `epoch`. For training images only.
[[nodiscard]] constexpr Symmetry draw_symmetry(std::uint64_t seed, std::uint64_t epoch, Index image) {
  const RandomKey key{.seed = seed, .stream = RandomStream::augmentation, .counter = epoch};
  return static_cast<Symmetry>(math::random_block(key, static_cast<std::uint32_t>(image)).word[0] >> 29);
}

}  // namespace saccade::data
