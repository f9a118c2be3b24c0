#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// Classes of which there is no image.
/// @param classes  names  @param labels  of the images
[[nodiscard]] inline std::vector<std::string> missing_classes(std::span<const std::string> classes,
                                                              std::span<const Index> labels) {
  std::vector<std::string> missing;
  for (std::size_t label = 0; label < classes.size(); ++label)
    if (std::find(labels.begin(), labels.end(), static_cast<Index>(label)) == labels.end())
      missing.push_back(classes[label]);
  return missing;
}

/// no validation image is of class "a" or "b": balanced accuracy, macro F1, ...; nothing where no class is missing.
/// @param part  of the data: "validation"
[[nodiscard]] inline std::string missing_classes_sentence(std::string_view part, std::span<const std::string> missing) {
  if (missing.empty()) return {};
  std::string names;
  for (std::size_t i = 0; i < missing.size(); ++i)
    names += (i == 0 ? "" : i + 1 == missing.size() ? " or " : ", ") + ('"' + missing[i] + '"');
  return "no " + std::string(part) + " image is of class " + names +
         ": balanced accuracy, macro F1, the mean area under the ROC curve and what belongs to " +
         (missing.size() == 1 ? "this class" : "these classes") + " alone are not given";
}

}  // namespace saccade::metrics
