#include <saccade/metrics/scores.hpp>

#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace saccade;
using metrics::Answers;

namespace {

/// Patient "a" (benign): 2 of 3 images right. "b" (malignant): 1 of 2. "c" (malignant): 2 of 2.
Answers three_patients() {
  Answers answers(2);
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

std::vector<metrics::Estimate> all(const metrics::Scores& scores) {
  std::vector<metrics::Estimate> list{scores.group_recognition_rate, scores.majority_accuracy, scores.image_accuracy,
                                      scores.balanced_accuracy,      scores.macro_f1,          scores.auc};
  for (const metrics::ClassScores& each : scores.by_class)
    list.insert(list.end(), {each.sensitivity, each.precision, each.f1, each.auc});
  return list;
}

}  // namespace

TEST_CASE("Scores of three patients, worked out by hand", "[metrics]") {
  const metrics::Scores scores = metrics::score_answers(three_patients(), 1);
  CHECK(scores.group_recognition_rate.value == Approx((2.0 / 3 + 1.0 / 2 + 1) / 3));
  // Half of the images is no majority.
  CHECK(scores.majority_accuracy.value == Approx(2.0 / 3));
  CHECK(scores.image_accuracy.value == Approx(5.0 / 7));
  CHECK(scores.balanced_accuracy.value == Approx((3.0 / 4 + 2.0 / 3) / 2));
  REQUIRE(scores.by_class.size() == 2);
  CHECK(scores.by_class[0].images == 3);
  CHECK(scores.by_class[1].images == 4);
  CHECK(scores.by_class[1].sensitivity.value == Approx(3.0 / 4));
  CHECK(scores.by_class[0].sensitivity.value == Approx(2.0 / 3));
  CHECK(scores.by_class[1].precision.value == Approx(3.0 / 4));
  CHECK(scores.by_class[1].f1.value == Approx(2 * 3 / (2 * 3 + 1 + 1.0)));
  CHECK(scores.macro_f1.value == Approx((0.75 + 2 * 2 / (2 * 2 + 1 + 1.0)) / 2));
  // Of 4 * 3 pairs, 0.8, 0.9 and 0.7 win all three, 0.3 wins two; the other class has the same curve.
  CHECK(scores.auc.value == Approx(11.0 / 12));
  CHECK(scores.by_class[0].auc.value == scores.auc.value);
}

TEST_CASE("Intervals contain their figure, repeat by seed, and follow the patients", "[metrics]") {
  const Answers answers = three_patients();
  const metrics::Scores scores = metrics::score_answers(answers, 1);
  for (const metrics::Estimate& estimate : all(scores)) {
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

TEST_CASE("The intervals of two classes are those of before there were more", "[metrics]") {
  const metrics::Scores scores = metrics::score_answers(three_patients(), 1);
  const auto check = [](const metrics::Estimate& estimate, double low, double high) {
    CHECK(estimate.interval.low == Approx(low).margin(1e-12));
    CHECK(estimate.interval.high == Approx(high).margin(1e-12));
  };
  check(scores.group_recognition_rate, 0.23937340917296407, 0.9555167989359048);
  check(scores.majority_accuracy, 0.20765960080204771, 0.93850805527960368);
  check(scores.image_accuracy, 0.5, 1);
  check(scores.auc, 0.83333333333333337, 1);
  check(scores.by_class[1].sensitivity, 0.5, 1);
  check(scores.by_class[0].sensitivity, 2.0 / 3, 2.0 / 3);
  // A draw without patient a, or of a alone, has neither balanced accuracy nor F1. Of the others a, b, b and a, c, c
  // have the least and the greatest sensitivity of class 1; a, a, b (one hit, one miss, two false alarms) and a, c, c
  // the F1.
  check(scores.balanced_accuracy, (2.0 / 3 + 1.0 / 2) / 2, (2.0 / 3 + 1) / 2);
  check(scores.by_class[1].f1, 2.0 / 5, 8.0 / 9);
}

TEST_CASE("Scores of three classes, worked out by hand", "[metrics]") {
  Answers answers(3);
  answers.add("p", 0, std::vector<double>{0.6, 0.3, 0.1});
  answers.add("p", 1, std::vector<double>{0.2, 0.5, 0.3});
  answers.add("q", 1, std::vector<double>{0.1, 0.2, 0.7});
  answers.add("q", 2, std::vector<double>{0.2, 0.0, 0.8});
  answers.add("q", 2, std::vector<double>{0.5, 0.1, 0.4});
  const metrics::Scores scores = metrics::score_answers(answers, 7);
  CHECK(scores.group_recognition_rate.value == Approx((1 + 1.0 / 3) / 2));
  CHECK(scores.majority_accuracy.value == 0.5);
  CHECK(scores.image_accuracy.value == Approx(3.0 / 5));
  CHECK(scores.balanced_accuracy.value == Approx((1 + 0.5 + 0.5) / 3));
  // Precisions 1/2, 1 and 1/2; F1 2/3, 2/3 and 1/2.
  CHECK(scores.by_class[0].precision.value == 0.5);
  CHECK(scores.by_class[1].precision.value == 1);
  CHECK(scores.by_class[2].f1.value == 0.5);
  CHECK(scores.macro_f1.value == Approx((2.0 / 3 + 2.0 / 3 + 0.5) / 3));
  // Class 0: 0.6 above 0.2, 0.1, 0.2, 0.5. Class 1: 0.5 wins three, 0.2 loses to 0.3 and wins two. Class 2: 0.8 wins
  // three, 0.4 wins two.
  CHECK(scores.by_class[0].auc.value == 1);
  CHECK(scores.by_class[1].auc.value == Approx(5.0 / 6));
  CHECK(scores.by_class[2].auc.value == Approx(5.0 / 6));
  CHECK(scores.auc.value == Approx((1 + 5.0 / 6 + 5.0 / 6) / 3));
}

TEST_CASE("What needs a class that is missing is not given, neither as a value nor as an interval", "[metrics]") {
  Answers answers(4);
  answers.add("p", 0, std::vector<double>{0.7, 0.1, 0.1, 0.1});
  answers.add("p", 1, std::vector<double>{0.1, 0.2, 0.6, 0.1});
  answers.add("q", 3, std::vector<double>{0.1, 0.1, 0.1, 0.7});
  const metrics::Scores scores = metrics::score_answers(answers, 1);
  CHECK(scores.image_accuracy.value == Approx(2.0 / 3));
  CHECK(scores.group_recognition_rate.value == 0.75);
  CHECK(scores.by_class[0].auc.value == 1);
  CHECK(scores.by_class[2].images == 0);
  const metrics::ClassScores& missing = scores.by_class[2];
  for (const metrics::Estimate& estimate : {scores.balanced_accuracy, scores.macro_f1, scores.auc, missing.sensitivity,
                                            missing.precision, missing.f1, missing.auc}) {
    CHECK(std::isnan(estimate.value));
    CHECK(std::isnan(estimate.interval.low));
    CHECK(std::isnan(estimate.interval.high));
  }

  // All of one class, all right: shares of images and groups are 1, and nothing says that the classes are told apart.
  Answers one(2);
  for (int i = 0; i < 4; ++i) one.add(i < 2 ? "p" : "q", 1, std::vector<double>{0.25, 0.75});
  const metrics::Scores single = metrics::score_answers(one, 1);
  CHECK(single.group_recognition_rate.value == 1);
  CHECK(single.by_class[1].sensitivity.value == 1);
  for (const metrics::Estimate& estimate :
       {single.balanced_accuracy, single.macro_f1, single.auc, single.by_class[0].sensitivity, single.by_class[1].f1})
    CHECK(std::isnan(estimate.value));
}

TEST_CASE("Without answers no figure is defined", "[metrics]") {
  const metrics::Scores scores = metrics::score_answers(Answers(2), 1);
  for (const metrics::Estimate& estimate : all(scores)) {
    CHECK(std::isnan(estimate.value));
    CHECK(std::isnan(estimate.interval.low));
  }
}
