#include <saccade/core/file.hpp>

#include "common/backend_options.hpp"
#include "common/dataset_options.hpp"
#include "common/image_report.hpp"
#include "common/image_study.hpp"
#include "common/interruption.hpp"
#include "common/program.hpp"
#include "common/run_trials.hpp"
#include "common/slides.hpp"
#include "common/study_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace saccade;

struct Options {
  bench::ImageStudyOptions study;
  std::vector<std::string> conditions{"learned", "random", "centre", "shrunk", "whole"};
  std::vector<std::string> variants{};
  bench::StudyWork work;
};

bool holds_slides(const data::Dataset& dataset) {
  return std::any_of(dataset.samples.begin(), dataset.samples.end(),
                     [&](const data::Sample& sample) { return data::is_slide(dataset, sample); });
}

bench::ImagesAtHand images_of(const data::Dataset& dataset) {
  ImageSize largest{};
  for (const data::Sample& sample : dataset.samples) {
    const ImageSize size = bench::size_of(dataset, sample);
    largest = {std::max(largest.width, size.width), std::max(largest.height, size.height)};
  }
  return {largest, dataset.class_count()};
}

int run_study(const Options& o) {
  bench::ImageStudyOptions study = o.study;
  study.conditions = bench::chosen_of<bench::Condition>(bench::condition_names, o.conditions);
  study.variants = bench::parse_variants(o.variants);
  for (const Index fold : study.only)
    if (fold > study.folds) throw ConfigError("image_study: there is no fold " + std::to_string(fold));
  study.data.options.slides = program::slide_reader();
  const data::Dataset dataset = open_for_training(bench::choice_of(study, 1)).dataset;
  const bool whole =
      std::find(study.conditions.begin(), study.conditions.end(), bench::Condition::whole) != study.conditions.end();
  expect_config(!whole || !holds_slides(dataset),
                "image_study: no model sees a whole slide at full resolution; leave whole out of --conditions");
  for (const bench::Condition condition : study.conditions)  // before hours of work, not after
    static_cast<void>(bench::prepared(dataset, bench::preparation_of(condition), 1));
  const bench::ImagesAtHand images = images_of(dataset);
  std::cerr << dataset.name << '\n';
  const std::vector<bench::ImageRun> runs = bench::planned_runs(study);
  bench::expect_each_once(runs, [](const bench::ImageRun& run) { return name_of(run); });
  std::vector<bench::ImageTrial> trials;
  for (const bench::ImageRun& run : runs) trials.push_back(bench::image_trial(study, run, images));
  create_folders(o.work.runs());
  const std::size_t folds = study.only.empty() ? static_cast<std::size_t>(study.folds) : study.only.size();
  const auto rows_of = [&](const std::vector<bench::ImageResult>& results) {
    return bench::image_rows(results, folds, dataset.class_count());
  };
  const program::Interruption interruption;
  const auto results = bench::run_trials<bench::ImageResult>(
      runs, trials, o.work, interruption, [&](const std::vector<bench::ImageResult>& so_far) {
        bench::write_image_report(o.work.out, rows_of(so_far), dataset.name, study, so_far.size(), runs.size());
      });
  if (!results) return bench::interrupted("image_study");
  std::cout << bench::image_table(rows_of(*results)) << o.work.report_files();
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  Options o;
  bench::ImageStudyOptions& study = o.study;
  program::Options options(
      "image_study",
      "Does looking pay on the images of a data set? Learned glimpses, random and central ones, one where the region "
      "is "
      "known to be, and the whole image, shrunk to as many pixels and as it is, with the same encoder, in folds by "
      "group. Stopped and started again it goes on where it was.");
  program::add_data_option(options, study.data);
  program::add_kind_option(options, study.data);
  program::add_microns_option(options, study.data.options.microns_per_pixel,
                              program::add_magnification_option(options, study.data));
  program::add_group_option(options, study.data);
  options.add_option("--out", o.work.out, "folder for runs, tables and figure")->required();
  options.add_option("--folds", study.folds, "into which the groups are dealt")->check(CLI::Range(2, 1000));
  bench::add_list(options, "--only", study.only, "folds, from 1")->check(CLI::Range(1, 1000))->default_str("all");
  bench::add_words(options, "--conditions", o.conditions, bench::condition_names,
                   "glimpses that models are made for, or the whole image");
  bench::add_variants(options, o.variants);
  bench::add_list(options, "--seeds", study.seeds, "of weights and draws");
  options
      .add_option("--validation", study.data.validation,
                  "share of the training groups to choose the best epoch by; else 0.15")
      ->check(CLI::Range(0.01, 0.9));
  options.add_option("--preset", study.preset, "of the models and their training")
      ->check(CLI::IsMember({"paper", "large", "compact", "pretrained"}));
  options.add_option("--weights", study.weights, "safetensors file of the encoder that encoder.backbone.kind names");
  bench::add_training_options(options, study.training);
  bench::add_evaluation_split(options, study.evaluation_split,
                              "test images, or those that the best epoch is chosen by, to tune by");
  bench::add_work_options(options, o.work);
  options.add_flag("--quick", study.training.quick, "tiny models, two epochs: shows that the program runs, no more");
  return program::run(options, argc, argv, [&] { return run_study(o); });
}
