#include <saccade/core/file.hpp>
#include <saccade/core/folder_lock.hpp>
#include <saccade/data/write_slide_tissue.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/data/write_two_region_tissue.hpp>
#include <saccade/report/progress.hpp>

#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>

#include "common/exit_code.hpp"
#include "subcommands.hpp"
#include "tissue_options.hpp"

namespace {

/// Says how much is drawn, on stderr.
class Drawing {
 public:
  void operator()(saccade::Index, saccade::Index images) {
    if (!progress_) progress_.emplace("drawing tissue", images);
    progress_->advance();
  }

 private:
  std::optional<saccade::report::Progress> progress_;
};

int draw_slides(const program::TissueOptions& options) {
  const saccade::data::SlideTissueOptions& slide = options.slide;
  {
    Drawing drawing;
    saccade::data::write_slide_tissue(slide, options.out, options.threads, std::ref(drawing));
  }
  std::cout << slide.slides() << " slides (" << slide.slides_per_class << " benign, " << slide.slides_per_class
            << " malignant), " << slide.width << " x " << slide.height << " pixels\n"
            << "data set:  " << options.out.string() << "\nregions:   " << (options.out / "manifest.csv").string()
            << '\n';
  return program::success;
}

int draw_two_regions(const program::TissueOptions& options) {
  const saccade::data::SyntheticTissueOptions& tissue = options.tissue;
  {
    Drawing drawing;
    saccade::data::write_two_region_tissue(tissue, options.out, options.threads, std::ref(drawing));
  }
  const saccade::Index each = tissue.patients_per_class * tissue.images_per_patient;
  std::cout << 2 * each << " images of " << tissue.patients() << " patients with two regions (" << each << " same, "
            << each << " different), " << tissue.width << " x " << tissue.height << " pixels\n"
            << "data set:  " << options.out.string() << "\nregions:   " << (options.out / "manifest.csv").string()
            << '\n';
  return program::success;
}

}  // namespace

int program::tissue(const TissueOptions& options) {
  const saccade::data::SyntheticTissueOptions& tissue = options.tissue;
  const std::filesystem::path& out = options.out;
  if (options.slides) {
    validate(options.slide);
  } else {
    options.compare ? validate_two_regions(tissue) : validate(tissue);
  }
  // Images of another data set would mix with the new ones.
  saccade::create_folders(out);
  const saccade::FolderLock lock(out, "owner.lock", "saccade tissue");
  if (!lock.warning().empty()) std::cerr << "saccade tissue: warning: " << lock.warning() << '\n';
  for (const char* images : {"BreaKHis_v1", "slides", "images"}) {
    if (saccade::file_exists(out / images))
      throw saccade::FileError('"' + out.string() + "\": holds a data set already; remove it, or name another folder");
  }
  if (options.slides) return draw_slides(options);
  if (options.compare) return draw_two_regions(options);
  {
    Drawing drawing;
    saccade::data::write_synthetic_tissue(tissue, out, options.threads, std::ref(drawing));
  }
  std::cout << tissue.patients() * tissue.images_per_patient << " images of " << tissue.patients() << " patients ("
            << tissue.patients_per_class << " benign, " << tissue.patients_per_class << " malignant), " << tissue.width
            << " x " << tissue.height << " pixels, named as " << tissue.magnification << "x\n"
            << "data set:  " << out.string() << "\nregions:   " << (out / "regions.csv").string() << '\n';
  return success;
}
