#include "image_trial.hpp"

#include <saccade/report/evaluation_json.hpp>
#include <saccade/report/json_lines.hpp>
#include <saccade/report/progress.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/training/run_state.hpp>
#include <saccade/training/trained_classifier.hpp>
#include <saccade/training/training_run.hpp>

#include "common/ground_truth.hpp"
#include "common/regions.hpp"
#include "common/tissue_warning.hpp"
#include "common/with_backend.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <map>
#include <utility>

namespace bench {
namespace {

using namespace saccade;

/// "learned-seed1: epoch 3 of 30, cross-entropy 0.41, accuracy 83.0 %, validation 80.2 %".
std::string epoch_line(const std::string& name, const Json& metrics, Index epochs) {
  char line[256];
  std::snprintf(line, sizeof line, "%s: epoch %d of %d, cross-entropy %.3f, accuracy %.1f %%", name.c_str(),
                metrics.at("epoch").get<int>(), static_cast<int>(epochs), metrics.at("cross_entropy").get<double>(),
                100 * metrics.at("accuracy").get<double>());
  std::string text = line;
  if (const Json& validation = metrics.at("validation"); !validation.is_null()) {
    std::snprintf(line, sizeof line, ", validation %.1f %%", 100 * validation.at("image_accuracy").get<double>());
    text += line;
  }
  return text;
}

/// Trains to the end, or until it is asked to stop: then false.
template <class B>
bool train(B& b, const ImageTrial& trial, const RunData& data, const TrialWork& work, report::RunFolder& folder) {
  TrainingRun<B> run(b, trial.config, data, work.loader, {.checkpoint = folder.checkpoint(), .best = folder.best()});
  if (work.features && run.trainer().model().encoder().has_frozen_part(Mode::training))
    run.keep_features(work.features);
  folder.begin(run.description(), report::RunStart::resumed);
  if (std::filesystem::exists(folder.checkpoint())) run.resume();
  folder.open_metrics(run.state().epochs);
  const Index epochs = trial.config.training.epochs;
  const double began = report::steady_seconds();
  const Index before = run.state().epochs;
  const auto outcome =
      run.run({.stop_requested = work.stop_requested, .epoch_done = [&](const nlohmann::ordered_json& metrics) {
                 folder.add_metrics(metrics);
                 const auto done = metrics.at("epoch").get<Index>();
                 const double one = (report::steady_seconds() - began) / static_cast<double>(done - before);
                 std::cerr << epoch_line(trial.name, metrics, epochs) + ", " +
                                  report::format_duration(one * static_cast<double>(epochs - done)) + " left\n";
               }});
  return outcome == TrainingRun<B>::Outcome::complete;
}

/// [[group, label, [probability of each class]]], an entry for each image.
Json answers_of(const std::vector<ImagePrediction>& predictions, const report::GroundTruth& truth) {
  Json list = Json::array();
  for (const ImagePrediction& each : predictions) {
    const auto image = static_cast<std::size_t>(each.image);
    list.push_back({truth.groups[image], truth.labels[image], each.prediction.probabilities.back()});
  }
  return list;
}

/// The best epoch's figures under every policy; nothing when asked to stop.
/// @param read_share  of the pixels of an image as it was, where the trial's images are prepared
template <class B>
std::optional<Json> judge_best(B& b, const ImageTrial& trial, const RunData& data, double read_share,
                               const TrialWork& work, const report::RunFolder& folder) {
  auto classifier = TrainedClassifier<B>::load(b, folder.best(), 1, program::golden_tolerance_of(work.backend));
  const std::vector<Index>& part =
      trial.evaluation_split == EvaluationSplit::test ? data.split.test : data.split.validation;
  const std::vector<Box> regions =
      trial.preparation == Preparation::none ? program::regions_of(data.dataset) : std::vector<Box>{};
  const report::GroundTruth truth = program::ground_truth_of(data.dataset, regions);
  data::TissueAreas tissue(data.dataset.size());
  data::Loader loader(data.dataset.size(), decode_for(trial.config.model, data.dataset, tissue), work.loader);
  ListedImages<B> images(b, loader);
  Evaluator<B> evaluator(b, classifier.model(), trial.config.training.batch);
  if (work.features && classifier.model().encoder().has_frozen_part(Mode::evaluation)) {
    images.tell_content();
    evaluator.keep_features(work.features, classifier.parameters(), classifier.statistics());
  }
  Json figures{{"policies", Json::object()}};
  for (const GlimpsePolicy policy : trial.policies) {
    if (policy == GlimpsePolicy::oracle && regions.empty()) continue;
    bool stopped = false;
    const auto predictions =
        predict_images(b, evaluator, classifier.parameters(), classifier.statistics(), images, part,
                       {.policy = policy, .seed = trial.config.seed, .regions = regions}, [&](Index) {
                         stopped = work.stop_requested();
                         return !stopped;
                       });
    if (stopped) return {};
    if (predictions.empty()) throw FileError(trial.name + ": none of the images can be used");
    report::PolicyResult result =
        report::judge(policy, truth, predictions, trial.config.model.sensor, trial.config.seed, 0);
    if (policy == GlimpsePolicy::learned) result.temperature = temperature_of(classifier.info().run);
    Json& of_policy = figures["policies"][to_string(policy)] = to_json(result, truth.classes);
    // What is read is still a share of the image as it was; nothing of a stretched one is seen at full resolution.
    if (trial.preparation != Preparation::none) {
      const Json share = trial.preparation == Preparation::cut ? Json(read_share) : Json();
      of_policy["pixel_fraction"] = {{"processed", read_share}, {"unique", share}, {"unique_any_scale", share}};
    }
    if (trial.keep_answers) of_policy["answers"] = answers_of(predictions, truth);
    std::map<std::string, Index> label_of;
    for (std::size_t i = 0; i < result.answers.group.size(); ++i)
      label_of.try_emplace(result.answers.group[i], result.answers.truth[i]);
    figures["patients"] = label_of.size();
    figures["malignant_patients"] =
        std::count_if(label_of.begin(), label_of.end(), [](const auto& entry) { return entry.second == 1; });
    figures["images"] = result.answers.images();
  }
  program::warn_of_missing_tissue(trial.name, data.dataset, tissue);
  const Json state = classifier.info().run.value("state", Json::object());
  figures["best_epoch"] = state.value("best", Json()).is_null() ? Json() : state.at("best").at("epoch");
  return figures;
}

/// What makes the run's numbers what they are. The version of the program may be newer.
Json describe(const ImageTrial& trial, const RunData& data) {
  Json config = describe_run(trial.config, data);
  config.erase("version");
  config["evaluation_split"] = to_string(trial.evaluation_split);
  config["policies"] = Json::array();
  for (const GlimpsePolicy policy : trial.policies) config["policies"].push_back(to_string(policy));
  if (trial.preparation != Preparation::none)
    config["preparation"] = preparation_names[static_cast<std::size_t>(trial.preparation)];
  config["about"] = trial.about;
  return config;
}

template <class B>
std::optional<Json> measure(B& b, const ImageTrial& trial, const RunData& data, double read_share,
                            const TrialWork& work) {
  report::RunFolder folder(work.runs / trial.name);
  if (!train(b, trial, data, work, folder)) return {};
  std::optional<Json> figures = judge_best(b, trial, data, read_share, work, folder);
  if (figures) (*figures)["epochs"] = report::read_json_lines(folder.metrics());
  return figures;
}

}  // namespace

std::optional<Json> run_trial(const ImageTrial& trial, const TrialWork& work) {
  ImageTrial named = trial;
  named.config.backend = work.backend.arithmetic();
  RunData data = open_for_training(trial.data);
  const std::vector<Index>& part =
      trial.evaluation_split == EvaluationSplit::test ? data.split.test : data.split.validation;
  if (part.empty())
    throw FileError(trial.name + ": there is no " + to_string(trial.evaluation_split) + " image to judge on");
  const Index side = trial.config.model.sensor.side;
  const data::Dataset original = data.dataset;
  data.dataset = prepared(std::move(data.dataset), trial.preparation, side);
  const std::filesystem::path file = work.runs / (trial.name + ".json");
  const Json config = describe(named, data);
  if (std::optional<Json> before = read_finished_run(file, config)) {
    std::cerr << trial.name + ": done before\n";
    return before;
  }
  const double read_share = trial.preparation == Preparation::none ? 0 : share_of_pixels(original, part, side);
  std::optional<Json> figures;
  program::with_backend(work.backend, [&](auto& b) {
    figures = measure(b, named, data, read_share, work);
    return 0;
  });
  if (!figures) return {};
  write_finished_run(file, config, *figures);
  // The weights that were judged stay; those of the last epoch, with the optimiser's state, are of no more use.
  std::filesystem::remove(report::RunFolder(work.runs / trial.name).checkpoint());
  return figures;
}

}  // namespace bench
