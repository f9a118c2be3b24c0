#include <saccade/report/explanation.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

/// A smooth image, two glimpses with masks and probabilities.
Explanation example(Index width = 700, Index height = 460) {
  Explanation explanation{.title = "slide.png", .image = RgbImage(width, height)};
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      blend_pixel(explanation.image, x, y,
                  {static_cast<std::uint8_t>(150 + x % 97), 120, static_cast<std::uint8_t>(140 + y % 89)}, 1);
    }
  }
  for (const Box box : {Box{30, 40, 112, 112}, Box{500, 300, 112, 112}}) {
    GlimpseStep step{.box = box};
    step.mask = {.width = 2, .height = 1, .values = {0.4F, 0.6F}};
    step.class_probabilities = {0.25F, 0.75F};
    explanation.steps.push_back(step);
  }
  explanation.class_names = {"benign", "malignant"};
  explanation.label = 1;
  return explanation;
}

/// Whether `part` occurs in the image with its top left pixel at (x, y).
bool shows(const RgbImage& image, const RgbImage& part, Index x, Index y) {
  return crop(image, {x, y, part.width, part.height}).pixels == part.pixels;
}

}  // namespace

TEST_CASE("the sheet shows the image at its own size, the caption above and the glimpses below",
          "[report][explanation]") {
  const Explanation explanation = example();
  const RgbImage sheet = draw_explanation(explanation);
  CHECK(sheet.width == 700 + 2 * 12);
  CHECK(sheet.height > 460 + 2 * 112);
  // A piece of the image far from the path, found by trying every height.
  const RgbImage piece = crop(explanation.image, {400, 60, 80, 40});
  Index found = -1;
  for (Index y = 0; y < sheet.height - 40; ++y) {
    if (shows(sheet, piece, 12 + 400, y)) found = y - 60;
  }
  REQUIRE(found > 0);
  CHECK_FALSE(shows(sheet, RgbImage(1, 1), 0, 0));
  CHECK(pixel(sheet, 0, 0) == white);
}

TEST_CASE("a small image is enlarged and a large one reduced, with its boxes", "[report][explanation]") {
  Explanation explanation = example(70, 46);
  explanation.steps.resize(1);
  explanation.steps[0].box = {10, 10, 20, 20};
  const RgbImage sheet = draw_explanation(explanation, {.width = 724});
  CHECK(sheet.width == 724);
  // Ten times as large: the left side of the box lies at 12 + 100, its row 25 at heading + 250.
  const Index heading = sheet.height - draw_explanation({.image = RgbImage(70, 46)}, {.width = 724}).height;
  CHECK(heading > 0);  // the glimpse adds its block
  int coloured = 0;
  for (Index y = 0; y < sheet.height; ++y) coloured += pixel(sheet, 112, y) == time_colour(0, 1) ? 1 : 0;
  CHECK(coloured > 150);
  CHECK(draw_explanation(example(4000, 300)).width == 1600 + 2 * 12);
}

TEST_CASE("a right and a wrong decision look different", "[report][explanation]") {
  Explanation explanation = example();
  const RgbImage right = draw_explanation(explanation);
  explanation.label = 0;
  const RgbImage wrong = draw_explanation(explanation);
  explanation.label.reset();
  const RgbImage unknown = draw_explanation(explanation);
  CHECK(right.pixels != wrong.pixels);
  CHECK(right.pixels != unknown.pixels);
  CHECK(right.pixels == draw_explanation(example()).pixels);
}

TEST_CASE("everything but the image is optional", "[report][explanation]") {
  Explanation explanation{.image = RgbImage(100, 80)};
  CHECK(draw_explanation(explanation).height > 80);
  explanation.steps = {{.box = {70, 60, 50, 50}}};  // reaches beyond the image
  const RgbImage plain = draw_explanation(explanation);
  explanation.steps[0].mask = {.width = 1, .height = 1, .values = {0.5F}};
  CHECK(draw_explanation(explanation).height > plain.height);  // a second row of tiles
  explanation.steps.assign(23, explanation.steps[0]);
  CHECK(draw_explanation(explanation).height > plain.height + 600);  // four rows of them
}

TEST_CASE("a patch is shown in place of the pixels under the box", "[report][explanation]") {
  Explanation explanation = example();
  const RgbImage cut = draw_explanation(explanation);
  explanation.steps[0].patch = crop(explanation.image, explanation.steps[0].box);
  CHECK(draw_explanation(explanation).pixels == cut.pixels);
  explanation.steps[0].patch = RgbImage(112, 112);
  CHECK(draw_explanation(explanation).pixels != cut.pixels);
}

TEST_CASE("an explanation without pixels is refused", "[report][explanation]") {
  CHECK_THROWS_WITH(draw_explanation({}), "draw_explanation: image must have pixels, but is 0 x 0");
  Explanation explanation = example();
  explanation.steps[1].box.height = 0;
  CHECK_THROWS_WITH(draw_explanation(explanation),
                    "draw_explanation: box of a glimpse must have pixels, but is 112 x 0");
  explanation = example();
  explanation.steps[1].mask.values.pop_back();
  CHECK_THROWS_AS(draw_explanation(explanation), ShapeError);
}

TEST_CASE("masks lie in their places over the grey image", "[report][explanation]") {
  const Explanation explanation = example();
  const RgbImage picture = draw_masks(explanation, {.mask_alpha = 0.5, .stretch_masks = true});
  const RgbImage grey = to_grey(explanation.image);
  CHECK(pixel(picture, 300, 300) == pixel(grey, 300, 300));
  // Stretched, 0.4 is the lowest colour and 0.6 the highest.
  CHECK(pixel(picture, 40, 60) == mix(pixel(grey, 40, 60), {0, 0, 4}, 0.5));
  CHECK(pixel(picture, 130, 60) == mix(pixel(grey, 130, 60), {252, 255, 164}, 0.5));
  CHECK(pixel(picture, 30, 100) == time_colour(0, 2));
  // As it is, 0.4 is the colour at 0.4.
  const RgbImage plain = draw_masks(explanation, {.mask_alpha = 0.5, .stretch_masks = false});
  CHECK(pixel(plain, 40, 60) == mix(pixel(grey, 40, 60), inferno(0.4F), 0.5));
}
