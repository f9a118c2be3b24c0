#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/report/progress.hpp>

#include "common/program.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

namespace {

/// Draws the data set and says what is there.
int make_tissue(const saccade::data::SyntheticTissueOptions& tissue, const std::filesystem::path& out, int threads) {
  saccade::data::validate(tissue);
  // Images of an earlier data set would mix with the new ones.
  if (std::filesystem::exists(out / "BreaKHis_v1")) {
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
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  saccade::data::SyntheticTissueOptions tissue;
  std::filesystem::path out;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));

  program::Options options("make_synthetic_tissue",
                           "Draws a data set of synthetic tissue in the layout of BreakHis. Each image holds one focus "
                           "of nuclei that tells its class; regions.csv says where.");
  options.add_option("--out", out, "folder to write to")->required();
  options.add_option("--seed", tissue.seed, "the same seed gives the same bytes");
  options.add_option("--patients", tissue.patients_per_class, "of each class")->check(CLI::Range(1, 10000));
  options.add_option("--images", tissue.images_per_patient, "of each patient")->check(CLI::Range(1, 10000));
  options.add_option("--width", tissue.width, "of an image, in pixels");
  options.add_option("--height", tissue.height, "of an image, in pixels");
  options.add_option("--focus-area", tissue.focus_area, "of the focus, as a share of the image");
  options.add_option("--magnification", tissue.magnification, "written into the names; the pictures are the same")
      ->check(CLI::IsMember({40, 100, 200, 400}));
  options.add_option("--threads", threads, "that draw")->check(CLI::Range(1, 1024));
  return program::run(options, argc, argv, [&] { return make_tissue(tissue, out, threads); });
}
