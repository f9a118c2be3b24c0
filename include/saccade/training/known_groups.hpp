#pragma once

#include <saccade/data/breakhis_name.hpp>
#include <saccade/data/fingerprint.hpp>
#include <saccade/data/split_report.hpp>
#include <saccade/model/json.hpp>
#include <saccade/training/run_data.hpp>

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE {

/// Groups of the test part that a model has learned from, or was chosen by, in alphabetical order. Where each image is
/// a group of its own, the training's split is made again, and counts if it has the images that the training had.
///
/// @throws FileError where `trained` is of another form
/// @param trained  the training's describe_data, see current_data_description; an empty object where nothing is known
/// @param name     begins the error sentence: the checkpoint's path
[[nodiscard]] inline std::vector<std::string> known_groups(const RunData& run, const nlohmann::ordered_json& trained,
                                                           std::string_view name = "the run") {
  const data::Dataset& dataset = run.dataset;
  std::set<std::string> learned;
  reading_json(name, [&] {
    // Slides of the training, where the evaluation counts cases.
    const bool shorten = dataset.grouping == "case" && trained.value("group", "") == "slide";
    for (const char* part : {"train_groups", "validation_groups"}) {
      for (const auto& group : trained.value(part, nlohmann::ordered_json::array())) {
        const auto learned_group = group.get<std::string>();
        learned.insert(shorten ? data::case_number(learned_group) : learned_group);
      }
    }
    const nlohmann::ordered_json::json_pointer train("/fingerprint/train");
    if (dataset.grouping == "image" && trained.contains(train)) {
      try {
        const data::Split split =
            training_split(dataset, data::parse_split(trained.value("split", "")), trained.value("validation", 0.0));
        if (trained.at(train) == data::fingerprint(dataset, split.train)) {
          for (const std::vector<Index>* part : {&split.train, &split.validation})
            for (const Index image : *part) learned.insert(dataset.sample(image).group);
        }
      } catch (const ConfigError&) {  // these data cannot be divided so, and are not those of the training
      }
    }
  });
  std::vector<std::string> known;
  for (const std::string& group : data::groups_of(dataset, run.split.test))
    if (learned.contains(group)) known.push_back(group);
  return known;
}

}  // namespace saccade
