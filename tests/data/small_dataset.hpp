#pragma once

#include <saccade/data/dataset.hpp>

#include <string>
#include <utility>
#include <vector>

namespace saccade_test {

/// A data set without files: a sample for each (group, label), named by its number.
inline saccade::data::Dataset small_dataset(std::vector<std::string> classes,
                                            const std::vector<std::pair<std::string, saccade::Index>>& samples) {
  saccade::data::Dataset dataset;
  dataset.kind = "test";
  dataset.grouping = "group";
  dataset.classes = std::move(classes);
  for (const auto& [group, label] : samples) {
    dataset.samples.push_back({.name = std::to_string(dataset.samples.size()), .label = label, .group = group});
  }
  return dataset;
}

}  // namespace saccade_test
