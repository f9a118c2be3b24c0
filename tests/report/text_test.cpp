#include <saccade/report/text.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

/// The picture of a text, one string a row: '#' ink, '.' paper, '+' in between.
std::vector<std::string> picture(std::string_view text, Index width, Index height, Index scale) {
  RgbImage image(width, height);
  draw_text(image, 0, 0, text, {.scale = scale, .colour = white});
  std::vector<std::string> rows;
  for (Index y = 0; y < height; ++y) {
    rows.emplace_back();
    for (Index x = 0; x < width; ++x) {
      const int value = pixel(image, x, y).red;
      rows.back() += value == 255 ? '#' : value == 0 ? '.' : '+';
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("at scale 1 the letters are the cells of the font, smoothed at diagonals", "[report][text]") {
  CHECK(picture("Lg", 12, 9, 1) == std::vector<std::string>{"#...........",  //
                                                            "#...........",  //
                                                            "#.....+####.",  //
                                                            "#.....#+..#.",  //
                                                            "#.....#...#.",  //
                                                            "#.....#+..#.",  //
                                                            "#####.+####.",  //
                                                            ".........+#.",  //
                                                            ".......###+."});
}

TEST_CASE("a larger scale draws the same strokes wider, with round ends", "[report][text]") {
  const std::vector<std::string> rows = picture("L", 12, 16, 2);
  CHECK(rows[0] == "++..........");
  for (std::size_t y = 1; y < 12; ++y) CHECK(rows[y] == "##..........");
  CHECK(rows[12] == "#########+..");
  CHECK(rows[13] == "+########+..");
  CHECK(rows[14] == "............");
}

TEST_CASE("every printable character has a shape of its own", "[report][text]") {
  std::set<std::vector<std::string>> seen;
  for (char c = ' '; c <= '~'; ++c) {
    const auto rows = picture(std::string(1, c), 8, 10, 1);
    INFO("character " << c);
    CHECK(seen.insert(rows).second);
    bool ink = false;
    for (const std::string& row : rows) ink = ink || row.find('#') != std::string::npos;
    CHECK(ink == (c != ' '));
  }
}

TEST_CASE("the width of a text is six cells a character without the last gap", "[report][text]") {
  CHECK(text_width("", 2) == 0);
  CHECK(text_width("i", 1) == 5);
  CHECK(text_width("abc", 2) == 34);
  CHECK(text_width("\xC3\xA9\xE2\x82\xAC", 1) == 11);  // two characters of UTF-8
  CHECK(picture("\xC3\xA9", 6, 9, 1) == picture("?", 6, 9, 1));
  CHECK(picture("\n", 6, 9, 1) == picture("?", 6, 9, 1));
}

TEST_CASE("a text that is too long is shortened with two points", "[report][text]") {
  CHECK(fit_text("malignant", 1, 53) == "malignant");
  CHECK(fit_text("malignant", 1, 52) == "malign..");
  CHECK(fit_text("malignant", 1, 0) == "..");
}

TEST_CASE("a halo surrounds the strokes and lies below them", "[report][text]") {
  RgbImage image(30, 30);
  draw_text(image, 10, 10, "l", {.scale = 2, .colour = {200, 0, 0}, .halo = 2, .halo_colour = {0, 0, 200}});
  // The upright of an l is the third cell: columns 14 and 15.
  CHECK(pixel(image, 14, 15) == Colour{200, 0, 0});
  CHECK(pixel(image, 15, 15) == Colour{200, 0, 0});
  CHECK(pixel(image, 17, 15) == Colour{0, 0, 200});
  CHECK(pixel(image, 18, 15) == black);
}

TEST_CASE("text across the border is clipped", "[report][text]") {
  RgbImage small(20, 10), large(60, 50);
  draw_text(small, -7, -5, "Saccade", {.scale = 2, .colour = white});
  draw_text(large, 13, 15, "Saccade", {.scale = 2, .colour = white});
  CHECK(small.pixels == crop(large, {20, 20, 20, 10}).pixels);
}
