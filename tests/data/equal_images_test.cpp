#include <saccade/core/file.hpp>
#include <saccade/data/equal_images.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/jpeg_encode.hpp>

#include "data/encoded_images.hpp"
#include "data/small_dataset.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;

TEST_CASE("files that are the same byte for byte in two parts are found", "[split]") {
  const ScratchFolder folder;
  Dataset dataset = saccade_test::small_dataset({"a"}, {{"1", 0}, {"2", 0}, {"3", 0}, {"4", 0}, {"5", 0}, {"6", 0}});
  const std::vector<std::string> contents{"same", "other", "same", "some", "same", "longer"};
  for (std::size_t i = 0; i < contents.size(); ++i) {
    dataset.samples[i].path = folder / std::to_string(i);
    write_file(dataset.samples[i].path, contents[i]);
  }
  const auto pairs = find_equal_images(dataset, {.train = {0, 1}, .validation = {2, 3}, .test = {4, 5}});
  CHECK(equal_images_report(dataset, pairs) ==
        "0 (train) and 2 (validation) are the same, byte for byte\n"
        "0 (train) and 4 (test) are the same, byte for byte\n");
  // Equal files on one side leak nothing; a file that is not there is the loader's business.
  std::filesystem::remove(dataset.samples[5].path);
  CHECK(find_equal_images(dataset, {.train = {0, 2, 4}, .validation = {}, .test = {1, 3, 5}}).empty());
  CHECK(equal_images_report(dataset, {}).empty());
}

TEST_CASE("equal pictures of one file are found by their pixels", "[split]") {
  Dataset dataset = saccade_test::small_dataset({"a"}, {{"1", 0}, {"2", 0}, {"3", 0}});
  for (Index i = 0; i < 3; ++i) dataset.samples[static_cast<std::size_t>(i)].item = i;
  dataset.read = [](const Sample& sample) {
    RgbImage image(1, 1);
    image.pixels[0] = sample.item == 1 ? 9 : 7;
    return image;
  };
  const auto pairs = find_equal_images(dataset, {.train = {0, 1}, .validation = {}, .test = {2}});
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].first == 0);
  CHECK(pairs[0].second == 2);
}

TEST_CASE("many equal images are counted", "[split]") {
  std::vector<std::pair<std::string, Index>> samples(24, {"g", 0});
  Dataset dataset = saccade_test::small_dataset({"a"}, samples);
  Split split;
  for (Index i = 0; i < 24; ++i) {
    dataset.samples[static_cast<std::size_t>(i)].item = i;
    (i < 12 ? split.train : split.test).push_back(i);
  }
  dataset.read = [](const Sample& sample) {
    RgbImage image(1, 1);
    image.pixels[0] = static_cast<std::uint8_t>(sample.item % 12);
    return image;
  };
  CHECK_THAT(equal_images_report(dataset, find_equal_images(dataset, split)),
             contains("9 (train) and 21 (test) are the same, byte for byte\nand 2 more, 12 in all\n"));
}

TEST_CASE("files that differ and show the same pixels are found where pixels are asked for", "[split]") {
  const ScratchFolder folder;
  const encoded::Bytes grey{10, 50, 90, 130, 170, 210};
  const encoded::Bytes png = encoded::png(3, 2, 8, PNG_COLOR_TYPE_GRAY, grey);
  RgbImage image = decode_image(png, "x");
  const std::vector<std::vector<std::uint8_t>> files{
      png,                                                 // 0
      encode_png(image.view()),                            // 1: as colours
      encoded::with_chunk(png, "eXIf", encoded::exif(3)),  // 2: turned round
      encode_jpeg(image.view()),                           // 3: nearly the same
      encoded::png(2, 3, 8, PNG_COLOR_TYPE_GRAY, grey),    // 4: the same numbers in another shape
      {'n', 'o', ' ', 'i', 'm', 'a', 'g', 'e'},            // 5
      encoded::with_chunk(png, "tEXt", {'a', 0, 'b'})};    // 6: with a remark
  std::vector<std::pair<std::string, Index>> samples(files.size(), {"g", 0});
  Dataset dataset = saccade_test::small_dataset({"a"}, samples);
  dataset.read = {};
  for (std::size_t i = 0; i < files.size(); ++i) {
    dataset.samples[i].path = folder / std::to_string(i);
    write_file(dataset.samples[i].path, files[i]);
  }
  const Split split{.train = {0}, .validation = {1, 2}, .test = {3, 4, 5, 6}};
  CHECK(find_equal_images(dataset, split).empty());
  const auto pairs = find_equal_images(dataset, split, SameBy::pixels);
  CHECK(equal_images_report(dataset, pairs, SameBy::pixels) ==
        "0 (train) and 1 (validation) are the same, pixel for pixel\n"
        "0 (train) and 6 (test) are the same, pixel for pixel\n");
}
