#pragma once

// Opt-in: needs libpng (link PNG::PNG).

#include <saccade/core/file.hpp>
#include <saccade/data/drawing.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/two_region_tissue.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// "images/0001-001.png".
[[nodiscard]] inline std::filesystem::path two_region_path(Index patient, Index image) {
  return "images/" + padded(patient + 1, 4) + '-' + padded(image + 1, 3) + ".png";
}

/// Writes the images below `folder`, and `folder`/manifest.csv with the class, the patient and, in two lines, the boxes
/// of the regions of each. The bytes depend on `options` alone, never on `threads`.
///
/// @param threads   how many images are drawn at a time, at least 1
/// @param progress  called with (images done, images in all), by one thread at a time; may be empty
/// @throws ConfigError, FileError
inline void write_two_region_tissue(const SyntheticTissueOptions& options, const std::filesystem::path& folder,
                                    int threads = 1, const std::function<void(Index, Index)>& progress = {}) {
  validate_two_regions(options);
  create_folders(folder / "images");
  const std::string lines = draw_table(
      options.patients() * options.images_per_patient, threads,
      [&](Index i) {
        const Index patient = i / options.images_per_patient, image = i % options.images_per_patient;
        const std::filesystem::path path = two_region_path(patient, image);
        const TwoRegionImage tissue = synthesize_two_regions(options, patient, image);
        write_png(folder / path, tissue.image.view(), Outlives::process);
        const std::string said = path.generic_string() + ',' +
                                 std::string(two_region_classes[static_cast<std::size_t>(tissue.label)]) + ',' +
                                 padded(patient + 1, 4) + ',';
        std::string text;
        for (const Box& region : tissue.regions) text += said + box_fields(region) + '\n';
        return text;
      },
      progress);
  write_file_atomically(folder / "manifest.csv", "path,label,group,x,y,width,height\n" + lines);
}

}  // namespace saccade::data
