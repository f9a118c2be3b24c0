#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/data/dataset.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// The same text with a to z for A to Z.
[[nodiscard]] inline std::string lower_case(std::string text) {
  for (char& letter : text) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  return text;
}

/// The names of classes in the order of their labels: by value where all are whole numbers, so that 2 comes before 10,
/// else byte by byte.
[[nodiscard]] inline std::vector<std::string> sorted_classes(const std::set<std::string>& names) {
  const auto value_of = [](const std::string& name) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    return std::pair(value, error == std::errc{} && end == name.data() + name.size());
  };
  std::vector<std::string> classes(names.begin(), names.end());
  if (std::all_of(classes.begin(), classes.end(), [&](const std::string& name) { return value_of(name).second; })) {
    std::stable_sort(classes.begin(), classes.end(),
                     [&](const std::string& a, const std::string& b) { return value_of(a).first < value_of(b).first; });
  }
  return classes;
}

/// "the classes \"Benign\" and \"benign\" ...", for names that differ in case or in blanks at their ends only; empty
/// where there are none.
[[nodiscard]] inline std::string alike_classes(const std::vector<std::string>& classes) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : classes) {
    std::string folded = lower_case(name);
    const std::size_t first = folded.find_first_not_of(' ');
    folded = first == std::string::npos ? "" : folded.substr(first, folded.find_last_not_of(' ') + 1 - first);
    const auto [other, is_new] = seen.try_emplace(folded, name);
    if (!is_new)
      return "the classes \"" + other->second + "\" and \"" + name + "\" are two, and their names hardly differ";
  }
  return {};
}

/// The label of a class that is there.
[[nodiscard]] inline Index label_of(const std::vector<std::string>& classes, const std::string& name) {
  return std::find(classes.begin(), classes.end(), name) - classes.begin();
}

/// The same data set with its labels in another list of classes, that of a model for example.
/// @throws FileError where an image is of a class that is not in the list
[[nodiscard]] inline Dataset with_classes(Dataset dataset, const std::vector<std::string>& classes) {
  for (Sample& sample : dataset.samples) {
    if (sample.label < 0) continue;
    const std::string& name = dataset.classes[static_cast<std::size_t>(sample.label)];
    sample.label = label_of(classes, name);
    if (sample.label < static_cast<Index>(classes.size())) continue;
    std::string list;
    for (const std::string& each : classes) list += (list.empty() ? "" : ", ") + each;
    throw FileError("data: image " + sample.name + " is of the class " + name + ", but those known are " + list);
  }
  dataset.classes = classes;
  return dataset;
}

}  // namespace saccade::data
