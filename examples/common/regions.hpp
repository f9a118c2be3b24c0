#pragma once

#include <saccade/core/box.hpp>
#include <saccade/data/dataset.hpp>

#include <vector>

namespace program {

/// The first region of every sample; nothing unless every sample has one.
inline std::vector<saccade::Box> regions_of(const saccade::data::Dataset& dataset) {
  std::vector<saccade::Box> regions;
  for (const saccade::data::Sample& sample : dataset.samples) {
    if (sample.regions.empty()) return {};
    regions.push_back(sample.regions.front());
  }
  return regions;
}

}  // namespace program
