#pragma once

#include <saccade/core/image.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// What the header of a PNG or JPEG file says of its size, without its pixels; nothing where there is no such header:
/// the decoder will say why. Source: PNG, section 11.2.2; ITU T.81, B.2.2.
[[nodiscard]] inline std::optional<ImageSize> read_image_size(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 24> bytes{};
  const auto read = [&](std::size_t count) {
    return static_cast<bool>(file.read(bytes.data(), static_cast<std::streamsize>(count)));
  };
  const auto number = [&](std::size_t at, std::size_t count) {
    Index value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
  };
  if (!read(2)) return {};
  if (number(0, 2) == 0x8950) {  // signature (8 bytes, two of them read), length and type of the first chunk, its data
    if (!read(22) || std::string_view(bytes.data() + 10, 4) != "IHDR") return {};
    return ImageSize{number(14, 4), number(18, 4)};
  }
  if (number(0, 2) != 0xFFD8) return {};
  while (read(2)) {
    Index marker = number(0, 2);
    while (marker == 0xFFFF && read(1)) marker = 0xFF00 | number(0, 1);  // fill bytes
    // Start of frame: C0 to CF but tables of Huffman codes, an extension, and arithmetic conditioning.
    const bool frame = marker >= 0xFFC0 && marker <= 0xFFCF && marker != 0xFFC4 && marker != 0xFFC8 && marker != 0xFFCC;
    if (marker < 0xFF01 || marker == 0xFFDA || !read(2)) return {};
    const Index length = number(0, 2);
    if (frame) {
      if (!read(5)) return {};
      return ImageSize{number(3, 2), number(1, 2)};
    }
    if (length < 2 || !file.seekg(length - 2, std::ios::cur)) return {};
  }
  return {};
}

}  // namespace saccade::data
