#include <saccade/core/tissue_area.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace saccade;

namespace {

/// Cells of 4 x 4 pixels over 10 x 6, of which the last column is 2 wide and the lower row 2 high:
///     . T T
///     T . .      T of 4 x 4, 2 x 4 and 4 x 2: 16, 8 and 8 of 60 pixels
TissueArea three_cells() { return {{10, 6}, 4, {0, 1, 1, 1, 0, 0}}; }

void check_point(const TissueArea& area, double which, double x, double y, double expected_x, double expected_y) {
  const auto point = area.at(which, x, y);
  CHECK(point.x == Approx(expected_x));
  CHECK(point.y == Approx(expected_y));
}

}  // namespace

TEST_CASE("a point on tissue by hand, also in cells that the image cuts off", "[tissue_area]") {
  const TissueArea area = three_cells();
  CHECK(area.found());
  CHECK(area.size() == ImageSize{10, 6});
  // 32 pixels: below 0.5 the middle cell of the upper row, then its last one, from 0.75 on the first of the lower row.
  check_point(area, 0.01, 0.5, 0.25, 6, 1);
  check_point(area, 0.49, 0.5, 0.25, 6, 1);
  check_point(area, 0.51, 0.5, 0.25, 9, 1);
  check_point(area, 0.74, 0.75, 0.5, 9.5, 2);
  check_point(area, 0.76, 0.25, 0.5, 1, 5);
  check_point(area, 0.999, 0.25, 0.5, 1, 5);
  CHECK(area.covers(4, 0));
  CHECK(area.covers(9, 3));
  CHECK(area.covers(3, 5));
  CHECK_FALSE(area.covers(3, 3));
  CHECK_FALSE(area.covers(4, 4));
}

TEST_CASE("points on tissue are as dense in each of its pixels", "[tissue_area]") {
  const TissueArea area = three_cells();
  std::vector<int> hits(60, 0);
  constexpr int steps = 320;  // ten for each pixel of tissue, four for each place in a cell
  for (int i = 0; i < steps; ++i) {
    for (int j = 0; j < 16; ++j) {
      const auto point = area.at((i + 0.5) / steps, (j % 4 + 0.5) / 4, (j / 4 + 0.5) / 4);
      ++hits[static_cast<std::size_t>(point.y) * 10 + static_cast<std::size_t>(point.x)];
    }
  }
  for (Index y = 0; y < 6; ++y)
    for (Index x = 0; x < 10; ++x)
      CHECK(hits[static_cast<std::size_t>(10 * y + x)] == (area.covers(x, y) ? steps * 16 / 32 : 0));
}

TEST_CASE("where there is no tissue, all of the image counts", "[tissue_area]") {
  const TissueArea area({10, 6}, 4, std::vector<std::uint8_t>(6, 0));
  CHECK_FALSE(area.found());
  check_point(area, 0.1, 0.25, 0.25, 1, 1);
  check_point(area, 0.99, 0.5, 0.5, 9, 5);
  CHECK(area.covers(3, 3));
}

TEST_CASE("a tissue area has a number for each cell", "[tissue_area]") {
  CHECK_THROWS_WITH(TissueArea({10, 6}, 4, {0, 1}), contains("there must be 6 cells, but there are 2"));
  CHECK_THROWS_AS(TissueArea({0, 6}, 4, {}), ConfigError);
  CHECK_THROWS_AS(TissueArea({10, 6}, 0, {}), ConfigError);
}
