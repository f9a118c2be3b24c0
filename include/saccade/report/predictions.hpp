#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/report/json_lines.hpp>

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
///     {"policy": "learned", "image": "SOB_B_A-14-22549AB-100-001", "patient": "14-22549AB", "truth": 0,
///      "size": [700, 460], "locations": [[x, y], ...], "probabilities": [[p0, p1], ...], "focus": [x, y, width,
///      height]}
/// with one location in [-1, 1] and one list of class probabilities a glimpse, rounded to six digits after the point.
/// `patient` and `focus` (in pixels) are missing where they are not known. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// What was said of one image under one policy.
struct PredictionRecord {
  std::string policy;
  std::string image;
  std::string patient{};  ///< empty: not known
  Index truth = 0;        ///< class
  Index width = 0;        ///< pixels
  Index height = 0;
  std::vector<Location> locations{};                 ///< of each glimpse
  std::vector<std::vector<double>> probabilities{};  ///< of each class, after each glimpse
  std::optional<Box> focus{};

  /// The most probable class after the last glimpse; the first of equals.
  [[nodiscard]] Index predicted() const {
    const std::vector<double>& last = probabilities.back();
    return std::max_element(last.begin(), last.end()) - last.begin();
  }
};

namespace detail {

[[nodiscard]] inline double six_digits(double value) { return std::round(1e6 * value) / 1e6; }

}  // namespace detail

[[nodiscard]] inline nlohmann::ordered_json to_json(const PredictionRecord& record) {
  nlohmann::ordered_json json{{"policy", record.policy}, {"image", record.image}};
  if (!record.patient.empty()) json["patient"] = record.patient;
  json["truth"] = record.truth;
  json["size"] = {record.width, record.height};
  json["locations"] = nlohmann::ordered_json::array();
  for (const Location& at : record.locations)
    json["locations"].push_back({detail::six_digits(at.x), detail::six_digits(at.y)});
  json["probabilities"] = nlohmann::ordered_json::array();
  for (const std::vector<double>& step : record.probabilities) {
    auto list = nlohmann::ordered_json::array();
    for (const double p : step) list.push_back(detail::six_digits(p));
    json["probabilities"].push_back(list);
  }
  if (record.focus) json["focus"] = {record.focus->x, record.focus->y, record.focus->width, record.focus->height};
  return json;
}

/// Replaces the file whole. @throws FileError
inline void write_predictions(const std::filesystem::path& path, std::span<const PredictionRecord> records) {
  std::string text;
  for (const PredictionRecord& record : records)
    text += to_json(record).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  write_file_atomically(path, text);
}

/// @throws FileError where the file cannot be read, or a line is no such object
[[nodiscard]] inline std::vector<PredictionRecord> read_predictions(const std::filesystem::path& path) {
  std::vector<PredictionRecord> records;
  for (const nlohmann::ordered_json& json : read_json_lines(path)) {
    PredictionRecord record;
    bool whole = true;
    try {
      record.policy = json.at("policy").get<std::string>();
      record.image = json.at("image").get<std::string>();
      record.patient = json.value("patient", "");
      record.truth = json.at("truth").get<Index>();
      record.width = json.at("size").at(0).get<Index>();
      record.height = json.at("size").at(1).get<Index>();
      for (const auto& at : json.at("locations")) record.locations.push_back({at.at(0), at.at(1)});
      for (const auto& step : json.at("probabilities")) record.probabilities.push_back(step.get<std::vector<double>>());
      if (json.contains("focus")) {
        const auto& box = json.at("focus");
        record.focus = Box{box.at(0), box.at(1), box.at(2), box.at(3)};
      }
      whole = record.width > 0 && record.height > 0 && !record.probabilities.empty() && record.truth >= 0;
      for (const std::vector<double>& step : record.probabilities)
        whole = whole && static_cast<Index>(step.size()) > record.truth &&
                step.size() == record.probabilities.front().size();
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
