#include <saccade/metrics/answers.hpp>

#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace saccade;
using metrics::Answers;

namespace {

/// Patient "a" (benign): 2 of 3 images right. "b" (malignant): 1 of 2. "c" (malignant): 2 of 2.
Answers three_patients() {
  Answers answers;
  const auto add = [&](const char* patient, Index label, double malignant) {
    answers.add(patient, label, std::vector<double>{1 - malignant, malignant});
  };
  add("b", 1, 0.8);
  add("a", 0, 0.1);
  add("a", 0, 0.6);
  add("c", 1, 0.9);
  add("a", 0, 0.2);
  add("b", 1, 0.3);
  add("c", 1, 0.7);
  return answers;
}

}  // namespace

TEST_CASE("Scores of three patients, worked out by hand", "[metrics]") {
  const Answers answers = three_patients();
  const metrics::Scores scores = metrics::score_answers(answers, 1);
  CHECK(answers.images() == 7);
  CHECK(scores.patient_recognition_rate.value == Approx((2.0 / 3 + 1.0 / 2 + 1) / 3));
  // Half of the images is no majority.
  CHECK(scores.majority_accuracy.value == Approx(2.0 / 3));
  CHECK(scores.image_accuracy.value == Approx(5.0 / 7));
  CHECK(scores.sensitivity.value == Approx(3.0 / 4));
  CHECK(scores.specificity.value == Approx(2.0 / 3));
  CHECK(scores.balanced_accuracy.value == Approx((3.0 / 4 + 2.0 / 3) / 2));
  CHECK(scores.f1.value == Approx(2 * 3 / (2 * 3 + 1 + 1.0)));
  // Of 4 * 3 pairs, 0.8, 0.9 and 0.7 win all three, 0.3 wins two.
  CHECK(scores.auc.value == Approx(11.0 / 12));
  CHECK(answers.mean_cross_entropy() == Approx(-(std::log(0.8) + std::log(0.9) + std::log(0.4) + std::log(0.9) +
                                                 std::log(0.8) + std::log(0.3) + std::log(0.7)) /
                                               7));
}

TEST_CASE("Intervals contain their figure, repeat by seed, and follow the patients", "[metrics]") {
  const Answers answers = three_patients();
  const metrics::Scores scores = metrics::score_answers(answers, 1);
  for (const metrics::Estimate& estimate :
       {scores.patient_recognition_rate, scores.majority_accuracy, scores.image_accuracy, scores.balanced_accuracy,
        scores.auc, scores.sensitivity, scores.specificity, scores.f1}) {
    CHECK(estimate.interval.low <= estimate.value);
    CHECK(estimate.value <= estimate.interval.high);
  }
  CHECK(metrics::score_answers(answers, 1).auc.interval.low == scores.auc.interval.low);
  // A draw of patient b alone has half of its images right, one of c alone all: no draw can do worse or better.
  CHECK(scores.image_accuracy.interval.low >= 0.5);
  CHECK(scores.image_accuracy.interval.high == 1);
  // Wilson's interval of 24 patients with a rate of 0.9: 0.72 to 0.97.
  const auto wilson = metrics::wilson_interval(0.9 * 24, 24);
  CHECK(wilson.low == Approx(0.72).margin(0.005));
  CHECK(wilson.high == Approx(0.97).margin(0.005));
}

TEST_CASE("A probability of 0 for the true class leaves the cross-entropy finite", "[metrics]") {
  Answers answers;
  answers.add("a", 1, std::vector<double>{1, 0});
  CHECK(answers.mean_cross_entropy() == Approx(-std::log(1e-12)));
}

TEST_CASE("Without answers no figure is defined", "[metrics]") {
  const metrics::Scores scores = metrics::score_answers({}, 1);
  CHECK(std::isnan(scores.patient_recognition_rate.value));
  CHECK(std::isnan(scores.image_accuracy.value));
  CHECK(std::isnan(scores.auc.interval.low));
}
