#pragma once

// Opt-in: needs OpenSlide.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/number_text.hpp>
#include <saccade/core/slide_resolution.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/core/unreadable_error.hpp>
#include <saccade/core/utf8.hpp>

#include <openslide.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::slides {

/// A level of a slide's pyramid.
struct SlideLevel {
  Index width = 0, height = 0;
  double reduction = 1;  ///< pixels of the finest level for one of its own, on each axis
};

/// A whole-slide image in any format that OpenSlide reads, as a RegionSource. Copies share the file; several threads
/// may read at once.
///
/// A region at a reduction comes from the coarsest level that is at least as fine, of which whole pixels are averaged:
/// from the level itself where it has that reduction. Corners move to whole pixels of the level. What is transparent
/// lies over white. Memory of a read: `read_pixels` of the level, or one line of the region where that has more.
///
/// An error of a slide is for ever: after the first one every read of it fails, with the same sentence.
class OpenSlideImage {
 public:
  /// @throws UnreadableError for a file that cannot be opened; FileError for one that is no slide, is damaged, or does
  ///         not tell the resolution that is asked for; ConfigError for a resolution that it has not
  explicit OpenSlideImage(const std::filesystem::path& path, const SlideResolution& resolution = {})
      : name_('"' + to_utf8(path.string()) + '"') {
    static_cast<void>(read_file(path, 1));
    if (!openslide_detect_vendor(path.c_str())) throw FileError(name_ + ": is no slide that OpenSlide can read");
    slide_.reset(openslide_open(path.c_str()), openslide_close);
    if (!slide_) throw FileError(name_ + ": is no slide that OpenSlide can read");
    expect_sound();
    for (std::int32_t level = 0; level < openslide_get_level_count(slide_.get()); ++level) {
      std::int64_t width = 0, height = 0;
      openslide_get_level_dimensions(slide_.get(), level, &width, &height);
      levels_.push_back({width, height, openslide_get_level_downsample(slide_.get(), level)});
    }
    expect_sound();
    if (levels_.empty() || levels_[0].width < 1 || levels_[0].height < 1)
      throw FileError(name_ + ": is a slide without pixels");
    scanned_ = number("openslide.mpp-x");
    if (!scanned_) scanned_ = microns_by_tiff();
    magnification_ = number("openslide.objective-power");
    base_ = base_for(resolution);
  }

  /// Pixels at full resolution.
  [[nodiscard]] Index width() const { return (levels_[0].width + base_ - 1) / base_; }
  [[nodiscard]] Index height() const { return (levels_[0].height + base_ - 1) / base_; }

  [[nodiscard]] const std::vector<SlideLevel>& levels() const { return levels_; }

  /// Pixels of the finest level for one at full resolution, on each axis: a power of two.
  [[nodiscard]] Index base() const { return base_; }

  /// Side of a pixel at full resolution, where the slide tells.
  [[nodiscard]] std::optional<double> microns_per_pixel() const { return times(scanned_, static_cast<double>(base_)); }
  /// Of the objective, at full resolution, where the slide tells.
  [[nodiscard]] std::optional<double> magnification() const {
    return times(magnification_, 1 / static_cast<double>(base_));
  }

  /// Pixels of a level that are read at once, 4 bytes each.
  static constexpr Index read_pixels = Index{1} << 18;

  /// See RegionSource. @throws FileError
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    const Index finest = reduction * base_;  // pixels of the finest level for one of the region's
    const Source from = source_for(finest);
    const SlideLevel& level = levels_[static_cast<std::size_t>(from.level)];
    // A level of which a pixel is one of 8 x 8 has a reduction of 7.99 where a side of it was rounded up.
    const double reduced = static_cast<double>(finest) / static_cast<double>(from.pixels);
    const auto corner = [&](Index place) {
      return static_cast<Index>(std::llround(static_cast<double>(place * base_) / reduced));
    };
    const Index left = corner(x), top = corner(y);
    // OpenSlide draws all of each tile that a read meets, however little of it is wanted: as many lines as may be, in
    // one read.
    const Index columns = width * from.pixels, line = columns * from.pixels;
    const Index most = std::clamp<Index>(read_pixels / line, 1, height);
    std::vector<std::uint32_t> band(static_cast<std::size_t>(most * line));
    for (Index first = 0; first < height; first += most) {
      const Index lines = std::min(most, height - first);
      read_level(from.level, left, top + first * from.pixels, columns, lines * from.pixels, band.data());
      for (Index row = first; row < first + lines; ++row) {
        const Index from_top = top + row * from.pixels;
        average(std::span(band).subspan(static_cast<std::size_t>((row - first) * line), static_cast<std::size_t>(line)),
                width, from.pixels, {level.width - left, level.height - from_top}, {-left, -from_top},
                pixels.data() + row * width * image_channels);
      }
    }
  }

 private:
  struct Source {
    std::int32_t level = 0;
    Index pixels = 1;  ///< of the level for one of the region's, on each axis
  };

  /// The reductions of a pyramid are those of its rounded sizes: 4.0003.
  static constexpr double tolerance = 0.02;

  /// The coarsest level of which whole pixels make up one of the region's.
  [[nodiscard]] Source source_for(Index finest) const {
    Source best{0, finest};
    for (std::size_t i = 1; i < levels_.size(); ++i) {
      const double pixels = static_cast<double>(finest) / levels_[i].reduction, whole = std::round(pixels);
      if (whole < 1 || std::abs(pixels - whole) > tolerance * whole) continue;
      const auto count = static_cast<Index>(whole);
      if (count < best.pixels) best = {static_cast<std::int32_t>(i), count};
    }
    return best;
  }

  /// Premultiplied ARGB of a rectangle in pixels of the level.
  void read_level(std::int32_t level, Index x, Index y, Index width, Index height, std::uint32_t* pixels) const {
    const double reduction = levels_[static_cast<std::size_t>(level)].reduction;
    const auto finest = [&](Index place) {
      return static_cast<std::int64_t>(std::llround(static_cast<double>(place) * reduction));
    };
    openslide_read_region(slide_.get(), pixels, finest(x), finest(y), level, width, height);
    if (const char* error = openslide_get_error(slide_.get())) {
      throw FileError(name_ + ": cannot be read at (" + std::to_string(std::max<std::int64_t>(finest(x), 0)) + ", " +
                      std::to_string(std::max<std::int64_t>(finest(y), 0)) + "), level " + std::to_string(level) +
                      ": " + to_utf8(error));
    }
  }

  /// Means, rounded, of those pixels of each square that lie in the image, over white.
  static void average(std::span<const std::uint32_t> line, Index width, Index side, PixelPosition end,
                      PixelPosition begin, std::uint8_t* out) {
    const Index first_row = std::max<Index>(0, begin.y), last_row = std::min(side, end.y);
    for (Index i = 0; i < width; ++i, out += image_channels) {
      const Index first = std::max(i * side, begin.x), last = std::min((i + 1) * side, end.x);
      std::uint64_t sums[image_channels] = {}, count = 0;
      for (Index row = first_row; row < last_row; ++row) {
        for (Index column = first; column < last; ++column, ++count) {
          const std::uint32_t pixel = line[static_cast<std::size_t>(row * width * side + column)];
          const std::uint32_t white = 255 - (pixel >> 24);
          for (int c = 0; c < image_channels; ++c) sums[c] += ((pixel >> (16 - 8 * c)) & 255u) + white;
        }
      }
      for (int c = 0; c < image_channels; ++c)
        out[c] = static_cast<std::uint8_t>(count == 0 ? 255 : (2 * sums[c] + count) / (2 * count));
    }
  }

  void expect_sound() const {
    if (const char* error = openslide_get_error(slide_.get()))
      throw FileError(name_ + ": cannot be read: " + to_utf8(error));
  }

  [[nodiscard]] std::optional<double> number(const char* property) const {
    const char* text = openslide_get_property_value(slide_.get(), property);
    if (text == nullptr) return {};
    double value = 0;
    const char* const end = text + std::char_traits<char>::length(text);
    const auto [rest, error] = std::from_chars(text, end, value);
    return error == std::errc{} && rest == end && value > 0 && std::isfinite(value) ? std::optional(value)
                                                                                    : std::nullopt;
  }

  /// What the resolution of a TIFF says that is of no scanner's format, as newer versions of OpenSlide read it; nothing
  /// where it is that of a screen or a printer.
  [[nodiscard]] std::optional<double> microns_by_tiff() const {
    const char* unit = openslide_get_property_value(slide_.get(), "tiff.ResolutionUnit");
    const std::optional<double> pixels = number("tiff.XResolution");
    if (unit == nullptr || !pixels) return {};
    const std::string name = unit;
    const double microns = (name == "centimeter" ? 1e4 : name == "inch" ? 25.4e3 : 0) / *pixels;
    constexpr double coarsest = 20;
    return microns > 0 && microns < coarsest ? std::optional(microns) : std::nullopt;
  }

  [[nodiscard]] static std::optional<double> times(const std::optional<double>& value, double factor) {
    return value ? std::optional(*value * factor) : std::nullopt;
  }

  [[nodiscard]] Index base_for(const SlideResolution& wanted) const {
    expect_config(!wanted.microns_per_pixel || !wanted.magnification,
                  name_ + ": a resolution is microns per pixel or a magnification, not both");
    if (!wanted.microns_per_pixel && !wanted.magnification) return 1;
    const bool by_microns = wanted.microns_per_pixel.has_value();
    const std::optional<double> scanned = by_microns ? scanned_ : magnification_;
    const std::string what = by_microns ? "microns per pixel" : "magnification";
    if (!scanned) throw FileError(name_ + ": does not tell its " + what);
    const double value = by_microns ? *wanted.microns_per_pixel : *wanted.magnification;
    expect_config(value > 0, name_ + ": " + what + " must be greater than 0, but is " + std::to_string(value));
    const double factor = by_microns ? value / *scanned : *scanned / value;
    const double power = std::round(std::log2(factor));
    const double off = factor / std::exp2(power);
    if (power < 0 || power > 20 || off < 0.8 || off > 1.25) {
      throw ConfigError(name_ + ": was scanned at " + short_text(*scanned, 4) + ' ' + what + ", of which " +
                        short_text(value, 4) + " is no half, quarter, ... within a fifth");
    }
    return Index{1} << static_cast<int>(power);
  }

  std::string name_;
  std::shared_ptr<openslide_t> slide_{};
  std::vector<SlideLevel> levels_{};
  std::optional<double> scanned_{}, magnification_{};
  Index base_ = 1;
};

static_assert(RegionSource<OpenSlideImage>);

}  // namespace saccade::slides
