#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/image_size.hpp>
#include <saccade/data/jpeg_encode.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <vector>

using namespace saccade;
using namespace saccade::data;

TEST_CASE("the size of an image is in its header", "[image]") {
  const ScratchFolder folder;
  const RgbImage image(300, 7);
  write_png(folder / "a.png", image.view());
  write_file(folder / "a.jpg", encode_jpeg(image.view()));
  CHECK(read_image_size(folder / "a.png") == ImageSize{300, 7});
  CHECK(read_image_size(folder / "a.jpg") == ImageSize{300, 7});
}

TEST_CASE("segments before a JPEG's frame are stepped over", "[image]") {
  const ScratchFolder folder;
  // Start, a comment of 4 bytes that looks like a frame, fill bytes, a progressive frame of 258 x 3, cut.
  const std::vector<std::uint8_t> bytes{0xFF, 0xD8, 0xFF, 0xFE, 0,  6, 0xFF, 0xC0, 0, 1,
                                        0xFF, 0xFF, 0xC2, 0,    17, 8, 0,    3,    1, 2};
  write_file(folder / "a.jpg", bytes);
  CHECK(read_image_size(folder / "a.jpg") == ImageSize{258, 3});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    write_file(folder / "cut.jpg", std::span(bytes).first(size));
    CHECK_FALSE(read_image_size(folder / "cut.jpg"));
  }
}

TEST_CASE("what is no image has no size", "[image]") {
  const ScratchFolder folder;
  write_file(folder / "a.png", "neither PNG nor JPEG, however long it is");
  write_file(folder / "b.png", "\x89PNG\r\n\x1a\n");
  CHECK_FALSE(read_image_size(folder / "a.png"));
  CHECK_FALSE(read_image_size(folder / "b.png"));
  CHECK_FALSE(read_image_size(folder / "nothing.png"));
  CHECK_FALSE(read_image_size(folder.path()));
}
