#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/random_key.hpp>

#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::math {

/// Four random words.
struct PhiloxBlock {
  std::uint32_t word[4];
};

/// Philox 4x32 with 10 rounds: a bijection of a 128-bit counter under a 64-bit key.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
SACCADE_HOST_DEVICE constexpr PhiloxBlock philox(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * counter.word[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * counter.word[2];
    counter = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
                static_cast<std::uint32_t>(product1),
                static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
                static_cast<std::uint32_t>(product0)}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

/// The four words that belong to element `element` of the draw `key`.
SACCADE_HOST_DEVICE constexpr PhiloxBlock random_block(const RandomKey& key, std::uint32_t element) {
  return philox({{key.first + element, static_cast<std::uint32_t>(key.stream), static_cast<std::uint32_t>(key.counter),
                  static_cast<std::uint32_t>(key.counter >> 32)}},
                static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32));
}

/// A word as a number in (0, 1): the middle of one of 2^23 equal cells, so exact in single precision, never 0 or 1.
SACCADE_HOST_DEVICE constexpr double unit_interval(std::uint32_t word) {
  return (static_cast<double>(word >> 9) + 0.5) * (1.0 / 8388608.0);
}

}  // namespace saccade::math
