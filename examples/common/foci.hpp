#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/training/breakhis_dataset.hpp>

#include <string>
#include <vector>

namespace program {

/// The focus of every record, or nothing where the data set has no foci.csv. @throws saccade::FileError
inline std::vector<saccade::Box> foci_of(const saccade::BreakhisDataset& dataset) {
  const auto boxes = saccade::data::read_foci(dataset.choice.folder);
  if (!boxes) return {};
  std::vector<saccade::Box> foci;
  for (const saccade::data::ImageRecord& record : dataset.records) {
    const auto found = boxes->find(record.path.stem().string());
    if (found == boxes->end())
      throw saccade::FileError("foci.csv does not name image " + saccade::data::to_string(record));
    foci.push_back(found->second);
  }
  return foci;
}

}  // namespace program
