#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/slides.hpp>

#include "slides/tiff.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "support/slide.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

using namespace saccade;
using namespace saccade_test;
using slides::OpenSlideImage;

namespace {

RgbImage noise(Index width, Index height, unsigned seed) {
  RgbImage image(width, height);
  std::mt19937 random(seed);
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(random() % 256);
  return image;
}

std::filesystem::path write_slide(const ScratchFolder& folder, const std::vector<RgbImage>& levels) {
  write_file(folder / "slide.tif", tiled_tiff(levels));
  return folder / "slide.tif";
}

template <RegionSource Source>
std::vector<std::uint8_t> region(const Source& source, Index x, Index y, Index width, Index height, Index reduction) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height * image_channels));
  source.read_region(x, y, width, height, reduction, pixels);
  return pixels;
}

/// The same as of the pixels, but for squares that lie wholly outside, which may hold anything.
void expect_means(const OpenSlideImage& slide, const RgbImage& image, Index x, Index y, Index width, Index height,
                  Index reduction) {
  const auto pixels = region(slide, x, y, width, height, reduction);
  const auto expected = region(Slide{&image}, x, y, width, height, reduction);
  const auto is_inside = [&](Index first, Index extent) { return first + reduction > 0 && first < extent; };
  int wrong = 0;
  for (Index j = 0; j < height; ++j) {
    for (Index i = 0; i < width; ++i) {
      if (!is_inside(x + i * reduction, image.width) || !is_inside(y + j * reduction, image.height)) continue;
      for (Index c = 0; c < image_channels; ++c) {
        const auto at = static_cast<std::size_t>((j * width + i) * image_channels + c);
        wrong += pixels[at] != expected[at];
      }
    }
  }
  CHECK(wrong == 0);
}

/// A file of slides that the tests do not bring along; empty where it is missing.
std::filesystem::path shared(const std::string& name) {
  const char* const folder = std::getenv("SACCADE_SHARED");
  const std::filesystem::path path =
      (folder ? std::filesystem::path(folder) : std::filesystem::path(SACCADE_SOURCE_DIR) / "../shared") / "slides" /
      name;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

}  // namespace

TEST_CASE("a slide of one level is read as its pixels are, and reduced by whole boxes", "[slides]") {
  const ScratchFolder folder;
  const RgbImage image = noise(75, 50, 1);
  const OpenSlideImage slide(write_slide(folder, {image}));
  CHECK(slide.width() == 75);
  CHECK(slide.height() == 50);
  CHECK(slide.levels().size() == 1);
  CHECK_FALSE(slide.microns_per_pixel().has_value());
  for (const Index reduction : {1, 2, 4, 16}) {
    expect_means(slide, image, 0, 0, 75 / reduction + 1, 50 / reduction + 1, reduction);
    expect_means(slide, image, -3, -5, 20, 20, reduction);  // over the upper left corner
    expect_means(slide, image, 61, 37, 20, 20, reduction);  // over the lower right one
    expect_means(slide, image, 13, 29, 7, 3, reduction);
  }
}

TEST_CASE("a region too large for one read is the same band by band", "[slides]") {
  const ScratchFolder folder;
  const RgbImage image = noise(1400, 310, 4);
  const OpenSlideImage slide(write_slide(folder, {image}));
  static_assert(OpenSlideImage::read_pixels < 1400 * 310);
  expect_means(slide, image, 0, 0, 1400, 310, 1);
  expect_means(slide, image, -9, -7, 709, 160, 2);
  expect_means(slide, image, -3, 5, 1100, 20, 16);  // a line has more than is read at once
}

TEST_CASE("a reduction comes from the coarsest level that is at least as fine", "[slides]") {
  const ScratchFolder folder;
  // The levels show different things, so that it is seen which one is read.
  const RgbImage finest = noise(160, 128, 1), coarse = noise(40, 32, 2);
  const OpenSlideImage slide(write_slide(folder, {finest, coarse}));
  REQUIRE(slide.levels().size() == 2);
  CHECK(slide.levels()[1].reduction == 4);
  expect_means(slide, finest, 5, 7, 30, 20, 1);
  expect_means(slide, finest, 5, 7, 30, 20, 2);
  CHECK(region(slide, 8, 4, 10, 10, 4) == region(Slide{&coarse}, 2, 1, 10, 10, 1));
  // Eight pixels of the finest are two of the coarse level, on each axis.
  CHECK(region(slide, 16, 8, 5, 5, 8) == region(Slide{&coarse}, 4, 2, 5, 5, 2));
}

TEST_CASE("a glimpse at a slide is that at the same pixels, bit for bit at full resolution", "[slides]") {
  const ScratchFolder folder;
  const RgbImage image = noise(90, 70, 3);
  using B = ReferenceBackend<double>;
  B b;
  const ops::ImageHandle<B> slide(b, StreamedImage(OpenSlideImage(write_slide(folder, {image}))));
  const ops::ImageHandle<B> photograph(b, RgbImage(image));
  const GlimpseGeometry geometry{.side = 16};
  Tensor<B> location = b.zeros({2, 2}), seen = b.zeros({2, 16, 16, 3}), expected = seen;
  b.upload(std::vector<double>{0.3, -0.8, -1, 1}, location);
  for (const Symmetry symmetry : {Symmetry::identity, Symmetry::rotate_90, Symmetry::transpose}) {
    const OrientedImage<B> of_slide[] = {slide.seen(symmetry), slide.seen(symmetry)};
    const OrientedImage<B> of_photograph[] = {photograph.seen(symmetry), photograph.seen(symmetry)};
    ops::crop_glimpses(b, ImageBatch<B>(of_slide), location, geometry, seen);
    ops::crop_glimpses(b, ImageBatch<B>(of_photograph), location, geometry, expected);
    CHECK(seen.values == expected.values);
  }
}

TEST_CASE("several threads read one slide at once", "[slides]") {
  const ScratchFolder folder;
  const RgbImage image = noise(160, 96, 4);
  const OpenSlideImage slide(write_slide(folder, {image}));
  std::atomic<int> wrong = 0;  // Catch2's checks belong to one thread
  const auto read = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 100; ++i) {
      const Index x = static_cast<Index>(random() % 150), y = static_cast<Index>(random() % 90);
      wrong += region(slide, x, y, 1, 1, 1)[0] != image.at(x, y)[0];
    }
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) threads.emplace_back(read, seed);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a file that is no slide, or a damaged one, is a sentence", "[slides]") {
  const ScratchFolder folder;
  CHECK_THROWS_AS(OpenSlideImage(folder / "none.svs"), UnreadableError);
  CHECK_THROWS_WITH(OpenSlideImage(folder / "none.svs"), contains("none.svs\": cannot be read: No such file"));
  write_file(folder / "text.svs", "not a slide");
  CHECK_THROWS_WITH(OpenSlideImage(folder / "text.svs"), contains("text.svs\": is no slide that OpenSlide can read"));

  // The second tile of the finest level lies beyond the end of the file: the slide can be opened and read, until that
  // is asked for. Two tiles of 3072 bytes stand behind the 8 of the header, then the 6 of the depths and their places.
  std::string file = tiled_tiff({noise(64, 32, 5), noise(32, 16, 6)});
  file[8 + 2 * 3072 + 6 + 2 * 4 - 1] = 0x7f;
  write_file(folder / "cut.tif", file);
  const OpenSlideImage cut(folder / "cut.tif");
  CHECK_NOTHROW(region(cut, 0, 0, 32, 32, 1));
  CHECK_THROWS_WITH(region(cut, 32, 0, 32, 32, 1), contains("cut.tif\": cannot be read at (32, 0), level 0: "));
  CHECK_THROWS_WITH(region(cut, 0, 0, 32, 32, 1), contains("cut.tif\": cannot be read at (0, 0), level 0: "));
}

TEST_CASE("a resolution is that of the scanner, or a half, quarter, ... of it", "[slides]") {
  const ScratchFolder folder;
  const auto plain = write_slide(folder, {noise(32, 16, 6)});
  CHECK_THROWS_WITH(OpenSlideImage(plain, {.microns_per_pixel = 0.5}), contains("does not tell its microns per pixel"));
  CHECK_THROWS_WITH(OpenSlideImage(plain, {.magnification = 20}), contains("does not tell its magnification"));

  const auto aperio = shared("CMU-1-Small-Region.svs");
  if (aperio.empty()) SKIP_TEST("CMU-1-Small-Region.svs is not there");
  const OpenSlideImage scanned(aperio);
  CHECK(scanned.width() == 2220);
  CHECK(scanned.microns_per_pixel().value() == Approx(0.499));
  CHECK(scanned.magnification() == 20.0);
  const OpenSlideImage quarter(aperio, {.magnification = 5});
  CHECK(quarter.base() == 4);
  CHECK(quarter.width() == 555);
  CHECK(quarter.height() == 742);  // the last line holds three quarters of one
  CHECK(quarter.microns_per_pixel().value() == Approx(1.996));
  CHECK(OpenSlideImage(aperio, {.microns_per_pixel = 1}).base() == 2);
  CHECK(region(quarter, 100, 200, 8, 8, 2) == region(scanned, 400, 800, 8, 8, 8));
  CHECK_THROWS_WITH(OpenSlideImage(aperio, {.magnification = 40}),
                    contains("was scanned at 20 magnification, of which 40 is no half, quarter, ... within a fifth"));
  CHECK_THROWS_AS(OpenSlideImage(aperio, {.microns_per_pixel = 0.7}), ConfigError);
  CHECK_THROWS_AS(OpenSlideImage(aperio, {.microns_per_pixel = 1, .magnification = 10}), ConfigError);
}

TEST_CASE("every slide at hand is read, or refused in a sentence", "[slides]") {
  if (shared("small.svs").empty()) SKIP_TEST("the slides are not there");
  int read = 0, refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shared("small.svs").parent_path())) {
    INFO(entry.path());
    try {
      const OpenSlideImage slide(entry.path());
      for (const Index reduction : {1, 2, 4, 8, 64}) {
        region(slide, 0, 0, 40, 40, reduction);
        region(slide, slide.width() / 2, slide.height() / 2, 40, 40, reduction);
      }
      ++read;
    } catch (const FileError& error) {
      CHECK_THAT(std::string(error.what()), contains(entry.path().filename().string() + "\": "));
      ++refused;
    }
  }
  CHECK(read >= 3);
  CHECK(refused >= 3);
}
