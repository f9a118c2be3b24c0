#pragma once

#include "finished_run.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

/// Figures out of what run_trial measured. All are shares; not a number where one is missing or not defined.
namespace bench {

/// The number at a place, "/stopping/glimpses".
[[nodiscard]] inline double number_of(const Json& figures, const std::string& place) {
  const auto pointer = Json::json_pointer(place);
  if (!figures.contains(pointer) || !figures.at(pointer).is_number()) return std::numeric_limits<double>::quiet_NaN();
  return figures.at(pointer).get<double>();
}

/// @param where  a path in the policy's figures: "image_accuracy/value". The groups of a study are patients: figures of
///               groups are found by either name, and older runs have them by that of patients.
[[nodiscard]] inline double figure_of(const Json& figures, const std::string& policy, const std::string& where) {
  const std::string place = "/policies/" + policy + "/", patient = "patient_";
  if (where.starts_with(patient) && !figures.contains(Json::json_pointer(place + where)))
    return number_of(figures, place + "group_" + where.substr(patient.size()));
  return number_of(figures, place + where);
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

/// Whether glimpse `step`, counted from 0, and those before it have found each region.
[[nodiscard]] inline double all_hits_of(const Json& figures, const std::string& policy, std::size_t step) {
  return figure_of(figures, policy, "hit_rate/all_by_step/" + std::to_string(step));
}

/// How many glimpses the policy made; 0 where the model was not judged under it.
[[nodiscard]] inline std::size_t steps_of(const Json& figures, const std::string& policy) {
  const auto pointer = Json::json_pointer("/policies/" + policy + "/accuracy_by_glimpse");
  return figures.contains(pointer) ? figures.at(pointer).size() : 0;
}

/// Whether the glimpses have found each region. Runs of before know it by another name: they are of one region.
[[nodiscard]] inline double all_hits(const Json& figures, const std::string& policy) {
  const std::size_t steps = steps_of(figures, policy);
  const double all = steps == 0 ? any_hit(figures, policy) : all_hits_of(figures, policy, steps - 1);
  return std::isnan(all) ? any_hit(figures, policy) : all;
}

}  // namespace bench
