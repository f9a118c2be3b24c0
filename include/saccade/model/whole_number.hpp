#pragma once

#include <saccade/model/json.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>

/// Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// The whole number that `json` is; nothing where it is something else, or out of the range of `T`. Json::get would cut
/// 1.5, and has no defined result for 1e300.
template <std::integral T>
[[nodiscard]] std::optional<T> whole_number(const Json& json) {
  const auto within = [](auto number) {
    return std::in_range<T>(number) ? std::optional(static_cast<T>(number)) : std::nullopt;
  };
  if (json.is_number_unsigned()) return within(json.get<std::uint64_t>());
  if (json.is_number_integer()) return within(json.get<std::int64_t>());
  return {};
}

}  // namespace saccade
