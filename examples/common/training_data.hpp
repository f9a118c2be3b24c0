#pragma once

#include <saccade/core/slide_resolution.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/slide_files.hpp>
#include <saccade/model/json.hpp>
#include <saccade/training/checkpoint.hpp>
#include <saccade/training/config_history.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>

#include "common/slides.hpp"

namespace program {

/// What the checkpoint's run was trained on; an empty object where it does not say.
inline nlohmann::ordered_json training_data(const saccade::CheckpointInfo& info) {
  const auto pointer = nlohmann::ordered_json::json_pointer("/config/data");
  return info.run.contains(pointer) ? saccade::current_data_description(info.run.at(pointer))
                                    : nlohmann::ordered_json::object();
}

/// What full resolution means of slides: as asked, else as in the training.
inline saccade::SlideResolution resolution_of(const saccade::SlideResolution& asked,
                                              const nlohmann::ordered_json& trained) {
  if (!asked.as_scanned() || !trained.contains("slides")) return asked;
  saccade::SlideResolution resolution;
  const auto& slides = trained.at("slides");
  if (slides.contains("magnification")) resolution.magnification = slides.at("magnification").get<double>();
  if (slides.contains("microns_per_pixel")) resolution.microns_per_pixel = slides.at("microns_per_pixel").get<double>();
  return resolution;
}

/// Opens whole slides as asked, else as in the training of a checkpoint. @throws FileError naming the checkpoint
inline saccade::data::SlideReader slide_reader_for(const saccade::SlideResolution& asked,
                                                   const saccade::CheckpointInfo& info,
                                                   const std::filesystem::path& checkpoint) {
  saccade::data::SlideReader slides = slide_reader();
  slides.resolution = saccade::reading_json(saccade::to_utf8(checkpoint.string()),
                                            [&] { return resolution_of(asked, training_data(info)); });
  return slides;
}

}  // namespace program
