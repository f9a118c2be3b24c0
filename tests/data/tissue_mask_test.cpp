#include <saccade/data/slide_tissue.hpp>
#include <saccade/data/tissue_mask.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

using namespace saccade;
using namespace saccade::data;

TEST_CASE("Otsu's threshold by hand", "[tissue_mask]") {
  // 2 pixels of 1, 2 of 3, 4 of 9. Below 1: 2 * 6 * (7 - 1)^2 = 432; below 3: 4 * 4 * (9 - 2)^2 = 784.
  Histogram histogram{};
  histogram[1] = 2;
  histogram[3] = 2;
  histogram[9] = 4;
  CHECK(otsu_threshold(histogram) == 3);
  // 6 of 1 in place of 2. Below 1: 6 * 6 * (7 - 1)^2 = 1296; below 3: 8 * 4 * (9 - 1.5)^2 = 1800.
  histogram[1] = 6;
  CHECK(otsu_threshold(histogram) == 3);
  // 2 of 1, 20 of 3, 1 of 9. Below 1: 2 * 21 * (69 / 21 - 1)^2 = 219.4; below 3: 22 * 1 * (9 - 62 / 22)^2 = 840.7.
  histogram[1] = 2;
  histogram[3] = 20;
  histogram[9] = 1;
  CHECK(otsu_threshold(histogram) == 3);
  // 1 of 1, 1 of 7, 1 of 9. Below 1: 1 * 2 * 7^2 = 98; below 7: 2 * 1 * 5^2 = 50.
  histogram = {};
  histogram[1] = histogram[7] = histogram[9] = 1;
  CHECK(otsu_threshold(histogram) == 1);
  histogram = {};
  CHECK(otsu_threshold(histogram) == -1);
  histogram[77] = 5;
  CHECK(otsu_threshold(histogram) == -1);
}

TEST_CASE("saturation by hand", "[tissue_mask]") {
  const std::uint8_t grey[3] = {90, 90, 90}, black[3] = {0, 0, 0}, red[3] = {200, 0, 0}, pink[3] = {200, 150, 180};
  CHECK(saturation(grey) == 0);
  CHECK(saturation(black) == 0);
  CHECK(saturation(red) == 255);
  CHECK(saturation(pink) == 63);  // 255 * 50 / 200 = 63.75
}

TEST_CASE("stained pixels are tissue, and glass is not, also where there is nothing else", "[tissue_mask]") {
  RgbImage thumbnail(4, 2);
  std::fill(thumbnail.pixels.begin(), thumbnail.pixels.end(), std::uint8_t{240});
  for (const auto& [x, y] : {std::pair<Index, Index>{1, 0}, {2, 0}, {2, 1}}) {
    thumbnail.at(x, y)[1] = 120;
    thumbnail.at(x, y)[2] = 180;
  }
  const TissueMask mask = find_tissue(thumbnail);
  CHECK(mask.tissue == std::vector<std::uint8_t>{0, 1, 1, 0, 0, 0, 1, 0});
  CHECK(mask.area() == 3);
  CHECK(mask.at(2, 1));
  CHECK(find_tissue(RgbImage(3, 3)).area() == 0);
  RgbImage pink(3, 3);
  for (Index i = 0; i < 9; ++i) pink.pixels[static_cast<std::size_t>(3 * i)] = 200;
  CHECK(find_tissue(pink).area() == 9);
  // 255 * 8 / 240 = 8.5 is the noise of glass, 255 * 9 / 240 = 9.6 is not.
  std::fill(thumbnail.pixels.begin(), thumbnail.pixels.end(), std::uint8_t{240});
  thumbnail.at(0, 0)[1] = 232;
  CHECK(find_tissue(thumbnail).area() == 0);
  thumbnail.at(0, 0)[1] = 231;
  CHECK(find_tissue(thumbnail).area() == 1);
  CHECK_THROWS_AS(find_tissue(RgbImage()), ConfigError);
}

TEST_CASE("tissue of a drawn slide is found by one pixel of each cell", "[tissue_mask]") {
  const SlideTissue slide({.width = 6144, .height = 6144, .region = 512, .slides_per_class = 1}, 0);
  RgbImage thumbnail(24, 24);
  for (Index y = 0; y < 24; ++y) {
    for (Index x = 0; x < 24; ++x) {
      const RgbImage cell = slide.draw_cell(x, y);
      for (Index c = 0; c < 3; ++c) {
        Index sum = 0;
        for (Index i = 0; i < 256 * 256; ++i) sum += cell.pixels[static_cast<std::size_t>(3 * i + c)];
        thumbnail.at(x, y)[c] = static_cast<std::uint8_t>(sum / (256 * 256));
      }
    }
  }
  const TissueMask mask = find_tissue(thumbnail);
  for (const Index corner : {0, 23}) {
    CHECK_FALSE(mask.at(corner, corner));
    CHECK_FALSE(mask.at(corner, 23 - corner));
  }
  for (Index y = 6; y < 18; ++y)
    for (Index x = 6; x < 18; ++x) CHECK(mask.at(x, y));
}
