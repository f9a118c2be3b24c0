// What json.hpp declares.
#pragma once

#include <saccade/model/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE {

SACCADE_FUNCTION std::optional<Json> parse_json(std::string_view text) {
  Json json = Json::parse(text.data(), text.data() + text.size(), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

SACCADE_FUNCTION std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

SACCADE_FUNCTION std::string json_string(std::string_view text) { return Json(std::string(text)).dump(); }

}  // namespace saccade
