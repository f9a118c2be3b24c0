#include <saccade/report/glimpse_overlay.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

constexpr Colour pink{230, 160, 200};

RgbImage tissue(Index width, Index height) {
  RgbImage image(width, height);
  fill_rectangle(image, {0, 0, width, height}, pink);
  return image;
}

std::vector<GlimpseStep> steps_at(const std::vector<Box>& boxes) {
  std::vector<GlimpseStep> steps;
  for (const Box& box : boxes) steps.push_back({.box = box});
  return steps;
}

int pixels_of(const RgbImage& image, Colour colour) {
  int found = 0;
  for (Index y = 0; y < image.height; ++y) {
    for (Index x = 0; x < image.width; ++x) found += pixel(image, x, y) == colour ? 1 : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("the corners of a heat map have the corner values of the mask", "[report][glimpse_overlay]") {
  RgbImage image = tissue(12, 11);
  draw_mask_heat(image, {2, 1, 8, 8}, {.width = 2, .height = 2, .values = {0, 1, 0.5F, 0.25F}}, 1);
  CHECK(pixel(image, 2, 1) == Colour{0, 0, 4});
  CHECK(pixel(image, 9, 1) == Colour{252, 255, 164});
  CHECK(pixel(image, 2, 8) == Colour{187, 55, 84});
  CHECK(pixel(image, 9, 8) == Colour{86, 16, 110});
  for (const auto& [x, y] : {std::pair<Index, Index>{1, 1}, {10, 1}, {2, 0}, {2, 9}}) {
    CHECK(pixel(image, x, y) == pink);
  }
}

TEST_CASE("a heat map is bilinear between the cells of the mask", "[report][glimpse_overlay]") {
  const Mask ramp{.width = 2, .height = 1, .values = {0, 1}};
  // Four pixels over two cells: centres at -0.25, 0.25, 0.75 and 1.25 cells.
  RgbImage image(4, 1);
  draw_mask_heat(image, {0, 0, 4, 1}, ramp, 1);
  CHECK(pixel(image, 1, 0) == Colour{86, 16, 110});
  CHECK(pixel(image, 2, 0) == Colour{249, 140, 10});
  CHECK(sample_mask(ramp, 0.5, 0.5) == Approx(0.5));
  const Mask square{.width = 2, .height = 2, .values = {0, 4, 8, 16}};
  CHECK(sample_mask(square, 0.5, 0.5) == Approx(7));
  CHECK(sample_mask(square, 0.5, 1) == Approx(12));
  CHECK(sample_mask({.width = 1, .height = 1, .values = {3}}, 0.9, 0.1) == Approx(3));
}

TEST_CASE("opacity and range of a heat map", "[report][glimpse_overlay]") {
  RgbImage image(1, 1);
  fill_rectangle(image, {0, 0, 1, 1}, white);
  draw_mask_heat(image, {0, 0, 1, 1}, {.width = 1, .height = 1, .values = {0.75F}}, 0.5, {0.5, 0.75});
  CHECK(pixel(image, 0, 0) == Colour{254, 255, 210});  // half of white, half of (252, 255, 164), rounded up
  image = tissue(1, 1);
  draw_mask_heat(image, {0, 0, 1, 1}, {.width = 1, .height = 1, .values = {0.75F}}, 0);
  CHECK(pixel(image, 0, 0) == pink);
}

TEST_CASE("a heat map beyond the image is clipped, not moved", "[report][glimpse_overlay]") {
  const Mask mask{.width = 3, .height = 2, .values = {0, 0.2F, 0.4F, 0.6F, 0.8F, 1}};
  RgbImage small = tissue(10, 8), large = tissue(40, 40);
  draw_mask_heat(small, {-3, 4, 9, 9}, mask);
  draw_mask_heat(large, {7, 14, 9, 9}, mask);
  CHECK(small.pixels == crop(large, {10, 10, 10, 8}).pixels);
}

TEST_CASE("a mask that does not fit its sides is refused", "[report][glimpse_overlay]") {
  RgbImage image(4, 4);
  CHECK_THROWS_AS(draw_mask_heat(image, {0, 0, 4, 4}, {}), ShapeError);
  CHECK_THROWS_WITH(draw_mask_heat(image, {0, 0, 4, 4}, {.width = 3, .height = 2, .values = {1, 2}}),
                    "draw_mask_heat: mask must be (h, w) with h * w values, but is (2, 3) with 2");
}

TEST_CASE("boxes have the colour of their step and a dark outline", "[report][glimpse_overlay]") {
  RgbImage image = tissue(300, 200);
  draw_glimpse_path(image, steps_at({{20, 30, 60, 60}, {200, 100, 60, 60}}));
  for (const std::size_t step : {0, 1}) {
    const Index left = step == 0 ? 20 : 200, row = step == 0 ? 75 : 150;
    INFO("step " << step);
    CHECK(pixel(image, left, row) == time_colour(step, 2));
    CHECK(pixel(image, left - 1, row) == time_colour(step, 2));
    CHECK(pixel(image, left - 3, row) == report::detail::outline);
    CHECK(pixel(image, left + 2, row) == report::detail::outline);
    CHECK(pixel(image, left - 5, row) == pink);
  }
  // The path from (50, 60) to (230, 130), a quarter of the way along it, belongs to the second step.
  CHECK(pixel(image, 95, 77) == time_colour(1, 2));
}

TEST_CASE("only the badge of the first glimpse has a white ring", "[report][glimpse_overlay]") {
  RgbImage image = tissue(300, 200);
  draw_glimpse_path(image, steps_at({{40, 40, 50, 50}, {200, 100, 50, 50}}));
  CHECK(pixel(image, 40 - 11, 40) == white);
  CHECK(pixel(image, 200 - 11, 100) == report::detail::outline);
}

TEST_CASE("coarser scales are drawn as well", "[report][glimpse_overlay]") {
  RgbImage with = tissue(200, 200);
  std::vector<GlimpseStep> steps = steps_at({{80, 80, 40, 40}});
  steps[0].coarser = {{60, 60, 80, 80}};
  draw_glimpse_path(with, steps);
  CHECK_FALSE(pixel(with, 60, 130) == pink);
  RgbImage without = tissue(200, 200);
  draw_glimpse_path(without, steps_at({{80, 80, 40, 40}}));
  CHECK(pixel(without, 60, 130) == pink);
}

TEST_CASE("five glimpses at one place show five badges", "[report][glimpse_overlay]") {
  RgbImage image = tissue(400, 300);
  draw_glimpse_path(image, steps_at(std::vector<Box>(5, Box{150, 100, 100, 100})));
  for (std::size_t step = 0; step < 5; ++step) {
    INFO("step " << step);
    CHECK(pixels_of(image, time_colour(step, 5)) > 150);  // of the 314 pixels of a badge
  }
}

TEST_CASE("badges of boxes beyond the border stay in the image", "[report][glimpse_overlay]") {
  RgbImage image = tissue(100, 100);
  draw_glimpse_path(image, steps_at({{-80, -80, 90, 90}, {95, 95, 90, 90}}));
  CHECK(pixels_of(image, time_colour(0, 2)) > 150);
  CHECK(pixels_of(image, time_colour(1, 2)) > 150);
}

TEST_CASE("no glimpse leaves the image alone", "[report][glimpse_overlay]") {
  RgbImage image = tissue(50, 50);
  draw_glimpse_path(image, {});
  CHECK(image.pixels == tissue(50, 50).pixels);
}

TEST_CASE("a region is a dashed white box", "[report][glimpse_overlay]") {
  RgbImage image = tissue(80, 60);
  draw_region_box(image, {10, 10, 60, 40});
  int bright = 0, dark = 0;
  for (Index x = 20; x < 60; ++x) {
    bright += pixel(image, x, 10) == white ? 1 : 0;
    dark += pixel(image, x, 10) == report::detail::outline ? 1 : 0;
  }
  CHECK(bright >= 15);
  CHECK(dark >= 8);
  CHECK(pixel(image, 40, 30) == pink);
}
