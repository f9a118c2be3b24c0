#include <saccade/core/box.hpp>
#include <saccade/data/stain_augmentation.hpp>
#include <saccade/data/tissue_areas.hpp>

#include "support/catch.hpp"
#include "support/slide.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

using namespace saccade;
using namespace saccade::data;
using saccade_test::Slide;

namespace {

/// Glass with a stained rectangle.
RgbImage stained(Index width, Index height, const Box& tissue) {
  RgbImage image(width, height);
  std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t{240});
  for (Index y = tissue.y; y < tissue.y + tissue.height; ++y)
    for (Index x = tissue.x; x < tissue.x + tissue.width; ++x) image.at(x, y)[1] = 100;
  return image;
}

}  // namespace

TEST_CASE("tissue is found in cells of at most 256 a side, of pixels and of a source alike", "[tissue_area]") {
  // 700 pixels: cells of 4.
  const RgbImage image = stained(700, 301, {200, 100, 80, 40});
  Index read = 0;
  const TissueArea of_pixels = find_tissue_area(image);
  const TissueArea of_source = find_tissue_area(StreamedImage(Slide{&image, &read}));
  CHECK(read == 175 * 76);
  for (Index y = 0; y < 301; ++y) {
    for (Index x = 0; x < 700; ++x) {
      const bool tissue = x >= 200 && x < 280 && y >= 100 && y < 140;
      if (of_pixels.covers(x, y) != tissue || of_source.covers(x, y) != tissue) FAIL("at " << x << ", " << y);
    }
  }
  CHECK(of_pixels.found());
}

TEST_CASE("an image of glass alone has no tissue, whatever its noise, and one of tissue alone is all tissue",
          "[tissue_area]") {
  RgbImage glass = stained(64, 64, {0, 0, 0, 0});
  for (std::size_t i = 0; i < glass.pixels.size(); ++i) glass.pixels[i] = static_cast<std::uint8_t>(236 + i * 7 % 5);
  CHECK_FALSE(find_tissue_area(glass).found());
  const TissueArea all = find_tissue_area(stained(64, 64, {0, 0, 64, 64}));
  CHECK(all.found());
  CHECK(all.covers(63, 0));
}

TEST_CASE("the tissue of a data set's image is found once, and again where the image has changed", "[tissue_area]") {
  const RgbImage one = stained(300, 200, {10, 10, 50, 50}), glass = stained(64, 64, {0, 0, 0, 0});
  Index read = 0;
  const AnyImage slide = StreamedImage(Slide{&one, &read});
  TissueAreas areas(3);
  const auto first = areas.of(1, slide);
  const Index once = read;
  CHECK(areas.of(1, slide) == first);
  CHECK(read == once);
  CHECK(areas.without().empty());
  CHECK_FALSE(areas.of(2, AnyImage(glass))->found());
  CHECK(areas.without() == std::vector<Index>{2});
  CHECK(areas.of(1, AnyImage(glass)) != first);
  CHECK(areas.without() == std::vector<Index>{1, 2});
}

TEST_CASE("several threads may ask for tissue at once", "[tissue_area]") {
  const AnyImage image = stained(200, 100, {20, 20, 40, 40});
  TissueAreas areas(50);
  const auto ask = [&] {
    for (Index i = 0; i < 50; ++i) static_cast<void>(areas.of(i, image));
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(ask);
  for (std::thread& thread : threads) thread.join();
  CHECK(areas.without().empty());
}

TEST_CASE("stained anew, an image has its tissue where it was", "[tissue_area]") {
  const RgbImage pixels = stained(32, 32, {4, 4, 8, 8});
  for (AnyImage image : {AnyImage(pixels), AnyImage(StreamedImage(Slide{&pixels}))}) {
    CHECK(restain(image, {}).tissue() == nullptr);
    image.set_tissue(std::make_shared<const TissueArea>(find_tissue_area(image)));
    CHECK(restain(image, {}).tissue() == image.tissue());
  }
}
