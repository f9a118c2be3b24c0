#pragma once

#include <saccade/core/config.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

/// JSON, read and written in one place, because each type of document takes a compiler seconds. Opt-in: needs
/// nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// Objects keep the order of their members.
using Json = nlohmann::ordered_json;

/// The document that `text` is; nothing where it is not JSON.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text);

/// In one line; what is not UTF-8, of a folder's name say, is replaced.
[[nodiscard]] std::string json_text(const Json& json);

/// `text` as a JSON string: quoted, control characters escaped. @throws Json::type_error where it is not UTF-8
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace saccade

#if SACCADE_HEADER_ONLY
#include <saccade/model/json.inl>
#endif
