#pragma once

#include <saccade/data/loader.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/model/feature_store.hpp>
#include <saccade/training/run_config.hpp>
#include <saccade/training/run_data.hpp>

#include "common/backend_choice.hpp"
#include "evaluation_split.hpp"
#include "finished_run.hpp"
#include "preparation.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// One model that is trained on the images of a data set, and evaluated. Compiled once, in image_trial.cpp, for all
/// studies.
namespace bench {

struct ImageTrial {
  std::string name;           ///< of its files
  saccade::RunConfig config;  ///< model, training, seed
  saccade::DataChoice data;
  std::vector<saccade::GlimpsePolicy> policies{};  ///< that it is judged under; the first is its own
  EvaluationSplit evaluation_split = EvaluationSplit::test;
  Preparation preparation = Preparation::none;  ///< of the images, to squares of the model's glimpse
  bool keep_answers = false;                    ///< of every image, for figures over several trials
  Json about = Json::object();                  ///< what else decides its numbers, for its file
};

/// How the work is done; it changes no number.
struct TrialWork {
  program::BackendChoice backend;
  saccade::data::LoaderOptions loader;
  std::filesystem::path runs;                                ///< folder of the runs' files
  std::shared_ptr<saccade::FeatureStore<float>> features{};  ///< of frozen encoders, or null
  std::function<bool()> stop_requested = [] { return false; };
};

/// The figures of `trial` from runs/NAME.json, or of a training, which goes on where runs/NAME/ stands:
///
///     policies    by name: the figures of report::to_json(PolicyResult), on the judged part, with keep_answers
///                 also "answers": group, label and probabilities of each image
///     best_epoch  whose weights were judged, chosen by the validation patients; null where there are none
///     patients    of the judged part; malignant_patients of them; images
///     epochs      the training's metrics
///
/// Nothing where it was asked to stop: the training's checkpoint is then written.
/// @throws Error, FileError, ConfigError, NumericError
[[nodiscard]] std::optional<Json> run_trial(const ImageTrial& trial, const TrialWork& work);

}  // namespace bench
