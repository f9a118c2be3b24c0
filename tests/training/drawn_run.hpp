#pragma once

#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/training/run_config.hpp>
#include <saccade/training/run_data.hpp>

#include "support/scratch_folder.hpp"

/// A whole run over drawn tissue, for the tests of TrainingRun.
namespace saccade_test {

/// 4 + 4 patients of 3 images, small enough that a step takes milliseconds.
inline const saccade::RunData& drawn_tissue() {
  static const ScratchFolder folder;
  static const saccade::RunData data = [] {
    saccade::data::write_synthetic_tissue({.width = 96, .height = 80, .patients_per_class = 4, .images_per_patient = 3},
                                          folder.path());
    return saccade::open_for_training({.folder = folder.path()});
  }();
  return data;
}

/// Epochs of a few steps, the first on random glimpses.
inline saccade::RunConfig drawn_run_config() {
  saccade::RunConfig config{
      .preset = "compact", .model = saccade::compact_preset(), .training = saccade::training_preset("compact")};
  config.model.glimpses = 2;
  config.model.sensor.side = 16;
  config.model.sensor.scales = 2;
  config.model.encoder.width = 4;
  config.model.fusion_width = config.model.hidden = 8;
  config.model.glance = {.side = 16, .reduction = 8, .outputs = 4};
  config.model = validated(config.model);
  config.training.random_epochs = 1;
  return config;
}

}  // namespace saccade_test
