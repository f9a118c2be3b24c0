#pragma once

#include <saccade/core/config.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// A part of a divided data set.
enum class Part {
  train,       ///< the weights are learned from these
  validation,  ///< the epoch is chosen by these
  test,        ///< the figures are of these
};

inline constexpr std::array<Part, 3> parts = {Part::train, Part::validation, Part::test};

/// "train", "validation" or "test".
[[nodiscard]] inline std::string to_string(Part part) {
  constexpr std::array<std::string_view, 3> names = {"train", "validation", "test"};
  return std::string(names[static_cast<std::size_t>(part)]);
}

/// The part that a folder or a column names: train, validation (val, valid) or test; nothing for another word.
[[nodiscard]] inline std::optional<Part> parse_part(std::string_view word) {
  if (word == "train") return Part::train;
  if (word == "validation" || word == "val" || word == "valid") return Part::validation;
  if (word == "test") return Part::test;
  return {};
}

}  // namespace saccade::data
