#pragma once

#include <saccade/core/message.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/data/dataset.hpp>
#include <saccade/data/tissue_areas.hpp>

#include <iostream>
#include <set>
#include <span>
#include <string>

namespace program {

/// Warns on stderr of the images of a data set on which no process of the group has found tissue. Every process calls
/// it.
inline void warn_of_missing_tissue(const std::string& name, const saccade::data::Dataset& dataset,
                                   const saccade::data::TissueAreas& tissue, const saccade::ProcessGroup& group = {}) {
  std::set<saccade::Index> without;
  const auto messages = group.together([&] {
    saccade::MessageWriter message;
    message.add_list(std::span<const saccade::Index>(tissue.without()));
    return message.take();
  });
  for (const std::string& text : messages) {
    saccade::MessageReader message(text);
    for (const saccade::Index number : message.read_list<saccade::Index>()) without.insert(number);
  }
  if (without.empty() || !group.leads()) return;
  std::cerr << name << ": warning: no tissue was found on " << without.size()
            << (without.size() == 1 ? " image (" : " images (") << dataset.sample(*without.begin()).name
            << (without.size() == 1 ? "" : ", ...") << "): random locations fall anywhere on "
            << (without.size() == 1 ? "it\n" : "them\n");
}

}  // namespace program
