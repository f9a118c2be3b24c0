#include <saccade/data/read_sample.hpp>
#include <saccade/slides.hpp>

#include "slides/tiff.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace saccade;
using namespace saccade_test;
using slides::SlidePool;

namespace {

RgbImage plain(Index width, Index height, std::uint8_t value) {
  RgbImage image(width, height);
  std::fill(image.pixels.begin(), image.pixels.end(), value);
  return image;
}

std::filesystem::path write(const std::filesystem::path& path, std::uint8_t value) {
  write_file(path, tiled_tiff({plain(64, 32, value)}));
  return path;
}

std::uint8_t first_byte(const SlidePool::Slide& slide) {
  std::vector<std::uint8_t> pixels(3 * 16);
  slide.read_region(0, 0, 4, 4, 1, pixels);
  return pixels[0];
}

Index open_files() {
  Index count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/// Bytes of memory that the process holds.
[[maybe_unused]] std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("of many slides few are open, and each shows what is its own", "[pool]") {
  const ScratchFolder folder;
  const auto pool = SlidePool::make(3);
  const Index before = open_files();
  std::vector<SlidePool::Slide> slides;
  for (int i = 0; i < 10; ++i)
    slides.push_back(pool->open(write(folder / (std::to_string(i) + ".tif"), static_cast<std::uint8_t>(10 * i))));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) {
      CHECK(first_byte(slides[static_cast<std::size_t>(i)]) == 10 * i);
      CHECK(pool->open_slides() == 3);
      CHECK(open_files() - before <= 3);  // some versions of OpenSlide keep none
    }
  }
  CHECK(slides[0].width() == 64);
  CHECK(slides[0].height() == 32);
  CHECK(slides[0].scanned() == ImageSize{64, 32});
  CHECK(slides[0].base() == 1);
  CHECK(pool->memory_bytes() == 3 * 32 * 1024 * 1024);
  CHECK_THROWS_AS(SlidePool::make(0), ConfigError);
}

TEST_CASE("the slide that was read longest ago is closed first", "[pool]") {
  const ScratchFolder folder;
  const auto pool = SlidePool::make(2);
  const auto one = pool->open(write(folder / "1.tif", 1)), two = pool->open(write(folder / "2.tif", 2));
  first_byte(two);
  first_byte(one);
  const auto three = pool->open(write(folder / "3.tif", 3));  // in place of the second
  first_byte(three);
  // What an open slide has decoded can be read when its file is gone; a closed one knows nothing.
  for (const char* name : {"1.tif", "2.tif", "3.tif"}) std::filesystem::remove(folder / name);
  CHECK(first_byte(one) == 1);
  CHECK(first_byte(three) == 3);
  CHECK_THROWS_WITH(first_byte(two), contains("2.tif\": cannot be read: No such file or directory"));
  CHECK_THROWS_AS(pool->open(folder / "1.tif"), UnreadableError);
}

TEST_CASE("a slide that has changed is opened anew, and one that failed works again when it is whole", "[pool]") {
  const ScratchFolder folder;
  const auto pool = SlidePool::make(2);
  const auto path = write(folder / "a.tif", 50);
  CHECK(first_byte(pool->open(path)) == 50);
  write_file(path, tiled_tiff({plain(32, 32, 60), plain(16, 16, 60)}));
  const auto changed = pool->open(path);
  CHECK(changed.width() == 32);
  CHECK(first_byte(changed) == 60);

  std::string damaged = tiled_tiff({plain(64, 32, 70), plain(32, 16, 70)});
  const std::string whole = damaged;
  damaged[8 + 2 * 3072 + 6 + 2 * 4 - 1] = 0x7f;  // the second tile lies beyond the end of the file
  write_file(folder / "b.tif", damaged);
  const auto slide = pool->open(folder / "b.tif");
  std::vector<std::uint8_t> pixels(3);
  CHECK_THROWS_WITH(slide.read_region(40, 0, 1, 1, 1, pixels),
                    contains("b.tif\": cannot be read at (40, 0), level 0: "));
  slide.read_region(0, 0, 1, 1, 1, pixels);  // a failure is not for ever: the first tile is sound
  CHECK(pixels[0] == 70);
  write_file(folder / "b.tif", whole);
  const auto repaired = pool->open(folder / "b.tif");
  repaired.read_region(40, 0, 1, 1, 1, pixels);
  CHECK(pixels[0] == 70);
  write_file(folder / "c.tif", "no slide");
  CHECK_THROWS_WITH(pool->open(folder / "c.tif"), contains("c.tif\": is no slide that OpenSlide can read"));
}

TEST_CASE("eight threads read forty slides of a pool of four", "[pool]") {
  const ScratchFolder folder;
  const auto pool = SlidePool::make(4);
  const Index before = open_files();
  std::vector<SlidePool::Slide> slides;
  for (int i = 0; i < 40; ++i)
    slides.push_back(pool->open(write(folder / (std::to_string(i) + ".tif"), static_cast<std::uint8_t>(i))));
  std::atomic<int> wrong = 0, most_open = 0;  // Catch2's checks belong to one thread
  const auto read = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 100; ++i) {
      const std::size_t which = random() % slides.size();
      wrong += first_byte(slides[which]) != which;
      most_open = std::max<int>(most_open, static_cast<int>(pool->open_slides()));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) threads.emplace_back(read, seed);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(most_open <= 4);
  CHECK(open_files() - before <= 4 * 8);  // of a slide that several threads read, OpenSlide keeps a file for each
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which keep what was freed for a while
TEST_CASE("the memory of many slides is that of the open ones", "[pool]") {
  // A slide of 16 MiB of decoded tiles under twelve names: together 192 MiB.
  const ScratchFolder folder;
  constexpr Index side = 2048;
  write_file(folder / "slide.tif", tiled_tiff({plain(side, side, 99)}));
  const auto pool = SlidePool::make(2);
  std::vector<std::uint8_t> pixels(3 * 64 * 64);
  const std::size_t before = resident_bytes();
  for (int i = 0; i < 12; ++i) {
    const auto name = folder / (std::to_string(i) + ".tif");
    std::filesystem::create_symlink("slide.tif", name);
    const auto slide = pool->open(name);
    for (Index tile = 0; tile < side / 64 * side / 64; ++tile)
      slide.read_region(tile % (side / 64) * 64, tile / (side / 64) * 64, 64, 64, 1, pixels);
  }
  CHECK(resident_bytes() < before + pool->memory_bytes() + (std::size_t{16} << 20));
}
#endif

TEST_CASE("a data set's reader of slides opens them from a pool, at its resolution", "[pool]") {
  const ScratchFolder folder;
  const auto pool = SlidePool::make(1);
  const data::SlideReader reader = slides::slide_reader(pool);
  data::Dataset dataset{.classes = {"a"}, .slides = reader};
  dataset.samples.push_back({.name = "1", .path = write(folder / "1.tif", 5), .label = 0});
  const AnyImage image = data::read_sample(dataset, dataset.sample(0));
  REQUIRE(image.source());
  CHECK(image.width() == 64);
  CHECK(data::sample_size(dataset, dataset.sample(0)) == ImageSize{64, 32});
  data::SlideReader coarse = reader;
  coarse.resolution = {.magnification = 20};
  CHECK_THROWS_WITH(coarse(folder / "1.tif"), contains("does not tell its magnification"));
  CHECK(!data::read_image_size(folder / "1.tif", coarse));
  CHECK_THROWS_WITH(data::SlideReader{}(folder / "1.tif"),
                    contains("1.tif\": is a whole slide, and this program was built without OpenSlide"));
}
