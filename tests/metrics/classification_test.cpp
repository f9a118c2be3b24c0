#include <saccade/metrics/classification.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("rates of a confusion by hand", "[metrics]") {
  // 10 benign, 7 of them right; 20 malignant, 18 of them right.
  Confusion confusion(2);
  for (int i = 0; i < 10; ++i) confusion.add(0, i < 7 ? 0 : 1);
  for (int i = 0; i < 20; ++i) confusion.add(1, i < 18 ? 1 : 0);
  CHECK(confusion.count(0, 1) == 3);
  CHECK(confusion.count(1, 0) == 2);
  CHECK(confusion.accuracy() == Approx(25.0 / 30));
  CHECK(sensitivity(confusion) == Approx(0.9));
  CHECK(specificity(confusion) == Approx(0.7));
  CHECK(confusion.balanced_accuracy() == Approx(0.8));
  CHECK(confusion.precision(1) == Approx(18.0 / 21));
  CHECK(confusion.f1(1) == Approx(2 * 18.0 / (2 * 18 + 3 + 2)));
}

TEST_CASE("a class without images leaves its rates undefined and the rest alone", "[metrics]") {
  const std::vector<Index> truth = {1, 1, 1}, predicted = {1, 1, 0};
  const Confusion confusion(2, truth, predicted);
  CHECK(std::isnan(specificity(confusion)));
  CHECK(confusion.balanced_accuracy() == Approx(2.0 / 3));
  CHECK(std::isnan(Confusion(2).accuracy()));
}

TEST_CASE("labels beyond the classes are refused", "[metrics]") {
  CHECK_THROWS_WITH(Confusion(2).add(0, 2), contains("classes must be 0 to 1, but are 0 and 2"));
  const std::vector<Index> truth = {1, 1}, predicted = {1};
  CHECK_THROWS_AS(Confusion(2, truth, predicted), ConfigError);
}

TEST_CASE("area under the curve counts ordered pairs, ties half", "[metrics]") {
  const auto area = [](const std::vector<Index>& truth, const std::vector<double>& score) {
    return area_under_curve(truth, score);
  };
  CHECK(area({0, 0, 1, 1}, {0.1, 0.2, 0.3, 0.4}) == 1.0);
  CHECK(area({1, 1, 0, 0}, {0.1, 0.2, 0.3, 0.4}) == 0.0);
  CHECK(area({0, 1, 0, 1}, {0.5, 0.5, 0.5, 0.5}) == 0.5);
  // Pairs (positive, negative): 0.4 beats 0.1, ties 0.4, loses to 0.8; 0.9 beats all three: (1.5 + 3) / 6.
  CHECK(area({0, 1, 0, 0, 1}, {0.1, 0.4, 0.4, 0.8, 0.9}) == Approx(0.75));
  CHECK(std::isnan(area({1, 1}, {0.2, 0.3})));
  CHECK_THROWS_AS(area({0, 1}, {std::nan(""), 0.5}), ConfigError);
}
