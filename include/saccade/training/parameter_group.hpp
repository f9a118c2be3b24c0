#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/glob.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// How the optimiser treats the parameters whose names fit a pattern. What it leaves open is as for the rest.
struct ParameterGroup {
  std::string pattern{};                 ///< see matches_glob: "policy.*", "encoder.stage?.*", "*.bias"
  double rate = 1.0;                     ///< factor on the learning rate
  std::optional<double> epsilon{};       ///< of Adam
  std::optional<double> weight_decay{};  ///< of Adam
  bool frozen = false;                   ///< the parameters and their moments never change

  friend bool operator==(const ParameterGroup&, const ParameterGroup&) = default;
};

/// By which a group is found in a list of them.
[[nodiscard]] inline std::string& key_of(ParameterGroup& group) { return group.pattern; }

namespace detail {

/// "encoder.*, policy.*, scale": what names begin with, each once.
[[nodiscard]] inline std::string beginnings(std::span<const std::string> names) {
  std::vector<std::string> seen;
  std::string text;
  for (const std::string& name : names) {
    const std::size_t dot = name.find('.');
    std::string beginning = dot == std::string::npos ? name : name.substr(0, dot) + ".*";
    if (std::find(seen.begin(), seen.end(), beginning) != seen.end()) continue;
    text += (seen.empty() ? "" : ", ") + beginning;
    seen.push_back(std::move(beginning));
  }
  return text;
}

/// @throws ConfigError unless `pattern` matches one of `names`
inline void expect_match(std::string_view pattern, std::span<const std::string> names) {
  for (const std::string& name : names)
    if (matches_glob(name, pattern)) return;
  throw ConfigError("Adam: no parameter is called \"" + std::string(pattern) + "\"; there are " + beginnings(names));
}

}  // namespace detail

/// The place in `groups` of the group that each of `names` belongs to, the first whose pattern matches, or their number
/// where none does.
/// @throws ConfigError where a group has no parameter at all, or none that the groups before it have left
[[nodiscard]] inline std::vector<std::size_t> assign_groups(std::span<const ParameterGroup> groups,
                                                            std::span<const std::string> names) {
  std::vector<std::size_t> assigned;
  std::vector<bool> used(groups.size() + 1);
  for (const std::string& name : names) {
    std::size_t group = 0;
    while (group < groups.size() && !matches_glob(name, groups[group].pattern)) ++group;
    assigned.push_back(group);
    used[group] = true;
  }
  for (std::size_t group = 0; group < groups.size(); ++group) {
    detail::expect_match(groups[group].pattern, names);
    expect_config(used[group], "Adam: the group \"" + groups[group].pattern +
                                   "\" is empty: groups before it have all of its parameters");
  }
  return assigned;
}

}  // namespace saccade
