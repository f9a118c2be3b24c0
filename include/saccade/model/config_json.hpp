#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/model/config_fields.hpp>
#include <saccade/model/json.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Configurations as JSON. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// A configuration with a list of fields, see config_fields.hpp.
template <class C>
concept FieldList = requires(C& c) {
  for_each_field(c, [](const char*, auto&) {});
};

/// A list of configurations, each known by its key: a list of objects in a file. `key_of(entry)` is the key, a field.
template <class T>
concept KeyedList = requires(T& list) {
  { key_of(list.front()) } -> std::same_as<std::string&>;
  list.assign(1, typename T::value_type{});
};

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// A field of a configuration, its type left out.
struct FieldSlot {
  const char* name;
  void* field;
  void (*update)(const Json& json, void* field, const std::string& where);
};

/// The fields of a configuration, and those of before: what reading takes, the same code for every configuration.
struct FieldTable {
  std::vector<FieldSlot> fields;
  std::span<const OldField> old;
};

/// update_from_json for the configuration that the table is of.
void update_fields(const Json& json, const FieldTable& table, const std::string& where);

/// `value` at the end of a path of fields: "adam.groups[policy.*].rate" is 0.15 as {"adam": {"groups": {"policy.*":
/// {"rate": 0.15}}}}. @throws ConfigError
[[nodiscard]] Json at_path(std::string_view path, Json value);

[[noreturn]] void refuse_value(const Json& json, std::string_view expected, const std::string& where);

/// Place of the word `json` among `words`. @throws ConfigError
[[nodiscard]] std::size_t place_of_word(const Json& json, std::span<const std::string_view> words,
                                        const std::string& where);

/// A whole number from `low` to `high`, modulo 2^64. @throws ConfigError
[[nodiscard]] std::uint64_t whole_number_from(const Json& json, std::int64_t low, std::uint64_t high,
                                              const std::string& where);

/// A number of at most `limit`, either sign. @throws ConfigError
[[nodiscard]] double number_from(const Json& json, double limit, const std::string& where);

[[nodiscard]] bool truth_from(const Json& json, const std::string& where);
[[nodiscard]] std::string text_from(const Json& json, const std::string& where);
[[nodiscard]] bool is_word(const Json& json, std::string_view word);
void add_field(Json& object, const char* name, Json value);
}  // namespace detail

/// Objects for configurations, words for enumerations; an object has no field for an optional that is empty.
template <class T>
[[nodiscard]] Json to_json(const T& value) {
  if constexpr (FieldList<const T>) {
    Json object = Json::object();
    for_each_field(value, [&](const char* name, const auto& field) {
      if constexpr (detail::is_optional<std::remove_cvref_t<decltype(field)>>) {
        if (field) detail::add_field(object, name, to_json(*field));
      } else {
        detail::add_field(object, name, to_json(field));
      }
    });
    return object;
  } else if constexpr (KeyedList<T>) {
    Json list = Json::array();
    for (const auto& entry : value) list.push_back(to_json(entry));
    return list;
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(enum_names<T>[static_cast<std::size_t>(value)]);
  } else {
    return value;
  }
}

/// Changes the fields that `json` names and leaves the others; null empties an optional. A list of configurations
/// becomes the list that `json` holds; an object changes the entries of its keys, and adds those that are not there.
/// Old fields are taken for those of today. `where` begins the error sentences: "config.json".
/// @throws ConfigError for a field that does not exist, or a value that it cannot take
template <class T>
void update_from_json(const Json& json, T& value, const std::string& where) {
  if constexpr (FieldList<T>) {
    detail::FieldTable table{{}, old_fields<T>};
    for_each_field(value, [&]<class Field>(const char* name, Field& field) {
      table.fields.push_back({name, &field, [](const Json& item, void* place, const std::string& path) {
                                update_from_json(item, *static_cast<Field*>(place), path);
                              }});
    });
    detail::update_fields(json, table, where);
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& old : old_words<T>) {
      if (!detail::is_word(json, old.word)) continue;
      value = old.value;
      return;
    }
    value = static_cast<T>(detail::place_of_word(json, enum_names<T>, where));
  } else if constexpr (std::is_same_v<T, bool>) {
    value = detail::truth_from(json, where);
  } else if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    value = static_cast<T>(detail::whole_number_from(json, Limits::min(), Limits::max(), where));
  } else if constexpr (std::is_floating_point_v<T>) {
    value = static_cast<T>(detail::number_from(json, static_cast<double>(std::numeric_limits<T>::max()), where));
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = detail::text_from(json, where);
  } else if constexpr (detail::is_optional<T>) {
    if (json.is_null()) {
      value.reset();
    } else {
      auto inner = value.value_or(typename T::value_type{});
      update_from_json(json, inner, where);
      value = inner;
    }
  } else if constexpr (KeyedList<T>) {
    if (json.is_array()) {
      value.assign(json.size(), {});
      for (std::size_t i = 0; i < value.size(); ++i)
        update_from_json(json[i], value[i], where + "[" + std::to_string(i) + "]");
    } else if (json.is_object()) {
      for (const auto& [key, item] : json.items()) {
        std::size_t place = 0;
        while (place < value.size() && key_of(value[place]) != key) ++place;
        if (place == value.size()) key_of(value.emplace_back()) = key;
        update_from_json(item, value[place], where + "[" + key + "]");
      }
    } else {
      detail::refuse_value(json, "a list of objects", where);
    }
  } else {
    if (!json.is_array() || json.size() != value.size())
      detail::refuse_value(json, "a list of " + std::to_string(value.size()) + " numbers", where);
    for (std::size_t i = 0; i < value.size(); ++i)
      update_from_json(json[i], value[i], where + "[" + std::to_string(i) + "]");
  }
}

/// Sets one field by its dotted name: "encoder.width=32", "adam.groups[policy.*].rate=0.15". `where` begins the error
/// sentences. @throws ConfigError
template <FieldList C>
void set_field(C& config, std::string_view assignment, const std::string& where = "model") {
  if (!is_utf8(assignment)) throw ConfigError("an option must be UTF-8, but is \"" + to_utf8(assignment) + "\"");
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0)
    throw ConfigError("an option must be set as name=value, but is \"" + std::string(assignment) + "\"");
  const std::string text(assignment.substr(equals + 1));
  Json value = parse_json(text).value_or(Json(text));  // no JSON: a word
  update_from_json(detail::at_path(assignment.substr(0, equals), std::move(value)), config, where);
}

}  // namespace saccade

#if SACCADE_HEADER_ONLY
#include <saccade/model/config_json.inl>
#endif
