#include <saccade/data/image_decode.hpp>
#include <saccade/data/jpeg_encode.hpp>

#include "support/catch.hpp"

#include <cstdlib>
#include <vector>

using namespace saccade;

namespace {

RgbImage ramp(Index width, Index height) {
  RgbImage image(width, height);
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      std::uint8_t* p = image.at(x, y);
      p[0] = static_cast<std::uint8_t>(255 * x / width);
      p[1] = static_cast<std::uint8_t>(255 * y / height);
      p[2] = 90;
    }
  }
  return image;
}

int largest_error(const RgbImage& a, const RgbImage& b) {
  int error = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) error = std::max(error, std::abs(a.pixels[i] - b.pixels[i]));
  return error;
}

}  // namespace

TEST_CASE("a smooth picture survives JPEG nearly unchanged, and less quality is smaller", "[data][jpeg]") {
  const RgbImage image = ramp(37, 21);
  const std::vector<std::uint8_t> fine = data::encode_jpeg(image.view(), 95),
                                  coarse = data::encode_jpeg(image.view(), 10);
  CHECK(fine[0] == 0xFF);
  CHECK(fine[1] == 0xD8);
  CHECK(coarse.size() < fine.size());
  const RgbImage read = data::decode_image(fine, "picture");
  REQUIRE(read.width == 37);
  REQUIRE(read.height == 21);
  CHECK(largest_error(image, read) <= 6);
  CHECK(largest_error(image, data::decode_image(coarse, "picture")) > 6);
  CHECK((data::encode_jpeg(image.view(), 95) == fine));
}

TEST_CASE("an empty or boundless picture is no JPEG", "[data][jpeg]") {
  CHECK_THROWS_WITH(data::encode_jpeg(RgbImage(0, 3).view()), "encode_jpeg: the image must have pixels, but is 0 x 3");
  // More than the format's 65500 columns.
  CHECK_THROWS_WITH(data::encode_jpeg(RgbImage(70000, 1).view()),
                    contains("encode_jpeg: libjpeg cannot encode an image of 70000 x 1: "));
}
