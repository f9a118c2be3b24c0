#include <saccade/data/open_dataset.hpp>
#include <saccade/data/read_sample.hpp>
#include <saccade/data/write_slide_tissue.hpp>
#include <saccade/slides.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

/// Slides that are written here, read back through OpenSlide.
using namespace saccade;
using namespace saccade::data;
using slides::OpenSlideImage;

namespace {

/// A picture without hard edges, which a JPEG hardly changes.
std::uint8_t value(Index x, Index y, Index c) {
  const auto wave = [](Index place, Index period) { return std::abs(place % (2 * period) - period) * 100 / period; };
  return static_cast<std::uint8_t>(50 + (c == 2 ? wave(x + y, 300) : c == 1 ? wave(y, 200) : wave(x, 250)));
}

RgbImage tile(Index column, Index row) {
  RgbImage image(pyramid_tile, pyramid_tile);
  for (Index y = 0; y < pyramid_tile; ++y)
    for (Index x = 0; x < pyramid_tile; ++x)
      for (Index c = 0; c < 3; ++c) image.at(x, y)[c] = value(column * pyramid_tile + x, row * pyramid_tile + y, c);
  return image;
}

/// Largest difference of a region to the picture's value in the middle of each pixel.
int difference(const OpenSlideImage& slide, Index x, Index y, Index side, Index reduction) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * side * side));
  slide.read_region(x, y, side, side, reduction, pixels);
  int largest = 0;
  for (Index j = 0; j < side; ++j) {
    for (Index i = 0; i < side; ++i) {
      for (Index c = 0; c < 3; ++c) {
        const int expected = value(x + i * reduction + reduction / 2, y + j * reduction + reduction / 2, c);
        largest = std::max(largest, std::abs(expected - pixels[static_cast<std::size_t>(3 * (j * side + i) + c)]));
      }
    }
  }
  return largest;
}

}  // namespace

TEST_CASE("a pyramid that is written is read back at every level, within the rounding of JPEG", "[pyramid]") {
  const ScratchFolder folder;
  Index drawn = 0;
  const auto draw = [&](Index column, Index row) {
    ++drawn;
    return tile(column, row);
  };
  // Neither side is a whole number of tiles, and an odd number of these are in a row of every level.
  write_tiff_pyramid(folder / "a.tif", 4400, 1300, draw, {.quality = 95, .microns_per_pixel = 0.25});
  CHECK(drawn == 18 * 6);
  const OpenSlideImage slide(folder / "a.tif");
  CHECK(slide.width() == 4400);
  CHECK(slide.height() == 1300);
  REQUIRE(slide.levels().size() == 6);
  CHECK(slide.levels()[5].width == 138);
  CHECK(slide.levels()[5].height == 41);
  CHECK(slide.microns_per_pixel().value() == Approx(0.25));
  CHECK(OpenSlideImage(folder / "a.tif", {.microns_per_pixel = 1}).width() == 1100);
  for (const Index reduction : {1, 2, 4, 8, 16, 32}) {
    const Index side = 1200 / reduction;
    // Where the picture bends, a mean is not the value in the middle: over so many pixels that counts.
    const int rounding = static_cast<int>(reduction <= 8 ? 6 : 6 + reduction / 4);
    CHECK(difference(slide, 0, 0, side, reduction) <= rounding);
    CHECK(difference(slide, 3200, 96, side, reduction) <= rounding);
  }
}

TEST_CASE("an image of one tile is a slide, too; a folder that is not there is named", "[pyramid]") {
  const ScratchFolder folder;
  write_tiff_pyramid(folder / "a.tif", 100, 60, tile);
  const OpenSlideImage slide(folder / "a.tif");
  CHECK(slide.width() == 100);
  CHECK(slide.levels().size() == 1);
  CHECK(!slide.microns_per_pixel());
  CHECK(difference(slide, 0, 0, 60, 1) <= 6);
  CHECK_THROWS_WITH(write_tiff_pyramid(folder / "b/a.tif", 100, 60, tile),
                    contains("a.tif\": cannot be written: No such file or directory"));
  CHECK_THROWS_AS(write_tiff_pyramid(folder / "b.tif", 0, 60, tile), ConfigError);
}

TEST_CASE("drawn slides are a data set of slides with boxes, the same for any number of threads", "[pyramid]") {
  const ScratchFolder folder;
  const SlideTissueOptions options{.width = 1500, .height = 1100, .region = 200, .slides_per_class = 2, .seed = 3};
  write_slide_tissue(options, folder / "one", 1);
  write_slide_tissue(options, folder / "two", 2);
  for (const char* name : {"manifest.csv", "slides/0001.tif", "slides/0004.tif"})
    CHECK((read_file(folder / "one" / name) == read_file(folder / "two" / name)));

  const Dataset dataset = open_dataset(folder / "one", {.slides = slides::slide_reader()}).dataset;
  CHECK(dataset.kind == "manifest");
  CHECK(dataset.classes == std::vector<std::string>{"benign", "malignant"});
  REQUIRE(dataset.size() == 4);
  for (Index i = 0; i < 4; ++i) {
    const SlideTissue drawn(options, i);
    CHECK(dataset.sample(i).regions == std::vector<Box>{drawn.region()});
    CHECK(dataset.sample(i).label == drawn.label());
    CHECK(sample_size(dataset, dataset.sample(i)) == ImageSize{1500, 1100});
    // A cell by the reader beside the same as drawn: noisy tissue differs more than smooth pictures, on average little.
    const AnyImage image = read_sample(dataset, dataset.sample(i));
    std::vector<std::uint8_t> pixels(3 * 256 * 256);
    image.source()->read_region(512, 512, 256, 256, 1, pixels);
    const RgbImage cell = drawn.draw_cell(2, 2);
    Index sum = 0;
    for (std::size_t k = 0; k < pixels.size(); ++k) sum += std::abs(pixels[k] - cell.pixels[k]);
    CHECK(static_cast<double>(sum) / static_cast<double>(pixels.size()) < 4);
  }
}
