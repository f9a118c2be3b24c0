#pragma once

#include <saccade/data/cluttered_objects.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/run_config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation_split.hpp"
#include "finished_run.hpp"
#include "study_options.hpp"
#include "variant.hpp"

/// Is learning where to look worth having? Objects among clutter, the set-up of Mnih et al. 2014: a model that learns
/// its glimpses, models made for glimpses that look at nothing, and a convolutional network that reads the whole image.
namespace bench {

using saccade::Index;

/// Who chooses the glimpses that a model is trained and judged on; `whole` has one, of the size of the image.
enum class Looker { learned, random, centre, whole };

inline constexpr std::array<std::string_view, 4> looker_names{"learned", "random", "centre", "whole"};

[[nodiscard]] inline std::string to_string(Looker looker) {
  return std::string(looker_names[static_cast<std::size_t>(looker)]);
}

/// What is asked of an image: the class of its object, or the sum of the classes of its two, after Ba et al. 2015.
enum class ClutterTask { object, sum };

inline constexpr std::array<std::string_view, 2> clutter_task_names{"object", "sum"};

[[nodiscard]] inline std::string to_string(ClutterTask task) {
  return std::string(clutter_task_names[static_cast<std::size_t>(task)]);
}

struct ClutterStudyOptions {
  saccade::HybridAttentionConfig model;  ///< of the glimpses; their number comes with the run
  saccade::TrainingConfig training;
  Index encoder_width = 32;     ///< filters of the network that reads a glimpse
  Index encoder_outputs = 256;  ///< features of a glimpse
  Index encoder_map = 8;        ///< cells on a side, at most, of the map that its last, dense layer reads
  Index whole_width = 32;       ///< filters of the network that reads the whole image
  Index whole_epochs = 30;
  std::string start_from{};  ///< a checkpoint, see checkpoint_of_seed, of all but the network over the whole image
  ClutterTask task = ClutterTask::object;
  saccade::data::ClutterOptions clutter{};  ///< the number of objects comes with the task
  EvaluationSplit evaluation_split = EvaluationSplit::test;
  Index validation_objects = 5000;  ///< the last ones of the training part; never trained on
};

/// The presets that a study of clutter starts from.
inline constexpr std::array<std::string_view, 2> clutter_presets{"paper", "large"};

/// Glimpses of 12 x 12 at 3 scales, an encoder and a core of one size, in pictures that are drawn anew each epoch. All
/// else is of the preset: with `paper` as it is written; with `large` as it learns best here, by a policy that learns
/// from the probability of the label after every glimpse.
/// @param start  one of clutter_presets
[[nodiscard]] inline ClutterStudyOptions default_clutter_study(const std::string& start = "large") {
  ClutterStudyOptions o;
  o.model = saccade::preset(start);
  o.model.classes = 10;
  o.model.sensor.side = 12;
  o.model.sensor.scales = 3;
  o.model.sensor.mean = {0.1F, 0.1F, 0.1F};
  o.model.sensor.deviation = {0.25F, 0.25F, 0.25F};
  o.model.fusion_width = 256;
  o.model.hidden = 256;
  o.training.epochs = 30;
  o.training.augment = false;
  if (start == "paper") return o;
  o.model.policy.sigma = 0.25;
  o.model.policy.movement_penalty = 0;
  o.model.learner.baseline = saccade::Baseline::leave_one_out;
  o.model.glance = {.side = 15, .reduction = 4, .outputs = 16, .readout = saccade::Readout::positions};
  o.training.batch = 128;
  o.training.learning_rate = 2e-3;
  o.training.decay = 0.9;
  o.training.sigma_epochs = 20;
  o.training.sigma_end = 0.05;
  o.training.rollouts = 2;
  o.training.adam.clip_norm = 5;
  return o;
}

/// One model that is trained and judged.
struct ClutterRun {
  Looker looker = Looker::learned;
  Index glimpses = 6;
  std::uint64_t seed = 1;
  std::string variant{};  ///< its name; empty: none

  [[nodiscard]] std::string name() const {
    std::string text = to_string(looker) + file_suffix(variant);
    if (looker != Looker::whole) text.append("-").append(std::to_string(glimpses));
    return text.append("-seed").append(std::to_string(seed));
  }
};

/// The study's options as they are for a run: with the fields of its variant. A thumbnail shows all of the image.
/// @param fields  of all models: "policy.sigma=0.3", "training.decay=0.9"
/// @throws ConfigError
[[nodiscard]] inline ClutterStudyOptions options_of(ClutterStudyOptions o, const std::vector<std::string>& fields,
                                                    const std::vector<Variant>& variants, std::string_view variant) {
  if (o.task == ClutterTask::sum) o.model.classes = 19;
  if (saccade::Index& side = o.model.glance.side; side > 0) {
    const Index reduction = o.model.glance.reduction;
    side = (o.clutter.side + reduction - 1) / reduction;
  }
  set_fields(o.model, o.training, fields_with(fields, variants, variant));
  o.model = validated(o.model);
  validate(o.training, o.model);
  return o;
}

/// What a run begins with: another's checkpoint, or nothing.
[[nodiscard]] inline std::filesystem::path starting_checkpoint(const ClutterRun& run, const ClutterStudyOptions& o) {
  if (run.looker == Looker::whole) return {};
  return checkpoint_of_seed(o.start_from, run.seed);
}

/// What makes a run's numbers what they are, for its file.
/// @throws FileError where the checkpoint that it begins with cannot be read
[[nodiscard]] inline Json describe(const ClutterRun& run, const ClutterStudyOptions& o, Index train_objects,
                                   const std::string& arithmetic) {
  Json json{
      {"looker", to_string(run.looker)},
      {"backend", arithmetic},
      {"glimpses", run.looker == Looker::whole ? 1 : run.glimpses},
      {"seed", run.seed},
      {"model", saccade::to_json(o.model)},
      {"training", saccade::to_json(o.training)},
      {"encoder", {{"width", o.encoder_width}, {"outputs", o.encoder_outputs}, {"map", o.encoder_map}}},
      {"whole", {{"width", o.whole_width}, {"epochs", o.whole_epochs}}},
      {"task", to_string(o.task)},
      {"clutter", {{"side", o.clutter.side}, {"patches", o.clutter.patches}, {"patch_side", o.clutter.patch_side}}},
      {"train_objects", train_objects},
      {"evaluation_split", to_string(o.evaluation_split)}};
  const std::filesystem::path start = starting_checkpoint(run, o);
  if (!start.empty()) json["start_from"] = saccade::describe_file(start);
  return json;
}

}  // namespace bench
