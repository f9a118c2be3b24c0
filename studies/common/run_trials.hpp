#pragma once

#include "common/backend_options.hpp"
#include "common/dataset_options.hpp"
#include "common/exit_code.hpp"
#include "common/feature_cache.hpp"
#include "common/interruption.hpp"
#include "image_trial.hpp"
#include "parallel_map.hpp"
#include "study_options.hpp"

#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// Where a study's files go and how its models are trained; it changes no number.
struct StudyWork {
  std::filesystem::path out;
  program::BackendChoice backend;
  program::LoaderChoice loader;
  int jobs = 1;                                ///< models at once
  saccade::Index feature_cache_megabytes = 0;  ///< for all models together

  [[nodiscard]] std::filesystem::path runs() const { return out / "runs"; }

  /// "out/table.md, out/figure.png", as a reader is told at the end.
  [[nodiscard]] std::string report_files() const {
    return "tables and figure:  " + (out / "table.md").string() + ", " + (out / "figure.png").string() + '\n';
  }
};

inline void add_work_options(program::Options& options, StudyWork& work) {
  program::add_loader_options(options, work.loader);
  program::add_backend_options(options, work.backend);
  add_jobs_option(options, work.jobs);
  program::add_feature_cache_option(options, work.feature_cache_megabytes);
}

/// Says that a study was stopped. @returns the exit code
[[nodiscard]] inline int interrupted(const std::string& study) {
  std::cerr << study << ": interrupted; the same command goes on there\n";
  return program::interrupted;
}

/// The results {run, figures} of all trials, of which trials[i] is that of runs[i]; nothing where it was asked to stop.
/// @param done  told after every trial, by one thread at a time, the results so far in the order of the runs
/// @throws as run_trial
template <class Result, class Run, class Done>
[[nodiscard]] std::optional<std::vector<Result>> run_trials(const std::vector<Run>& runs,
                                                            const std::vector<ImageTrial>& trials,
                                                            const StudyWork& work,
                                                            const program::Interruption& interruption,
                                                            const Done& done) {
  program::BackendChoice backend = work.backend;
  backend.threads = threads_of_job(backend.threads, work.jobs);
  const auto features = program::make_feature_store<float>(work.feature_cache_megabytes);
  const auto run_one = [&](std::size_t i) -> std::optional<Result> {
    const ImageTrial& trial = trials[i];
    if (interruption.requested()) return {};
    std::cerr << "model " + std::to_string(i + 1) + " of " + std::to_string(trials.size()) + ": " + trial.name + '\n';
    std::optional<Json> figures = run_trial(trial, {.backend = backend,
                                                    .loader = work.loader.options(trial.config.training.batch),
                                                    .runs = work.runs(),
                                                    .features = features,
                                                    .stop_requested = [&] { return interruption.requested(); }});
    if (!figures) return {};
    return Result{runs[i], *std::move(figures)};
  };
  return parallel_map<Result>(trials.size(), work.jobs, run_one, done);
}

}  // namespace bench
