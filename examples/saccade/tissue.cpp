#include <saccade/core/file.hpp>
#include <saccade/core/folder_lock.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/report/progress.hpp>

#include <filesystem>
#include <iostream>
#include <optional>

#include "common/exit_code.hpp"
#include "subcommands.hpp"
#include "tissue_options.hpp"

int program::tissue(const TissueOptions& options) {
  const auto& [tissue, out, threads] = options;
  saccade::data::validate(tissue);
  // Images of another data set would mix with the new ones.
  saccade::create_folders(out);
  const saccade::FolderLock lock(out, "owner.lock", "saccade tissue");
  if (!lock.warning().empty()) std::cerr << "saccade tissue: warning: " << lock.warning() << '\n';
  if (saccade::file_exists(out / "BreaKHis_v1")) {
    throw saccade::FileError('"' + out.string() + "\": holds a data set already; remove it, or name another folder");
  }
  {
    std::optional<saccade::report::Progress> progress;
    saccade::data::write_synthetic_tissue(tissue, out, threads, [&](saccade::Index, saccade::Index images) {
      if (!progress) progress.emplace("drawing tissue", images);
      progress->advance();
    });
  }
  std::cout << tissue.patients() * tissue.images_per_patient << " images of " << tissue.patients() << " patients ("
            << tissue.patients_per_class << " benign, " << tissue.patients_per_class << " malignant), " << tissue.width
            << " x " << tissue.height << " pixels, named as " << tissue.magnification << "x\n"
            << "data set:  " << out.string() << "\nregions:   " << (out / "regions.csv").string() << '\n';
  return success;
}
