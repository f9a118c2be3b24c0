#include <saccade/core/file.hpp>
#include <saccade/data/idx_dataset.hpp>

#include "data/shared_location.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// `labels.size()` pictures, 3 wide and 2 high, of bytes first, first + 1, ...
void put_idx(const ScratchFolder& folder, const std::string& stem, const Bytes& labels, std::uint8_t first) {
  const auto count = static_cast<std::uint8_t>(labels.size());
  Bytes pictures{0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 3}, classes{0, 0, 8, 1, 0, 0, 0, count};
  for (std::size_t i = 0; i < 6 * labels.size(); ++i) pictures.push_back(static_cast<std::uint8_t>(first + i));
  classes.insert(classes.end(), labels.begin(), labels.end());
  write_file(folder / (stem + "-images-idx3-ubyte"), pictures);
  write_file(folder / (stem + "-labels-idx1-ubyte"), classes);
}

}  // namespace

TEST_CASE("train and t10k files of IDX are pictures with labels and parts", "[idx]") {
  const ScratchFolder folder;
  put_idx(folder, "train", {7, 10}, 0);
  put_idx(folder, "t10k", {9}, 100);
  Dataset copy;
  {
    const Dataset dataset = read_idx(folder.path()).dataset;
    copy = dataset;  // shares the pixels
  }
  CHECK(copy.kind == "idx");
  CHECK(copy.grouping == "image");
  CHECK(copy.name == "IDX: 3 pictures of 3 x 2 pixels, 3 classes");
  CHECK(copy.classes == std::vector<std::string>{"7", "9", "10"});
  REQUIRE(copy.size() == 3);
  CHECK(copy.sample(0).name == "t10k#0");
  CHECK(copy.sample(0).part == Part::test);
  CHECK(copy.sample(0).label == 1);
  CHECK(copy.sample(2).name == "train#1");
  CHECK(copy.sample(2).group == "train#1");
  CHECK(copy.sample(2).item == 1);
  CHECK(copy.sample(2).part == Part::train);
  CHECK(copy.sample(2).label == 2);
  const AnyImage image = copy.read(copy.sample(2));
  CHECK(image.width() == 3);
  CHECK(image.height() == 2);
  REQUIRE(image.pixels());
  CHECK(image.pixels()->pixels == Bytes{6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 11});
}

TEST_CASE("other names of IDX files are in no part", "[idx]") {
  const ScratchFolder folder;
  put_idx(folder, "letters", {1, 2}, 0);
  CHECK_FALSE(read_idx(folder.path()).dataset.sample(0).part);
  write_file(folder / "letters-validation-images.idx3-ubyte", read_file(folder / "letters-images-idx3-ubyte"));
  write_file(folder / "letters-validation-labels.idx1-ubyte", read_file(folder / "letters-labels-idx1-ubyte"));
  const Dataset dataset = read_idx(folder.path()).dataset;
  CHECK(dataset.size() == 4);
  CHECK(dataset.sample(3).part == Part::validation);
}

TEST_CASE("half a pair of IDX files is refused", "[idx]") {
  const ScratchFolder folder;
  CHECK_THROWS_WITH(read_idx(folder.path()), contains("idx: no file *-images-idx3-ubyte or"));
  put_idx(folder, "train", {1, 2}, 0);
  std::filesystem::remove(folder / "train-labels-idx1-ubyte");
  CHECK_THROWS_WITH(read_idx(folder.path()), "idx: \"" + folder.path().string() +
                                                 "\" has train-images-idx3-ubyte, but no train-labels-idx1-ubyte");
}

TEST_CASE("MNIST beside the checkout is ten classes in two parts", "[idx]") {
  const auto folder = shared_location("mnist");
  if (!std::filesystem::exists(folder / "t10k-images-idx3-ubyte.gz")) SKIP_TEST("no MNIST in " << folder);
  const Dataset dataset = read_idx(folder).dataset;
  CHECK(dataset.size() == 70000);
  CHECK(dataset.classes.size() == 10);
  CHECK(dataset.classes[9] == "9");
  CHECK(dataset.sample(0).name == "t10k#0");
  CHECK(dataset.sample(0).label == 7);  // the first digit of MNIST's test part
}
