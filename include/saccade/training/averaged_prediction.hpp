#pragma once

#include <saccade/core/error.hpp>
#include <saccade/training/evaluator.hpp>

#include <cstddef>
#include <span>

namespace saccade::inline SACCADE_NAMESPACE {

/// Several rollouts over one image as one prediction: after each glimpse the mean of their probabilities (never of
/// logarithms of them, of which one that is nearly zero would outvote all others), and the places of all of them, one
/// rollout after another.
///
/// @param rollouts  of one image, with as many glimpses each
/// @throws ConfigError without any
[[nodiscard]] inline Prediction averaged(std::span<const Prediction> rollouts) {
  expect_config(!rollouts.empty(), "averaged: rollouts must be at least 1, but are 0");
  Prediction mean;
  for (const Prediction& rollout : rollouts) {
    mean.locations.insert(mean.locations.end(), rollout.locations.begin(), rollout.locations.end());
    mean.windows.insert(mean.windows.end(), rollout.windows.begin(), rollout.windows.end());
    mean.thumbnails.insert(mean.thumbnails.end(), rollout.thumbnails.begin(), rollout.thumbnails.end());
    mean.probabilities.resize(rollout.probabilities.size());
    for (std::size_t t = 0; t < mean.probabilities.size(); ++t) {
      mean.probabilities[t].resize(rollout.probabilities[t].size());
      for (std::size_t k = 0; k < mean.probabilities[t].size(); ++k)
        mean.probabilities[t][k] += rollout.probabilities[t][k] / static_cast<double>(rollouts.size());
    }
  }
  return mean;
}

}  // namespace saccade
