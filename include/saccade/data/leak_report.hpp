#pragma once

#include <saccade/data/patient_split.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// A patient with images on both sides of a split: what is learned of the one side may show on the other.
struct Leak {
  std::string group;                  ///< slide or case number
  std::set<std::string> train_types;  ///< "DC"
  std::set<std::string> test_types;
  Index train_images = 0;  ///< training and validation
  Index test_images = 0;
};

/// Groups on both sides of `split`, in alphabetical order; empty for a clean split.
[[nodiscard]] inline std::vector<Leak> find_leaks(std::span<const ImageRecord> records, const Split& split,
                                                  Grouping grouping) {
  std::map<std::string, Leak> sides;
  for (const std::vector<Index>* part : {&split.train, &split.validation, &split.test}) {
    for (const Index i : *part) {
      const ImageRecord& record = records[static_cast<std::size_t>(i)];
      Leak& leak = sides[group_of(record, grouping)];
      const bool test = part == &split.test;
      (test ? leak.test_types : leak.train_types).insert(record.type);
      ++(test ? leak.test_images : leak.train_images);
    }
  }
  std::vector<Leak> leaks;
  for (auto& [group, leak] : sides) {
    if (leak.train_images == 0 || leak.test_images == 0) continue;
    leak.group = group;
    leaks.push_back(leak);
  }
  return leaks;
}

/// "slide 14-13412 is in both halves: 36 images to train (DC), 12 to test (LC)", a line a leak; or one that says that
/// there is none.
[[nodiscard]] inline std::string leak_report(std::span<const Leak> leaks, Grouping grouping) {
  const std::string noun = grouping == Grouping::slide ? "slide" : "case";
  if (leaks.empty()) return "no " + noun + " is in both halves\n";
  const auto list = [](const std::set<std::string>& types) {
    std::string text;
    for (const std::string& type : types) text += (text.empty() ? "" : ", ") + type;
    return text;
  };
  std::string report;
  for (const Leak& leak : leaks) {
    report += noun + " " + leak.group + " is in both halves: " + std::to_string(leak.train_images) +
              " images to train (" + list(leak.train_types) + "), " + std::to_string(leak.test_images) + " to test (" +
              list(leak.test_types) + ")\n";
  }
  return report;
}

}  // namespace saccade::data
