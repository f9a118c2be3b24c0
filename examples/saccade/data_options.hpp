#pragma once

#include <saccade/training/run_data.hpp>

namespace program {

struct DataOptions {
  saccade::DataChoice data;
};

}  // namespace program
