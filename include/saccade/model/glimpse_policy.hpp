#pragma once

#include <saccade/core/error.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE {

/// Who chooses the glimpses, in training and in evaluation. All but `learned` are controls: they look at nothing, and
/// the policy learns nothing from them.
enum class GlimpsePolicy {
  learned,  ///< the model's own means
  random,   ///< uniform over all windows inside the image, or over its tissue: see RandomLocations
  centre,   ///< the middle, every time
  grid,     ///< the cells of a fixed grid over the image, in reading order
  oracle,   ///< the middle of the region, where it is known: the ceiling
};

inline constexpr std::array<std::string_view, 5> glimpse_policy_names{"learned", "random", "centre", "grid", "oracle"};

[[nodiscard]] inline std::string to_string(GlimpsePolicy policy) {
  return std::string(glimpse_policy_names[static_cast<std::size_t>(policy)]);
}

/// @throws ConfigError
[[nodiscard]] inline GlimpsePolicy parse_glimpse_policy(std::string_view name) {
  for (std::size_t i = 0; i < glimpse_policy_names.size(); ++i)
    if (glimpse_policy_names[i] == name) return static_cast<GlimpsePolicy>(i);
  throw ConfigError("unknown policy \"" + std::string(name) + "\"; expected learned, random, centre, grid or oracle");
}

}  // namespace saccade
