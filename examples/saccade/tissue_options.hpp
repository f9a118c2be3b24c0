#pragma once

#include <saccade/data/synthetic_tissue.hpp>

#include <algorithm>
#include <filesystem>
#include <thread>

namespace program {

struct TissueOptions {
  saccade::data::SyntheticTissueOptions tissue;
  std::filesystem::path out;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
};

}  // namespace program
