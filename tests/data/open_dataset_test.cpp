#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/open_dataset.hpp>
#include <saccade/data/split.hpp>

#include "data/breakhis_location.hpp"
#include "data/put_file.hpp"
#include "data/shared_location.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;
using saccade_test::put_file;

TEST_CASE("what a folder is is found out", "[open]") {
  const ScratchFolder folder;
  const auto kind = [&] { return open_dataset(folder.path()).dataset.kind; };
  put_file(folder, "cat/1.png");
  put_file(folder, "dog/2.png");
  CHECK(kind() == "folders");
  put_file(folder, "cat/SOB_B_A-14-1-100-001.png");
  CHECK(kind() == "folders");  // most are named otherwise
  put_file(folder, "dog/SOB_M_DC-14-3-100-001.png");
  put_file(folder, "dog/SOB_M_DC-14-3-100-002.png");
  CHECK(kind() == "breakhis");
  write_file(folder / "train-images-idx3-ubyte",
             std::vector<std::uint8_t>{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5});
  write_file(folder / "train-labels-idx1-ubyte", std::vector<std::uint8_t>{0, 0, 8, 1, 0, 0, 0, 1, 3});
  CHECK(kind() == "idx");
  put_file(folder, "manifest.csv", "path,label\ncat/1.png,cat\n");
  CHECK(kind() == "manifest");
  for (const std::string chosen : {"folders", "breakhis", "idx", "manifest"})
    CHECK(open_dataset(folder.path(), {.kind = chosen}).dataset.kind == chosen);
  CHECK(open_dataset(folder.path(), {.magnification = 100}).dataset.kind == "breakhis");
  CHECK(open_dataset(folder.path(), {.group = "case"}).dataset.grouping == "case");
  put_file(folder, "my table.csv", "path,label\ndog/2.png,dog\n");
  CHECK(open_dataset(folder / "my table.csv").dataset.sample(0).name == "dog/2.png");
}

TEST_CASE("parts above folders of classes come before the names of BreakHis", "[open]") {
  const ScratchFolder folder;
  put_file(folder, "train/benign/SOB_B_A-14-1-100-001.png");
  put_file(folder, "test/malignant/SOB_M_DC-14-3-100-001.png");
  const Dataset dataset = open_dataset(folder.path()).dataset;
  CHECK(dataset.kind == "folders");
  CHECK(given_split(dataset).test == std::vector<Index>{0});
}

TEST_CASE("a table of other columns is no manifest where the images are named as in BreakHis", "[open]") {
  const ScratchFolder folder;
  put_file(folder, "SOB_B_A-14-1-100-001.png");
  put_file(folder, "manifest.csv", "path,type\n");
  const Reading reading = open_dataset(folder.path());
  CHECK(reading.dataset.kind == "breakhis");
  CHECK_THAT(describe(reading.account),
             contains("manifest.csv is passed over: its columns are not those of a manifest"));
  std::filesystem::rename(folder / "SOB_B_A-14-1-100-001.png", folder / "1.png");
  CHECK_THROWS_WITH(open_dataset(folder.path()), contains("line 1: the column \"type\" is not known"));
}

TEST_CASE("a folder in a folder is entered, as archives leave it", "[open]") {
  const ScratchFolder folder;
  put_file(folder, "download/data/cat/1.png");
  put_file(folder, "download/data/dog/2.png");
  put_file(folder, "download/readme.txt");
  CHECK(open_dataset(folder.path()).dataset.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(open_dataset(folder.path()).dataset.sample(0).name == "cat/1.png");
  const ScratchFolder one;
  put_file(one, "cat/1.png");
  CHECK(open_dataset(one.path()).dataset.classes == std::vector<std::string>{"cat"});
}

TEST_CASE("a folder that is no data set is refused with what was expected and found", "[open]") {
  const ScratchFolder folder;
  const std::string expected =
      "data: \"" + folder.path().string() +
      "\" is no data set that is known: expected manifest.csv, IDX files (*-images-idx3-ubyte[.gz] with labels), "
      "images "
      "named as in BreakHis, or a folder for each class, with or without train, validation and test above them; found ";
  put_file(folder, "notes.txt");
  CHECK_THROWS_WITH(open_dataset(folder.path()), expected + "no image");
  put_file(folder, "1.png");
  put_file(folder, "2.png");
  CHECK_THROWS_WITH(open_dataset(folder.path()), expected + "2 images and nothing that tells their classes");
  CHECK_THROWS_WITH(open_dataset(folder / "nowhere"), "data: no such folder: \"" + (folder / "nowhere").string() + '"');
}

TEST_CASE("options that do not fit the data are refused", "[open]") {
  const ScratchFolder folder;
  put_file(folder, "cat/1.png");
  const std::string name = '"' + folder.path().string() + '"';
  CHECK_THROWS_WITH(open_dataset(folder.path(), {.kind = "zip"}),
                    "data: kind must be breakhis, folders, manifest or idx, but is \"zip\"");
  CHECK_THROWS_WITH(open_dataset(folder.path(), {.group = "ward"}),
                    "data: group must be slide or case, but is \"ward\"");
  CHECK_THROWS_WITH(
      open_dataset(folder.path(), {.kind = "folders", .magnification = 40}),
      "data: a magnification is of BreakHis or of slides, but " + name + " is read as folders without slides");
  CHECK_THROWS_WITH(open_dataset(folder.path(), {.kind = "folders", .group = "slide"}),
                    "data: groups by slide or case are of BreakHis, but " + name + " is read as folders");
  CHECK_THROWS_WITH(open_dataset(folder / "cat/1.png", {.kind = "idx"}), contains("is a file, and idx is read from a"));
}

TEST_CASE("the data sets beside the checkout are found out", "[open]") {
  if (!std::filesystem::exists(shared_location("blood"))) SKIP_TEST("no data sets in " << shared_location(""));
  CHECK(open_dataset(shared_location("blood")).dataset.kind == "manifest");
  CHECK(open_dataset(shared_location("mnist")).dataset.kind == "idx");
  const Reading breakhis = open_dataset(breakhis_location(), {.magnification = 100});
  CHECK(breakhis.dataset.name == "BreakHis at 100x: 295 images of 20 slides");
  CHECK_THAT(describe(breakhis.account), contains("images of other magnifications"));
}
