#pragma once

#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/model/config.hpp>

#include "breakhis_trial.hpp"
#include "study_data.hpp"
#include "study_options.hpp"
#include "trained_on.hpp"
#include "trial_figures.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

/// Does a model learn to find the one place that tells the class? Drawn tissue, where that place is known: how often
/// each glimpse finds it, and what that is worth, beside glimpses that look at nothing and the image shrunk.
namespace bench {

/// How large images and networks are.
enum class StudySize {
  small,  ///< 350 x 230 pixels, glimpses of 32 x 32, a narrow encoder: hours on a CPU
  full,   ///< 700 x 460 pixels, the presets as they are: for a GPU
};

inline constexpr std::array<std::string_view, 2> study_size_names{"small", "full"};

inline constexpr std::array<std::string_view, 2> studied_presets{"paper", "stable"};

struct TissueStudyOptions {
  std::vector<double> focus{1, 2, 4, 8};  ///< percent of the image
  std::vector<std::string> presets{"paper", "stable"};
  std::vector<EncoderKind> encoders{EncoderKind::attention, EncoderKind::plain};
  std::vector<TrainedOn> trained_on{TrainedOn::learned, TrainedOn::random, TrainedOn::shrunk};
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::uint64_t headline_seeds = 0;  ///< the headline case is trained with the seeds 1 to this one as well
  StudySize size = StudySize::small;
  saccade::data::SyntheticTissueOptions tissue{.patients_per_class = 300, .images_per_patient = 6};
  TrainingChoice training;
  JudgedOn judged_on = JudgedOn::test;
};

/// One model that is trained and judged.
struct TissueRun {
  double focus = 4;  ///< percent of the image
  std::string preset = "stable";
  EncoderKind encoder = EncoderKind::attention;
  TrainedOn trained_on = TrainedOn::learned;
  std::uint64_t seed = 1;

  /// What the targets are about.
  [[nodiscard]] bool headline() const {
    return focus == 4 && preset == "stable" && encoder == EncoderKind::attention && trained_on == TrainedOn::learned;
  }

  friend bool operator==(const TissueRun&, const TissueRun&) = default;
};

/// "4", "0.5".
[[nodiscard]] inline std::string focus_text(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", percent);
  return text;
}

/// "focus4-stable-attention-learned-seed1".
[[nodiscard]] inline std::string name_of(const TissueRun& run) {
  return "focus" + focus_text(run.focus) + "-" + run.preset + "-" + to_string(run.encoder) + "-" +
         to_string(run.trained_on) + "-seed" + std::to_string(run.seed);
}

/// All runs, those of the headline case's focus before the others, and a seed after the other, so that a study that was
/// stopped has whole seeds of what matters most. Every preset learns to look, with the first of the encoders; what is
/// compared with that, other encoders and controls, is of the last preset alone.
[[nodiscard]] inline std::vector<TissueRun> planned_runs(const TissueStudyOptions& o) {
  std::vector<TissueRun> runs;
  for (const std::uint64_t seed : o.seeds) {
    for (const double focus : o.focus) {
      for (const std::string& preset : o.presets) {
        for (const EncoderKind encoder : o.encoders) {
          for (const TrainedOn trained_on : o.trained_on) {
            const bool first = encoder == o.encoders.front(), last = preset == o.presets.back();
            const bool learned = trained_on == TrainedOn::learned;
            if ((learned && first) || (learned && last) || (first && last))
              runs.push_back({focus, preset, encoder, trained_on, seed});
          }
        }
      }
    }
  }
  for (std::uint64_t seed = 1; seed <= o.headline_seeds; ++seed) {
    const TissueRun run{.seed = seed};
    if (std::find(runs.begin(), runs.end(), run) == runs.end()) runs.push_back(run);
  }
  std::stable_partition(runs.begin(), runs.end(),
                        [](const TissueRun& run) { return run.focus == TissueRun{}.focus; });
  return runs;
}

/// The drawn images of a share of the focus.
[[nodiscard]] inline saccade::data::SyntheticTissueOptions tissue_of(const TissueStudyOptions& o, double focus) {
  saccade::data::SyntheticTissueOptions tissue = o.tissue;
  tissue.focus_area = focus / 100;
  return tissue;
}

/// Model and training of a preset at the study's size, as made for learned glimpses.
[[nodiscard]] inline saccade::RunConfig tissue_config(const TissueStudyOptions& o, const TissueRun& run) {
  // What the small size calls stable is the preset compact, its small sibling, with as many glimpses.
  const bool small_stable = o.size == StudySize::small && run.preset == "stable";
  const std::string preset = small_stable ? "compact" : run.preset;
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
    if (small_stable) {
      config.training.random_epochs = 8;
      config.training.learning_rate = 1e-3;
      config.training.decay = 0.99;
      group_of(config.training.adam, "policy.*").rate = 0.6;
    }
  }
  if (run.encoder == EncoderKind::plain) config.model.encoder.mask = saccade::MaskUse::none;
  o.training.apply(config);
  return config;
}

/// A run whose images lie in `data`, those of the shrunk images in `shrunk`.
[[nodiscard]] inline BreakhisTrial tissue_trial(const TissueStudyOptions& o, const TissueRun& run,
                                                const std::filesystem::path& data,
                                                const std::filesystem::path& shrunk) {
  BreakhisTrial trial{.name = name_of(run),
                      .config = tissue_config(o, run),
                      .data = {.folder = run.trained_on == TrainedOn::shrunk ? shrunk : data,
                               .options = {.magnification = o.tissue.magnification}},
                      .policies = judged_policies(run.trained_on),
                      .judged_on = o.judged_on,
                      .about = describe(tissue_of(o, run.focus))};
  if (run.trained_on == TrainedOn::shrunk) {
    trial.original_pixels = o.tissue.width * o.tissue.height;
    trial.config.training.epochs = o.training.epochs_of_shrunk(trial.config);
  }
  adapt(trial.config, run.trained_on, shrunk_side(trial.config.model, std::min(o.tissue.width, o.tissue.height)));
  return trial;
}

/// A run that is done: what it was, and its file's figures.
struct TissueResult {
  TissueRun run;
  Json figures;
};

/// Whether a run of learned glimpses has learned to look: against random glimpses of the same model, its glimpses find
/// the focus in at least 10 points more of the images, and its answers are at least 10 points better.
[[nodiscard]] inline bool has_learned(const Json& figures) {
  return any_hit(figures, "learned") >= any_hit(figures, "random") + 0.1 &&
         accuracy_of(figures, "learned") >= accuracy_of(figures, "random") + 0.1;
}

}  // namespace bench
