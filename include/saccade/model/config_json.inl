// What config_json.hpp declares and needs no type of a configuration for.
#pragma once

#include <saccade/model/config_json.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::detail {

SACCADE_FUNCTION Json at_path(std::string_view path, Json value) {
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

SACCADE_FUNCTION void refuse_value(const Json& json, std::string_view expected, const std::string& where) {
  throw ConfigError(where + " must be " + std::string(expected) + ", but is " + json_text(json));
}

SACCADE_FUNCTION bool is_word(const Json& json, std::string_view word) {
  const auto* text = json.get_ptr<const std::string*>();
  return text && *text == word;
}

SACCADE_FUNCTION std::size_t place_of_word(const Json& json, std::span<const std::string_view> words,
                                           const std::string& where) {
  std::string expected;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_word(json, words[i])) return i;
    expected += (i ? " or " : "") + std::string(words[i]);
  }
  refuse_value(json, expected, where);
}

SACCADE_FUNCTION std::uint64_t whole_number_from(const Json& json, std::int64_t low, std::uint64_t high,
                                                 const std::string& where) {
  if (!json.is_number_integer()) refuse_value(json, "a whole number", where);
  const auto number = json.get<std::uint64_t>();
  const bool negative = !json.is_number_unsigned() && json.get<std::int64_t>() < 0;
  if (negative ? json.get<std::int64_t>() < low : number > high)
    refuse_value(json, "a whole number in its range", where);
  return number;
}

SACCADE_FUNCTION double number_from(const Json& json, double limit, const std::string& where) {
  if (!json.is_number() || std::abs(json.get<double>()) > limit) refuse_value(json, "a number", where);
  return json.get<double>();
}

SACCADE_FUNCTION bool truth_from(const Json& json, const std::string& where) {
  if (!json.is_boolean()) refuse_value(json, "true or false", where);
  return json.get<bool>();
}

SACCADE_FUNCTION std::string text_from(const Json& json, const std::string& where) {
  if (!json.is_string()) refuse_value(json, "a text", where);
  return json.get<std::string>();
}

SACCADE_FUNCTION void add_field(Json& object, const char* name, Json value) { object[name] = std::move(value); }

SACCADE_FUNCTION void update_fields(const Json& json, const FieldTable& table, const std::string& where) {
  if (!json.is_object()) refuse_value(json, "an object", where);
  for (const auto& [key, whole] : json.items()) {
    Json item = whole;
    for (const OldField& old : table.old) {  // fields of this one that are elsewhere today
      if (!old.name.starts_with(key + ".") || !item.is_object()) continue;
      const auto found = item.find(std::string(old.name.substr(key.size() + 1)));
      if (found == item.end()) continue;
      const Json moved = *found;
      item.erase(found);
      update_fields(at_path(old.path, moved), table, where);
    }
    bool known = false;
    for (const FieldSlot& slot : table.fields) {
      if (key != slot.name) continue;
      slot.update(item, slot.field, where + "." + key);
      known = true;
    }
    for (const OldField& old : table.old) {
      if (known || key != old.name) continue;
      update_fields(at_path(old.path, item), table, where);
      known = true;
    }
    if (known) continue;
    std::string names;
    for (const FieldSlot& slot : table.fields) names += (names.empty() ? "" : ", ") + std::string(slot.name);
    throw ConfigError(where + " has no field \"" + key + "\"; it has " + names);
  }
}

}  // namespace saccade::detail
