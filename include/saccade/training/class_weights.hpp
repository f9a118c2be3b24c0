#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/training/config.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Weights of an image of each class in the loss of training, from the numbers of training images:
///
///     balanced: w[k] = N / (P n[k])    N images, n[k] of class k, P classes that have any
///
/// so that every class weighs the same in an epoch, and the mean weight of a training image is 1. A class without an
/// image has 1, which nothing uses. Without weights (none) the list is empty.
[[nodiscard]] inline std::vector<double> class_weights(ClassWeights kind, std::span<const Index> images_of_class) {
  if (kind == ClassWeights::none) return {};
  double images = 0, present = 0;
  for (const Index count : images_of_class) {
    images += static_cast<double>(count);
    present += count > 0 ? 1 : 0;
  }
  std::vector<double> weights;
  for (const Index count : images_of_class)
    weights.push_back(count > 0 ? images / (present * static_cast<double>(count)) : 1.0);
  return weights;
}

/// @throws ConfigError unless the list is empty, or has one for each class, greater than 0
inline void expect_class_weights(std::span<const double> weights, Index classes) {
  expect_config(weights.empty() || std::cmp_equal(weights.size(), classes),
                "training: " + std::to_string(classes) + " classes need as many weights, but there are " +
                    std::to_string(weights.size()));
  for (const double weight : weights) {
    expect_config(weight > 0 && std::isfinite(weight),
                  "training: a class weight must be greater than 0, but is " + std::to_string(weight));
  }
}

}  // namespace saccade
