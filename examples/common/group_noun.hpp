#pragma once

#include <saccade/data/dataset.hpp>

#include <string>

namespace program {

/// What users call a group of the data set: "patient" of BreakHis, else the word of its reader.
inline std::string group_noun(const saccade::data::Dataset& dataset) {
  return dataset.grouping == "slide" || dataset.grouping == "case" ? "patient" : dataset.grouping;
}

}  // namespace program
