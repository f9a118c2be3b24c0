#include <saccade/report/heat_map.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace saccade;
using namespace saccade::report;

TEST_CASE("locations count in their cells, those beyond an edge in the cell at it", "[report][heat_map]") {
  LocationMap map(4, 2);
  map.add({-1, -1});       // the top left corner
  map.add({-0.51, -0.1});  // still the first of four columns
  map.add({-0.49, 0.1});   // the second column of the second row
  map.add({1, 1});         // the bottom right corner
  map.add({7, -7});
  map.add({std::numeric_limits<double>::infinity(), 0.5});
  CHECK(map.total() == 6);
  CHECK(map.count(0, 0) == 2);
  CHECK(map.count(1, 1) == 1);
  CHECK(map.count(3, 1) == 2);
  CHECK(map.count(3, 0) == 1);
  CHECK(map.count(2, 0) == 0);
  CHECK(map.largest_share() == Approx(1.0 / 3));
}

TEST_CASE("mean and deviation of locations", "[report][heat_map]") {
  LocationMap map(2, 2);
  CHECK(map.largest_share() == 0);
  CHECK(std::isnan(map.mean().x));
  CHECK(std::isnan(map.deviation().x));
  for (const double x : {0.1, 0.3}) map.add({x, -0.5});
  CHECK(map.mean().x == Approx(0.2));
  CHECK(map.mean().y == Approx(-0.5));
  CHECK(map.deviation().x == Approx(0.1));
  CHECK(map.deviation().y == Approx(0).margin(1e-9));
}

TEST_CASE("the picture has a pixel a cell, pale where nobody looks and dark where all do", "[report][heat_map]") {
  LocationMap map(3, 2);
  for (int i = 0; i < 3; ++i) map.add({0, -0.5});
  map.add({0.9, 0.5});
  const RgbImage image = draw_heat_map(map, 0.75);
  CHECK(image.width == 3);
  CHECK(image.height == 2);
  CHECK(pixel(image, 0, 0) == inferno(1));
  CHECK(pixel(image, 1, 0) == inferno(0));
  CHECK(pixel(image, 2, 1) == inferno(1 - 0.25 / 0.75));
}
