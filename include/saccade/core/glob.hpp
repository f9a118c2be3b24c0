#pragma once

#include <saccade/core/config.hpp>

#include <cstddef>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE {

/// Whether `name` as a whole fits a pattern in which `*` stands for any characters, also none and also dots, `?` for
/// any one, and every other character for itself.
[[nodiscard]] constexpr bool matches_glob(std::string_view name, std::string_view pattern) {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t n = 0, p = 0, star = none, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++n;
      ++p;
    } else if (star != none) {
      n = ++taken;  // the last star takes one more
      p = star + 1;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace saccade
