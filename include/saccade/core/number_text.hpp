#pragma once

#include <saccade/core/config.hpp>

#include <array>
#include <charconv>
#include <string>

/// Numbers as text, the same in every locale: printf would write a comma where the program that we are part of has
/// chosen a language that has one.
namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {

[[nodiscard]] inline std::string number_text(double value, std::chars_format format, int digits) {
  std::array<char, 512> text{};  // the largest number has 309 digits before the point
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, format, digits);
  return error == std::errc{} ? std::string(text.data(), end) : std::string("?");
}

}  // namespace detail

/// As `%.3f`: "0.125", with `digits` digits after the point; at most 100.
[[nodiscard]] inline std::string fixed_text(double value, int digits) {
  return detail::number_text(value, std::chars_format::fixed, digits);
}

/// As `%.3e`: "1.250e-01".
[[nodiscard]] inline std::string scientific_text(double value, int digits) {
  return detail::number_text(value, std::chars_format::scientific, digits);
}

/// As `%.3g`: "0.125", with `digits` digits in all, none of them zeros at the end.
[[nodiscard]] inline std::string short_text(double value, int digits = 6) {
  return detail::number_text(value, std::chars_format::general, digits);
}

}  // namespace saccade
