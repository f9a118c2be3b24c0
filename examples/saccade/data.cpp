#include <saccade/training/run_data.hpp>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>

#include "common/describe_data.hpp"
#include "common/exit_code.hpp"
#include "common/slides.hpp"
#include "data_options.hpp"
#include "subcommands.hpp"

namespace {

using namespace saccade;

/// "images of 640 x 480 pixels", "images of 320 x 240 to 640 x 480 pixels", by the headers of the files; empty where
/// the images have no files of their own.
std::string describe_sizes(const data::Dataset& dataset) {
  if (dataset.read || dataset.samples.empty()) return {};
  const data::Sample* unknown = nullptr;
  Index unknowns = 0;
  ImageSize least{}, most{};
  for (const data::Sample& sample : dataset.samples) {
    const auto size = data::sample_size(dataset, sample);
    if (!size) {
      if (unknowns++ == 0) unknown = &sample;
      continue;
    }
    least =
        most.width == 0 ? *size : ImageSize{std::min(least.width, size->width), std::min(least.height, size->height)};
    most = {std::max(most.width, size->width), std::max(most.height, size->height)};
  }
  const auto text = [](ImageSize size) { return std::to_string(size.width) + " x " + std::to_string(size.height); };
  std::string lines;
  if (most.width > 0) {
    const bool one = least.width == most.width && least.height == most.height;
    lines += "images of " + (one ? "" : text(least) + " to ") + text(most) + " pixels\n";
  }
  if (unknowns > 0)
    lines += std::to_string(unknowns) + " files that cannot be read or tell no size (first: " + unknown->name + ")\n";
  return lines;
}

/// "regions in 364 of 364 images, 410 in all", and how many images have no label; empty where there is nothing to tell.
std::string describe_annotations(const data::Dataset& dataset) {
  std::size_t regions = 0, images = 0, unlabelled = 0;
  for (const data::Sample& sample : dataset.samples) {
    regions += sample.regions.size();
    images += sample.regions.empty() ? 0 : 1;
    unlabelled += sample.label < 0 ? 1 : 0;
  }
  std::string lines;
  if (images > 0) {
    lines += "regions in " + std::to_string(images) + " of " + std::to_string(dataset.size()) + " images, " +
             std::to_string(regions) + " in all\n";
  }
  if (unlabelled > 0) lines += std::to_string(unlabelled) + " images without a label, which are in no part\n";
  return lines;
}

}  // namespace

int program::data(const DataOptions& options) {
  DataChoice choice = options.data;
  choice.options.slides = slide_reader();
  const RunData run = divide_for_training(choice);
  std::cout << "kind: " << run.dataset.kind << (options.data.options.kind.empty() ? ", found out" : ", as told") << '\n'
            << describe_sizes(run.dataset) << describe_annotations(run.dataset) << describe_slides(run.dataset)
            << describe(run, options.pixels ? data::SameBy::pixels : data::SameBy::bytes);
  const std::size_t classes = run.dataset.classes.size();
  if (classes < 2) {
    std::cerr << "saccade data: warning: " << (classes == 0 ? "no class" : "one class only")
              << "; a training needs two or more\n";
  } else {
    warn_of_missing_classes("saccade data", run);
  }
  return success;
}
