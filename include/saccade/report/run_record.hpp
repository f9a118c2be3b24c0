#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/report/evaluation_schema.hpp>
#include <saccade/report/gallery.hpp>
#include <saccade/report/predictions.hpp>
#include <saccade/report/run_folder.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// All that a report is made of, read from the folder of a run. Opt-in: needs nlohmann/json, stb_image, libpng and
/// libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// What a folder tells of a run. What is missing is empty; what is there and cannot be used is empty too, and a
/// problem.
struct RunRecord {
  std::filesystem::path folder;
  std::string name{};                            ///< of the folder
  nlohmann::ordered_json config{};               ///< of config.json; null: none
  std::vector<nlohmann::ordered_json> epochs{};  ///< lines of metrics.jsonl
  nlohmann::ordered_json evaluation{};           ///< of evaluation.json; null: none
  std::vector<PredictionRecord> predictions{};
  Gallery gallery{};
  std::vector<std::string> problems{};  ///< sentences

  /// The evaluation's policies: the one in its headline, then its controls; none without an evaluation.
  [[nodiscard]] std::vector<std::string> policies() const {
    std::vector<std::string> names;
    if (evaluation.is_null()) return names;
    names.push_back(headline());
    if (evaluation.contains("controls"))
      for (const auto& [policy, figures] : evaluation.at("controls").items()) names.push_back(policy);
    return names;
  }

  [[nodiscard]] std::string headline() const { return evaluation.at("protocol").value("policy", "learned"); }

  /// The figures of a policy of `policies()`.
  [[nodiscard]] const nlohmann::ordered_json& figures(const std::string& policy) const {
    return policy == headline() ? evaluation : evaluation.at("controls").at(policy);
  }

  /// What a group of the evaluation is: "patient".
  [[nodiscard]] std::string group_noun() const {
    return evaluation.is_object() ? evaluation.value("group_noun", "group") : "group";
  }

  /// Whether groups are more than single images, so that they have figures of their own.
  [[nodiscard]] bool has_groups() const {
    return evaluation.contains("group_recognition_rate") && group_noun() != "image";
  }

  /// Names of the classes; empty where the evaluation does not say.
  [[nodiscard]] std::vector<std::string> classes() const {
    const nlohmann::ordered_json::json_pointer pointer("/confusion/classes");
    return evaluation.contains(pointer) ? evaluation.at(pointer).get<std::vector<std::string>>()
                                        : std::vector<std::string>{};
  }
};

namespace detail {

/// Content of a JSON file that must be an object; null where there is no such file.
[[nodiscard]] inline nlohmann::ordered_json read_object(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return nullptr;
  auto json = read_json(read_file(path), path.string());
  if (!json.is_object()) throw FileError('"' + path.string() + "\": is not a JSON object");
  return json;
}

}  // namespace detail

/// @throws FileError where the folder is missing or holds neither config.json, metrics.jsonl nor evaluation.json
[[nodiscard]] inline RunRecord read_run(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) throw FileError('"' + path.string() + "\": no such folder");
  const RunFolder files(path);
  const auto there = [](const std::filesystem::path& file) { return std::filesystem::exists(file); };
  if (!there(files.config()) && !there(files.metrics()) && !there(files.evaluation())) {
    throw FileError('"' + path.string() +
                    "\": holds no run; expected config.json, metrics.jsonl or evaluation.json in it");
  }
  RunRecord run{.folder = path};
  std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  run.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  const auto attempt = [&](const auto& read) {
    try {
      read();
    } catch (const Error& error) {
      run.problems.emplace_back(error.what());
    }
  };
  attempt([&] { run.config = detail::read_object(files.config()); });
  attempt([&] {
    if (there(files.metrics())) run.epochs = read_epochs(files.metrics());
  });
  attempt([&] {
    nlohmann::ordered_json json = detail::read_object(files.evaluation());
    if (!json.is_null() && !(json.contains("protocol") && json.at("protocol").is_object()))
      throw FileError('"' + files.evaluation().string() + "\": is not an evaluation: it has no protocol");
    try {
      if (!json.is_null()) json = upgraded_evaluation(std::move(json), files.evaluation().string());
    } catch (const nlohmann::json::exception&) {
      throw FileError('"' + files.evaluation().string() + "\": does not hold what an evaluation of its schema does");
    }
    run.evaluation = std::move(json);
  });
  attempt([&] {
    if (there(files.predictions())) run.predictions = read_predictions(files.predictions());
  });
  attempt([&] {
    if (there(files.gallery() / "gallery.json")) run.gallery = read_gallery(files.gallery());
  });
  return run;
}

}  // namespace saccade::report
