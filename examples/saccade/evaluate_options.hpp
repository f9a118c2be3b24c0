#pragma once

#include <saccade/training/run_data.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/backend_choice.hpp"
#include "common/loader_choice.hpp"

namespace program {

/// What the command line says of an evaluation. What is not given of the data is as in the training.
struct EvaluateOptions {
  saccade::DataChoice data;
  LoaderChoice loader;
  BackendChoice backend;
  std::filesystem::path checkpoint;
  std::string policy = "learned";
  saccade::Index batch = 16;
  saccade::Index rollouts = 1;
  std::uint64_t seed = 1;
  saccade::Index gallery = 6;
  std::filesystem::path out;
};

}  // namespace program
