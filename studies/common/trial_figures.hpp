#pragma once

#include "finished_run.hpp"

#include <cstddef>
#include <limits>
#include <string>

/// Figures out of what run_trial measured. All are shares; not a number where one is missing or not defined.
namespace bench {

/// @param where  a path in the policy's figures: "image_accuracy/value". The groups of a study are patients: figures of
///               groups are found by either name, and older runs have them by that of patients.
[[nodiscard]] inline double figure_of(const Json& figures, const std::string& policy, const std::string& where) {
  const std::string place = "/policies/" + policy + "/", patient = "patient_";
  auto pointer = Json::json_pointer(place + where);
  if (where.starts_with(patient) && !figures.contains(pointer))
    pointer = Json::json_pointer(place + "group_" + where.substr(patient.size()));
  if (!figures.contains(pointer) || !figures.at(pointer).is_number()) return std::numeric_limits<double>::quiet_NaN();
  return figures.at(pointer).get<double>();
}

[[nodiscard]] inline double accuracy_of(const Json& figures, const std::string& policy) {
  return figure_of(figures, policy, "image_accuracy/value");
}

/// After glimpse `step`, counted from 0.
[[nodiscard]] inline double accuracy_after(const Json& figures, const std::string& policy, std::size_t step) {
  return figure_of(figures, policy, "accuracy_by_glimpse/" + std::to_string(step));
}

/// Of glimpse `step`, counted from 0.
[[nodiscard]] inline double hits_of(const Json& figures, const std::string& policy, std::size_t step) {
  return figure_of(figures, policy, "hit_rate/by_step/" + std::to_string(step));
}

[[nodiscard]] inline double any_hit(const Json& figures, const std::string& policy) {
  return figure_of(figures, policy, "hit_rate/any");
}

/// How many glimpses the policy made; 0 where the model was not judged under it.
[[nodiscard]] inline std::size_t steps_of(const Json& figures, const std::string& policy) {
  const auto pointer = Json::json_pointer("/policies/" + policy + "/accuracy_by_glimpse");
  return figures.contains(pointer) ? figures.at(pointer).size() : 0;
}

}  // namespace bench
