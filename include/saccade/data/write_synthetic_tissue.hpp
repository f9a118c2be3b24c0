#pragma once

// Opt-in: needs libpng (link PNG::PNG).

#include <saccade/core/file.hpp>
#include <saccade/data/drawing.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/synthetic_tissue.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

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
  std::vector<std::string> lines(static_cast<std::size_t>(images));
  for (Index patient = 0; patient < options.patients(); ++patient) {
    create_folders((folder / breakhis_path(synthetic_name(options, patient, 0))).parent_path());
  }

  draw_images(
      images, threads,
      [&](Index i) {
        const Index patient = i / options.images_per_patient, image = i % options.images_per_patient;
        const std::filesystem::path path = breakhis_path(synthetic_name(options, patient, image));
        const SyntheticImage tissue = synthesize(options, patient, image);
        write_png(folder / path, tissue.image.view(), Outlives::process);
        const Box& region = tissue.region;
        lines[static_cast<std::size_t>(i)] = path.generic_string() + ',' + std::to_string(region.x) + ',' +
                                             std::to_string(region.y) + ',' + std::to_string(region.width) + ',' +
                                             std::to_string(region.height) + ',' + std::to_string(tissue.label) + '\n';
      },
      progress);

  std::string table = "path,x,y,width,height,label\n";
  for (const std::string& line : lines) table += line;
  write_file_atomically(folder / "regions.csv", table);
}

}  // namespace saccade::data
