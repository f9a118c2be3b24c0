#include <saccade/data/slide_tissue.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace saccade;
using namespace saccade::data;

namespace {

constexpr SlideTissueOptions small_slides{.width = 2048, .height = 1536, .region = 256, .slides_per_class = 2};

double mean(const RgbImage& image) {
  double sum = 0;
  for (const std::uint8_t value : image.pixels) sum += value;
  return sum / static_cast<double>(image.pixels.size());
}

}  // namespace

TEST_CASE("a cell of a drawn slide depends on the options, the slide and its place alone", "[slide]") {
  const SlideTissue one(small_slides, 1), same(small_slides, 1), other(small_slides, 2);
  CHECK(one.draw_cell(3, 2).pixels == same.draw_cell(3, 2).pixels);
  CHECK(one.draw_cell(3, 2).pixels != other.draw_cell(3, 2).pixels);
  CHECK(one.draw_cell(3, 2).pixels != one.draw_cell(2, 3).pixels);
  CHECK(one.label() == 0);
  CHECK(other.label() == 1);
}

TEST_CASE("neighbouring cells of a drawn slide fit together", "[slide]") {
  // Fibres and nuclei go on over the rim: a step of colour across it is no greater than one beside it.
  const SlideTissue slide(small_slides, 0);
  double across = 0, beside = 0;
  for (Index column = 2; column < 5; ++column) {
    const RgbImage left = slide.draw_cell(column, 2), right = slide.draw_cell(column + 1, 2);
    for (Index y = 0; y < SlideTissue::cell; ++y) {
      across += std::abs(left.at(255, y)[1] - right.at(0, y)[1]);
      beside += std::abs(left.at(254, y)[1] - left.at(255, y)[1]);
    }
  }
  CHECK(across < 1.25 * beside);
}

TEST_CASE("the region alone tells the class of a drawn slide", "[slide]") {
  for (Index number = 0; number < 3; ++number) {
    const SlideTissue benign(small_slides, number, 0), malignant(small_slides, number, 1);
    const Box region = benign.region();
    CHECK(region == malignant.region());
    CHECK(region.width == 256);
    CHECK(region.height == 256);
    Index inside = 0;
    for (Index row = 0; row < 6; ++row) {
      for (Index column = 0; column < 8; ++column) {
        const RgbImage one = benign.draw_cell(column, row), other = malignant.draw_cell(column, row);
        Index outside = 0;
        for (Index y = 0; y < SlideTissue::cell; ++y) {
          for (Index x = 0; x < SlideTissue::cell; ++x) {
            const bool differs = !std::equal(one.at(x, y), one.at(x, y) + 3, other.at(x, y));
            const Box pixel{column * 256 + x, row * 256 + y, 1, 1};
            (region.intersection(pixel).area() > 0 ? inside : outside) += differs;
          }
        }
        CHECK(outside == 0);
      }
    }
    CHECK(inside > 5000);
  }
}

TEST_CASE("around the tissue of a drawn slide is glass, and the region lies on tissue", "[slide]") {
  const SlideTissue slide(small_slides, 0);
  CHECK(mean(slide.draw_cell(0, 0)) > 240);
  CHECK(mean(slide.draw_cell(7, 5)) > 240);
  CHECK(mean(slide.draw_cell(4, 3)) < 200);
  for (Index number = 0; number < 4; ++number) {
    const Box region = SlideTissue(small_slides, number).region();
    CHECK(region.x >= 2048 / 5);
    CHECK(region.x + 256 <= 2048 - 2048 / 5);
    CHECK(region.y >= 1536 / 5);
    CHECK(region.y + 256 <= 1536 - 1536 / 5);
  }
}

TEST_CASE("any place of a slide of 34 gigapixels can be drawn", "[slide]") {
  const SlideTissueOptions large{.width = 262144, .height = 131072, .region = 64, .slides_per_class = 1};
  const SlideTissue slide(large, 1);
  CHECK(mean(slide.draw_cell(0, 511)) > 240);
  CHECK(mean(slide.draw_cell(512, 256)) < 220);
  CHECK(mean(slide.draw_cell(1023, 0)) > 240);
}

TEST_CASE("options of drawn slides out of their range are named", "[slide]") {
  CHECK_THROWS_WITH(SlideTissue({.width = 512}, 0), contains("width and height must be 1024 to 262144 pixels"));
  CHECK_THROWS_WITH(SlideTissue({.width = 2048, .height = 2048, .region = 600}, 0),
                    contains("the region must be 64 to 512 pixels, a quarter of the slide, but is 600"));
  CHECK_THROWS_WITH(SlideTissue({.slides_per_class = 0}, 0), contains("slides_per_class must be 1 to 10000"));
}

TEST_CASE("drawn slides keep their bytes", "[slide]") {
  // FNV-1a over all cells of a slide; from before whole cells were told to be tissue or glass by their corners.
  const SlideTissue slide(small_slides, 1);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (Index row = 0; row < 6; ++row)
    for (Index column = 0; column < 8; ++column)
      for (const std::uint8_t value : slide.draw_cell(column, row).pixels) hash = (hash ^ value) * 0x100000001b3u;
  CHECK(hash == 0x845d22ec6da1dbcfu);
}
