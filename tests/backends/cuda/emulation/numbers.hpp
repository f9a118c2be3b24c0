#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// The formats that cuBLAS and cuDNN read and write.
namespace saccade_test::emulation {

/// `value` with its last `bits` bits rounded away, to nearest, ties to even.
inline float rounded(float value, int bits) {
  auto word = std::bit_cast<std::uint32_t>(value);
  if (value != value) return value;
  const std::uint32_t half = (1u << (bits - 1)) - 1;
  word += half + ((word >> bits) & 1u);
  return std::bit_cast<float>(word >> bits << bits);
}

/// What tensor cores read of a number in single precision: 10 bits behind the point.
inline float as_tf32(float value) { return rounded(value, 13); }

enum class Number { single, bf16 };

inline std::size_t bytes_of(Number number) { return number == Number::single ? sizeof(float) : 2; }

inline double read_number(const void* data, Number number, std::int64_t index) {
  if (number == Number::single) return static_cast<const float*>(data)[index];
  return std::bit_cast<float>(std::uint32_t{static_cast<const std::uint16_t*>(data)[index]} << 16);
}

inline void write_number(void* data, Number number, std::int64_t index, double value) {
  if (number == Number::single)
    static_cast<float*>(data)[index] = static_cast<float>(value);
  else
    static_cast<std::uint16_t*>(data)[index] =
        static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(rounded(static_cast<float>(value), 16)) >> 16);
}

}  // namespace saccade_test::emulation
