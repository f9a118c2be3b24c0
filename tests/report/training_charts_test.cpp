#include <saccade/report/training_charts.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

TEST_CASE("epochs become charts: the known figures first, then whatever else there is", "[report][training_charts]") {
  std::vector<nlohmann::ordered_json> epochs;
  epochs.push_back({{"epoch", 1}, {"loss", 0.5}, {"reward", 0.25}, {"entropy", 1.5}, {"validation", nullptr}});
  epochs.push_back({{"epoch", 2},
                    {"loss", 0.25},
                    {"reward", nullptr},
                    {"entropy", 1.25},
                    {"accuracy", 0.75},
                    {"policy", "learned"},
                    {"validation", {{"image_accuracy", 0.5}, {"entropy", 1}, {"images", 6}}}});
  const std::vector<TrainingChart> charts = training_charts(epochs);
  REQUIRE(charts.size() == 4);
  CHECK(charts[0].name == "loss");
  CHECK(charts[0].chart.series.size() == 1);
  CHECK(charts[0].chart.series[0].points[1].y == 0.25);
  CHECK(charts[1].name == "reward");
  CHECK(std::isnan(charts[1].chart.series[0].points[1].y));
  CHECK(charts[2].name == "accuracy");
  REQUIRE(charts[2].chart.series.size() == 2);
  CHECK(charts[2].chart.series[1].name == "images, validation");
  CHECK(std::isnan(charts[2].chart.series[1].points[0].y));
  CHECK(charts[3].name == "entropy");
  CHECK(charts[3].chart.title == "Entropy");
  REQUIRE(charts[3].chart.series.size() == 2);
  CHECK(charts[3].chart.series[1].points[1].y == 1);
  CHECK(training_charts({}).empty());
}

TEST_CASE("a run that began before groups were named so has one curve of their rate", "[report][training_charts]") {
  std::vector<nlohmann::ordered_json> epochs;
  epochs.push_back({{"epoch", 1}, {"validation", {{"patient_recognition_rate", 0.5}}}});
  epochs.push_back({{"epoch", 2}, {"validation", {{"group_recognition_rate", 0.75}}}});
  const std::vector<TrainingChart> charts = training_charts(epochs);
  REQUIRE(charts.size() == 1);
  REQUIRE(charts[0].chart.series.size() == 1);
  CHECK(charts[0].chart.series[0].points[0].y == 0.5);
  CHECK(charts[0].chart.series[0].points[1].y == 0.75);
}
