#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace saccade::inline v0 {

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78): finds every flipped bit and every burst of up to 32 bits.
/// Feed the data in any number of pieces. The check value of the nine characters "123456789" is 0xE3069283.
class Crc32c {
 public:
  void update(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
      state_ = table[(state_ ^ std::to_integer<std::uint32_t>(byte)) & 0xFFu] ^ (state_ >> 8);
    }
  }

  [[nodiscard]] std::uint32_t value() const { return ~state_; }

 private:
  static constexpr std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> remainders{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t remainder = i;
      for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1u) ? 0x82F63B78u : 0u);
      remainders[i] = remainder;
    }
    return remainders;
  }();

  std::uint32_t state_ = 0xFFFFFFFFu;
};

}  // namespace saccade::inline v0
