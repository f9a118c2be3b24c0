#pragma once

#include <saccade/core/shape.hpp>
#include <saccade/math/random_sequence.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// The images of `part` in the order of epoch `epoch`: a shuffle that depends on (seed, epoch) alone, so that a
/// resumed run meets the same images.
[[nodiscard]] inline std::vector<Index> epoch_order(std::span<const Index> part, std::uint64_t seed,
                                                    std::uint64_t epoch) {
  std::vector<Index> order(part.begin(), part.end());
  math::RandomSequence random({.seed = seed, .stream = RandomStream::shuffle, .counter = epoch});
  math::shuffle(order, random);
  return order;
}

}  // namespace saccade::data
