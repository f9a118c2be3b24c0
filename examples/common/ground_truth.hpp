#pragma once

#include <saccade/report/policy_result.hpp>
#include <saccade/training/breakhis_dataset.hpp>

#include <span>

namespace program {

/// What an evaluation has to know of the images. @param foci  of every record, or nothing where they are not known
inline saccade::report::GroundTruth ground_truth_of(const saccade::BreakhisDataset& dataset,
                                                    std::span<const saccade::Box> foci) {
  saccade::report::GroundTruth truth{.classes = {saccade::data::class_names.begin(), saccade::data::class_names.end()},
                                     .group_noun = "patient"};
  for (saccade::Index image = 0; image < static_cast<saccade::Index>(dataset.records.size()); ++image) {
    const saccade::data::ImageRecord& record = dataset.record(image);
    truth.labels.push_back(record.label);
    truth.groups.push_back(dataset.patient_of(image));
    truth.names.push_back(record.path.stem().string());
  }
  for (const saccade::Box& focus : foci) truth.regions.push_back({focus});
  return truth;
}

}  // namespace program
