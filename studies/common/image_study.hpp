#pragma once

#include <saccade/training/run_data.hpp>

#include "adapt_trial.hpp"
#include "condition.hpp"
#include "image_trial.hpp"
#include "study_options.hpp"
#include "variant.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Does looking pay on the images of a data set? Models that learn where to look, models made for glimpses that do not,
/// and the same encoder over the whole image, in K folds by group, so that every image is evaluated once for a seed.
namespace bench {

struct ImageStudyOptions {
  saccade::DataChoice data;  ///< the split comes with the run
  Index folds = 5;
  std::vector<Index> only;  ///< folds, from 1; empty: all
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::vector<Condition> conditions{Condition::learned, Condition::random, Condition::centre, Condition::shrunk,
                                    Condition::whole};
  std::string preset = "compact";
  std::filesystem::path weights{};  ///< of a pretrained encoder; empty: none
  TrainingChoice training;
  std::vector<Variant> variants{};
  EvaluationSplit evaluation_split = EvaluationSplit::test;
};

/// What models have to know of the data.
struct ImagesAtHand {
  saccade::ImageSize largest{};  ///< the largest width and the largest height
  Index classes = 2;
};

/// One model that is trained and evaluated.
struct ImageRun {
  Condition condition = Condition::learned;
  Index fold = 1;
  std::uint64_t seed = 1;
  std::string variant{};  ///< its name; empty: none
};

/// "learned-fold1-seed1", "learned-no-class-weights-fold1-seed1".
[[nodiscard]] inline std::string name_of(const ImageRun& run) {
  return to_string(run.condition) + file_suffix(run.variant) + "-fold" + std::to_string(run.fold) + "-seed" +
         std::to_string(run.seed);
}

/// A seed after the other, so that a study that was stopped has whole seeds.
[[nodiscard]] inline std::vector<ImageRun> planned_runs(const ImageStudyOptions& o) {
  std::vector<Index> folds = o.only;
  for (Index fold = 1; o.only.empty() && fold <= o.folds; ++fold) folds.push_back(fold);
  std::vector<ImageRun> runs;
  for (const std::uint64_t seed : o.seeds) {
    for (const Condition condition : o.conditions)
      for (const Index fold : folds) runs.push_back({condition, fold, seed});
    for (const Variant& variant : o.variants)
      for (const Index fold : folds) runs.push_back({Condition::learned, fold, seed, variant.name});
  }
  return runs;
}

/// The folds are the same for all seeds. @param fold  from 1
[[nodiscard]] inline saccade::DataChoice choice_of(const ImageStudyOptions& o, Index fold) {
  saccade::DataChoice choice = o.data;
  choice.split = "folds:" + std::to_string(o.folds) + ":" + std::to_string(fold);
  return choice;
}

/// What the best epoch of the study's models is chosen by.
[[nodiscard]] inline saccade::BestEpochBy select_by(const ImageStudyOptions& o) {
  saccade::RunConfig config{.model = saccade::preset(o.preset), .training = saccade::training_preset(o.preset)};
  set_fields(config.model, config.training, o.training.fields);
  return config.training.select_by;
}

/// Model and training, as made for learned glimpses.
[[nodiscard]] inline saccade::RunConfig image_config(const ImageStudyOptions& o, const ImagesAtHand& images,
                                                     std::uint64_t seed) {
  saccade::RunConfig config{.preset = o.preset,
                            .model = saccade::preset(o.preset),
                            .training = saccade::training_preset(o.preset),
                            .seed = seed,
                            .weights = o.weights};
  config.model.classes = images.classes;
  config.model = with_thumbnail_over(config.model, images.largest.width, images.largest.height);
  o.training.apply(config);
  return config;
}

[[nodiscard]] inline ImageTrial image_trial(const ImageStudyOptions& o, const ImageRun& run,
                                            const ImagesAtHand& images) {
  ImageStudyOptions own = o;
  own.training.fields = fields_with(o.training.fields, o.variants, run.variant);
  ImageTrial trial{.name = name_of(run),
                   .config = image_config(own, images, run.seed),
                   .data = choice_of(o, run.fold),
                   .evaluation_split = o.evaluation_split,
                   .keep_answers = true};
  adapt(trial, run.condition, images.largest, o.training);
  if (!run.variant.empty()) trial.policies = {own_policy(run.condition)};
  return trial;
}

/// A run that is done: what it was, and its file's figures.
struct ImageResult {
  ImageRun run;
  Json figures;
};

}  // namespace bench
