#include <saccade/metrics/area_under_curve.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

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
  CHECK_THROWS_WITH(area({0, 1}, {std::nan(""), 0.5}), "area under the curve: a score is not a number");
  CHECK_THROWS_WITH(area({0, 1}, {0.5}), "area under the curve: 2 labels and 1 scores");
}

TEST_CASE("the area of one class against the rest counts the others as one", "[metrics]") {
  const std::vector<Index> truth{2, 0, 1, 2, 0};
  const std::vector<double> score{0.9, 0.1, 0.5, 0.4, 0.4};
  // Class 2 has 0.9 and 0.4, the rest 0.1, 0.5 and 0.4: 0.9 wins three pairs, 0.4 one and a half.
  CHECK(area_under_curve(truth, score, 2) == Approx(4.5 / 6));
  CHECK(std::isnan(area_under_curve(truth, score, 3)));
}

TEST_CASE("the area of a draw is that of the list with its repeats", "[metrics]") {
  const std::vector<Index> truth{1, 0, 0, 1, 0}, times{2, 0, 1, 1, 3};
  const std::vector<double> score{0.7, 0.9, 0.7, 0.2, 0.1};
  // Twice 0.7 and once 0.2 against once 0.7 and three times 0.1: each 0.7 ties one and wins three, 0.2 wins three.
  CHECK(AreaUnderCurve(truth, score, 1)(times) == Approx((3.5 + 3.5 + 3) / 12));
  CHECK(std::isnan(AreaUnderCurve(truth, score, 1)(std::vector<Index>{1, 0, 0, 1, 0})));
}
