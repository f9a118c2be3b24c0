#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/report/evaluation_schema.hpp>
#include <saccade/report/gallery.hpp>
#include <saccade/report/predictions.hpp>
#include <saccade/report/provenance.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/report/staged_results.hpp>
#include <saccade/training/checkpoint_label.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// All that a report is made of, read from the folder of a run. Opt-in: needs nlohmann/json, stb_image, libpng and
/// libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// What a folder tells of a run. What is missing is empty; what is there and cannot be used is empty too, and a
/// problem. What cannot be read at all is neither, but an error: another moment may read it.
struct RunRecord {
  std::filesystem::path folder;
  std::filesystem::path results{};               ///< folder of the evaluation's files, before they are put in place
  std::string name{};                            ///< of the folder
  nlohmann::ordered_json config{};               ///< of config.json; null: none
  std::vector<nlohmann::ordered_json> epochs{};  ///< lines of metrics.jsonl
  nlohmann::ordered_json evaluation{};           ///< of evaluation.json; null: none
  std::vector<PredictionRecord> predictions{};
  Gallery gallery{};
  Provenance provenance{};                                             ///< of the evaluation
  std::vector<std::pair<std::string, CheckpointLabel>> checkpoints{};  ///< by name of the file
  std::vector<std::string> problems{};                                 ///< sentences

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
  if (!file_exists(path)) return nullptr;
  auto json = read_json(read_file(path), path.string());
  if (!json.is_object()) throw FileError('"' + path.string() + "\": is not a JSON object");
  return json;
}

/// @throws FileError where there is no folder of this name
inline void expect_folder(const std::filesystem::path& path) {
  std::error_code error;
  if (!file_exists(path) || !std::filesystem::is_directory(path, error))
    throw FileError('"' + path.string() + "\": no such folder");
}

/// Predictions and pictures are left out where they are not of the weights and images of evaluation.json.
inline void leave_out_others(RunRecord& run) {
  if (run.evaluation.is_null()) return;
  const auto is_other = [&](const Provenance& of, const std::filesystem::path& file) {
    if (of == run.provenance) return false;
    const bool same_weights = of.weights == run.provenance.weights;
    run.problems.push_back('"' + file.string() + "\": is of another evaluation than evaluation.json: of " +
                           (same_weights ? "other images" : weights_text(of)) + ", not of " +
                           (same_weights ? "its images" : weights_text(run.provenance)));
    return true;
  };
  const RunFolder files(run.folder);
  for (const PredictionRecord& record : run.predictions) {
    if (!is_other(record.provenance, files.predictions())) continue;
    run.predictions.clear();
    break;
  }
  if (!run.gallery.images.empty() && is_other(run.gallery.provenance, files.gallery() / "gallery.json"))
    run.gallery = {};
}

/// A sentence where the figures are of weights that no checkpoint of the folder has.
[[nodiscard]] inline std::optional<std::string> other_weights(const RunRecord& run) {
  if (!run.provenance.known() || run.checkpoints.empty()) return {};
  std::string now;
  for (const auto& [name, label] : run.checkpoints) {
    if (label.checksum == run.provenance.weights) return {};
    now += (now.empty() ? "" : ", ") + name + " has " +
           weights_text({.weights = label.checksum, .epoch = label.epoch, .data = {}});
  }
  return '"' + RunFolder(run.folder).evaluation().string() + "\": its figures are of " + weights_text(run.provenance) +
         ", but now " + now + "; evaluate again";
}

}  // namespace detail

/// @param results  the folder that holds the files of the evaluation
/// @throws FileError where the folder is missing or holds neither config.json, metrics.jsonl nor evaluation.json
/// @throws UnreadableError where a file is there and cannot be read
[[nodiscard]] inline RunRecord read_run(const std::filesystem::path& path, const std::filesystem::path& results) {
  detail::expect_folder(path);
  const RunFolder files(path), evaluated(results);
  const auto there = [](const std::filesystem::path& file) { return file_exists(file); };
  if (!there(files.config()) && !there(files.metrics()) && !there(evaluated.evaluation())) {
    throw FileError('"' + path.string() +
                    "\": holds no run; expected config.json, metrics.jsonl or evaluation.json in it");
  }
  RunRecord run{.folder = path, .results = results};
  std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  run.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  const auto attempt = [&](const auto& read) {
    try {
      read();
    } catch (const UnreadableError&) {
      throw;
    } catch (const Error& error) {
      run.problems.emplace_back(error.what());
    }
  };
  attempt([&] { run.config = detail::read_object(files.config()); });
  attempt([&] {
    if (there(files.metrics())) run.epochs = read_epochs(files.metrics());
  });
  attempt([&] {
    nlohmann::ordered_json json = detail::read_object(evaluated.evaluation());
    if (!json.is_null() && !(json.contains("protocol") && json.at("protocol").is_object()))
      throw FileError('"' + evaluated.evaluation().string() + "\": is not an evaluation: it has no protocol");
    try {
      if (!json.is_null()) json = upgraded_evaluation(std::move(json), evaluated.evaluation().string());
    } catch (const nlohmann::json::exception&) {
      throw FileError('"' + evaluated.evaluation().string() +
                      "\": does not hold what an evaluation of its schema does");
    }
    try {
      if (!json.is_null()) run.provenance = provenance_of(json.at("protocol"));
    } catch (const nlohmann::json::exception&) {
      throw FileError('"' + evaluated.evaluation().string() + "\": does not say what it is of as an evaluation does");
    }
    run.evaluation = std::move(json);
  });
  attempt([&] {
    if (there(evaluated.predictions())) run.predictions = read_predictions(evaluated.predictions());
  });
  attempt([&] {
    if (there(evaluated.gallery() / "gallery.json")) run.gallery = read_gallery(evaluated.gallery());
  });
  for (const std::filesystem::path& checkpoint : {files.best(), files.checkpoint()}) {
    attempt([&] {
      if (there(checkpoint))
        run.checkpoints.emplace_back(checkpoint.filename().string(), read_checkpoint_label(checkpoint));
    });
  }
  detail::leave_out_others(run);
  if (auto difference = detail::other_weights(run)) run.problems.push_back(*std::move(difference));
  return run;
}

}  // namespace saccade::report
