#include <saccade/metrics/answers.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace saccade;
using metrics::Answers;

TEST_CASE("Answers keep what was said of each image", "[metrics]") {
  Answers answers(3);
  answers.add("b", 2, std::vector<double>{0.25, 0.25, 0.5});
  answers.add("a", 0, std::vector<double>{0.125, 0.625, 0.25});
  CHECK(answers.images() == 2);
  CHECK(answers.predicted == std::vector<Index>{2, 1});
  CHECK(answers.score(1) == std::vector<double>{0.25, 0.625});
  CHECK(answers.confusion().count(0, 1) == 1);
  CHECK(answers.by_group().front().group == "a");
  CHECK(answers.mean_cross_entropy() == Approx(-(std::log(0.5) + std::log(0.125)) / 2));
}

TEST_CASE("A probability of 0 for the true class leaves the cross-entropy finite", "[metrics]") {
  Answers answers(2);
  answers.add("a", 1, std::vector<double>{1, 0});
  CHECK(answers.mean_cross_entropy() == Approx(-std::log(1e-12)));
}

TEST_CASE("Answers of other classes are refused", "[metrics]") {
  Answers answers(3);
  CHECK_THROWS_WITH(answers.add("a", 0, std::vector<double>{0.5, 0.5}),
                    "answers: an image has 2 probabilities; expected one for each of 3 classes");
  CHECK_THROWS_WITH(answers.add("a", 3, std::vector<double>{0.5, 0.25, 0.25}),
                    "answers: the class of an image must be 0 to 2, but is 3");
  CHECK(answers.images() == 0);
}

TEST_CASE("The mean area of four classes, worked out by hand", "[metrics]") {
  Answers answers(4);
  answers.add("g", 0, std::vector<double>{0.7, 0.1, 0.1, 0.1});
  answers.add("g", 1, std::vector<double>{0.1, 0.6, 0.2, 0.1});
  answers.add("g", 2, std::vector<double>{0.8, 0.05, 0.05, 0.1});
  answers.add("g", 3, std::vector<double>{0.2, 0.2, 0.3, 0.3});
  // Class 0: 0.7 wins over 0.1 and 0.2, loses to 0.8. Class 1: 0.6 wins all. Class 2: 0.05 loses all. Class 3: 0.3
  // wins.
  CHECK(metrics::macro_area(answers) == Approx((2.0 / 3 + 1 + 0 + 1) / 4));
  answers.truth[3] = 0;
  CHECK(std::isnan(metrics::macro_area(answers)));
}
