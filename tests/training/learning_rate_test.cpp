#include <saccade/training/learning_rate.hpp>

#include "support/catch.hpp"

using saccade::ExponentialDecay;

TEST_CASE("the learning rate decays by a factor an epoch, down to a floor", "[learning_rate]") {
  const ExponentialDecay schedule{.initial = 0.01, .decay = 0.5, .floor = 0.001};
  CHECK(schedule.at(0) == 0.01);
  CHECK(schedule.at(1) == Approx(0.005));
  CHECK(schedule.at(3) == Approx(0.00125));
  CHECK(schedule.at(4) == 0.001);
  CHECK(schedule.at(1000) == 0.001);
}

TEST_CASE("without a floor the paper's schedule goes on falling", "[learning_rate]") {
  const ExponentialDecay schedule;
  CHECK(schedule.at(0) == 0.01);
  CHECK(schedule.at(200) == Approx(0.01 * 0.0175879).epsilon(1e-4));  // 0.98^200
}
