#include <saccade/metrics/area_under_curve.hpp>
#include <saccade/metrics/roc_curve.hpp>

#include "support/catch.hpp"

#include <limits>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("the curve climbs for each image of class 1 and goes right for each other", "[metrics][roc]") {
  const std::vector<Index> truth{1, 0, 1, 1, 0};
  const std::vector<double> score{0.9, 0.8, 0.7, 0.6, 0.1};
  const std::vector<RocPoint> expected{{0, 0}, {0, 1 / 3.0}, {0.5, 1 / 3.0}, {0.5, 2 / 3.0}, {0.5, 1}, {1, 1}};
  CHECK((roc_curve(truth, score) == expected));
}

TEST_CASE("equal scores join in one slanted step, and the area is that of the ranks", "[metrics][roc]") {
  const std::vector<Index> truth{0, 1, 1, 0, 1, 0};
  const std::vector<double> score{0.5, 0.5, 0.9, 0.2, 0.5, 0.5};
  const std::vector<RocPoint> curve = roc_curve(truth, score);
  const std::vector<RocPoint> expected{{0, 0}, {0, 1 / 3.0}, {2 / 3.0, 1}, {1, 1}};
  CHECK((curve == expected));
  double area = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    area += (curve[i].false_positive_rate - curve[i - 1].false_positive_rate) *
            (curve[i].true_positive_rate + curve[i - 1].true_positive_rate) / 2;
  }
  CHECK(area == Approx(area_under_curve(truth, score)));
}

TEST_CASE("there is no curve of one class, nor of scores that are not numbers", "[metrics][roc]") {
  const std::vector<Index> ones{1, 1}, both{0, 1};
  const std::vector<double> score{0.1, 0.2}, bad{0.1, std::numeric_limits<double>::quiet_NaN()};
  CHECK(roc_curve(ones, score).empty());
  CHECK(roc_curve({}, {}).empty());
  CHECK_THROWS_WITH(roc_curve(both, bad), "roc_curve: a score is not a number");
  CHECK_THROWS_WITH(roc_curve(both, std::vector<double>{1}), "roc_curve: 2 labels and 1 scores");
}

TEST_CASE("of more classes the curve is of one against the rest", "[metrics][roc]") {
  const std::vector<Index> truth{2, 0, 1, 2};
  const std::vector<double> score{0.9, 0.8, 0.1, 0.3};
  const std::vector<RocPoint> expected{{0, 0}, {0, 0.5}, {0.5, 0.5}, {0.5, 1}, {1, 1}};
  CHECK((roc_curve(truth, score, 2) == expected));
  CHECK(roc_curve(truth, score, 3).empty());
}
