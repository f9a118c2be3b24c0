#pragma once

#include <saccade/data/dataset.hpp>
#include <saccade/report/policy_result.hpp>

#include <span>

#include "common/group_noun.hpp"

namespace program {

/// What an evaluation has to know of the images. @param regions  of every sample, or nothing where they are not known
inline saccade::report::GroundTruth ground_truth_of(const saccade::data::Dataset& dataset,
                                                    std::span<const saccade::Box> regions) {
  saccade::report::GroundTruth truth{.classes = dataset.classes, .group_noun = group_noun(dataset)};
  for (const saccade::data::Sample& sample : dataset.samples) {
    truth.labels.push_back(sample.label);
    truth.groups.push_back(sample.group);
    truth.names.push_back(sample.name);
    if (!regions.empty()) truth.regions.push_back(sample.regions);
  }
  return truth;
}

}  // namespace program
