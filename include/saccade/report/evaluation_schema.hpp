#pragma once

#include <saccade/core/error.hpp>
#include <saccade/metrics/classification.hpp>
#include <saccade/model/whole_number.hpp>
#include <saccade/report/evaluation_json.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// evaluation.json as it was before. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

inline void rename_key(nlohmann::ordered_json& object, const char* before, const char* now) {
  if (!object.is_object() || !object.contains(before)) return;
  object[now] = std::move(object.at(before));
  object.erase(before);
}

/// The figures of a policy of "saccade.evaluation.1": groups were patients, classes were two, and of each class it has
/// what its counts tell, with the intervals that were kept.
inline void upgrade_figures(nlohmann::ordered_json& figures, const std::string& name) {
  rename_key(figures, "patient_recognition_rate", "group_recognition_rate");
  rename_key(figures, "patient_majority_accuracy", "group_majority_accuracy");
  if (!figures.contains("confusion")) return;
  const auto classes = figures.at("confusion").at("classes").get<std::vector<std::string>>();
  const nlohmann::ordered_json& counts = figures.at("confusion").at("counts");
  metrics::Confusion confusion(static_cast<Index>(classes.size()));
  for (std::size_t truth = 0; truth < classes.size(); ++truth)
    for (std::size_t predicted = 0; predicted < classes.size(); ++predicted) {
      const std::optional<std::int32_t> count = whole_number<std::int32_t>(counts.at(truth).at(predicted));
      if (!count || *count < 0)
        throw FileError('"' + name + "\": the counts of its confusion must be numbers of images");
      confusion.add(static_cast<Index>(truth), static_cast<Index>(predicted), *count);
    }
  const auto kept_or = [&](const char* kept, double value) {
    return figures.contains(kept) ? figures.at(kept) : figure(metrics::Estimate{.value = value});
  };
  auto list = nlohmann::ordered_json::array();
  for (Index label = 0; label < confusion.classes(); ++label) {
    const bool two = confusion.classes() == 2, second = two && label == 1;
    const char* of_class = second ? "sensitivity" : "specificity";
    list.push_back({{"class", classes[static_cast<std::size_t>(label)]},
                    {"images", confusion.of_class(label)},
                    {"sensitivity", kept_or(two ? of_class : "", confusion.sensitivity(label))},
                    {"precision", figure(metrics::Estimate{.value = confusion.precision(label)})},
                    {"f1", kept_or(second ? "f1" : "", confusion.f1(label))},
                    {"auc", kept_or(two ? "auc" : "", metrics::undefined)}});
  }
  figures["by_class"] = std::move(list);
  figures["macro_f1"] = figure(metrics::Estimate{.value = confusion.macro_f1()});
  // A mean over the classes that were there is no balanced accuracy.
  for (Index label = 0; label < confusion.classes(); ++label)
    if (confusion.of_class(label) == 0) figures["balanced_accuracy"] = figure(metrics::Estimate{});
}

}  // namespace detail

/// The content of an evaluation.json of any version in the words of this one.
/// @param name  begins the error sentence: the file's path
/// @throws FileError where its schema is not known, nlohmann::json::exception where it does not hold what it should
[[nodiscard]] inline nlohmann::ordered_json upgraded_evaluation(nlohmann::ordered_json json, const std::string& name) {
  if (!json.contains("schema") || json.at("schema") == evaluation_schema) return json;
  if (json.at("schema") != "saccade.evaluation.1") {
    throw FileError('"' + name + "\": its schema is " + json_text(json.at("schema")) + "; expected \"" +
                    std::string(evaluation_schema) + "\" or \"saccade.evaluation.1\"");
  }
  json["schema"] = evaluation_schema;
  json["group_noun"] = "patient";
  detail::rename_key(json.at("protocol"), "patients", "groups");
  detail::rename_key(json.at("protocol"), "patients_of_the_training", "groups_of_the_training");
  detail::upgrade_figures(json, name);
  detail::rename_key(json, "per_patient", "per_group");
  if (json.contains("per_group"))
    for (nlohmann::ordered_json& each : json.at("per_group")) detail::rename_key(each, "patient", "group");
  if (json.contains("controls"))
    for (auto& [policy, figures] : json.at("controls").items()) detail::upgrade_figures(figures, name);
  json["missing_classes"] = nlohmann::ordered_json::array();
  if (json.contains("by_class"))
    for (const auto& each : json.at("by_class"))
      if (each.at("images") == 0) json["missing_classes"].push_back(each.at("class"));
  return json;
}

}  // namespace saccade::report
