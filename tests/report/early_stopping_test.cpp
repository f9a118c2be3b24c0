#include <saccade/report/early_stopping.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace saccade;
using namespace saccade::report;

TEST_CASE("a stopping curve is accuracy by mean glimpses, thresholds without effect left out", "[early_stopping]") {
  const std::vector<metrics::StoppingPoint> curve{{0, 1, 0.5}, {0.2, 1, 0.5}, {0.9, 2.5, 0.75}, {1.01, 3, 0.7}};
  const Series series = stopping_series("learned", curve);
  CHECK(series.name == "learned");
  REQUIRE(series.points.size() == 3);
  CHECK(series.points[1].x == 2.5);
  CHECK(series.points[1].y == 0.75);
  const Chart chart = stopping_chart({series});
  CHECK(chart.series.size() == 1);
  CHECK(chart.y_high == 1.0);
  const RgbImage picture = draw_chart(chart);
  CHECK(picture.width == chart.width);
}
