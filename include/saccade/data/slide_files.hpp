#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/slide_resolution.hpp>
#include <saccade/core/streamed_image.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Files that are whole slides, told by their endings, and who opens them.
namespace saccade::inline SACCADE_NAMESPACE::data {

/// A slide as data sets hold it: of which regions are read.
struct OpenedSlide {
  StreamedImage image;
  Index base = 1;                             ///< pixels as scanned for one of the image, on each axis
  ImageSize scanned{};                        ///< pixels as scanned
  std::optional<double> microns_per_pixel{};  ///< of the image, where the slide tells
};

/// Opens whole slides. Empty, it says that it cannot; slides::slide_reader makes one where there is OpenSlide.
struct SlideReader {
  std::function<OpenedSlide(const std::filesystem::path&, const SlideResolution&)> open{};
  SlideResolution resolution{};

  [[nodiscard]] explicit operator bool() const { return static_cast<bool>(open); }

  /// @throws FileError for a file that is no slide, or cannot be read
  [[nodiscard]] OpenedSlide operator()(const std::filesystem::path& path) const {
    expect_open(path);
    return open(path, resolution);
  }

  /// @throws FileError where it can open none
  void expect_open(const std::filesystem::path& path) const {
    if (!open)
      throw FileError('"' + path.string() + "\": is a whole slide, and this program was built without OpenSlide");
  }
};

namespace detail {

[[nodiscard]] inline bool has_ending(const std::filesystem::path& path, std::string_view endings) {
  std::string ending = path.extension().string();
  for (char& letter : ending) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  return !ending.empty() && endings.find(ending + ' ') != std::string_view::npos;
}

}  // namespace detail

/// Whether a file is taken for a slide of several files, one of which names the others: a folder does not tell which.
[[nodiscard]] inline bool is_slide_of_several_files(const std::filesystem::path& path) {
  return detail::has_ending(path, ".dcm .vms .vmu ");
}

/// Whether a file is taken for a whole slide by its name.
[[nodiscard]] inline bool has_slide_ending(const std::filesystem::path& path) {
  return detail::has_ending(path, ".svs .tif .tiff .ndpi .mrxs .scn .bif .svslide ") || is_slide_of_several_files(path);
}

/// A box in pixels as scanned, in pixels of a slide that is reduced `base` times: all that it touches.
[[nodiscard]] inline Box reduced(const Box& box, Index base) {
  const Index x = box.x / base, y = box.y / base;
  return {x, y, (box.x + box.width + base - 1) / base - x, (box.y + box.height + base - 1) / base - y};
}

/// The same box in pixels as scanned.
[[nodiscard]] inline Box enlarged(const Box& box, Index base) {
  return {box.x * base, box.y * base, box.width * base, box.height * base};
}

}  // namespace saccade::data
