#include <saccade/data/image_decode.hpp>
#include <saccade/report/gallery.hpp>

#include "support/catch.hpp"
#include "support/limits.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

TEST_CASE("the gallery takes right and wrong answers evenly from the list", "[report][gallery]") {
  const std::vector<bool> right{true, false, true, true, true, true, false, true, false, true};
  // Right ones are 0 2 3 4 5 7 9: of seven, two at (2k + 1) * 7 / 4, the second and the sixth. Wrong ones are 1 6 8: of
  // three, two at (2k + 1) * 3 / 4, the first and the third.
  const std::vector<std::size_t> expected{2, 7, 1, 8};
  CHECK(choose_for_gallery(right, 2) == expected);
  CHECK(choose_for_gallery(right, 0).empty());
  CHECK(choose_for_gallery({}, 5).empty());
  CHECK(choose_for_gallery(right, 99).size() == 10);
}

TEST_CASE("the strip has the glimpses beside each other, masks below them", "[report][gallery]") {
  Explanation explanation;
  explanation.image = RgbImage(40, 20);
  fill_rectangle(explanation.image, {0, 0, 20, 20}, {200, 0, 0});
  fill_rectangle(explanation.image, {20, 0, 20, 20}, {0, 0, 200});
  explanation.steps.resize(2);
  explanation.steps[0].box = {0, 0, 20, 20};
  explanation.steps[1].box = {20, 0, 20, 20};
  const RgbImage plain = draw_glimpse_strip(explanation, 204);  // two tiles of 100 and a gap of 4
  CHECK(plain.width == 204);
  CHECK(plain.height == 100);
  CHECK(pixel(plain, 50, 50) == Colour{200, 0, 0});
  CHECK(pixel(plain, 154, 50) == Colour{0, 0, 200});
  CHECK(pixel(plain, 102, 50) == white);
  CHECK(pixel(plain, 1, 50) == time_colour(0, 2));

  explanation.steps[1].mask = {.width = 1, .height = 1, .values = {0.5F}};
  const RgbImage masked = draw_glimpse_strip(explanation, 204);
  CHECK(masked.height == 204);
  CHECK(pixel(masked, 50, 154) == white);
  CHECK_FALSE(pixel(masked, 154, 154) == white);
}

TEST_CASE("a gallery is read as it was written", "[report][gallery]") {
  const ScratchFolder folder;
  Explanation explanation;
  explanation.image = RgbImage(64, 32);
  explanation.steps.resize(1);
  explanation.steps[0].box = {8, 8, 16, 16};
  GalleryWriter writer(folder / "gallery", "learned", {.weights = "1a2b3c4d", .epoch = 3, .data = "0123"});
  writer.add({.policy = "learned",
              .image = "x",
              .group = "p",
              .truth = 1,
              .width = 64,
              .height = 32,
              .locations = {{0, 0}},
              .probabilities = {{0.25, 0.75}}},
             explanation);
  writer.finish();
  const Gallery gallery = read_gallery(folder / "gallery");
  CHECK(gallery.policy == "learned");
  CHECK(gallery.provenance == Provenance{.weights = "1a2b3c4d", .epoch = 3, .data = "0123"});
  REQUIRE(gallery.images.size() == 1);
  const GalleryImage& image = gallery.images[0];
  CHECK(image.image == "x");
  CHECK(image.group == "p");
  CHECK(image.truth == 1);
  CHECK(image.probabilities[0][1] == 0.75);
  CHECK_FALSE(image.masks);
  const RgbImage picture = data::load_image(folder / "gallery" / image.path_picture);
  CHECK(picture.width == GalleryWriter::picture_width);
  CHECK(picture.height == GalleryWriter::picture_width / 2);
  CHECK(data::load_image(folder / "gallery" / image.glimpses_picture).height == GalleryWriter::picture_width);
}

TEST_CASE("pictures that a new gallery does not name are removed, and others' files stay", "[report][gallery]") {
  const ScratchFolder folder;
  write_file(folder / "gallery.json",
             "{\"policy\":\"a\",\"images\":[{\"image\":\"x\",\"truth\":0,\"probabilities\":[[1,0]],\"path\":"
             "\"01_path.jpg\",\"glimpses\":\"01_glimpses.jpg\",\"masks\":false}]}");
  for (const char* file :
       {"01_path.jpg", "01_glimpses.jpg", "02_path.jpg", "12_glimpses.jpg", "mine_path.jpg", "2.jpg"})
    write_file(folder / file, "x");
  remove_unlisted_pictures(folder.path());
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    left.insert(entry.path().filename().string());
  CHECK(left == std::set<std::string>{"gallery.json", "01_path.jpg", "01_glimpses.jpg", "mine_path.jpg", "2.jpg"});
  remove_unlisted_pictures(folder / "none");
}

TEST_CASE("a picture that cannot be written leaves the one that stood there", "[report][gallery]") {
  const ScratchFolder folder;
  Explanation explanation;
  explanation.image = RgbImage(64, 32);
  explanation.steps.resize(1);
  explanation.steps[0].box = {8, 8, 16, 16};
  const PredictionRecord record{.policy = "learned", .image = "x", .probabilities = {{1, 0}}};
  create_folders(folder / "gallery");
  write_file(folder / "gallery/01_path.jpg", "the good one");
  {
    GalleryWriter writer(folder / "gallery", "learned");
    const limits::FileSize limit(100);
    CHECK_THROWS_WITH(writer.add(record, explanation), contains("01_path.jpg\": cannot be written: File too large"));
  }
  const std::vector<std::uint8_t> left = read_file(folder / "gallery/01_path.jpg");
  CHECK(std::string(left.begin(), left.end()) == "the good one");
  CHECK_FALSE(std::filesystem::exists(folder / "gallery/01_glimpses.jpg"));
}

TEST_CASE("a gallery's list may name no file elsewhere", "[report][gallery]") {
  const ScratchFolder folder;
  const auto list = [](const std::string& file) {
    return "{\"policy\":\"a\",\"images\":[{\"image\":\"x\",\"patient\":\"q\",\"truth\":0,\"probabilities\":[[1,0]],"
           "\"path\":\"" +
           file + "\",\"glimpses\":\"b.jpg\",\"masks\":false}]}";
  };
  write_file(folder / "gallery.json", list("a.jpg"));
  CHECK(read_gallery(folder.path()).images.size() == 1);
  CHECK(read_gallery(folder.path()).images.front().group == "q");  // by its name of before
  for (const char* file : {"../secret", "/etc/passwd", "", "a/b"}) {
    write_file(folder / "gallery.json", list(file));
    CHECK_THROWS_WITH(read_gallery(folder.path()), contains("image \"x\" is not described whole"));
  }
  write_file(folder / "gallery.json", std::string("{\"images\":3}"));
  CHECK_THROWS_WITH(read_gallery(folder.path()), contains("is not the list of a gallery"));
}
