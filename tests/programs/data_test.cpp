#include <saccade/data/image_decode.hpp>
#include <saccade/data/image_encode.hpp>

#include <filesystem>
#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

TEST_CASE("saccade data says what is taken and passed over, and how it is divided", "[programs]") {
  const ScratchFolder scratch;
  make_class_folders(scratch / "data");
  saccade::write_file(scratch / "data/train/ape/notes.txt", "notes");
  // One picture on both sides, and no cat to test.
  std::filesystem::copy_file(scratch / "data/train/ape/0.png", scratch / "data/test/ape/again.png");
  std::filesystem::remove_all(scratch / "data/test/cat");
  std::filesystem::remove_all(scratch / "data/val/cat");
  const Ending ending = run("saccade data", {"--data", scratch / "data"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK(ending.out ==
        "kind: folders, found out\n"
        "images of 96 x 80 pixels\n"
        "data: a folder for each class and part: 22 images of 3 classes\n"
        "passed over: 1 files that are not .png, .jpg or .jpeg (train/ape/notes.txt)\n"
        "split given\n"
        "                 train  validation        test\n"
        "images              15           2           5\n"
        "ape                  5           1           3\n"
        "bee                  5           1           2\n"
        "cat                  5           0           0\n"
        "each image is a group of its own: images of one origin may be in two parts\n"
        "train/ape/0.png (train) and test/ape/again.png (test) are the same, byte for byte\n");
  // The same picture in a file that differs.
  const auto again = scratch / "data/test/ape/again.png";
  saccade::data::write_png(again, saccade::data::load_image(again).view(), saccade::Outlives::process, "a remark");
  CHECK_THAT(run("saccade data", {"--data", scratch / "data"}).out, !contains("are the same"));
  const Ending pixels = run("saccade data", {"--data", scratch / "data", "--pixels"});
  CHECK(pixels.code == 0);
  CHECK_THAT(pixels.out,
             contains("train/ape/0.png (train) and test/ape/again.png (test) are the same, pixel for pixel\n"));
  CHECK_THAT(ending.err, contains("saccade data: warning: "));
  CHECK_THAT(ending.err, contains("cat"));
}

TEST_CASE("saccade data knows BreakHis and its regions, and tells of images that nobody can learn from", "[programs]") {
  const Ending breakhis =
      run("saccade data", {"--data", tiny_data(), "--magnification", "100", "--split", "folds:4:1"});
  INFO(breakhis.err);
  REQUIRE(breakhis.code == 0);
  CHECK_THAT(breakhis.out, contains("kind: breakhis, found out\n"));
  CHECK_THAT(breakhis.out, contains("regions in 24 of 24 images, 24 in all\n"));
  CHECK_THAT(breakhis.out, contains("split folds:4:1:1 by slide\n"));
  CHECK_THAT(breakhis.out, contains("slides               4           2           2\n"));
  CHECK_THAT(breakhis.out, contains("no slide is in two parts\n"));

  const ScratchFolder scratch;
  std::filesystem::create_directories(scratch / "one/only");
  std::filesystem::copy_file(images_below(tiny_data())[0], scratch / "one/only/0.png");
  const Ending one = run("saccade data", {"--data", scratch / "one", "--kind", "folders"});
  CHECK(one.code == 0);
  CHECK_THAT(one.out, contains("kind: folders, as told\n"));
  CHECK(one.err == "saccade data: warning: one class only; a training needs two or more\n");

  const Ending nowhere = run("saccade data", {"--data", scratch / "nowhere"});
  CHECK(nowhere.code == 1);
  CHECK_THAT(nowhere.err, contains("saccade data: data: no such folder: "));
}
