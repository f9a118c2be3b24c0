#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/model/config_fields.hpp>
#include <saccade/model/json.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
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

/// `value` at the end of a path of fields: "adam.groups[policy.*].rate" is 0.15 as {"adam": {"groups": {"policy.*":
/// {"rate": 0.15}}}}. @throws ConfigError
[[nodiscard]] inline Json at_path(std::string_view path, Json value) {
  std::vector<std::string> steps;
  std::string_view rest = path;
  while (true) {
    if (std::cmp_equal(steps.size(), deepest_json))
      throw ConfigError("a field lies at most " + std::to_string(deepest_json) + " names deep");
    const std::size_t end = rest.find_first_of(".[");
    steps.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
    if (rest.starts_with('[')) {
      const std::size_t close = rest.find(']');
      const bool ends = close + 1 == rest.size() || (close < rest.size() && rest[close + 1] == '.');
      if (!ends) throw ConfigError("a field must be name[key] or name[key].field, but is \"" + std::string(path) + '"');
      steps.emplace_back(rest.substr(1, close - 1));
      rest.remove_prefix(close + 1);
    }
    if (rest.empty()) break;
    rest.remove_prefix(1);  // the dot
  }
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    Json object = Json::object();
    object[*step] = std::move(value);
    value = std::move(object);
  }
  return value;
}

[[noreturn]] inline void refuse_value(const Json& json, std::string_view expected, const std::string& where) {
  throw ConfigError(where + " must be " + std::string(expected) + ", but is " + json_text(json));
}
}  // namespace detail

/// Objects for configurations, words for enumerations; an object has no field for an optional that is empty.
template <class T>
[[nodiscard]] Json to_json(const T& value) {
  if constexpr (FieldList<const T>) {
    Json object = Json::object();
    for_each_field(value, [&](const char* name, const auto& field) {
      if constexpr (detail::is_optional<std::remove_cvref_t<decltype(field)>>) {
        if (field) object[name] = to_json(*field);
      } else {
        object[name] = to_json(field);
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
void update_from_json(const Json& json, T& value, const std::string& where);

namespace detail {
/// `json`, the field `key` of the configuration `value`, without the fields that are elsewhere in `value` today: these
/// are set there.
template <class T>
[[nodiscard]] Json without_old_fields(const std::string& key, Json json, T& value,
                                                        const std::string& where) {
  for (const OldField& old : old_fields<T>) {
    if (!old.name.starts_with(key + ".") || !json.is_object()) continue;
    const auto found = json.find(std::string(old.name.substr(key.size() + 1)));
    if (found == json.end()) continue;
    const Json item = *found;
    json.erase(found);
    update_from_json(at_path(old.path, item), value, where);
  }
  return json;
}
}  // namespace detail

template <class T>
void update_from_json(const Json& json, T& value, const std::string& where) {
  const auto fail = [&](std::string_view expected) { detail::refuse_value(json, expected, where); };
  if constexpr (FieldList<T>) {
    if (!json.is_object()) fail("an object");
    for (const auto& [key, whole] : json.items()) {
      const Json item = detail::without_old_fields(key, whole, value, where);
      bool found = false;
      for_each_field(value, [&, &key = key](const char* name, auto& field) {
        if (key != name) return;
        update_from_json(item, field, where + "." + key);
        found = true;
      });
      for (const OldField& old : old_fields<T>) {
        if (found || key != old.name) continue;
        update_from_json(detail::at_path(old.path, item), value, where);
        found = true;
      }
      if (!found) {
        std::string names;
        for_each_field(value,
                       [&](const char* name, auto&) { names += (names.empty() ? "" : ", ") + std::string(name); });
        throw ConfigError(where + " has no field \"" + key + "\"; it has " + names);
      }
    }
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& old : old_words<T>) {
      if (json != old.word) continue;
      value = old.value;
      return;
    }
    std::string words;
    for (std::size_t i = 0; i < enum_names<T>.size(); ++i) {
      if (json == enum_names<T>[i]) {
        value = static_cast<T>(i);
        return;
      }
      words += (i ? " or " : "") + std::string(enum_names<T>[i]);
    }
    fail(words);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) fail("true or false");
    value = json.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (!json.is_number_integer()) fail("a whole number");
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    if (!fits) fail("a whole number in its range");
    value = json.get<T>();
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!json.is_number() || std::abs(json.get<double>()) > static_cast<double>(std::numeric_limits<T>::max())) fail("a number");
    value = json.get<T>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) fail("a text");
    value = json.get<std::string>();
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
      fail("a list of objects");
    }
  } else {
    if (!json.is_array() || json.size() != value.size()) fail("a list of " + std::to_string(value.size()) + " numbers");
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
