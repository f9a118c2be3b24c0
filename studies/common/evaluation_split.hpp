#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

/// What a study's models are judged on: the test part, or a part of the training that is held out, to tune by.
enum class EvaluationSplit { validation, test };

inline constexpr std::array<std::string_view, 2> evaluation_split_names{"validation", "test"};

[[nodiscard]] inline std::string to_string(EvaluationSplit part) {
  return std::string(evaluation_split_names[static_cast<std::size_t>(part)]);
}

}  // namespace bench
