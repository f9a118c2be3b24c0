#pragma once

#include <saccade/core/image.hpp>
#include <saccade/data/orientation.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

namespace detail {

/// Reads the beginning of an image file, step by step.
class HeaderReader {
 public:
  explicit HeaderReader(const std::filesystem::path& path) : file_(path, std::ios::binary) {}

  /// False where the file ends before.
  [[nodiscard]] bool read(std::size_t count) {
    bytes_.resize(count);
    return static_cast<bool>(file_.read(reinterpret_cast<char*>(bytes_.data()), static_cast<std::streamsize>(count)));
  }
  [[nodiscard]] bool skip(Index count) { return static_cast<bool>(file_.seekg(count, std::ios::cur)); }

  /// Of what was read last, most significant byte first.
  [[nodiscard]] Index number(std::size_t at, std::size_t count) const {
    Index value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes_[at + i];
    return value;
  }
  [[nodiscard]] std::string_view text(std::size_t at, std::size_t count) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + at, count};
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  std::ifstream file_;
  std::vector<std::uint8_t> bytes_;
};

/// Behind the first two bytes of a PNG.
[[nodiscard]] inline std::optional<ImageSize> png_size(HeaderReader& file) {
  if (!file.read(22) || file.text(10, 4) != "IHDR") return {};  // the signature's rest, the first chunk up to its size
  const ImageSize size{file.number(14, 4), file.number(18, 4)};
  if (!file.skip(5 + 4)) return size;  // the header's rest and its checksum
  while (file.read(8) && file.text(4, 4) != "IDAT") {
    const Index length = file.number(0, 4);
    if (file.text(4, 4) == "eXIf") {
      if (length > 0xFFFF || !file.read(static_cast<std::size_t>(length))) break;
      return turned(size, exif_orientation(file.bytes()));
    }
    if (!file.skip(length + 4)) break;
  }
  return size;
}

/// Behind the first two bytes of a JPEG.
[[nodiscard]] inline std::optional<ImageSize> jpeg_size(HeaderReader& file) {
  Symmetry symmetry = Symmetry::identity;
  bool known = false;
  while (file.read(2)) {
    Index marker = file.number(0, 2);
    while (marker == 0xFFFF && file.read(1)) marker = 0xFF00 | file.number(0, 1);  // fill bytes
    if (marker == 0xFF01 || (marker >= 0xFFD0 && marker <= 0xFFD7)) continue;  // a marker by itself
    // Start of frame: C0 to CF but tables of Huffman codes, an extension, and arithmetic conditioning.
    const bool frame = marker >= 0xFFC0 && marker <= 0xFFCF && marker != 0xFFC4 && marker != 0xFFC8 && marker != 0xFFCC;
    if (marker < 0xFF01 || marker == 0xFFDA || !file.read(2)) return {};
    const Index length = file.number(0, 2);
    if (frame) {
      if (!file.read(5)) return {};
      return turned(ImageSize{file.number(3, 2), file.number(1, 2)}, symmetry);
    }
    if (length < 2) return {};
    if (marker != 0xFFE1 || known) {
      if (!file.skip(length - 2)) return {};
      continue;
    }
    if (!file.read(static_cast<std::size_t>(length - 2))) return {};
    known = is_exif(file.bytes());
    if (known) symmetry = exif_orientation(file.bytes().subspan(exif_mark.size()));
  }
  return {};
}

}  // namespace detail

/// What the header of a PNG or JPEG file says of its size, as a viewer shows it, without its pixels; nothing where
/// there is no such header: the decoder will say why. Source: PNG, section 11.2.2; ITU T.81, B.2.2.
[[nodiscard]] inline std::optional<ImageSize> read_image_size(const std::filesystem::path& path) {
  detail::HeaderReader file(path);
  if (!file.read(2)) return {};
  if (file.number(0, 2) == 0x8950) return detail::png_size(file);
  if (file.number(0, 2) == 0xFFD8) return detail::jpeg_size(file);
  return {};
}

}  // namespace saccade::data
