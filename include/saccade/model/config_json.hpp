#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/config_fields.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// Configurations as JSON. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// A configuration with a list of fields, see config_fields.hpp.
template <class C>
concept FieldList = requires(C& c) { for_each_field(c, [](const char*, auto&) {}); };

/// Objects for configurations, words for enumerations.
template <class T>
[[nodiscard]] nlohmann::ordered_json to_json(const T& value) {
  if constexpr (FieldList<const T>) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for_each_field(value, [&](const char* name, const auto& field) { object[name] = to_json(field); });
    return object;
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(enum_names<T>[static_cast<std::size_t>(value)]);
  } else {
    return value;
  }
}

/// Changes the fields that `json` names and leaves the others. `where` begins the error sentences: "config.json".
/// @throws ConfigError for a field that does not exist, or a value that it cannot take
template <class T>
void update_from_json(const nlohmann::ordered_json& json, T& value, const std::string& where) {
  const auto fail = [&](const std::string& expected) {
    throw ConfigError(where + " must be " + expected + ", but is " + json.dump());
  };
  if constexpr (FieldList<T>) {
    if (!json.is_object()) fail("an object");
    for (const auto& [key, item] : json.items()) {
      bool found = false;
      for_each_field(value, [&, &key = key, &item = item](const char* name, auto& field) {
        if (key != name) return;
        update_from_json(item, field, where + "." + key);
        found = true;
      });
      if (!found) {
        std::string names;
        for_each_field(value, [&](const char* name, auto&) { names += (names.empty() ? "" : ", ") + std::string(name); });
        throw ConfigError(where + " has no field \"" + key + "\"; it has " + names);
      }
    }
  } else if constexpr (std::is_enum_v<T>) {
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
    if (!json.is_number() || std::abs(json.get<double>()) > std::numeric_limits<T>::max()) fail("a number");
    value = json.get<T>();
  } else {
    if (!json.is_array() || json.size() != value.size()) fail("a list of " + std::to_string(value.size()) + " numbers");
    for (std::size_t i = 0; i < value.size(); ++i) update_from_json(json[i], value[i], where + "[" + std::to_string(i) + "]");
  }
}

/// Sets one field by its dotted name: "encoder.width=32". `where` begins the error sentences. @throws ConfigError
template <FieldList C>
void set_field(C& config, std::string_view assignment, const std::string& where = "model") {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0)
    throw ConfigError("an option must be set as name=value, but is \"" + std::string(assignment) + "\"");
  const std::string text(assignment.substr(equals + 1));
  nlohmann::ordered_json value = nlohmann::ordered_json::parse(text, nullptr, false);
  if (value.is_discarded()) value = text;  // a word
  std::string_view name = assignment.substr(0, equals);
  while (!name.empty()) {
    const std::size_t dot = name.rfind('.');
    const std::string last(dot == std::string_view::npos ? name : name.substr(dot + 1));
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    object[last] = std::move(value);
    value = std::move(object);
    name = dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
  }
  update_from_json(value, config, where);
}

}  // namespace saccade
