// What json.hpp declares.
#pragma once

#include <saccade/model/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {

/// How many brackets are open at once, strings aside, at most.
[[nodiscard]] inline int depth_of_json(std::string_view text) {
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace detail

SACCADE_FUNCTION std::optional<Json> parse_json(std::string_view text) {
  if (detail::depth_of_json(text) > deepest_json) return std::nullopt;
  Json json = Json::parse(text.data(), text.data() + text.size(), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

SACCADE_FUNCTION std::string json_problem(std::string_view text) {
  if (detail::depth_of_json(text) <= deepest_json) return "is not JSON";
  return "is JSON of more than " + std::to_string(deepest_json) + " levels";
}

SACCADE_FUNCTION Json read_json(std::span<const std::uint8_t> bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::optional<Json> json = parse_json(text);
  if (!json) throw FileError('"' + std::string(name) + "\": " + json_problem(text));
  return *std::move(json);
}

SACCADE_FUNCTION std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

SACCADE_FUNCTION std::string json_string(std::string_view text) { return Json(std::string(text)).dump(); }

}  // namespace saccade
