#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

/// What a study's models are judged on: the test part, or a part of the training that is held out, to tune by.
enum class JudgedOn { validation, test };

inline constexpr std::array<std::string_view, 2> judged_on_names{"validation", "test"};

[[nodiscard]] inline std::string to_string(JudgedOn part) {
  return std::string(judged_on_names[static_cast<std::size_t>(part)]);
}

}  // namespace bench
