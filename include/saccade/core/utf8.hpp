#pragma once

#include <saccade/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {

/// Bytes of the character that `text` begins with; 0 where it begins with none: a stray or missing byte, a longer form
/// than is needed, a surrogate, or a number above U+10FFFF.
[[nodiscard]] inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return 1;
  const std::size_t length = byte(0) < 0xC2 ? 0 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : byte(0) < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool longer_than_needed = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xED && byte(1) >= 0xA0, too_large = byte(0) == 0xF4 && byte(1) >= 0x90;
  return longer_than_needed || surrogate || too_large ? 0 : length;
}

/// Bytes of the text that it begins with and that are ASCII, eight at a time: nearly all are.
[[nodiscard]] inline std::size_t ascii_length(std::string_view text) {
  std::size_t length = 0;
  for (std::uint64_t eight = 0; length + sizeof(eight) <= text.size(); length += sizeof(eight)) {
    std::memcpy(&eight, text.data() + length, sizeof(eight));
    if ((eight & 0x8080808080808080U) != 0) break;
  }
  while (length < text.size() && static_cast<std::uint8_t>(text[length]) < 0x80) ++length;
  return length;
}

/// The same of UTF-8: all that comes before the first byte that is not part of it.
[[nodiscard]] inline std::size_t valid_length(std::string_view text) {
  std::size_t length = 0;
  for (;;) {
    length += ascii_length(text.substr(length));
    const std::size_t character = utf8_length(text.substr(length));
    if (character == 0) return length;
    length += character;
  }
}

}  // namespace detail

/// Whether all of `text` is UTF-8. Source: RFC 3629.
[[nodiscard]] inline bool is_utf8(std::string_view text) { return detail::valid_length(text) == text.size(); }

/// `text` with U+FFFD for every byte that is not part of UTF-8: names of files are any bytes, but JSON and web pages
/// take only UTF-8.
[[nodiscard]] inline std::string to_utf8(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t length = detail::valid_length(text);
    result += text.substr(0, length);
    if (length == text.size()) return result;
    result += "\xEF\xBF\xBD";
    text.remove_prefix(length + 1);
  }
}

}  // namespace saccade
