#pragma once

#include <saccade/metrics/classification.hpp>
#include <saccade/metrics/confidence_interval.hpp>
#include <saccade/metrics/patient_recognition_rate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::metrics {

/// A classifier's answers to images of two classes: one entry an image in each list.
struct Answers {
  std::vector<std::string> patient;
  std::vector<Index> truth;
  std::vector<Index> predicted;
  std::vector<double> score;          ///< probability of class 1
  std::vector<double> cross_entropy;  ///< -log of the true class' probability

  /// @param probabilities  of each class
  void add(std::string of_patient, Index label, std::span<const double> probabilities) {
    patient.push_back(std::move(of_patient));
    truth.push_back(label);
    predicted.push_back(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin());
    score.push_back(probabilities[1]);
    // A probability that was rounded to 0 must not make a mean infinite.
    cross_entropy.push_back(-std::log(std::max(probabilities[static_cast<std::size_t>(label)], 1e-12)));
  }

  [[nodiscard]] Index images() const { return static_cast<Index>(truth.size()); }

  [[nodiscard]] std::vector<PatientScore> by_patient() const { return score_patients(patient, truth, predicted); }

  [[nodiscard]] double mean_cross_entropy() const {
    double sum = 0;
    for (const double value : cross_entropy) sum += value;
    return truth.empty() ? undefined : sum / static_cast<double>(truth.size());
  }
};

/// A figure with its 95 % interval over patients.
struct Estimate {
  double value = undefined;
  Interval interval{};
};

/// Share of the patients of whom more than half of the images are right.
[[nodiscard]] inline double majority_accuracy(std::span<const PatientScore> patients) {
  const auto right = std::count_if(patients.begin(), patients.end(),
                                   [](const PatientScore& patient) { return 2 * patient.right > patient.images; });
  return rate(right, static_cast<Index>(patients.size()));
}

/// Figures of a classifier over a set of patients. Shares of patients have Wilson's interval; the others, whose unit is
/// the image, a bootstrap over patients. Class 1 (malignant) is the one to find.
struct Scores {
  Estimate patient_recognition_rate;
  Estimate majority_accuracy;
  Estimate image_accuracy;
  Estimate balanced_accuracy;
  Estimate auc;
  Estimate sensitivity;
  Estimate specificity;
  Estimate f1;
};

/// @param seed  of the bootstrap
[[nodiscard]] inline Scores score_answers(const Answers& answers, std::uint64_t seed, Index resamples = 2000) {
  const std::vector<PatientScore> patients = answers.by_patient();
  const auto count = static_cast<Index>(patients.size());
  std::map<std::string, std::vector<std::size_t>> images_of;
  for (std::size_t i = 0; i < answers.patient.size(); ++i) images_of[answers.patient[i]].push_back(i);
  std::vector<std::vector<std::size_t>> images;  // by patient, in the order of `patients`
  for (const auto& [name, list] : images_of) images.push_back(list);

  const auto share_of_patients = [&](double value) {
    return Estimate{value, count == 0 ? Interval{} : wilson_interval(value * static_cast<double>(count), count)};
  };
  const auto confusion_of = [&](std::span<const Index> drawn) {
    Confusion confusion(2);
    for (const Index patient : drawn)
      for (const std::size_t i : images[static_cast<std::size_t>(patient)])
        confusion.add(answers.truth[i], answers.predicted[i]);
    return confusion;
  };
  const auto area_of = [&](std::span<const Index> drawn) {
    std::vector<Index> truth;
    std::vector<double> score;
    for (const Index patient : drawn) {
      for (const std::size_t i : images[static_cast<std::size_t>(patient)]) {
        truth.push_back(answers.truth[i]);
        score.push_back(answers.score[i]);
      }
    }
    return area_under_curve(truth, score);
  };
  std::vector<Index> everybody(patients.size());
  for (std::size_t i = 0; i < everybody.size(); ++i) everybody[i] = static_cast<Index>(i);
  const auto estimate = [&](const auto& statistic) {
    return Estimate{statistic(std::span<const Index>(everybody)),
                    bootstrap_interval(count, statistic, seed, resamples)};
  };
  const auto of_confusion = [&](const auto& figure) {
    return estimate([&](std::span<const Index> drawn) { return figure(confusion_of(drawn)); });
  };
  return {.patient_recognition_rate = share_of_patients(metrics::patient_recognition_rate(patients)),
          .majority_accuracy = share_of_patients(metrics::majority_accuracy(patients)),
          .image_accuracy = of_confusion([](const Confusion& c) { return c.accuracy(); }),
          .balanced_accuracy = of_confusion([](const Confusion& c) { return c.balanced_accuracy(); }),
          .auc = estimate(area_of),
          .sensitivity = of_confusion([](const Confusion& c) { return metrics::sensitivity(c); }),
          .specificity = of_confusion([](const Confusion& c) { return metrics::specificity(c); }),
          .f1 = of_confusion([](const Confusion& c) { return c.f1(1); })};
}

}  // namespace saccade::metrics
