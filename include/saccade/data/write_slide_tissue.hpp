#pragma once

// Opt-in: needs POSIX and libjpeg-turbo.

#include <saccade/core/file.hpp>
#include <saccade/data/drawing.hpp>
#include <saccade/data/slide_tissue.hpp>
#include <saccade/data/tiff_pyramid.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Side of a pixel of a drawn slide, in micrometres: that of a scanner at 40x.
inline constexpr double slide_tissue_microns = 0.25;

/// "slides/0001.tif".
[[nodiscard]] inline std::filesystem::path slide_tissue_path(Index slide) {
  const std::string number = std::to_string(slide + 1);
  return "slides/" + std::string(number.size() < 4 ? 4 - number.size() : 0, '0') + number + ".tif";
}

/// Writes drawn slides below `folder`, and `folder`/manifest.csv with the class and the box of the region of each. The
/// bytes depend on `options` alone, never on `threads`.
///
/// @param threads   how many slides are drawn at a time, at least 1
/// @param progress  called with (slides done, slides in all), by one thread at a time; may be empty
/// @throws ConfigError, FileError
inline void write_slide_tissue(const SlideTissueOptions& options, const std::filesystem::path& folder, int threads = 1,
                               const std::function<void(Index, Index)>& progress = {}) {
  validate(options);
  create_folders(folder / "slides");
  std::vector<std::string> lines(static_cast<std::size_t>(options.slides()));
  draw_images(
      options.slides(), threads,
      [&](Index i) {
        const SlideTissue slide(options, i);
        const std::filesystem::path path = slide_tissue_path(i);
        write_tiff_pyramid(folder / path, slide.width(), slide.height(),
                           [&](Index column, Index row) { return slide.draw_cell(column, row); },
                           {.microns_per_pixel = slide_tissue_microns});
        const Box& region = slide.region();
        lines[static_cast<std::size_t>(i)] = path.generic_string() + (slide.label() == 0 ? ",benign," : ",malignant,") +
                                             std::to_string(region.x) + ',' + std::to_string(region.y) + ',' +
                                             std::to_string(region.width) + ',' + std::to_string(region.height) + '\n';
      },
      progress);
  std::string table = "path,label,x,y,width,height\n";
  for (const std::string& line : lines) table += line;
  write_file_atomically(folder / "manifest.csv", table);
}

static_assert(SlideTissue::cell == pyramid_tile);

}  // namespace saccade::data
