#pragma once

#include <saccade/data/breakhis.hpp>
#include <saccade/data/official_split.hpp>
#include <saccade/data/split_report.hpp>
#include <saccade/training/run_data.hpp>

#include "adapt_trial.hpp"
#include "condition.hpp"
#include "image_trial.hpp"
#include "study_data.hpp"
#include "study_options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// The protocol of the paper's Table 1 on BreakHis, or on any part of it: models that learn where to look, with soft
/// attention and without, models made for glimpses that look at nothing, and the same encoder over the shrunk image.
namespace bench {

/// How many images BreakHis has at a magnification, and how many patients in all.
inline constexpr std::array<std::pair<Index, Index>, 4> breakhis_images{
    {{40, 1995}, {100, 2081}, {200, 2013}, {400, 1820}}};
inline constexpr Index breakhis_patients = 82;

/// What a folder holds of the data set.
struct BreakhisPart {
  Index magnification = 0;
  Index images = 0;
  std::set<std::string> patients{};

  /// "100x: 295 of 2081 images, 20 of 82 patients".
  [[nodiscard]] std::string text() const {
    Index all = 0;
    for (const auto& whole : breakhis_images)
      if (whole.first == magnification) all = whole.second;
    return std::to_string(magnification) + "x: " + std::to_string(images) + " of " + std::to_string(all) + " images, " +
           std::to_string(patients.size()) + " of " + std::to_string(breakhis_patients) + " patients";
  }
};

/// The four magnifications, those without an image included. @throws FileError where there is no image at all
[[nodiscard]] inline std::vector<BreakhisPart> parts_of(const std::filesystem::path& folder) {
  std::vector<BreakhisPart> parts;
  for (const auto& whole : breakhis_images) parts.push_back({.magnification = whole.first});
  for (const saccade::data::ImageRecord& record : saccade::data::index_breakhis(folder)) {
    for (BreakhisPart& part : parts) {
      if (part.magnification != record.magnification) continue;
      ++part.images;
      part.patients.insert(record.patient);
    }
  }
  return parts;
}

/// "100x, split random:1".
[[nodiscard]] inline std::string name_of_split(const saccade::RunData& data) {
  return std::to_string(data.dataset.magnification.value_or(0)) + "x, split " + to_string(data.choice);
}

/// Why nothing can be learned from a split, or judged on it: a part without images of both classes. Nothing where it
/// can be.
[[nodiscard]] inline std::optional<std::string> split_problem(const saccade::RunData& data) {
  for (const saccade::data::Part part : saccade::data::parts) {
    const auto counts = saccade::data::count_classes(data.dataset, data.split.part(part));
    if (std::find(counts.begin(), counts.end(), 0) == counts.end()) continue;
    return name_of_split(data) + ", is left out: its " +
           (part == saccade::data::Part::train ? "training" : to_string(part)) + " part has not images of both classes";
  }
  return {};
}

struct BreakhisStudyOptions {
  saccade::DataChoice data;           ///< magnification and split come with the run
  std::vector<Index> magnifications;  ///< empty: all that are found
  std::vector<std::string> splits;    ///< empty: random:1 to random:3, and the official ones where they are found
  std::string preset = "large";
  std::vector<EncoderKind> encoders{EncoderKind::attention, EncoderKind::plain};
  std::vector<Condition> conditions{Condition::learned, Condition::random, Condition::centre, Condition::shrunk};
  std::uint64_t seed = 1;
  TrainingChoice training;
  EvaluationSplit evaluation_split = EvaluationSplit::test;
};

/// One model that is trained and judged.
struct BreakhisRun {
  Index magnification = 100;
  std::string split = "random:1";
  EncoderKind encoder = EncoderKind::attention;
  Condition condition = Condition::learned;

  [[nodiscard]] bool official() const { return split.starts_with("official"); }
};

/// "100x-random1-attention-learned".
[[nodiscard]] inline std::string name_of(const BreakhisRun& run) {
  std::string split = run.split;
  std::erase(split, ':');
  return std::to_string(run.magnification) + "x-" + split + "-" + to_string(run.encoder) + "-" +
         to_string(run.condition);
}

/// The models of one magnification and split. Controls are trained with the first of the encoders.
[[nodiscard]] inline std::vector<BreakhisRun> runs_of(const BreakhisStudyOptions& o, Index magnification,
                                                      const std::string& split) {
  std::vector<BreakhisRun> runs;
  for (const EncoderKind encoder : o.encoders)
    for (const Condition condition : o.conditions)
      if (condition == Condition::learned || encoder == o.encoders.front())
        runs.push_back({magnification, split, encoder, condition});
  return runs;
}

[[nodiscard]] inline saccade::DataChoice choice_of(const BreakhisStudyOptions& o, Index magnification,
                                                   const std::string& split) {
  saccade::DataChoice choice = o.data;
  choice.options.magnification = magnification;
  choice.split = split;
  return choice;
}

/// Model and training, as made for learned glimpses.
[[nodiscard]] inline saccade::RunConfig breakhis_config(const BreakhisStudyOptions& o, EncoderKind encoder) {
  saccade::RunConfig config{.preset = o.preset,
                            .model = saccade::preset(o.preset),
                            .training = saccade::training_preset(o.preset),
                            .seed = o.seed};
  if (encoder == EncoderKind::plain) config.model.encoder.mask = saccade::MaskUse::none;
  o.training.apply(config);
  return config;
}

/// @param size  of the images
[[nodiscard]] inline ImageTrial breakhis_trial(const BreakhisStudyOptions& o, const BreakhisRun& run,
                                               saccade::ImageSize size) {
  ImageTrial trial{.name = name_of(run),
                   .config = breakhis_config(o, run.encoder),
                   .data = choice_of(o, run.magnification, run.split),
                   .evaluation_split = o.evaluation_split};
  adapt(trial, run.condition, size, o.training);
  return trial;
}

/// A run that is done: what it was, and its file's figures.
struct BreakhisResult {
  BreakhisRun run;
  Json figures;
};

}  // namespace bench
