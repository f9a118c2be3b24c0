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

SACCADE_FUNCTION std::optional<std::string> visit_json(std::string_view text, const JsonVisitor& visit) {
  using Kind = Json::parse_event_t;
  // What the callback returns is whether the part stays in the document that Json::parse makes.
  const auto callback = [&](int, Kind kind, const Json& value) {
    switch (kind) {
      case Kind::object_start:
        visit(JsonEvent::start_object, value);
        return true;
      case Kind::object_end:
        visit(JsonEvent::end_object, value);
        return false;
      case Kind::array_start:
        visit(JsonEvent::start_array, value);
        return true;
      case Kind::array_end:
        visit(JsonEvent::end_array, value);
        return false;
      case Kind::key:
        return visit(JsonEvent::key, value);
      case Kind::value:
        visit(JsonEvent::value, value);
        break;
    }
    return false;
  };
  try {
    const Json nothing = Json::parse(text.data(), text.data() + text.size(), callback);
  } catch (const Json::parse_error& error) {
    return "is no JSON from byte " + std::to_string(error.byte) + " on";
  } catch (const Json::out_of_range&) {
    return "holds a number that is too large";
  }
  return std::nullopt;
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
