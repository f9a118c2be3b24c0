#include <saccade/report/curves.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

std::vector<std::string> texts(const report::detail::Ticks& ticks) {
  std::vector<std::string> result;
  for (const double value : ticks.values) result.push_back(ticks.text(value));
  return result;
}

/// The smallest box around all pixels of a colour.
Box extent(const RgbImage& image, Colour colour) {
  Index left = image.width, right = -1, top = image.height, bottom = -1;
  for (Index y = 0; y < image.height; ++y) {
    for (Index x = 0; x < image.width; ++x) {
      if (!(pixel(image, x, y) == colour)) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  return {left, top, right - left + 1, bottom - top + 1};
}

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("marks are round numbers", "[report][curves]") {
  using Texts = std::vector<std::string>;
  CHECK(texts({0, 1, 5}) == Texts{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(texts({0, 97, 8}) == Texts{"0", "20", "40", "60", "80"});
  CHECK(texts({-0.3, 0.3, 3}) == Texts{"-0.2", "0.0", "0.2"});
  CHECK(texts({0.0012, 0.0041, 4}) == Texts{"0.002", "0.003", "0.004"});
  CHECK(texts({0, 4e6, 2}) == Texts{"0", "2e+06", "4e+06"});
  CHECK(texts({0, 4e-7, 2}) == Texts{"0", "2e-07", "4e-07"});
}

TEST_CASE("a level curve runs level from one side of the plot to the other", "[report][curves]") {
  Chart chart{.series = {{"a", {{0, 0.5}, {10, 0.5}}}}, .y_low = 0, .y_high = 1};
  const Box line = extent(draw_chart(chart), series_colour(0));
  CHECK(line.height <= 3);
  CHECK(line.width > 700);
  chart.series[0].points = {{0, 0.75}, {10, 0.75}};
  const Box higher = extent(draw_chart(chart), series_colour(0));
  chart.series[0].points = {{0, 0.25}, {10, 0.25}};
  const Box lower = extent(draw_chart(chart), series_colour(0));
  CHECK(higher.y < line.y);
  CHECK(std::abs((line.y - higher.y) - (lower.y - line.y)) <= 1);
}

TEST_CASE("values rise upwards and time runs to the right", "[report][curves]") {
  const Chart chart{.series = {{"a", {{0, 0}, {10, 1}}}}};
  const RgbImage image = draw_chart(chart);
  const Box line = extent(image, series_colour(0));
  const Box left = extent(crop(image, {0, 0, line.x + 40, image.height}), series_colour(0));
  CHECK(left.y > line.y + line.height / 2);
}

TEST_CASE("a value that is not finite leaves a gap, and a point without neighbours is a dot", "[report][curves]") {
  Chart chart{.series = {{"a", {{0, 0}, {1, 0}, {2, not_a_number}, {3, 0}, {4, 0}}}}};
  const RgbImage image = draw_chart(chart);
  const Box line = extent(image, series_colour(0));
  const Box middle{line.x + line.width * 3 / 8, 0, line.width / 4, image.height};
  CHECK(extent(crop(image, middle), series_colour(0)).area() == 0);
  chart.series[0].points = {{0, not_a_number}, {1, 5}, {2, not_a_number}};
  const Box dot = extent(draw_chart(chart), series_colour(0));
  CHECK(dot.width == Approx(8).margin(2));
  CHECK(dot.height == Approx(8).margin(2));
}

TEST_CASE("fixed limits hide what is beyond them", "[report][curves]") {
  Chart chart{.series = {{"a", {{0, 0.9}, {1, 0.9}}}}, .y_low = 0, .y_high = 1};
  const Box inside = extent(draw_chart(chart), series_colour(0));
  chart.series[0].points = {{0, 0.9}, {1, 50}};
  const Box cut = extent(draw_chart(chart), series_colour(0));
  CHECK(cut.y >= inside.y - 60);
  CHECK(cut.y < inside.y);
  CHECK(cut.area() > 0);
}

TEST_CASE("equal ratios are equal steps on a logarithmic axis", "[report][curves]") {
  Chart chart{.series = {{"to 10", {{1, 0}, {10, 0}}}, {"to 100", {{10, 1}, {100, 1}}}},
              .x_scale = AxisScale::logarithmic,
              .height = 700};
  const auto width = [&](std::size_t series) {
    const RgbImage plot = crop(draw_chart(chart), {0, 60, chart.width, chart.height - 60});  // below the legend
    return extent(plot, series_colour(series)).width;
  };
  CHECK(width(0) == Approx(width(1)).margin(2));
  chart.x_scale = AxisScale::linear;
  CHECK(width(1) > 5 * width(0));
  chart.x_scale = AxisScale::logarithmic;
  const auto full = width(0);
  chart.series[0].points.push_back({0, 0});
  CHECK(width(0) == full);
  CHECK(texts(report::detail::Ticks(-1.5, 3, 9, AxisScale::logarithmic)) ==
        std::vector<std::string>{"0.1", "1", "10", "100", "1000"});
  CHECK(texts(report::detail::Ticks(1.3, 3, 9, AxisScale::logarithmic)) ==
        std::vector<std::string>{"20", "50", "100", "200", "500", "1000"});
}

TEST_CASE("a power law is a straight line where both axes are logarithmic", "[report][curves]") {
  Chart chart{.series = {{"law", {{1, 1}, {10, 100}, {100, 10000}}}, {"chord", {{1, 1}, {100, 10000}}}},
              .x_scale = AxisScale::logarithmic,
              .y_scale = AxisScale::logarithmic};
  const auto visible = [&](std::size_t series) {
    Index count = 0;
    const RgbImage plot = crop(draw_chart(chart), {0, 60, chart.width, chart.height - 60});  // below the legend
    for (Index y = 0; y < plot.height; ++y)
      for (Index x = 0; x < plot.width; ++x) count += pixel(plot, x, y) == series_colour(series);
    return count;
  };
  CHECK(visible(1) > 100);
  CHECK(visible(0) == 0);  // the chord covers it
  chart.y_scale = AxisScale::linear;
  CHECK(visible(0) > 100);
}

TEST_CASE("several series have a legend with their colours", "[report][curves]") {
  Chart chart{.series = {{"first", {{0, 0}, {1, 0}}}, {"second", {{0, 1}, {1, 1}}}}};
  const RgbImage image = draw_chart(chart);
  // The legend line of the second series lies above its curve, near the left.
  CHECK(extent(image, series_colour(1)).y < 40);
  chart.series.pop_back();
  CHECK(extent(draw_chart(chart), series_colour(0)).y > 100);
}

TEST_CASE("a chart without data, or of one value, is drawn", "[report][curves]") {
  for (const std::vector<Point>& points :
       {std::vector<Point>{}, {{not_a_number, 1}}, {{3, 7}}, {{3, 0}, {3, 0}}, {{0, 1e300}, {1, -1e300}}}) {
    const RgbImage image = draw_chart({.title = "t", .series = {{"a", points}}, .width = 300, .height = 200});
    CHECK(image.width == 300);
    CHECK(image.height == 200);
    CHECK(extent(image, black).area() > 0);
  }
}
