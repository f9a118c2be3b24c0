#include <saccade/metrics/early_stopping.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

namespace {

/// The first image is sure and right at once, then errs; the second grows sure and right; the third is never sure.
const std::vector<AnswersByGlimpse> images{{{0.9, 0.1}, {0.4, 0.6}, {0.3, 0.7}},
                                           {{0.6, 0.4}, {0.2, 0.8}, {0.05, 0.95}},
                                           {{0.5, 0.5}, {0.55, 0.45}, {0.45, 0.55}}};
const std::vector<Index> truth{0, 1, 1};

}  // namespace

TEST_CASE("a sequence ends at the first glimpse that is sure enough, else at the last", "[early_stopping]") {
  const SuretyByGlimpse surety = confidence(images[1]);
  CHECK(surety == SuretyByGlimpse{0.6, 0.8, 0.95});
  CHECK(stopping_glimpse(surety, 0) == 1);
  CHECK(stopping_glimpse(surety, 0.6) == 1);  // at least as sure as the threshold
  CHECK(stopping_glimpse(surety, 0.7) == 2);
  CHECK(stopping_glimpse(surety, 0.9) == 3);
  CHECK(stopping_glimpse(surety, 1.01) == 3);
  CHECK(stopping_glimpse({0.5}, 0.9) == 1);
}

TEST_CASE("a sequence can end by what its state is worth", "[early_stopping]") {
  // The first image says 0 (right), 1, 1; the second 0, 1 (right), 1 (right); the third 0, 0, 1 (right).
  const std::vector<SuretyByGlimpse> values{{3, 1, 1}, {-2, 2, 0}, {-1, 0, 5}};
  const std::vector<double> thresholds = thresholds_of(values);
  REQUIRE(thresholds.size() == 18);
  CHECK(thresholds.front() == -2);
  CHECK(thresholds[16] == 3);
  CHECK(thresholds.back() > 3);
  const auto curve = early_stopping(images, truth, values, thresholds);
  CHECK(curve.front().glimpses == 1);
  CHECK(curve.back().glimpses == 3);
  CHECK(curve.back().accuracy == Approx(2.0 / 3));
  // At 1: after the first, the second and the last glimpse, and all are right.
  const std::array one{1.0};
  CHECK(early_stopping(images, truth, values, one)[0].glimpses == 2);
  CHECK(early_stopping(images, truth, values, one)[0].accuracy == 1);
  CHECK(thresholds_of(std::vector<SuretyByGlimpse>{{1.0}, {2.0}}).empty());
}

TEST_CASE("accuracy against mean glimpses by hand", "[early_stopping]") {
  const std::array thresholds{0.0, 0.75, 0.92, 1.01};
  const auto curve = early_stopping(images, truth, thresholds);
  REQUIRE(curve.size() == 4);
  // After the first glimpse the answers are 0 (right), 0 (wrong) and, of equals, the first, 0 (wrong).
  CHECK(curve[0].glimpses == 1);
  CHECK(curve[0].accuracy == Approx(1.0 / 3));
  // Sure of 0.75: after 1, 2 and 3 glimpses; all right.
  CHECK(curve[1].threshold == 0.75);
  CHECK(curve[1].glimpses == 2);
  CHECK(curve[1].accuracy == 1);
  // Later, the first image errs.
  CHECK(curve[2].glimpses == 3);
  CHECK(curve[2].accuracy == Approx(2.0 / 3));
  CHECK(curve[3].accuracy == Approx(2.0 / 3));
}

TEST_CASE("the usual thresholds go from one glimpse to all, and rise", "[early_stopping]") {
  const auto curve = early_stopping(images, truth);
  CHECK(curve.front().glimpses == 1);
  CHECK(curve.back().glimpses == 3);
  for (std::size_t i = 1; i < curve.size(); ++i) {
    CHECK(curve[i].threshold > curve[i - 1].threshold);
    CHECK(curve[i].glimpses >= curve[i - 1].glimpses);
  }
}

TEST_CASE("without images nothing is defined", "[early_stopping]") {
  const auto curve = early_stopping({}, {});
  REQUIRE(curve.size() == stopping_thresholds.size());
  CHECK(std::isnan(curve[0].glimpses));
  CHECK(std::isnan(curve[0].accuracy));
}
