#include <saccade/core/file.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/image_size.hpp>
#include <saccade/data/jpeg_encode.hpp>

#include "encoded_images.hpp"
#include "support/catch.hpp"
#include "support/limits.hpp"
#include "support/scratch_folder.hpp"

#include <algorithm>
#include <cstddef>
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

TEST_CASE("a file that cannot be opened at the moment is not one without a size", "[image]") {
  const ScratchFolder folder;
  write_png(folder / "a.png", RgbImage(3, 2).view());
  const std::filesystem::path path = folder / "a.png";
  const auto attempt = [&] {
    const limits::NoMoreFiles none;
    return read_image_size(path);
  };
  CHECK_THROWS_WITH(attempt(), '"' + path.string() + "\": cannot be read: Too many open files");
  CHECK(read_image_size(path) == ImageSize{3, 2});
}

// What the decoder takes has a size, and the same one.
TEST_CASE("the size of an image is found wherever its decoder finds it", "[image]") {
  const ScratchFolder folder;
  const encoded::Bytes grey{10, 50, 90, 130, 170, 210};
  const auto check = [&](const encoded::Bytes& bytes, ImageSize size) {
    const RgbImage image = decode_image(bytes, "x");
    write_file(folder / "x", bytes);
    CHECK(read_image_size(folder / "x") == ImageSize{image.width, image.height});
    CHECK(image.width == size.width);
    CHECK(image.height == size.height);
  };
  const encoded::Bytes jpeg = encoded::jpeg(3, 2, 1, grey), png = encoded::png(3, 2, 8, PNG_COLOR_TYPE_GRAY, grey);

  // A segment that gives itself no length, which libjpeg takes for an empty one.
  for (std::uint8_t length = 0; length <= 2; ++length) {
    INFO("length " << int{length});
    encoded::Bytes bytes = jpeg;
    const encoded::Bytes segment{0xFF, 0xE5, 0, length};
    bytes.insert(bytes.begin() + 2, segment.begin(), segment.end());
    check(bytes, {3, 2});
  }
  // Exif data between the frame and the pixels.
  const encoded::Bytes frame{0xFF, 0xC0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
  REQUIRE(at != jpeg.end());
  const auto end = at + 2 + (at[2] << 8 | at[3]);
  encoded::Bytes late(jpeg.begin(), end);
  const encoded::Bytes turned = encoded::with_exif(jpeg, encoded::exif(6));
  late.insert(late.end(), turned.begin() + 2,
              turned.begin() + 2 + static_cast<std::ptrdiff_t>(turned.size() - jpeg.size()));
  late.insert(late.end(), end, jpeg.end());
  check(late, {2, 3});
  // Of two the last, and one longer than any of a JPEG.
  check(encoded::with_chunk(encoded::with_chunk(png, "eXIf", encoded::exif(6)), "eXIf", encoded::exif(1)), {2, 3});
  encoded::Bytes large = encoded::exif(6);
  large.resize(100'000);
  check(encoded::with_chunk(png, "eXIf", large), {2, 3});
}
