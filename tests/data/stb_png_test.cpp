// A program's own stb_image in the translation unit that includes ours, here before it, in image_decode_test.cpp behind
// it; this one is whole and has external linkage, so that the program also links only if ours keeps to itself.
#define STBI_MAX_DIMENSIONS 1234567
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#undef STB_IMAGE_IMPLEMENTATION

#include <saccade/data/stb_png.hpp>

#include <saccade/core/image.hpp>

#include "data/encoded_images.hpp"
#include "support/catch.hpp"
#include "support/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <new>

using namespace saccade;
using encoded::Bytes;

TEST_CASE("a program's own stb_image works beside ours", "[image]") {
  const Bytes jpeg = encoded::jpeg(8, 8, 1, Bytes(64, 77));
  int width = 0, height = 0, channels = 0;
  unsigned char* pixels =
      stbi_load_from_memory(jpeg.data(), static_cast<int>(jpeg.size()), &width, &height, &channels, 0);
  REQUIRE(pixels != nullptr);
  CHECK(Bytes(pixels, pixels + 64) == Bytes(64, 77));
  stbi_image_free(pixels);
}

TEST_CASE("macros of stb_image are afterwards as they were before", "[image]") {
  CHECK(STBI_MAX_DIMENSIONS == 1234567);
#if defined(STB_IMAGE_IMPLEMENTATION) || defined(STBI_ONLY_PNG) || defined(STBI_NO_JPEG) || defined(STBI_NO_STDIO)
  FAIL("a macro of ours is left");
#endif
#if !defined(STBI_INCLUDE_STB_IMAGE_H)
  FAIL("the program's header would be read once more");
#endif
}

TEST_CASE("stb_image gets no more memory than it is given", "[image]") {
  const Bytes grey = encoded::png(64, 32, 8, PNG_COLOR_TYPE_GRAY, Bytes(64 * 32, 50));
  // The compressed data are less than 4096 bytes, for which it takes 4096; a row is its filter and 64 pixels; then
  // come the pixels without filters, and those as RGB.
  constexpr std::size_t needed = 4096 + 32 * 65 + 32 * 64 + 32 * 64 * 3;
  RgbImage image(64, 32);
  CHECK(data::detail::stb_decode_png(grey, data::detail::Alpha::none, needed, image));
  CHECK(image.pixels == Bytes(64 * 32 * 3, 50));

  RgbImage untouched(64, 32);
  CHECK_FALSE(data::detail::stb_decode_png(grey, data::detail::Alpha::none, needed - 1, untouched));
  CHECK_FALSE(data::detail::stb_decode_png(grey, data::detail::Alpha::none, 0, untouched));
  CHECK(untouched.pixels == Bytes(64 * 32 * 3));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which end the process instead
TEST_CASE("memory that the machine has not is no fault of the file", "[image]") {
  constexpr std::uint32_t side = 4096;
  const Bytes grey = encoded::png(side, side, 8, PNG_COLOR_TYPE_GRAY, Bytes(side * side, 50));
  RgbImage image(side, side);
  const auto attempt = [&] {
    const limits::Memory none(1 << 16);
    return data::detail::stb_decode_png(grey, data::detail::Alpha::none, std::size_t{1} << 30, image);
  };
  CHECK_THROWS_AS(attempt(), std::bad_alloc);
  CHECK(data::detail::stb_decode_png(grey, data::detail::Alpha::none, std::size_t{1} << 30, image));
}
#endif

TEST_CASE("an image of another size than the file is not written", "[image]") {
  const Bytes grey = encoded::png(4, 3, 8, PNG_COLOR_TYPE_GRAY, Bytes(12, 50));
  RgbImage smaller(3, 4);
  CHECK_FALSE(data::detail::stb_decode_png(grey, data::detail::Alpha::none, 1 << 20, smaller));
  CHECK_FALSE(data::detail::stb_decode_png({}, data::detail::Alpha::none, 1 << 20, smaller));
}
