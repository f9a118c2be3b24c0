#include <saccade/report/colour_map.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <limits>

using namespace saccade::report;

TEST_CASE("the colour maps begin and end as published", "[report][colour_map]") {
  CHECK(viridis(0) == Colour{68, 1, 84});
  CHECK(viridis(0.5) == Colour{33, 145, 140});
  CHECK(viridis(1) == Colour{253, 231, 37});
  CHECK(inferno(0) == Colour{0, 0, 4});
  CHECK(inferno(1) == Colour{252, 255, 164});
  // Half way between the entries (0, 0, 4) and (33, 12, 74).
  CHECK(inferno(1.0 / 16) == Colour{17, 6, 39});
}

TEST_CASE("values outside [0, 1] take the colour of the nearer end", "[report][colour_map]") {
  CHECK(viridis(-3) == viridis(0));
  CHECK(viridis(7) == viridis(1));
  CHECK(inferno(std::numeric_limits<double>::infinity()) == inferno(1));
  CHECK(inferno(std::numeric_limits<double>::quiet_NaN()) == inferno(0));
}

TEST_CASE("brightness rises along both maps", "[report][colour_map]") {
  for (int i = 0; i < 100; ++i) {
    INFO("step " << i);
    CHECK(luma(viridis(0.01 * (i + 1))) >= luma(viridis(0.01 * i)));
    CHECK(luma(inferno(0.01 * (i + 1))) >= luma(inferno(0.01 * i)));
  }
  CHECK(luma(inferno(1)) - luma(inferno(0)) > 0.9);
  CHECK(luma(viridis(1)) - luma(viridis(0)) > 0.6);
}

TEST_CASE("time runs to yellow and never through pink", "[report][colour_map]") {
  CHECK(time_colour(4, 5) == viridis(1));
  CHECK(time_colour(0, 1) == time_colour(0, 5));
  for (std::size_t step = 0; step < 9; ++step) {
    const Colour colour = time_colour(step, 9);
    CHECK(colour.green > std::min(colour.red, colour.blue));  // in stained tissue green is the least
    if (step > 0) CHECK(luma(colour) > luma(time_colour(step - 1, 9)));
  }
}

TEST_CASE("seven series have seven colours", "[report][colour_map]") {
  for (std::size_t a = 0; a < 7; ++a) {
    for (std::size_t b = 0; b < a; ++b) CHECK_FALSE(series_colour(a) == series_colour(b));
  }
  CHECK(series_colour(7) == series_colour(0));
}
