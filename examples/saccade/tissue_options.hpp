#pragma once

#include <saccade/data/slide_tissue.hpp>
#include <saccade/data/synthetic_tissue.hpp>

#include <algorithm>
#include <filesystem>
#include <thread>

namespace program {

struct TissueOptions {
  saccade::data::SyntheticTissueOptions tissue;
  bool compare = false;  ///< two regions an image, whose kinds are to be compared
  bool slides = false;   ///< whole slides in place of photographs
  saccade::data::SlideTissueOptions slide;
  std::filesystem::path out;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
};

}  // namespace program
