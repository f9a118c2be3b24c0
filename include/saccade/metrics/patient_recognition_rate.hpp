#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/metrics/classification.hpp>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// One patient's images.
struct PatientScore {
  std::string patient;
  Index right = 0;
  Index images = 0;

  /// N_rec / N_P of eq. 6.
  [[nodiscard]] double score() const { return static_cast<double>(right) / static_cast<double>(images); }

  friend bool operator==(const PatientScore&, const PatientScore&) = default;
};

/// Counts right answers by patient, in the alphabetical order of patients.
/// @throws ConfigError unless the three lists are equally long
[[nodiscard]] inline std::vector<PatientScore> score_patients(std::span<const std::string> patient,
                                                              std::span<const Index> truth,
                                                              std::span<const Index> predicted) {
  expect_config(patient.size() == truth.size() && truth.size() == predicted.size(),
                "patient recognition rate: " + std::to_string(patient.size()) + " patients, " +
                    std::to_string(truth.size()) + " labels and " + std::to_string(predicted.size()) + " predictions");
  std::map<std::string, PatientScore> scores;
  for (std::size_t i = 0; i < patient.size(); ++i) {
    PatientScore& score = scores[patient[i]];
    score.patient = patient[i];
    score.right += truth[i] == predicted[i] ? 1 : 0;
    ++score.images;
  }
  std::vector<PatientScore> list;
  for (auto& [name, score] : scores) list.push_back(score);
  return list;
}

/// The mean over patients of (images right / images). It is not the share of patients whose majority is right: a
/// patient with 6 of 10 images right counts 0.6. Undefined where there is no patient.
/// Source: Spanhol et al. 2016; Xu et al. 2019, eq. 6.
[[nodiscard]] inline double patient_recognition_rate(std::span<const PatientScore> patients) {
  if (patients.empty()) return undefined;
  double sum = 0;
  for (const PatientScore& patient : patients) sum += patient.score();
  return sum / static_cast<double>(patients.size());
}

}  // namespace saccade::metrics
