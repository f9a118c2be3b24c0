#include <saccade/report/canvas.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace saccade;
using namespace saccade::report;

namespace {

RgbImage filled(Index width, Index height, Colour colour) {
  RgbImage image(width, height);
  fill_rectangle(image, {0, 0, width, height}, colour);
  return image;
}

int red(const RgbImage& image, Index x, Index y) { return pixel(image, x, y).red; }

}  // namespace

TEST_CASE("blending lays the colour on with its opacity, and clips", "[report][canvas]") {
  RgbImage image = filled(3, 2, {100, 0, 200});
  blend_pixel(image, 1, 1, {200, 100, 0}, 0.25);
  CHECK(pixel(image, 1, 1) == Colour{125, 25, 150});
  const RgbImage before = image;
  for (const auto& [x, y] : {std::pair<Index, Index>{-1, 0}, {3, 0}, {0, -1}, {0, 2}}) {
    blend_pixel(image, x, y, white, 1);
  }
  CHECK(image.pixels == before.pixels);
}

TEST_CASE("a line of one pixel covers the pixels under it, and half of those that its ends touch", "[report][canvas]") {
  RgbImage image(9, 5);
  draw_line(image, {2, 2.5}, {6, 2.5}, 1, white);
  const int expected[9] = {0, 128, 255, 255, 255, 255, 128, 0, 0};
  for (Index x = 0; x < 9; ++x) {
    INFO("column " << x);
    CHECK(red(image, x, 2) == expected[x]);
    CHECK(red(image, x, 1) == 0);
    CHECK(red(image, x, 3) == 0);
  }
}

TEST_CASE("a diagonal line is anti-aliased by distance", "[report][canvas]") {
  RgbImage image(6, 6);
  draw_line(image, {0, 0}, {6, 6}, 1, white);
  CHECK(red(image, 2, 2) == 255);
  // The centre of the neighbour lies 1 / sqrt(2) from the line, so it is covered to 1 - 1 / sqrt(2) = 0.293.
  CHECK(red(image, 2, 3) == Approx(255 * (1 - std::sqrt(0.5))).margin(1));
  CHECK(red(image, 3, 2) == red(image, 2, 3));
  CHECK(red(image, 2, 4) == 0);
}

TEST_CASE("the line of a rectangle lies half inside and half outside", "[report][canvas]") {
  RgbImage image(9, 8);
  draw_rectangle(image, {2, 2, 4, 3}, 2, white);
  for (Index y = 0; y < 8; ++y) {
    for (Index x = 0; x < 9; ++x) {
      INFO("pixel " << x << ", " << y);
      const bool outer = x >= 1 && x <= 6 && y >= 1 && y <= 5;
      const bool hole = x >= 3 && x <= 4 && y == 3;
      const bool corner = (x == 1 || x == 6) && (y == 1 || y == 5);
      if (corner) {
        // Distance sqrt(0.5) from the corner of the box, radius 1: covered to 1.5 - 0.707.
        CHECK(red(image, x, y) == Approx(255 * (1.5 - std::sqrt(0.5))).margin(1));
      } else {
        CHECK(red(image, x, y) == (outer && !hole ? 255 : 0));
      }
    }
  }
}

TEST_CASE("a translucent rectangle is laid on once, also where its sides meet", "[report][canvas]") {
  for (const Box box : {Box{6, 6, 1, 1}, Box{5, 4, 1, 7}, Box{4, 6, 9, 2}, Box{3, 3, 12, 11}}) {
    RgbImage image(20, 20);
    draw_rectangle(image, box, 4, white, 0.5);
    int brightest = 0;
    for (const std::uint8_t value : image.pixels) brightest = std::max<int>(brightest, value);
    CHECK(brightest == 128);
  }
  RgbImage image(5, 5);
  draw_rectangle(image, {2, 2, 0, 3}, 2, white);
  CHECK(image.pixels == RgbImage(5, 5).pixels);
}

TEST_CASE("a disc has the area pi r^2 and a circle 2 pi r t", "[report][canvas]") {
  constexpr double pi = 3.14159265358979;
  const auto area = [](const RgbImage& image) {
    double sum = 0;
    for (Index y = 0; y < image.height; ++y) {
      for (Index x = 0; x < image.width; ++x) sum += red(image, x, y) / 255.0;
    }
    return sum;
  };
  RgbImage disc(60, 60);
  fill_disc(disc, {30.3, 29.6}, 20, white);
  CHECK(area(disc) == Approx(pi * 400).epsilon(0.01));
  RgbImage circle(60, 60);
  draw_circle(circle, {30.3, 29.6}, 20, 3, white);
  CHECK(area(circle) == Approx(2 * pi * 20 * 3).epsilon(0.02));
}

TEST_CASE("what is drawn across the border is the part of a larger drawing", "[report][canvas]") {
  const auto draw = [](RgbImage& image, Index shift) {
    const auto s = static_cast<double>(shift);
    draw_line(image, {-9 + s, 3 + s}, {30 + s, 14 + s}, 3, {250, 10, 60}, 0.8);
    draw_rectangle(image, {-4 + shift, 5 + shift, 12, 30}, 3, {10, 200, 60});
    fill_disc(image, {19 + s, 1 + s}, 6, {10, 20, 250}, 0.5);
    draw_circle(image, {0 + s, 15 + s}, 6, 2, {210, 20, 250});
    fill_rectangle(image, {15 + shift, 12 + shift, 40, 2}, {90, 90, 90}, 0.3);
  };
  RgbImage small(20, 16), large(100, 96);
  draw(small, 0);
  draw(large, 40);
  CHECK(small.pixels == crop(large, {40, 40, 20, 16}).pixels);
  CHECK(small.pixels != RgbImage(20, 16).pixels);
}

TEST_CASE("drawing far outside or at no place changes nothing", "[report][canvas]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  RgbImage image = filled(8, 8, {9, 9, 9});
  const RgbImage before = image;
  draw_line(image, {1e300, 5}, {2e300, 6}, 3, white);
  draw_line(image, {nan, nan}, {nan, nan}, 3, white);
  fill_disc(image, {-50, 4}, 20, white);
  fill_rectangle(image, {8, 0, 4, 4}, white);
  draw_rectangle(image, {-20, -20, 100, 100}, 4, white);
  paste(image, 8, 8, filled(3, 3, white));
  paste(image, -3, 0, filled(3, 3, white));
  CHECK(image.pixels == before.pixels);
}

TEST_CASE("a crop beyond the image is black there", "[report][canvas]") {
  RgbImage image(2, 1);
  blend_pixel(image, 0, 0, {1, 2, 3}, 1);
  blend_pixel(image, 1, 0, {4, 5, 6}, 1);
  const RgbImage part = crop(image, {1, -1, 2, 2});
  CHECK(part.pixels == std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 4, 5, 6, 0, 0, 0});
}

TEST_CASE("resizing interpolates where it grows and averages where it shrinks", "[report][canvas]") {
  RgbImage two(2, 1);
  blend_pixel(two, 1, 0, {200, 100, 40}, 1);
  // Pixel centres of four in two lie at -0.25, 0.25, 0.75, 1.25.
  CHECK(resize(two, 4, 1).pixels == std::vector<std::uint8_t>{0, 0, 0, 50, 25, 10, 150, 75, 30, 200, 100, 40});

  const RgbImage even = filled(7, 5, {10, 128, 255});
  CHECK(resize(even, 13, 3).pixels == filled(13, 3, {10, 128, 255}).pixels);

  // One bright column in eight: the mean is an eighth of it, where two neighbours alone would give a half or nothing.
  RgbImage stripes(64, 8);
  for (Index x = 3; x < 64; x += 8) fill_rectangle(stripes, {x, 0, 1, 8}, {200, 200, 200});
  const RgbImage mean = resize(stripes, 8, 1);
  for (Index x = 1; x < 7; ++x) CHECK(red(mean, x, 0) == 25);
}

TEST_CASE("grey is the luma of Rec. 601", "[report][canvas]") {
  RgbImage image(3, 1);
  blend_pixel(image, 0, 0, {255, 0, 0}, 1);
  blend_pixel(image, 1, 0, {0, 255, 0}, 1);
  blend_pixel(image, 2, 0, {0, 0, 255}, 1);
  CHECK(to_grey(image).pixels == std::vector<std::uint8_t>{76, 76, 76, 150, 150, 150, 29, 29, 29});
}
