#pragma once

#include <saccade/data/split.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// How many lines of one kind a report holds before it only counts.
inline constexpr std::size_t longest_report = 10;

/// A group with images in two parts or three: what is learned of the one may show on the other.
struct Leak {
  std::string group;
  std::array<Index, parts.size()> images{};  ///< by part
};

/// Groups in more than one part, in alphabetical order; empty for a clean split.
[[nodiscard]] inline std::vector<Leak> find_leaks(const Dataset& dataset, const Split& split) {
  std::map<std::string, Leak> found;
  for (const Part part : parts)
    for (const Index i : split.part(part)) ++found[dataset.sample(i).group].images[static_cast<std::size_t>(part)];
  std::vector<Leak> leaks;
  for (auto& [group, leak] : found) {
    if (std::count(leak.images.begin(), leak.images.end(), 0) > 1) continue;
    leak.group = group;
    leaks.push_back(leak);
  }
  return leaks;
}

/// "slide 14-13412 is in train (36 images) and test (12)", a line a leak; or one that says that there is none, or that
/// nobody can know.
/// @param grouping  Dataset::grouping, the noun
[[nodiscard]] inline std::string leak_report(std::span<const Leak> leaks, std::string_view grouping) {
  const std::string noun(grouping);
  if (noun == "image") return "each image is a group of its own: images of one origin may be in two parts\n";
  if (leaks.empty()) return "no " + noun + " is in two parts\n";
  std::string report;
  for (const Leak& leak : leaks.first(std::min(leaks.size(), longest_report))) {
    std::string places;
    for (const Part part : parts) {
      const Index count = leak.images[static_cast<std::size_t>(part)];
      if (count == 0) continue;
      places += places.empty() ? "" : " and ";
      places += to_string(part) + " (" + std::to_string(count) + (places.empty() ? " images)" : ")");
    }
    report += noun + ' ' + leak.group + " is in " + places + '\n';
  }
  if (leaks.size() > longest_report)
    report +=
        "and " + std::to_string(leaks.size() - longest_report) + " more, " + std::to_string(leaks.size()) + " in all\n";
  return report;
}

/// The groups of some images, in alphabetical order.
[[nodiscard]] inline std::set<std::string> groups_of(const Dataset& dataset, std::span<const Index> images) {
  std::set<std::string> groups;
  for (const Index i : images) groups.insert(dataset.sample(i).group);
  return groups;
}

/// How many of some images are of each class.
[[nodiscard]] inline std::vector<Index> count_classes(const Dataset& dataset, std::span<const Index> images) {
  std::vector<Index> counts(dataset.classes.size());
  for (const Index i : images)
    if (const Index label = dataset.sample(i).label; label >= 0) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

/// A table: images, groups, and images of each class, by part. `title` is its first line.
[[nodiscard]] inline std::string describe_split(const Dataset& dataset, const Split& split, const std::string& title) {
  std::vector<std::array<std::string, parts.size() + 1>> rows{{"", "train", "validation", "test"}};
  const auto add = [&](const std::string& name, const auto& count_of) {
    rows.push_back({name, std::to_string(count_of(split.train)), std::to_string(count_of(split.validation)),
                    std::to_string(count_of(split.test))});
  };
  add("images", [](const std::vector<Index>& images) { return images.size(); });
  if (dataset.grouping != "image")
    add(dataset.grouping + "s", [&](const std::vector<Index>& images) { return groups_of(dataset, images).size(); });
  for (std::size_t label = 0; label < dataset.classes.size(); ++label)
    add(dataset.classes[label],
        [&](const std::vector<Index>& images) { return count_classes(dataset, images)[label]; });
  std::size_t widest = 10;
  for (const auto& row : rows) widest = std::max(widest, row[0].size());
  std::string text = title + '\n';
  for (const auto& row : rows) {
    text += row[0] + std::string(widest - row[0].size(), ' ');
    for (std::size_t i = 1; i < row.size(); ++i)
      text += std::string(12 - std::min<std::size_t>(12, row[i].size()), ' ') + row[i];
    text += '\n';
  }
  return text;
}

}  // namespace saccade::data
