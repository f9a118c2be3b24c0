#pragma once

// Opt-in: needs libpng (link PNG::PNG).

#include <saccade/core/file.hpp>
#include <saccade/data/drawing.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/synthetic_tissue.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Writes the data set below `folder` in the layout of BreakHis, and `folder`/regions.csv with a line
/// `path,x,y,width,height,label` for each image, in the order of patients and images. The bytes depend on `options`
/// alone, never on `threads`.
///
/// @param threads   how many images are drawn at a time, at least 1
/// @param progress  called with (images done, images in all), by one thread at a time; may be empty
/// @throws ConfigError, FileError
inline void write_synthetic_tissue(const SyntheticTissueOptions& options, const std::filesystem::path& folder,
                                   int threads = 1, const std::function<void(Index, Index)>& progress = {}) {
  validate(options);
  const Index images = options.patients() * options.images_per_patient;
  for (Index patient = 0; patient < options.patients(); ++patient) {
    create_folders((folder / breakhis_path(synthetic_name(options, patient, 0))).parent_path());
  }

  const std::string lines = draw_table(
      images, threads,
      [&](Index i) {
        const Index patient = i / options.images_per_patient, image = i % options.images_per_patient;
        const std::filesystem::path path = breakhis_path(synthetic_name(options, patient, image));
        const SyntheticImage tissue = synthesize(options, patient, image);
        write_png(folder / path, tissue.image.view(), Outlives::process);
        return path.generic_string() + ',' + box_fields(tissue.region) + ',' + std::to_string(tissue.label) + '\n';
      },
      progress);
  write_file_atomically(folder / "regions.csv", "path,x,y,width,height,label\n" + lines);
}

}  // namespace saccade::data
