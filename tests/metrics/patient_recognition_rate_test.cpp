#include <saccade/metrics/patient_recognition_rate.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("the rate is the mean over patients of their shares, not of images and not of majorities", "[metrics]") {
  // b: 6 of 10 right; a: 1 of 2 right. Images: 7 of 12; majorities: b alone is right.
  std::vector<std::string> patient(10, "b");
  std::vector<Index> truth(10, 1), predicted(10, 1);
  for (std::size_t i = 0; i < 4; ++i) predicted[i] = 0;
  for (const Index answer : {0, 1}) {
    patient.push_back("a");
    truth.push_back(0);
    predicted.push_back(answer);
  }
  const auto scores = score_patients(patient, truth, predicted);
  CHECK(scores == std::vector<PatientScore>{{"a", 1, 2}, {"b", 6, 10}});
  CHECK(patient_recognition_rate(scores) == Approx(0.55));
}

TEST_CASE("no patient, no rate; lists of unequal length are refused", "[metrics]") {
  CHECK(std::isnan(patient_recognition_rate({})));
  const std::vector<std::string> patient = {"a"};
  const std::vector<Index> truth = {1, 0}, predicted = {1, 0};
  CHECK_THROWS_WITH(score_patients(patient, truth, predicted), contains("1 patients, 2 labels and 2 predictions"));
}
