#include <saccade/training/averaged_prediction.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace saccade;

TEST_CASE("rollouts are averaged over probabilities", "[averaged_prediction]") {
  // The mean of the logarithms would prefer class 1 at the second glimpse: 0.001 outvotes 0.9 and 0.9 there.
  const std::vector<Prediction> rollouts{
      {.probabilities = {{0.5, 0.5}, {0.9, 0.1}},
       .locations = {{0.1, 0.2}, {0.3, 0.4}},
       .windows = {{{1, 2, 3, 3}}, {}},
       .thumbnails = {{.window = {0, 0, 8, 8}, .side = 4}}},
      {.probabilities = {{0.25, 0.75}, {0.9, 0.1}}, .locations = {{0, 0}, {1, 1}}, .windows = {{{4, 5, 3, 3}}, {}}},
      {.probabilities = {{0, 1}, {0.001, 0.999}}, .locations = {{0, 0}, {1, 1}}, .windows = {{}, {}}}};
  const Prediction mean = averaged(rollouts);
  REQUIRE(mean.probabilities.size() == 2);
  CHECK(mean.probabilities[0][0] == Approx(0.25));
  CHECK(mean.probabilities[0][1] == Approx(0.75));
  CHECK(mean.probabilities[1][0] == Approx(1.801 / 3));
  CHECK(mean.answer() == 0);
  CHECK(mean.locations.size() == 6);
  CHECK(mean.locations[1].y == 0.4);
  REQUIRE(mean.windows.size() == 6);
  CHECK(mean.windows[2][0].x == 4);
  CHECK(mean.thumbnails.size() == 1);
}

TEST_CASE("one rollout is its own mean, and none has none", "[averaged_prediction]") {
  const std::vector<Prediction> one{{.probabilities = {{0.3, 0.7}}, .locations = {{0, 0}}, .windows = {{}}}};
  CHECK(averaged(one).probabilities == one[0].probabilities);
  CHECK_THROWS_WITH(averaged({}), "averaged: rollouts must be at least 1, but are 0");
}
