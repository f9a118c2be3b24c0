#pragma once

#include <saccade/math/philox.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE::math {

/// The words of one draw handed out one after another, for code that cannot say beforehand how many it needs.
class RandomSequence {
 public:
  explicit constexpr RandomSequence(const RandomKey& key) : key_(key) {}

  /// The next 32 random bits.
  constexpr std::uint32_t next() {
    if (used_ == 4) {
      block_ = random_block(key_, element_++);
      used_ = 0;
    }
    return block_.word[used_++];
  }

  /// Leaves out `words` of them, in no more time than one takes.
  constexpr void skip(std::uint32_t words) {
    const std::uint32_t next_word = 4 * element_ - static_cast<std::uint32_t>(4 - used_) + words;
    element_ = next_word / 4;
    used_ = 4;
    if (next_word % 4 == 0) return;
    block_ = random_block(key_, element_++);
    used_ = static_cast<int>(next_word % 4);
  }

  /// A whole number in [0, bound), for 0 < bound <= 2^32; each is equally likely to within bound / 2^32.
  constexpr std::uint32_t below(std::uint64_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{next()} * bound) >> 32);
  }

  /// A whole number in [low, high].
  constexpr int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<std::uint64_t>(std::int64_t{high} - low + 1)));
  }

  /// A number in (0, 1).
  constexpr double uniform() { return unit_interval(next()); }

 private:
  RandomKey key_;
  PhiloxBlock block_{};
  std::uint32_t element_ = 0;
  int used_ = 4;
};

/// Puts the elements of `values` (vector, span) into a random order (Fisher and Yates).
template <class Values>
constexpr void shuffle(Values& values, RandomSequence& random) {
  for (std::size_t remaining = values.size(); remaining > 1; --remaining) {
    using std::swap;
    swap(values[remaining - 1], values[random.below(remaining)]);
  }
}

}  // namespace saccade::math
