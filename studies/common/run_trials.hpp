#pragma once

#include "common/loader_choice.hpp"
#include "image_trial.hpp"
#include "parallel_map.hpp"
#include "study_options.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// How the models of a study are trained; it changes no number.
struct StudyWork {
  program::BackendChoice backend;
  program::LoaderChoice loader;
  std::filesystem::path runs;  ///< folder of the runs' files
  int jobs = 1;                ///< models at once
  std::function<bool()> stop_requested = [] { return false; };
};

/// The results {run, figures} of all trials, of which trials[i] is that of runs[i]; nothing where it was asked to stop.
/// @param done  told after every trial, by one thread at a time, the results so far in the order of the runs
/// @throws as run_trial
template <class Result, class Run, class Done>
[[nodiscard]] std::optional<std::vector<Result>> run_trials(const std::vector<Run>& runs,
                                                            const std::vector<ImageTrial>& trials,
                                                            const StudyWork& work, const Done& done) {
  program::BackendChoice backend = work.backend;
  backend.threads = threads_of_job(backend.threads, work.jobs);
  const auto run_one = [&](std::size_t i) -> std::optional<Result> {
    const ImageTrial& trial = trials[i];
    if (work.stop_requested()) return {};
    std::cerr << "model " + std::to_string(i + 1) + " of " + std::to_string(trials.size()) + ": " + trial.name + '\n';
    std::optional<Json> figures = run_trial(trial, {.backend = backend,
                                                    .loader = work.loader.options(trial.config.training.batch),
                                                    .runs = work.runs,
                                                    .stop_requested = work.stop_requested});
    if (!figures) return {};
    return Result{runs[i], *std::move(figures)};
  };
  return parallel_map<Result>(trials.size(), work.jobs, run_one, done);
}

}  // namespace bench
