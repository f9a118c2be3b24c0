#pragma once

#include <saccade/metrics/scores.hpp>

#include "seed_statistics.hpp"
#include "trial_figures.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// The answers of the models of all folds of one seed, as if one model had given them: each image is in one fold's
/// test.
/// @param folds    figures of run_trial, with keep_answers
/// @param classes  how many there are
[[nodiscard]] inline saccade::metrics::Answers pooled_answers(const std::vector<Json>& folds, const std::string& policy,
                                                              saccade::Index classes) {
  saccade::metrics::Answers answers(classes);
  for (const Json& figures : folds)
    for (const Json& image : figures.at("policies").at(policy).at("answers"))
      answers.add(image.at(0).get<std::string>(), image.at(1).get<saccade::Index>(),
                  image.at(2).get<std::vector<double>>());
  return answers;
}

/// One figure over the folds, weighted by the images of each: hits, pixels.
[[nodiscard]] inline double weighted_figure(const std::vector<Json>& folds, const std::string& policy,
                                            const std::string& where) {
  double sum = 0, images = 0;
  for (const Json& figures : folds) {
    const auto count = figures.at("images").get<double>();
    sum += count * figure_of(figures, policy, where);
    images += count;
  }
  return sum / images;
}

}  // namespace bench
