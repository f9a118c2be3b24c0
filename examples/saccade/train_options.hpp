#pragma once

#include <saccade/training/run_data.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/backend_choice.hpp"
#include "common/loader_choice.hpp"

namespace program {

/// What the command line says of a training. What it leaves open comes from the preset.
struct TrainOptions {
  saccade::DataChoice data;
  LoaderChoice loader;
  BackendChoice backend;
  std::string preset = "large";
  std::vector<std::string> fields;   ///< "encoder.width=32", "training.decay=0.9"
  std::filesystem::path weights;     ///< of a pretrained encoder; empty: none
  std::filesystem::path start_from;  ///< a checkpoint; empty: none
  std::optional<saccade::Index> epochs;
  std::optional<saccade::Index> batch;
  std::optional<double> learning_rate;
  std::string glimpses;  ///< a word of training.glimpses; empty: the preset's
  bool no_augmentation = false;
  std::uint64_t seed = 1;
  std::filesystem::path out;
  bool resume = false;
  saccade::Index checkpoint_every = 0;
  bool recompute = false;
  saccade::Index feature_cache_megabytes = 0;
  bool tensorboard = false;
};

}  // namespace program
