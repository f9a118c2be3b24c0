#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/model/whole_number.hpp>
#include <saccade/report/json_lines.hpp>
#include <saccade/report/provenance.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// predictions.jsonl of a run folder: what was said of every evaluated image under every policy, and where was looked.
/// Each line is an object:
///     {"policy": "learned", "image": "SOB_B_A-14-22549AB-100-001", "group": "14-22549AB", "truth": 0,
///      "size": [700, 460], "locations": [[x, y], ...], "probabilities": [[p0, p1], ...],
///      "regions": [[x, y, width, height], ...], "provenance": {...}}
/// with one location in [-1, 1] and one list of class probabilities a glimpse, rounded to six digits after the point.
/// `group` (the patient, slide or scene) and `regions` (in pixels) are missing where they are not known, and so is
/// `provenance`. Older files have "patient" and one "focus" instead. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// What was said of one image under one policy.
struct PredictionRecord {
  std::string policy;
  std::string image;
  std::string group{};  ///< patient, slide or scene; empty: not known
  Index truth = 0;      ///< class
  Index width = 0;      ///< pixels
  Index height = 0;
  std::vector<Location> locations{};                 ///< of each glimpse
  std::vector<std::vector<double>> probabilities{};  ///< of each class, after each glimpse
  std::vector<Box> regions{};                        ///< where the class can be told; empty: not known
  Provenance provenance{};

  /// The most probable class after the last glimpse; the first of equals.
  [[nodiscard]] Index predicted() const {
    const std::vector<double>& last = probabilities.back();
    return std::max_element(last.begin(), last.end()) - last.begin();
  }
};

namespace detail {

/// Locations are in [-1, 1] or, before they are moved into the image, near it: beyond this they come from no model, and
/// have no six digits after the point.
inline constexpr double location_limit = 1e6;

[[nodiscard]] inline double six_digits(double value) { return std::round(1e6 * value) / 1e6; }

}  // namespace detail

[[nodiscard]] inline nlohmann::ordered_json to_json(const PredictionRecord& record) {
  nlohmann::ordered_json json{{"policy", record.policy}, {"image", record.image}};
  if (!record.group.empty()) json["group"] = record.group;
  json["truth"] = record.truth;
  json["size"] = {record.width, record.height};
  json["locations"] = nlohmann::ordered_json::array();
  for (const Location& at : record.locations) {
    nlohmann::ordered_json location{detail::six_digits(at.x), detail::six_digits(at.y)};
    if (at.zoom > 0) location.push_back(at.zoom);
    json["locations"].push_back(location);
  }
  json["probabilities"] = nlohmann::ordered_json::array();
  for (const std::vector<double>& step : record.probabilities) {
    auto list = nlohmann::ordered_json::array();
    for (const double p : step) list.push_back(detail::six_digits(p));
    json["probabilities"].push_back(list);
  }
  for (const Box& region : record.regions) json["regions"].push_back({region.x, region.y, region.width, region.height});
  if (record.provenance.known()) json["provenance"] = to_json(record.provenance);
  return json;
}

/// Replaces the file whole. @throws FileError
inline void write_predictions(const std::filesystem::path& path, std::span<const PredictionRecord> records) {
  std::string text;
  for (const PredictionRecord& record : records) text += json_text(to_json(record)) + '\n';
  write_file_atomically(path, text);
}

/// @throws FileError where the file cannot be read, or a line is no such object
[[nodiscard]] inline std::vector<PredictionRecord> read_predictions(const std::filesystem::path& path) {
  std::vector<PredictionRecord> records;
  for (const nlohmann::ordered_json& json : read_json_lines(path)) {
    PredictionRecord record;
    bool whole = true;
    const auto number = [&](const nlohmann::ordered_json& value) {
      const std::optional<Index> found = whole_number<Index>(value);
      whole = whole && found;
      return found.value_or(0);
    };
    try {
      record.policy = json.at("policy").get<std::string>();
      record.image = json.at("image").get<std::string>();
      record.group = json.value("group", json.value("patient", ""));
      record.truth = number(json.at("truth"));
      record.width = number(json.at("size").at(0));
      record.height = number(json.at("size").at(1));
      for (const auto& at : json.at("locations"))
        record.locations.push_back({at.at(0), at.at(1), at.size() > 2 ? number(at.at(2)) : 0});
      for (const auto& step : json.at("probabilities")) record.probabilities.push_back(step.get<std::vector<double>>());
      const auto add_region = [&](const nlohmann::ordered_json& box) {
        record.regions.push_back({number(box.at(0)), number(box.at(1)), number(box.at(2)), number(box.at(3))});
      };
      record.provenance = provenance_of(json);
      if (json.contains("focus")) add_region(json.at("focus"));
      if (json.contains("regions"))
        for (const auto& box : json.at("regions")) add_region(box);
      whole = whole && record.width > 0 && record.height > 0 && !record.probabilities.empty() && record.truth >= 0;
      for (const std::vector<double>& step : record.probabilities)
        whole = whole && static_cast<Index>(step.size()) > record.truth &&
                step.size() == record.probabilities.front().size() &&
                std::all_of(step.begin(), step.end(), [](double p) { return p >= 0 && p <= 1; });
      for (const Location& at : record.locations)
        whole = whole && std::abs(at.x) <= detail::location_limit && std::abs(at.y) <= detail::location_limit &&
                at.zoom >= 0;
    } catch (const nlohmann::json::exception&) {
      whole = false;
    }
    if (!whole) {
      throw FileError('"' + path.string() + "\": line " + std::to_string(records.size() + 1) +
                      " does not say what was predicted of an image");
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace saccade::report
