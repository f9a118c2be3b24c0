#include <saccade/core/file.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/split_report.hpp>

#include "common/backend_options.hpp"
#include "common/breakhis_report.hpp"
#include "common/breakhis_study.hpp"
#include "common/dataset_options.hpp"
#include "common/interruption.hpp"
#include "common/program.hpp"
#include "common/run_trials.hpp"
#include "common/study_data.hpp"
#include "common/study_options.hpp"

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
  bench::BreakhisStudyOptions study;
  std::vector<std::string> encoders{"attention", "plain"};
  std::vector<std::string> conditions{"learned", "random", "centre", "shrunk"};
  bench::StudyWork work;
};

/// What will be run, and what there is to say of the images.
struct Plan {
  std::vector<bench::BreakhisRun> runs;
  bench::Remarks remarks;
};

/// The magnifications to run on, those asked for that are there. @throws FileError where one is not
std::vector<Index> magnifications_of(const bench::BreakhisStudyOptions& study, bench::Remarks& remarks) {
  std::vector<Index> found;
  for (const bench::BreakhisPart& part : bench::parts_of(study.data.folder)) {
    const bool asked = std::find(study.magnifications.begin(), study.magnifications.end(), part.magnification) !=
                       study.magnifications.end();
    if (part.images == 0 && asked) {
      throw FileError("breakhis: no image at " + std::to_string(part.magnification) + "x under \"" +
                      study.data.folder.string() + '"');
    }
    remarks.push_back(part.text());
    if (part.images > 0 && (asked || study.magnifications.empty())) found.push_back(part.magnification);
  }
  return found;
}

/// The splits asked for; else three random ones, and the official ones that are found.
std::vector<std::string> splits_of(const bench::BreakhisStudyOptions& study, bench::Remarks& remarks) {
  if (!study.splits.empty()) return study.splits;
  std::vector<std::string> splits{"random:1", "random:2", "random:3"};
  for (std::uint64_t fold = 1; fold <= 5; ++fold) {
    try {
      static_cast<void>(data::find_official_split(fold, study.data.folder, study.data.folds));
      splits.push_back("official:" + std::to_string(fold));
    } catch (const FileError&) {
      remarks.push_back("official split " + std::to_string(fold) + " is left out: there is no dsfold" +
                        std::to_string(fold) + ".txt beside the images");
    }
  }
  return splits;
}

/// Who is on both sides, for the remarks; nothing where nobody is.
void add_leaks(const RunData& data, bench::Remarks& remarks) {
  for (const auto grouping : {data::SlideGrouping::slide, data::SlideGrouping::case_number}) {
    const data::Dataset dataset = data::regrouped_breakhis(data.dataset, grouping);
    for (const data::Leak& leak : data::find_leaks(dataset, data.split)) {
      std::string line = data::leak_report(std::vector<data::Leak>{leak}, dataset.grouping);
      line.pop_back();
      remarks.push_back(bench::name_of_split(data) + ": " + line);
    }
  }
}

/// @throws FileError where nothing is left to run on
Plan plan_of(const bench::BreakhisStudyOptions& study) {
  Plan plan;
  const std::vector<Index> magnifications = magnifications_of(study, plan.remarks);
  const std::vector<std::string> splits = splits_of(study, plan.remarks);
  // A split after the other, so that a study that was stopped has whole splits.
  for (const std::string& split : splits) {
    for (const Index magnification : magnifications) {
      const RunData data = open_for_training(bench::choice_of(study, magnification, split));
      if (const auto problem = bench::split_problem(data)) {
        plan.remarks.push_back(*problem);
        continue;
      }
      add_leaks(data, plan.remarks);
      const auto runs = bench::runs_of(study, magnification, split);
      plan.runs.insert(plan.runs.end(), runs.begin(), runs.end());
    }
  }
  for (const std::string& remark : plan.remarks) std::cerr << remark << '\n';
  if (plan.runs.empty()) {
    throw FileError("breakhis: the images under \"" + study.data.folder.string() +
                    "\" are too few: no split has both classes in its training, validation and test part");
  }
  return plan;
}

/// All images of BreakHis have one width, and all but a few one height.
ImageSize size_of_images(const bench::BreakhisStudyOptions& study, Index magnification) {
  const data::Dataset dataset =
      data::open_dataset(study.data.folder, {.kind = "breakhis", .magnification = magnification}).dataset;
  return bench::size_of(dataset, dataset.samples.front());
}

int run_study(const Options& o) {
  bench::BreakhisStudyOptions study = o.study;
  study.encoders = bench::chosen_of<bench::EncoderKind>(bench::encoder_kind_names, o.encoders);
  study.conditions = bench::chosen_of<bench::Condition>(bench::condition_names, o.conditions);
  static_cast<void>(bench::breakhis_config(study, study.encoders.front()));  // before hours of work, not after
  const Plan plan = plan_of(study);
  bench::expect_each_once(plan.runs, [](const bench::BreakhisRun& run) { return name_of(run); });
  create_folders(o.work.runs());
  const program::Interruption interruption;
  std::vector<bench::ImageTrial> trials;
  for (const bench::BreakhisRun& run : plan.runs) {
    if (interruption.requested()) return bench::interrupted("breakhis_study");
    trials.push_back(bench::breakhis_trial(study, run, size_of_images(study, run.magnification)));
  }
  const auto results = bench::run_trials<bench::BreakhisResult>(
      plan.runs, trials, o.work, interruption, [&](const std::vector<bench::BreakhisResult>& so_far) {
        bench::write_breakhis_report(o.work.out, so_far, plan.remarks, bench::to_string(study.evaluation_split),
                                     trials.size());
      });
  if (!results) return bench::interrupted("breakhis_study");
  const std::vector<bench::BreakhisRow> rows = bench::breakhis_rows(*results);
  for (const bool official : {false, true}) {
    if (std::none_of(rows.begin(), rows.end(), [&](const auto& row) { return row.run.official() == official; }))
      continue;
    std::cout << "patient recognition rate, %, " << (official ? "official" : "random") << " splits:\n"
              << bench::paper_table(rows, official);
  }
  std::cout << bench::figures_table(rows) << o.work.report_files();
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  Options o;
  bench::BreakhisStudyOptions& study = o.study;
  program::Options options(
      "breakhis_study",
      "BreakHis by the protocol of Xu et al. 2019, Table 1: 70/30 by patient, and the official splits; learned "
      "glimpses "
      "with soft attention and without, random, central and grid glimpses, and the same encoder over the shrunk image. "
      "Runs on any part of the data set and says what is missing. Stopped and started again it goes on where it was.");
  program::add_data_option(options, study.data);
  options.add_option("--out", o.work.out, "folder for runs, tables and figure")->required();
  bench::add_list(options, "--magnifications", study.magnifications, "40, 100, 200, 400")
      ->check(CLI::IsMember({40, 100, 200, 400}))
      ->default_str("all that are found");
  bench::add_list(options, "--splits", study.splits, "by patient: random:SEED (70/30), official:1 to official:5")
      ->check([](const std::string& text) {
        return text == "all" || text == "given" ? std::string("a study needs test patients: random:SEED or official:K")
                                                : program::split_problem(text);
      })
      ->default_str("random:1 to random:3, and the official ones where they are found");
  program::add_group_option(options, study.data);
  program::add_folds_option(options, study.data);
  options
      .add_option("--validation", study.data.validation,
                  "share of the training patients to choose the best epoch by; else 0.15")
      ->check(CLI::Range(0.01, 0.9));
  options.add_option("--preset", study.preset, "of the models and their training")
      ->check(CLI::IsMember({"paper", "large", "compact"}));
  bench::add_words(options, "--encoders", o.encoders, bench::encoder_kind_names,
                   "with soft attention, or without; controls have the first");
  bench::add_words(options, "--conditions", o.conditions, bench::condition_names,
                   "glimpses that models are made for, or the shrunk image");
  options.add_option("--seed", study.seed, "of weights and draws");
  bench::add_training_options(options, study.training);
  bench::add_evaluation_split(options, study.evaluation_split,
                              "test patients, or those that the best epoch is chosen by, to tune by");
  bench::add_work_options(options, o.work);
  options.add_flag("--quick", study.training.quick, "tiny models, two epochs: shows that the program runs, no more");
  return program::run(options, argc, argv, [&] { return run_study(o); });
}
