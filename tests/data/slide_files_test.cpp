#include <saccade/data/equal_images.hpp>
#include <saccade/data/open_dataset.hpp>
#include <saccade/data/slide_files.hpp>

#include "data/put_file.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

/// Slides in data sets, without a library that reads them.
using namespace saccade;
using namespace saccade::data;
using saccade_test::put_file;

namespace {

/// 4000 x 3000 pixels as scanned, none of which is ever read.
struct Unread {
  Index base;
  [[nodiscard]] Index width() const { return 4000 / base; }
  [[nodiscard]] Index height() const { return 3000 / base; }
  void read_region(Index, Index, Index, Index, Index, std::span<std::uint8_t>) const {}
};

/// Takes every file for a slide scanned at 40x, and an empty one for a bad one.
SlideReader reader() {
  return {.open = [](const std::filesystem::path& path, const SlideResolution& resolution) {
    if (std::filesystem::file_size(path) == 0) throw FileError('"' + path.string() + "\": is no slide");
    const Index base = resolution.magnification ? static_cast<Index>(40 / *resolution.magnification) : 1;
    return OpenedSlide{
        .image = StreamedImage(Unread{base}), .base = base, .scanned = {4000, 3000}, .microns_per_pixel = {}};
  }};
}

void put_slide(const ScratchFolder& folder, const std::filesystem::path& path, const std::string& content = "slide") {
  put_file(folder, path, content);
}

}  // namespace

TEST_CASE("a folder of slides for each class is a data set where slides can be read", "[slides]") {
  const ScratchFolder folder;
  put_slide(folder, "a/1.svs");
  put_slide(folder, "b/2.ndpi");
  const std::string name = '"' + folder.path().string() + '"';
  CHECK_THROWS_WITH(open_dataset(folder.path()),
                    "data: " + name + " holds 2 whole slides, and this program was built without OpenSlide");
  const Reading reading = open_dataset(folder.path(), {.magnification = 10, .slides = reader()});
  const Dataset& dataset = reading.dataset;
  CHECK(dataset.kind == "folders");
  CHECK(dataset.size() == 2);
  CHECK(sample_size(dataset, dataset.sample(0)) == ImageSize{1000, 750});
  CHECK(read_sample(dataset, dataset.sample(1)).width() == 1000);

  // Beside photographs slides are passed over where they cannot be read, and said to be.
  put_file(folder, "a/3.png");
  put_file(folder, "b/4.png");
  const Reading photographs = open_dataset(folder.path());
  CHECK(photographs.dataset.size() == 2);
  CHECK_THAT(describe(photographs.account), contains("passed over: 2 whole slides, which this program does not read"));
}

TEST_CASE("boxes of slides are in pixels as scanned", "[slides]") {
  const ScratchFolder folder;
  put_slide(folder, "s/1.svs");
  put_file(folder, "manifest.csv", "path,label,x,y,width,height\ns/1.svs,a,10,20,30,41\n");
  const Dataset whole = open_dataset(folder.path(), {.slides = reader()}).dataset;
  CHECK(whole.sample(0).regions == std::vector<Box>{{10, 20, 30, 41}});
  const Dataset quarter = open_dataset(folder.path(), {.magnification = 10, .slides = reader()}).dataset;
  CHECK(quarter.kind == "manifest");
  // Columns 10 to 39 touch 2 to 9 of a quarter, rows 20 to 60 touch 5 to 15.
  CHECK(quarter.sample(0).regions == std::vector<Box>{{2, 5, 8, 11}});
  CHECK(enlarged({2, 5, 8, 11}, 4) == Box{8, 20, 32, 44});
  CHECK_THROWS_WITH(open_dataset(folder.path()),
                    contains("s/1.svs\": is a whole slide, and this program was built without OpenSlide"));
  put_file(folder, "manifest.csv", "path,label,x,y,width,height\ns/1.svs,a,3990,20,11,40\n");
  CHECK_THROWS_WITH(open_dataset(folder.path(), {.magnification = 10, .slides = reader()}),
                    contains("does not lie within \"s/1.svs\" of 4000 x 3000"));
  put_slide(folder, "s/1.svs", "");  // whoever looks at it will say what is wrong
  CHECK(open_dataset(folder.path(), {.slides = reader()}).dataset.size() == 1);
}

TEST_CASE("a resolution belongs to BreakHis or to slides", "[slides]") {
  const ScratchFolder folder;
  put_file(folder, "a/1.png");
  put_file(folder, "b/2.png");
  const std::string name = '"' + folder.path().string() + '"';
  CHECK_THROWS_WITH(
      open_dataset(folder.path(), {.kind = "folders", .magnification = 40, .slides = reader()}),
      "data: a magnification is of BreakHis or of slides, but " + name + " is read as folders without slides");
  CHECK_THROWS_WITH(open_dataset(folder.path(), {.microns_per_pixel = 0.5, .slides = reader()}),
                    "data: microns per pixel are of slides, but " + name + " is read as folders without slides");
  CHECK_THROWS_WITH(open_dataset(folder.path(), {.magnification = 20, .slides = reader()}),
                    "data: --magnification of BreakHis must be 40, 100, 200 or 400, but is 20");
  put_slide(folder, "a/3.svs");
  put_slide(folder, "b/SOB_M_DC-14-3-100-001.svs");  // of BreakHis are photographs alone
  put_slide(folder, "b/SOB_M_DC-14-3-100-002.svs");
  put_slide(folder, "b/SOB_M_DC-14-3-100-003.svs");
  CHECK(open_dataset(folder.path(), {.magnification = 20, .slides = reader()}).dataset.kind == "folders");
}

TEST_CASE("slides in two parts are the same by the sums of their files", "[slides]") {
  const ScratchFolder folder;
  put_slide(folder, "train/a/1.svs", "one");
  put_slide(folder, "train/b/2.svs", "two");
  put_slide(folder, "test/a/3.svs", "one");
  const Dataset dataset = open_dataset(folder.path(), {.slides = reader()}).dataset;
  for (const SameBy by : {SameBy::bytes, SameBy::pixels}) {
    const auto equal = find_equal_images(dataset, given_split(dataset), by);
    REQUIRE(equal.size() == 1);
    CHECK(dataset.sample(equal[0].first).name == "train/a/1.svs");
    CHECK(dataset.sample(equal[0].second).name == "test/a/3.svs");
  }
}
