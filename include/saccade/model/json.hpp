#pragma once

#include <saccade/core/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// JSON, read and written in one place: each type of document takes a compiler seconds, and what nlohmann/json throws
/// is none of our errors. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// Objects keep the order of their members.
using Json = nlohmann::ordered_json;

/// How deep lists and objects may lie in one another. Ours need seven levels; what goes over a document goes as deep as
/// it does, and would leave the stack.
inline constexpr int deepest_json = 64;

/// The document that `text` is; nothing where it is not JSON, or too deep.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text);

/// What a document consists of, in its order.
enum class JsonEvent { start_object, end_object, start_array, end_array, key, value };

/// `value` is the key at `key`, the value at `value`, and of no meaning else. Returns, at a key, whether its member may
/// be an object or a list whose end is to be shown: only such keys are kept, and each slows down those after it.
using JsonVisitor = std::function<bool(JsonEvent event, const Json& value)>;

/// Shows `visit` the document part by part and makes none of it, so that equal keys are seen, and what is not expected
/// can be refused by an exception. Returns what is wrong with the text, "is no JSON from byte 17 on", or nothing.
[[nodiscard]] std::optional<std::string> visit_json(std::string_view text, const JsonVisitor& visit);

/// Why `parse_json` gives nothing: "is not JSON", "is JSON of more than 64 levels".
[[nodiscard]] std::string json_problem(std::string_view text);

/// The document in `bytes`. @param name  begins the error sentence: the file's path @throws FileError
[[nodiscard]] Json read_json(std::span<const std::uint8_t> bytes, std::string_view name);

/// In one line, or indented; what is not UTF-8, of a folder's name say, is replaced.
[[nodiscard]] std::string json_text(const Json& json, int indent = -1);

/// `text` as a JSON string: quoted, control characters escaped. @throws Json::type_error where it is not UTF-8
[[nodiscard]] std::string json_string(std::string_view text);

/// What `read`, which takes a document apart, returns. A document of another form is a FileError, like a damaged one.
/// @param name  begins the error sentence: the file's path
template <class Read>
decltype(auto) reading_json(std::string_view name, Read&& read) {
  try {
    return std::forward<Read>(read)();
  } catch (const Json::exception&) {
    throw FileError('"' + std::string(name) + "\": its JSON is of another form than Saccade writes");
  }
}

}  // namespace saccade

#if SACCADE_HEADER_ONLY
#include <saccade/model/json.inl>
#endif
