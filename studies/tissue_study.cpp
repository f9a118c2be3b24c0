#include <saccade/core/file.hpp>
#include <saccade/data/breakhis.hpp>
#include <saccade/data/manifest.hpp>

#include "common/backend_options.hpp"
#include "common/dataset_options.hpp"
#include "common/interruption.hpp"
#include "common/program.hpp"
#include "common/run_trials.hpp"
#include "common/study_data.hpp"
#include "common/study_options.hpp"
#include "common/tissue_report.hpp"
#include "common/tissue_study.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace saccade;

struct Options {
  bench::TissueStudyOptions study;
  std::vector<std::string> presets{"paper", "large"};
  std::vector<std::string> encoders{"attention", "plain"};
  std::vector<std::string> conditions{};  ///< empty: those of the task
  std::vector<std::string> policies{"gaussian"};
  std::vector<std::string> learners{"policy_gradient"};
  std::string size = "small";
  std::string task = "kind";
  bench::StudyWork work;
};

/// Where the images of a run lie in the study's folder.
std::filesystem::path data_folder(const Options& o, const bench::TissueRun& run) {
  return o.work.out / "data" / images_of(run);
}

/// The regions of each of the drawn images.
std::vector<std::vector<Box>> drawn_regions(const std::filesystem::path& data) {
  std::vector<std::vector<Box>> images;
  if (file_exists(data / "manifest.csv")) {
    for (const data::ManifestEntry& entry : data::parse_manifest(data / "manifest.csv").entries)
      images.push_back(entry.regions);
  } else if (const auto table = data::find_region_table(data)) {
    for (const auto& [image, boxes] : data::read_region_table(*table)) images.push_back(boxes);
  }
  return images;
}

/// What random glimpses find by chance in the drawn images.
bench::HitChance chance_in(const std::filesystem::path& data, const bench::TissueStudyOptions& study, double region) {
  const HybridAttentionConfig model =
      bench::tissue_config(study, {.region = region, .preset = study.presets.front()}).model;
  return bench::hit_chance(model.sensor.side, model.glimpses, study.tissue.width, study.tissue.height,
                           drawn_regions(data));
}

/// What the words say, and what follows from others. @throws ConfigError
bench::TissueStudyOptions complete(const Options& o) {
  bench::TissueStudyOptions study = o.study;
  study.task = bench::chosen_of<bench::TissueTask>(bench::tissue_task_names, {o.task}).front();
  expect_config(study.task == bench::TissueTask::kind || study.headline_seeds == 0,
                "--headline-seeds is of the task kind, but the task is " + o.task);
  study.size = o.size == "full" ? bench::StudySize::full : bench::StudySize::small;
  study.presets.clear();
  for (const std::string_view preset : bench::studied_presets)
    if (std::find(o.presets.begin(), o.presets.end(), preset) != o.presets.end()) study.presets.emplace_back(preset);
  study.encoders = bench::chosen_of<bench::EncoderKind>(bench::encoder_kind_names, o.encoders);
  // One look at a region is the best that one look can do.
  const std::vector<std::string> usual = study.task == bench::TissueTask::compare
                                             ? std::vector<std::string>{"learned", "random", "oracle", "shrunk"}
                                             : std::vector<std::string>{"learned", "random", "shrunk"};
  study.conditions =
      bench::chosen_of<bench::Condition>(bench::condition_names, o.conditions.empty() ? usual : o.conditions);
  study.policies = bench::chosen_of<PolicyKind>(enum_names<PolicyKind>, o.policies);
  study.learners = bench::chosen_of<LearnerKind>(enum_names<LearnerKind>, o.learners);
  if (study.size == bench::StudySize::small) {
    study.tissue.width = 350;
    study.tissue.height = 230;
  }
  if (study.training.quick) {
    study.tissue.width = 80;
    study.tissue.height = 64;
    study.tissue.patients_per_class = 4;
    study.tissue.images_per_patient = 2;
  }
  for (const double region : study.region) validate(bench::tissue_of(study, region), study.task);
  for (const std::string& preset : study.presets)  // before hours of work, not after
    for (const PolicyKind policy : study.policies)
      for (const LearnerKind learner : study.learners)
        static_cast<void>(
            bench::tissue_config(study, {.preset = preset, .policy = policy, .learner = learner, .task = study.task}));
  return study;
}

/// The images of all runs, drawn where they are not there yet, and what glimpses find in them by chance. No
/// further ones where it is interrupted.
bench::Chances make_images(const Options& o, const bench::TissueStudyOptions& study,
                           const std::vector<bench::TissueRun>& runs, const program::Interruption& interruption) {
  const int threads = bench::threads_of_job(o.work.backend.threads, 1);
  bench::Chances chances;
  for (const bench::TissueRun& run : runs) {
    if (interruption.requested()) break;
    const std::filesystem::path data = data_folder(o, run);
    if (!chances.contains(run.region)) {
      bench::draw_tissue(bench::tissue_of(study, run.region), study.task, data, threads);
      chances[run.region] = chance_in(data, study, run.region);
    }
  }
  return chances;
}

int run_study(const Options& o) {
  const bench::TissueStudyOptions study = complete(o);
  const std::vector<bench::TissueRun> runs = bench::planned_runs(study);
  bench::expect_each_once(runs, [](const bench::TissueRun& run) { return name_of(run); });
  create_folders(o.work.runs());
  const program::Interruption interruption;
  const bench::Chances chances = make_images(o, study, runs, interruption);
  if (interruption.requested()) return bench::interrupted("tissue_study");
  std::vector<bench::ImageTrial> trials;
  for (const bench::TissueRun& run : runs) trials.push_back(bench::tissue_trial(study, run, data_folder(o, run)));
  const auto results = bench::run_trials<bench::TissueResult>(
      runs, trials, o.work, interruption, [&](const std::vector<bench::TissueResult>& so_far) {
        bench::write_tissue_report(o.work.out, so_far, chances, bench::to_string(study.evaluation_split), runs.size());
      });
  if (!results) return bench::interrupted("tissue_study");
  const std::vector<bench::TissueRow> rows = bench::tissue_rows(*results);
  std::cout << bench::accuracy_table(rows) << bench::hit_table(rows, chances) << bench::learning_table(rows);
  if (const auto targets = bench::tissue_targets(rows); !targets.empty())
    std::cout << "4 % region, preset large, learned glimpses:\n" << bench::target_table(targets);
  std::cout << o.work.report_files();
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  Options o;
  bench::TissueStudyOptions& study = o.study;
  program::Options options(
      "tissue_study",
      "Synthetic tissue, where one region tells the class and it is known where: how often learned "
      "glimpses find it, and "
      "what that is worth, beside random, central and grid glimpses, an oracle, and the image "
      "shrunk to as many pixels. "
      "Stopped and started again it goes on where it was.");
  options.add_option("--out", o.work.out, "folder for images, runs, tables and figure")->required();
  options
      .add_option("--task", o.task,
                  "kind: that of the one region is the class; compare: whether two regions are of the same kind")
      ->check(
          CLI::IsMember(std::vector<std::string>(bench::tissue_task_names.begin(), bench::tissue_task_names.end())));
  bench::add_list(options, "--region", study.region, "areas of the region, in percent of the image")
      ->check(CLI::Range(0.1, 50.0));
  bench::add_words(options, "--presets", o.presets, bench::studied_presets, "of model and training");
  bench::add_words(options, "--encoders", o.encoders, bench::encoder_kind_names, "with soft attention, or without");
  bench::add_words(options, "--conditions", o.conditions, bench::condition_names,
                   "glimpses that models are made for, or the shrunk image")
      ->default_str("learned,random,shrunk; to compare also oracle");
  bench::add_words(options, "--policies", o.policies, enum_names<PolicyKind>, "of models that learn where to look");
  bench::add_words(options, "--learners", o.learners, enum_names<LearnerKind>, "of models that learn where to look");
  const CLI::Option* seeds = bench::add_list(options, "--seeds", study.seeds, "of weights and draws");
  const CLI::Option* headline =
      options
          .add_option("--headline-seeds", study.headline_seeds,
                      "learned glimpses of the preset large at 4 % region are trained with the seeds 1 to N as well")
          ->check(CLI::Range(0, 1000))
          ->default_str("10; 0 with --seeds or --quick");
  options
      .add_option("--size", o.size,
                  "small: 350 x 230 pixels, glimpses of 32 x 32; full: 700 x 460, the presets as they are, for a GPU")
      ->check(CLI::IsMember({"small", "full"}));
  options.add_option("--patients", study.tissue.patients_per_class, "of each class")->check(CLI::Range(4, 10000));
  options.add_option("--images", study.tissue.images_per_patient, "of each patient")->check(CLI::Range(1, 10000));
  options.add_option("--data-seed", study.tissue.seed, "of the images; the same for all models");
  bench::add_training_options(options, study.training);
  bench::add_evaluation_split(options, study.evaluation_split,
                              "test patients, or those that the best epoch is chosen by, to tune by");
  bench::add_work_options(options, o.work);
  options.add_flag("--quick", study.training.quick,
                   "few and tiny images, tiny models, two epochs: shows that the program runs");
  return program::run(options, argc, argv, [&] {
    if (headline->count() == 0)
      study.headline_seeds = seeds->count() > 0 || study.training.quick || o.task != "kind" ? 0 : 10;
    return run_study(o);
  });
}
