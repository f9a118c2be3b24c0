#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/unreadable_error.hpp>
#include <saccade/data/orientation.hpp>
#include <saccade/data/slide_files.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace saccade::inline SACCADE_NAMESPACE::data {

namespace detail {

/// Reads the beginning of an image file, step by step.
class HeaderReader {
 public:
  /// Where the file is missing or forbidden nothing can be read of it.
  /// @throws UnreadableError, as all that follows, where another moment may do better
  explicit HeaderReader(const std::filesystem::path& path) : path_(path), file_(std::fopen(path.c_str(), "rb")) {
    if (!file_) expect_lasting(errno);
  }

  /// False where the file ends before.
  [[nodiscard]] bool read(std::size_t count) {
    bytes_.clear();
    constexpr std::size_t block = 1 << 16;  // a short file can claim any length
    while (file_ && bytes_.size() < count) {
      const std::size_t before = bytes_.size();
      bytes_.resize(before + std::min(count - before, block));
      const std::size_t more = std::fread(bytes_.data() + before, 1, bytes_.size() - before, file_.get());
      if (std::ferror(file_.get())) expect_lasting(errno);
      if (before + more < bytes_.size()) return false;
    }
    return file_ != nullptr;
  }
  /// The end of the file is seen by the next `read`.
  void skip(Index count) {
    if (file_ && ::fseeko(file_.get(), count, SEEK_CUR) != 0) file_.reset();  // a pipe
  }

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
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void expect_lasting(int error_number) const {
    const UnreadableError error = unreadable(path_, error_number);
    if (error.passing()) throw error;
  }

  const std::filesystem::path& path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<std::uint8_t> bytes_;
};

/// Behind the first two bytes of a PNG.
[[nodiscard]] inline std::optional<ImageSize> png_size(HeaderReader& file) {
  if (!file.read(22) || file.text(10, 4) != "IHDR") return {};  // the signature's rest, the first chunk up to its size
  const ImageSize size{file.number(14, 4), file.number(18, 4)};
  Symmetry symmetry = Symmetry::identity;
  file.skip(5 + 4);  // the header's rest and its checksum
  while (file.read(8) && file.text(4, 4) != "IDAT") {
    const Index length = file.number(0, 4);
    const bool exif = file.text(4, 4) == "eXIf";
    if (!exif) file.skip(length);
    if (exif && !file.read(static_cast<std::size_t>(length))) break;
    if (exif) symmetry = exif_orientation(file.bytes());
    file.skip(4);
  }
  return turned(size, symmetry);
}

/// Behind the first two bytes of a JPEG. As libjpeg does, a segment that gives itself a length of less than the two
/// bytes of the length is taken for an empty one.
[[nodiscard]] inline std::optional<ImageSize> jpeg_size(HeaderReader& file) {
  Symmetry symmetry = Symmetry::identity;
  bool known = false;
  std::optional<ImageSize> size;
  while (file.read(2)) {
    Index marker = file.number(0, 2);
    while (marker == 0xFFFF && file.read(1)) marker = 0xFF00 | file.number(0, 1);  // fill bytes
    if (marker == 0xFF01 || (marker >= 0xFFD0 && marker <= 0xFFD7)) continue;      // a marker by itself
    if (marker < 0xFF01 || marker == 0xFFDA || !file.read(2)) break;
    const Index length = std::max<Index>(file.number(0, 2), 2);
    // Start of frame: C0 to CF but tables of Huffman codes, an extension, and arithmetic conditioning.
    const bool frame = marker >= 0xFFC0 && marker <= 0xFFCF && marker != 0xFFC4 && marker != 0xFFC8 && marker != 0xFFCC;
    if (frame) {
      if (!file.read(5)) break;
      if (!size) size = ImageSize{file.number(3, 2), file.number(1, 2)};
      file.skip(std::max<Index>(length - 2 - 5, 0));
      continue;
    }
    if (marker != 0xFFE1 || known) {
      file.skip(length - 2);
      continue;
    }
    if (!file.read(static_cast<std::size_t>(length - 2))) break;
    known = is_exif(file.bytes());
    if (known) symmetry = exif_orientation(file.bytes().subspan(exif_mark.size()));
  }
  if (!size) return {};
  return turned(*size, symmetry);
}

}  // namespace detail

/// What the header of a PNG or JPEG file says of its size, as a viewer shows it, without its pixels; nothing where
/// there is no such header, or the file is missing or forbidden: the decoder will say why.
/// @throws UnreadableError where another moment may do better
/// Source: PNG, section 11.2.2; ITU T.81, B.2.2.
[[nodiscard]] inline std::optional<ImageSize> read_image_size(const std::filesystem::path& path) {
  detail::HeaderReader file(path);
  if (!file.read(2)) return {};
  if (file.number(0, 2) == 0x8950) return detail::png_size(file);
  if (file.number(0, 2) == 0xFFD8) return detail::jpeg_size(file);
  return {};
}

/// A slide, opened; nothing where that cannot be done: whoever looks at it will say why.
/// @throws UnreadableError where another moment may do better
[[nodiscard]] inline std::optional<OpenedSlide> open_if_sound(const std::filesystem::path& path,
                                                              const SlideReader& slides) {
  try {
    return slides(path);
  } catch (const UnreadableError& error) {
    if (error.passing()) throw;
  } catch (const FileError&) {
  }
  return {};
}

/// The size of any file that a data set may hold, of a slide at the reader's resolution; nothing as above.
[[nodiscard]] inline std::optional<ImageSize> read_image_size(const std::filesystem::path& path,
                                                              const SlideReader& slides) {
  if (!has_slide_ending(path)) return read_image_size(path);
  const std::optional<OpenedSlide> slide = open_if_sound(path, slides);
  return slide ? std::optional(ImageSize{slide->image.width(), slide->image.height()}) : std::nullopt;
}

}  // namespace saccade::data
