#pragma once

#include <saccade/core/shape.hpp>

#include <filesystem>

#include "common/backend_choice.hpp"
#include "common/image_inputs.hpp"

namespace program {

struct ExplainOptions {
  ImageInputs images;
  saccade::Index pick = 0;  ///< so many of the images, evenly spread over them; 0: all
  BackendChoice backend;
  std::filesystem::path checkpoint;
  std::filesystem::path out;
};

}  // namespace program
