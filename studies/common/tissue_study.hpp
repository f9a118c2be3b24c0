#pragma once

#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/model/config.hpp>
#include <saccade/model/config_fields.hpp>

#include "adapt_trial.hpp"
#include "condition.hpp"
#include "study_data.hpp"
#include "study_options.hpp"
#include "trial_figures.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

/// Does a model learn to find the one place that tells the class, or the two that tell it together? Drawn tissue, where
/// they are known: how often glimpses find them, and what that is worth, beside glimpses that look at nothing and the
/// image shrunk.
namespace bench {

/// How large images and networks are.
enum class StudySize {
  small,  ///< 350 x 230 pixels, glimpses of 32 x 32, a narrow encoder: hours on a CPU
  full,   ///< 700 x 460 pixels, the presets as they are: for a GPU
};

inline constexpr std::array<std::string_view, 2> study_size_names{"small", "full"};

inline constexpr std::array<std::string_view, 2> studied_presets{"paper", "large"};

struct TissueStudyOptions {
  TissueTask task = TissueTask::kind;
  std::vector<double> region{1, 2, 4, 8};  ///< percent of the image
  std::vector<std::string> presets{"paper", "large"};
  std::vector<EncoderKind> encoders{EncoderKind::attention, EncoderKind::plain};
  std::vector<Condition> conditions{Condition::learned, Condition::random, Condition::shrunk};
  std::vector<saccade::PolicyKind> policies{saccade::PolicyKind::gaussian};
  std::vector<saccade::LearnerKind> learners{saccade::LearnerKind::policy_gradient};
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::uint64_t headline_seeds = 0;  ///< the headline case is trained with the seeds 1 to this one as well
  StudySize size = StudySize::small;
  saccade::data::SyntheticTissueOptions tissue{.patients_per_class = 300, .images_per_patient = 6};
  TrainingChoice training;
  EvaluationSplit evaluation_split = EvaluationSplit::test;
};

/// One model that is trained and judged.
struct TissueRun {
  double region = 4;  ///< percent of the image
  std::string preset = "large";
  EncoderKind encoder = EncoderKind::attention;
  Condition condition = Condition::learned;
  std::uint64_t seed = 1;
  saccade::PolicyKind policy = saccade::PolicyKind::gaussian;
  saccade::LearnerKind learner = saccade::LearnerKind::policy_gradient;
  TissueTask task = TissueTask::kind;

  /// What the targets are about.
  [[nodiscard]] bool headline() const {
    return task == TissueTask::kind && region == 4 && preset == "large" && encoder == EncoderKind::attention &&
           condition == Condition::learned && policy == saccade::PolicyKind::gaussian &&
           learner == saccade::LearnerKind::policy_gradient;
  }

  friend bool operator==(const TissueRun&, const TissueRun&) = default;
};

/// "4", "0.5".
[[nodiscard]] inline std::string region_text(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", percent);
  return text;
}

[[nodiscard]] inline std::string to_string(saccade::PolicyKind kind) {
  return std::string(saccade::enum_names<saccade::PolicyKind>[static_cast<std::size_t>(kind)]);
}
[[nodiscard]] inline std::string to_string(saccade::LearnerKind kind) {
  return std::string(saccade::enum_names<saccade::LearnerKind>[static_cast<std::size_t>(kind)]);
}

/// Policy and learner where one of them is another than the preset's: "-cell-ppo", else nothing.
[[nodiscard]] inline std::string way_of_looking(const TissueRun& run) {
  const TissueRun preset;
  if (run.policy == preset.policy && run.learner == preset.learner) return {};
  return "-" + to_string(run.policy) + "-" + to_string(run.learner);
}

/// Of the folder of its images: "region4", "compare4" where two regions are compared.
[[nodiscard]] inline std::string images_of(const TissueRun& run) {
  return (run.task == TissueTask::kind ? "region" : to_string(run.task)) + region_text(run.region);
}

/// "region4-large-attention-learned-seed1", "region4-large-attention-learned-cell-ppo-seed1".
[[nodiscard]] inline std::string name_of(const TissueRun& run) {
  return images_of(run) + "-" + run.preset + "-" + to_string(run.encoder) + "-" + to_string(run.condition) +
         way_of_looking(run) + "-seed" + std::to_string(run.seed);
}

/// Whether the study asks for `run`. Every preset learns to look, with the first of the encoders and every policy and
/// learner; what is compared with that, other encoders and controls, is of the last preset, the first policy and
/// learner.
[[nodiscard]] inline bool is_planned(const TissueStudyOptions& o, const TissueRun& run) {
  const bool learned = run.condition == Condition::learned, first = run.encoder == o.encoders.front();
  if (learned && first) return true;
  return (learned || first) && run.preset == o.presets.back() && run.policy == o.policies.front() &&
         run.learner == o.learners.front();
}

/// All runs, those of the headline case's region before the others, and a seed after the other, so that a study that
/// was stopped has whole seeds of what matters most.
[[nodiscard]] inline std::vector<TissueRun> planned_runs(const TissueStudyOptions& o) {
  std::vector<TissueRun> runs;
  for (const std::uint64_t seed : o.seeds)
    for (const double region : o.region)
      for (const std::string& preset : o.presets)
        for (const EncoderKind encoder : o.encoders)
          for (const Condition condition : o.conditions)
            for (const saccade::PolicyKind policy : o.policies)
              for (const saccade::LearnerKind learner : o.learners)
                if (const TissueRun run{region, preset, encoder, condition, seed, policy, learner, o.task};
                    is_planned(o, run))
                  runs.push_back(run);
  for (std::uint64_t seed = 1; seed <= o.headline_seeds; ++seed) {
    const TissueRun run{.seed = seed};
    if (std::find(runs.begin(), runs.end(), run) == runs.end()) runs.push_back(run);
  }
  std::stable_partition(runs.begin(), runs.end(),
                        [](const TissueRun& run) { return run.region == TissueRun{}.region; });
  return runs;
}

/// The drawn images of a share of the region.
[[nodiscard]] inline saccade::data::SyntheticTissueOptions tissue_of(const TissueStudyOptions& o, double region) {
  saccade::data::SyntheticTissueOptions tissue = o.tissue;
  tissue.region_area = region / 100;
  return tissue;
}

/// Model and training of a preset at the study's size, as made for learned glimpses.
[[nodiscard]] inline saccade::RunConfig tissue_config(const TissueStudyOptions& o, const TissueRun& run) {
  // What the small size calls large is the preset compact, its small sibling, with as many glimpses.
  const bool small = o.size == StudySize::small && run.preset == "large";
  const std::string preset = small ? "compact" : run.preset;
  saccade::RunConfig config{.preset = run.preset,
                            .model = saccade::preset(preset),
                            .training = saccade::training_preset(preset),
                            .seed = run.seed};
  config.model = with_thumbnail_over(config.model, o.tissue.width, o.tissue.height);
  config.model.glimpses = 5;
  if (o.size == StudySize::small) {
    config.model.sensor.side = 32;
    config.model.encoder.width = 16;
    config.model.fusion_width = config.model.hidden = 64;
    config.training.epochs = 40;
    if (small) {
      config.training.random_epochs = 8;
      config.training.learning_rate = 1e-3;
      config.training.decay = 0.99;
      group_of(config.training.adam, "policy.*").rate = 0.6;
    }
  }
  if (run.task == TissueTask::compare) {
    // What the first glimpse sees pays only after the second, and to see both a policy has to move.
    config.model.learner.discount = 1;
    config.model.policy.movement_penalty = 0;
  }
  config.model.policy.kind = run.policy;
  config.model.learner.kind = run.learner;
  if (run.encoder == EncoderKind::plain) config.model.encoder.mask = saccade::MaskUse::none;
  o.training.apply(config);
  return config;
}

/// A run whose images lie in `data`.
[[nodiscard]] inline ImageTrial tissue_trial(const TissueStudyOptions& o, const TissueRun& run,
                                             const std::filesystem::path& data) {
  ImageTrial trial{.name = name_of(run),
                   .config = tissue_config(o, run),
                   .data = {.folder = data, .options = {}},
                   .evaluation_split = o.evaluation_split,
                   .about = describe(tissue_of(o, run.region), o.task)};
  if (o.task == TissueTask::kind) trial.data.options.magnification = o.tissue.magnification;
  adapt(trial, run.condition, {o.tissue.width, o.tissue.height}, o.training);
  return trial;
}

/// A run that is done: what it was, and its file's figures.
struct TissueResult {
  TissueRun run;
  Json figures;
};

/// Whether a run of learned glimpses has learned to look: against random glimpses of the same model, its glimpses find
/// the region, or both of two, in at least 10 points more of the images, and its answers are at least 10 points better.
[[nodiscard]] inline bool has_learned(const Json& figures) {
  return all_hits(figures, "learned") >= all_hits(figures, "random") + 0.1 &&
         accuracy_of(figures, "learned") >= accuracy_of(figures, "random") + 0.1;
}

}  // namespace bench
