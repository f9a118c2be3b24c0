#pragma once

#include <saccade/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace saccade::inline SACCADE_NAMESPACE {

/// 64 bits of whatever it is fed, to tell contents apart within a process: not for files, not against an adversary.
/// Every word is mixed in by a bijection of the state; the end is that of Appleby's MurmurHash3 (fmix64). About 5 GB/s.
class ContentHash {
 public:
  void add(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9E3779B97F4A7C15u;
    state_ ^= state_ >> 29;
  }

  template <class T>
  void add(std::span<const T> values) {
    const std::span<const std::byte> bytes = std::as_bytes(values);
    add(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, bytes.size() - i < 8 ? bytes.size() - i : 8);
      add(word);
    }
  }

  /// Never 0, which can stand for what is not known.
  [[nodiscard]] std::uint64_t value() const {
    std::uint64_t x = state_;
    x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDu;
    x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53u;
    x ^= x >> 33;
    return x == 0 ? 1 : x;
  }

 private:
  std::uint64_t state_ = 0x9FB21C651E98DF25u;
};

}  // namespace saccade
