#pragma once

// Opt-in: needs POSIX and libjpeg-turbo.

#include <saccade/core/file.hpp>
#include <saccade/data/drawing.hpp>
#include <saccade/data/slide_tissue.hpp>
#include <saccade/data/tiff_pyramid.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Side of a pixel of a drawn slide, in micrometres: that of a scanner at 40x.
inline constexpr double slide_tissue_microns = 0.25;

/// "slides/0001.tif".
[[nodiscard]] inline std::filesystem::path slide_tissue_path(Index slide) {
  return "slides/" + padded(slide + 1, 4) + ".tif";
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
  const std::string lines = draw_table(
      options.slides(), threads,
      [&](Index i) {
        const SlideTissue slide(options, i);
        const std::filesystem::path path = slide_tissue_path(i);
        write_tiff_pyramid(folder / path, slide.width(), slide.height(),
                           [&](Index column, Index row) { return slide.draw_cell(column, row); },
                           {.microns_per_pixel = slide_tissue_microns});
        return path.generic_string() + (slide.label() == 0 ? ",benign," : ",malignant,") + box_fields(slide.region()) +
               '\n';
      },
      progress);
  write_file_atomically(folder / "manifest.csv", "path,label,x,y,width,height\n" + lines);
}

static_assert(SlideTissue::cell == pyramid_tile);

}  // namespace saccade::data
