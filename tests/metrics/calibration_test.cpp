#include <saccade/metrics/calibration.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("calibration by hand", "[calibration]") {
  // Four bins: [0, 1/4), [1/4, 1/2), [1/2, 3/4), [3/4, 1].
  Answers answers(2);
  answers.add("a", 0, std::vector<double>{0.6, 0.4});  // right, third bin
  answers.add("a", 1, std::vector<double>{0.7, 0.3});  // wrong, third bin
  answers.add("a", 1, std::vector<double>{0.1, 0.9});  // right, fourth bin
  answers.add("a", 0, std::vector<double>{1.0, 0.0});  // right, fourth bin
  const Calibration c = calibration(answers, 1, 4);
  REQUIRE(c.bins.size() == 4);
  CHECK(c.bins[0].images == 0);
  CHECK(std::isnan(c.bins[0].accuracy));
  CHECK(c.bins[2].images == 2);
  CHECK(c.bins[2].confidence == Approx(0.65));
  CHECK(c.bins[2].accuracy == Approx(0.5));
  CHECK(c.bins[3].images == 2);
  CHECK(c.bins[3].confidence == Approx(0.95));
  CHECK(c.bins[3].accuracy == Approx(1.0));
  // 2/4 |0.5 - 0.65| + 2/4 |1 - 0.95|
  CHECK(c.error == Approx(0.1));
  CHECK(c.cross_entropy == Approx(-(std::log(0.6) + std::log(0.3) + std::log(0.9) + std::log(1.0)) / 4));
}

TEST_CASE("a temperature divides the logits and leaves the order", "[calibration]") {
  // Odds of 9 to 1 become 3 to 1 at a temperature of 2.
  const std::vector<double> p = tempered(std::vector<double>{0.9, 0.1}, 2);
  CHECK(p[0] == Approx(0.75));
  CHECK(p[1] == Approx(0.25));
  CHECK(tempered(std::vector<double>{0.2, 0.3, 0.5}, 1)[1] == Approx(0.3));
  CHECK(tempered(std::vector<double>{1.0, 0.0}, 3)[0] == 1.0);
  CHECK_THROWS_WITH(calibration(Answers(2), 0), contains("the temperature must be greater than 0"));
}

TEST_CASE("the temperature that calibrates", "[calibration]") {
  // Right in three of four at a confidence of 0.9: by odds 3 to 1, a temperature of ln 9 / ln 3 = 2.
  Answers sure(2);
  for (const Index label : {0, 0, 0, 1}) sure.add("a", label, std::vector<double>{0.9, 0.1});
  CHECK(calibrating_temperature(sure) == Approx(2).epsilon(1e-6));
  const Calibration before = calibration(sure), after = calibration(sure, 2);
  CHECK(before.error == Approx(0.15));
  CHECK(after.error == Approx(0).margin(1e-9));
  CHECK(after.cross_entropy < before.cross_entropy);

  // Not sure enough: below 1.
  Answers timid(2);
  for (int i = 0; i < 9; ++i) timid.add("a", i == 0 ? 1 : 0, std::vector<double>{0.75, 0.25});
  CHECK(calibrating_temperature(timid) == Approx(std::log(3) / std::log(8)).epsilon(1e-6));

  // Always right, always wrong, and no image: the ends of the interval, and no change.
  Answers right(3), wrong(3);
  right.add("a", 2, std::vector<double>{0.1, 0.2, 0.7});
  wrong.add("a", 0, std::vector<double>{0.1, 0.2, 0.7});
  CHECK(calibrating_temperature(right) == Approx(0.05).epsilon(1e-6));
  CHECK(calibrating_temperature(wrong) == Approx(20).epsilon(1e-6));
  CHECK(calibrating_temperature(Answers(3)) == 1);
  CHECK(std::isnan(calibration(Answers(3)).error));
}
