#include <saccade/core/file.hpp>
#include <saccade/data/idx.hpp>

#include "common/backend_options.hpp"
#include "common/clutter_report.hpp"
#include "common/clutter_study.hpp"
#include "common/clutter_trial.hpp"
#include "common/parallel_map.hpp"
#include "common/program.hpp"
#include "common/study_options.hpp"
#include "common/variant.hpp"
#include "common/with_backend.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace saccade;

struct Options {
  std::filesystem::path data = "/usr/share/datasets/fashion-mnist";
  std::filesystem::path out;
  std::vector<std::string> lookers{"learned", "random", "centre", "whole"};
  std::vector<Index> glimpses{4, 6, 8};
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::string preset = "large";
  std::optional<Index> epochs;  ///< without one: the preset's, as for batch and learning rate
  std::optional<Index> batch;
  std::optional<double> learning_rate;
  std::vector<std::string> fields;
  std::vector<std::string> variants;
  std::string task = "object";
  Index objects = 0;
  program::BackendChoice backend;
  int jobs = 1;
  bool quick = false;
};

/// Ten kinds of stripes, for a look at the program where Fashion-MNIST is not at hand.
data::ObjectSet stripes(Index count, Index phase) {
  constexpr Index side = 28;
  data::ObjectSet set{.width = side, .height = side, .pixels = {}, .labels = {}};
  for (Index i = 0; i < count; ++i) {
    const Index kind = i % 10;
    set.labels.push_back(kind);
    for (Index y = 0; y < side; ++y)
      for (Index x = 0; x < side; ++x)
        set.pixels.push_back((i + phase + x * (kind % 5) + y * (1 + kind / 5)) / 4 % 2 == 0 ? 0 : 200);
  }
  return set;
}

/// The first `count` objects. @throws ConfigError where there are fewer
data::ObjectSet first_objects(data::ObjectSet set, Index count) {
  expect_config(count <= set.count(),
                "--objects must be at most " + std::to_string(set.count()) + ", but is " + std::to_string(count));
  set.pixels.resize(static_cast<std::size_t>(count * set.width * set.height));
  set.labels.resize(static_cast<std::size_t>(count));
  return set;
}

/// A seed after the other, variants behind the models that they vary. The whole image is one glimpse, whatever the
/// others' number.
std::vector<bench::ClutterRun> planned_runs(const Options& o, const std::vector<bench::Variant>& variants) {
  std::vector<bench::ClutterRun> runs;
  const auto lookers = bench::chosen_of<bench::Looker>(bench::looker_names, o.lookers);
  for (const std::uint64_t seed : o.seeds)
    for (const Index glimpses : o.glimpses) {
      for (const bench::Looker looker : lookers)
        if (looker != bench::Looker::whole || glimpses == o.glimpses.front()) runs.push_back({looker, glimpses, seed});
      for (const bench::Variant& variant : variants)
        runs.push_back({bench::Looker::learned, glimpses, seed, variant.name});
    }
  return runs;
}

/// What is said of all models, on top of the preset's.
bench::ClutterStudyOptions complete(const Options& o, const bench::ClutterStudyOptions& said) {
  bench::ClutterStudyOptions study = said;
  const bench::ClutterStudyOptions start = bench::default_clutter_study(o.preset);
  study.model = start.model;
  study.training = start.training;
  study.training.epochs = o.epochs.value_or(study.training.epochs);
  study.training.batch = o.batch.value_or(study.training.batch);
  study.training.learning_rate = o.learning_rate.value_or(study.training.learning_rate);
  if (o.quick) {
    study.training.epochs = study.whole_epochs = 1;
    study.training.batch = 16;
    study.validation_objects = 16;
    study.model.fusion_width = study.model.hidden = study.encoder_outputs = 8;
    study.encoder_width = study.whole_width = 4;
  }
  study.task = bench::chosen_of<bench::ClutterTask>(bench::clutter_task_names, {o.task}).front();
  return study;
}

int study(const Options& o, const bench::ClutterStudyOptions& said) {
  const bench::ClutterStudyOptions study = complete(o, said);
  const std::vector<bench::Variant> variants = bench::parse_variants(o.variants);
  const auto options_of = [&](const bench::ClutterRun& run) {
    return bench::options_of(study, o.fields, variants, run.variant);
  };
  data::ObjectSet train = o.quick ? stripes(80, 0) : data::load_objects(o.data, data::Part::train);
  const data::ObjectSet test = o.quick ? stripes(40, 1) : data::load_objects(o.data, data::Part::test);
  if (o.objects > 0) train = first_objects(std::move(train), o.objects);
  const std::vector<bench::ClutterRun> runs = planned_runs(o, variants);
  bench::expect_each_once(runs, [](const bench::ClutterRun& run) { return run.name(); });
  program::BackendChoice backend = o.backend;
  backend.threads = bench::threads_of_job(backend.threads, o.jobs);
  const auto description = [&](const bench::ClutterRun& run) {
    return describe(run, options_of(run), train.count(), backend.arithmetic());
  };
  for (const bench::ClutterRun& run : runs) static_cast<void>(description(run));  // before hours of work, not after
  create_folders(o.out / "runs");
  const auto work = [&](std::size_t i) -> std::optional<bench::ClutterResult> {
    const bench::ClutterRun& run = runs[i];
    const bench::ClutterStudyOptions own = options_of(run);
    const auto say = [](const std::string& line) { std::cerr << line + '\n'; };
    const auto file = [&](const char* end) { return o.out / "runs" / (run.name() + end); };
    const auto measure = [&] {
      bench::Json figures;
      program::with_backend(backend, [&](auto& b) {
        figures = bench::ClutterTrial(b, run, own, train, test, file(".safetensors"), say).run();
        return program::success;
      });
      return figures;
    };
    return bench::ClutterResult{run, bench::finished_run(run.name(), file(".json"), description(run), measure)};
  };
  const auto results = bench::parallel_map<bench::ClutterResult>(
      runs.size(), o.jobs, work, [&](const std::vector<bench::ClutterResult>& so_far) {
        write_clutter_report(o.out, so_far, study.evaluation_split, runs.size());
      });
  const std::vector<bench::ClutterRow> rows = clutter_rows(*results);
  std::cout << clutter_table(rows) << surety_table(rows) << "table and figure:  " << (o.out / "table.md").string()
            << ", " << (o.out / "figure.png").string() << '\n';
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  Options o;
  bench::ClutterStudyOptions defaults = bench::default_clutter_study();
  program::Options options(
      "clutter_study",
      "Objects among clutter, the set-up of Mnih et al. 2014: a model that learns "
      "where to look, models made for glimpses that look at nothing, and a convolutional network "
      "that reads the whole image. Stopped and started again it goes on with the run that it was in.");
  options.add_option("--data", o.data, "folder of the four files of Fashion-MNIST, or of MNIST");
  options.add_option("--out", o.out, "folder for runs, table and figure")->required();
  bench::add_words(options, "--conditions", o.lookers, bench::looker_names, "kinds of glimpses");
  bench::add_list(options, "--glimpses", o.glimpses, "numbers of glimpses")->check(CLI::Range(1, 255));
  bench::add_list(options, "--seeds", o.seeds, "of weights, pictures and draws");
  options.add_option("--task", o.task, "object: the class of the object; sum: that of the classes of two, 0 to 18")
      ->check(
          CLI::IsMember(std::vector<std::string>(bench::clutter_task_names.begin(), bench::clutter_task_names.end())));
  options.add_option("--side", defaults.clutter.side, "pixels of the square image")->check(CLI::Range(1, 4096));
  options.add_option("--patches", defaults.clutter.patches, "pieces of other objects in it")
      ->check(CLI::Range(0, 1000));
  options
      .add_option(
          "--preset", o.preset,
          "what models and their training start from: paper, as it is written, or large, as it learns best here")
      ->check(CLI::IsMember(std::vector<std::string>(bench::clutter_presets.begin(), bench::clutter_presets.end())));
  options.add_option("--epochs", o.epochs, "of a model with glimpses; else 30")->check(CLI::Range(1, 10000));
  options.add_option("--whole-epochs", defaults.whole_epochs, "of the network that reads the whole image")
      ->check(CLI::Range(1, 10000));
  options.add_option("--batch", o.batch, "images in a step; else the preset's")->check(CLI::Range(1, 1 << 16));
  options.add_option("--learning-rate", o.learning_rate, "of the first epoch; else the preset's")
      ->check(CLI::PositiveNumber);
  options.add_option("--encoder-width", defaults.encoder_width, "filters of the network that reads a glimpse")
      ->check(CLI::Range(1, 1024));
  options
      .add_option("--encoder-map", defaults.encoder_map,
                  "cells on a side, at most, of the map that its dense layer reads: the fewer, the more convolutions")
      ->check(CLI::Range(1, 1024));
  options.add_option("--whole-width", defaults.whole_width, "filters of the network that reads the whole image")
      ->check(CLI::Range(1, 1024));
  bench::add_start_from(options, defaults.start_from);
  bench::add_fields(options, o.fields);
  bench::add_variants(options, o.variants);
  options.add_option("--objects", o.objects, "train on no more than the first ones; 0: on all");
  bench::add_evaluation_split(options, defaults.evaluation_split,
                              "the test's objects, or training objects held out, to tune by");
  program::add_backend_options(options, o.backend);
  bench::add_jobs_option(options, o.jobs);
  options.add_flag("--quick", o.quick, "made-up objects, tiny models, one epoch: shows that the program runs, no more");
  return program::run(options, argc, argv, [&] { return study(o, defaults); });
}
