#pragma once

#include <CLI/CLI.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

namespace program {

namespace detail {

template <class T>
struct Numbers {
  using type = std::conditional_t<std::is_arithmetic_v<T> && !std::same_as<T, bool>, T, void>;
};
template <class T>
struct Numbers<std::optional<T>> : Numbers<T> {};
template <class T>
struct Numbers<std::vector<T>> : Numbers<T> {};
template <class T, std::size_t Count>
struct Numbers<std::array<T, Count>> : Numbers<T> {};

}  // namespace detail

/// The type of the numbers that an option's variable holds; void where it holds none.
template <class T>
using NumberOf = typename detail::Numbers<T>::type;

/// Lets a number through as it is written, in decimal, if it is one that `Number` can hold. CLI11 would read 010 as 8,
/// take 0x10, and make -1 the largest number there is.
template <class Number>
[[nodiscard]] CLI::Validator decimal() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        Number value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = end == text.data() + text.size();
        if constexpr (std::integral<Number>) {
          if (!whole || error != std::errc{}) {
            return "must be a whole number from " + std::to_string(std::numeric_limits<Number>::min()) + " to " +
                   std::to_string(std::numeric_limits<Number>::max()) + ", but is \"" + text + '"';
          }
          text = std::to_string(value);  // without zeros before it
        } else if (!whole || error != std::errc{} || !std::isfinite(value)) {
          return "must be a decimal number, but is \"" + text + '"';
        }
        return {};
      },
      "");
}

}  // namespace program
