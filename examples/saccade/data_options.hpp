#pragma once

#include <saccade/training/run_data.hpp>

namespace program {

struct DataOptions {
  saccade::DataChoice data;
  bool pixels = false;  ///< equal images are found by what they show, not by their files
};

}  // namespace program
