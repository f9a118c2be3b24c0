#include <saccade/core/file.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/image_size.hpp>
#include <saccade/math/random_sequence.hpp>

#include "data/encoded_images.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>
#include <utility>

// A program's own stb_image behind ours; see stb_png_test.cpp.
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

using namespace saccade;
using namespace saccade::data;
using encoded::Bytes;

namespace {

RgbImage noise_image(Index width, Index height) {
  RgbImage image(width, height);
  math::RandomSequence random({.seed = 3});
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(random.next());
  return image;
}

Bytes cut(Bytes bytes, std::size_t missing) {
  bytes.resize(bytes.size() - missing);
  return bytes;
}

}  // namespace

TEST_CASE("a PNG comes back bit by bit", "[image]") {
  for (const auto& [width, height] : {std::pair<Index, Index>{1, 1}, {7, 3}, {3, 7}, {700, 456}}) {
    const RgbImage image = noise_image(width, height);
    const RgbImage decoded = decode_image(encode_png(image.view()), "memory");
    CHECK(decoded.width == width);
    CHECK(decoded.height == height);
    CHECK(decoded.pixels == image.pixels);
  }
}

TEST_CASE("a view with padded rows is encoded without the padding", "[image]") {
  const RgbImage image = noise_image(10, 4);
  const RgbImage left = decode_image(encode_png({image.pixels.data(), 6, 4, 30}), "memory");
  CHECK(left.width == 6);
  for (Index y = 0; y < 4; ++y) CHECK(std::equal(left.at(0, y), left.at(0, y) + 18, image.at(0, y)));
  CHECK_THROWS_WITH(encode_png({nullptr, 0, 4, 0}), contains("must have pixels, but is 0 x 4"));
  // A chunk of text: 4 bytes of length, its type, the keyword, a zero, the text.
  const Bytes described = encode_png(left.view(), "of weights 1a2b");
  const std::string chunk("\0\0\0\x1btEXtDescription\0of weights 1a2b", 35);
  CHECK(std::string(described.begin(), described.end()).find(chunk) == encoded::png_header_end);
  CHECK(decode_image(described, "memory").pixels == left.pixels);
}

TEST_CASE("every kind of PNG becomes 8-bit RGB", "[image]") {
  CHECK(decode_image(encoded::png(2, 1, 8, PNG_COLOR_TYPE_GRAY, {10, 200}), "grey").pixels ==
        Bytes{10, 10, 10, 200, 200, 200});
  CHECK(decode_image(encoded::png(2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, {10, 0, 200, 255}), "grey with alpha").pixels ==
        Bytes{255, 255, 255, 200, 200, 200});
  CHECK(decode_image(encoded::png(1, 2, 8, PNG_COLOR_TYPE_RGB_ALPHA, {1, 2, 3, 0, 4, 5, 6, 255}), "alpha").pixels ==
        Bytes{255, 255, 255, 4, 5, 6});
  // 0x8080 of 0xffff is 0x80 of 0xff.
  CHECK(decode_image(encoded::png(3, 1, 16, PNG_COLOR_TYPE_GRAY, {0, 0, 0x80, 0x80, 0xff, 0xff}), "16 bits").pixels ==
        Bytes{0, 0, 0, 128, 128, 128, 255, 255, 255});
  // One bit a pixel: 1 0 1.
  CHECK(decode_image(encoded::png(3, 1, 1, PNG_COLOR_TYPE_GRAY, {0xa0}), "1 bit").pixels ==
        Bytes{255, 255, 255, 0, 0, 0, 255, 255, 255});
  CHECK(decode_image(encoded::png(2, 1, 8, PNG_COLOR_TYPE_PALETTE, {1, 0}, PNG_INTERLACE_NONE, {{9, 8, 7}, {1, 2, 3}}),
                     "palette")
            .pixels == Bytes{1, 2, 3, 9, 8, 7});
  const RgbImage image = noise_image(13, 11);
  CHECK(decode_image(encoded::png(13, 11, 8, PNG_COLOR_TYPE_RGB, image.pixels, PNG_INTERLACE_ADAM7), "interlaced")
            .pixels == image.pixels);
}

TEST_CASE("a program's own stb_image, included behind ours, reads the same pixels", "[image]") {
  const RgbImage image = noise_image(13, 11);
  const Bytes png = encode_png(image.view());
  int width = 0, height = 0, channels = 0;
  stbi_uc* pixels = stbi_load_from_memory(png.data(), static_cast<int>(png.size()), &width, &height, &channels, 0);
  REQUIRE(pixels != nullptr);
  CHECK(Bytes(pixels, pixels + width * height * channels) == image.pixels);
  stbi_image_free(pixels);
}

TEST_CASE("16 bits are rounded to 8, not cut", "[image]") {
  Bytes all;
  for (int value = 0; value < 65536; ++value) {
    all.push_back(static_cast<std::uint8_t>(value >> 8));
    all.push_back(static_cast<std::uint8_t>(value & 0xff));
  }
  const RgbImage image = decode_image(encoded::png(256, 256, 16, PNG_COLOR_TYPE_GRAY, all), "16 bits");
  int wrong = 0;
  // 65535 = 257 * 255.
  for (std::size_t value = 0; value < 65536; ++value)
    wrong += image.pixels[3 * value] != std::lround(static_cast<double>(value) / 257);
  CHECK(wrong == 0);
}

TEST_CASE("what is transparent shows white", "[image]") {
  const auto shows = [](const Bytes& png, const Bytes& pixels) { CHECK(decode_image(png, "x.png").pixels == pixels); };
  // Opaque, half and wholly transparent: 100 * 128 / 255 + 127 = 177.2, 0 * 128 / 255 + 127 = 127.
  shows(encoded::png(3, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, {100, 0, 9, 255, 100, 0, 255, 128, 100, 0, 9, 0}),
        {100, 0, 9, 177, 127, 255, 255, 255, 255});
  shows(encoded::png(3, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, {100, 255, 100, 128, 100, 0}),
        {100, 100, 100, 177, 177, 177, 255, 255, 255});
  // 16 bits: 0x4000 is 63.75, a quarter; under half opacity 0x8000 it is (16384 * 32768 + 65535 * 32767) / 65535 / 257.
  shows(encoded::png(2, 1, 16, PNG_COLOR_TYPE_RGB_ALPHA,
                     {0x40, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x40, 0, 0, 0, 0xFF, 0xFF, 0x80, 0}),
        {64, 0, 255, 159, 127, 255});
  // One colour of a picture without a channel for it, and the first colours of a palette.
  const Bytes rgb = encoded::png(2, 1, 8, PNG_COLOR_TYPE_RGB, {1, 2, 3, 1, 2, 4});
  shows(encoded::with_chunk(rgb, "tRNS", {0, 1, 0, 2, 0, 3}), {255, 255, 255, 1, 2, 4});
  const Bytes grey = encoded::png(4, 1, 2, PNG_COLOR_TYPE_GRAY, {0x1b});  // 0 1 2 3
  shows(encoded::with_chunk(grey, "tRNS", {0, 2}), {0, 0, 0, 85, 85, 85, 255, 255, 255, 255, 255, 255});
  const Bytes wide = encoded::png(2, 1, 16, PNG_COLOR_TYPE_GRAY, {0x40, 0, 0x40, 1});
  shows(encoded::with_chunk(wide, "tRNS", {0x40, 0}), {255, 255, 255, 64, 64, 64});
  const Bytes colours = encoded::with_chunk(encoded::with_chunk(grey, "tRNS", {0, 51}), "PLTE", {9, 8, 7, 0, 5, 250});
  shows(encoded::with_header_byte(colours, 25, 3), {255, 255, 255, 204, 205, 254, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("transparency that PNG does not know is an error", "[image]") {
  const auto refused = [](const Bytes& png) {
    CHECK_THROWS_WITH(decode_image(png, "x.png"),
                      contains("a damaged PNG image: what it says of transparency is of a wrong size or out of place"));
  };
  const Bytes grey = encoded::png(4, 1, 2, PNG_COLOR_TYPE_GRAY, {0x1b});
  refused(encoded::with_chunk(grey, "tRNS", {0}));
  refused(encoded::with_chunk(encoded::with_chunk(grey, "tRNS", {0, 1}), "tRNS", {0, 1}));
  refused(encoded::with_chunk(encoded::png(1, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, {9, 9}), "tRNS", {0, 1}));
  // Before the palette that it is about.
  refused(
      encoded::with_header_byte(encoded::with_chunk(encoded::with_chunk(grey, "PLTE", {9, 8, 7}), "tRNS", {0}), 25, 3));
}

TEST_CASE("an image is turned as its orientation says", "[image]") {
  // Of 3 x 2 pixels, 1 to 6, so that every turn is told from every other. Exif 2.32, 4.6.4 A: where the first row and
  // the first column of the file are shown.
  const std::array<Bytes, 9> shown{{{},
                                    {1, 2, 3, 4, 5, 6},    // 1: top, left
                                    {3, 2, 1, 6, 5, 4},    // 2: top, right
                                    {6, 5, 4, 3, 2, 1},    // 3: bottom, right
                                    {4, 5, 6, 1, 2, 3},    // 4: bottom, left
                                    {1, 4, 2, 5, 3, 6},    // 5: left, top
                                    {4, 1, 5, 2, 6, 3},    // 6: right, top
                                    {6, 3, 5, 2, 4, 1},    // 7: right, bottom
                                    {3, 6, 2, 5, 1, 4}}};  // 8: left, bottom
  const Bytes grey{10, 50, 90, 130, 170, 210};
  const Bytes png = encoded::png(3, 2, 8, PNG_COLOR_TYPE_GRAY, grey);
  const Bytes jpeg = encoded::jpeg(3, 2, 1, grey);
  const ScratchFolder folder;
  const auto check = [&](const Bytes& bytes, std::size_t orientation) {
    const RgbImage image = decode_image(bytes, "x");
    INFO("orientation " << orientation);
    CHECK(image.width == (orientation < 5 ? 3 : 2));
    CHECK(image.height == (orientation < 5 ? 2 : 3));
    REQUIRE(image.pixels.size() == 18);
    for (std::size_t i = 0; i < 6; ++i)
      CHECK(std::abs(image.pixels[3 * i] - (40 * shown.at(orientation)[i] - 30)) <= 2);
    write_file(folder / "x", bytes);
    CHECK(read_image_size(folder / "x") == ImageSize{image.width, image.height});
  };
  for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
    for (const bool intel : {true, false}) {
      check(encoded::with_chunk(png, "eXIf", encoded::exif(orientation, intel)), orientation);
      check(encoded::with_exif(jpeg, encoded::exif(orientation, intel)), orientation);
    }
  }
  // What cannot be read turns nothing, however short it is.
  check(encoded::with_exif(jpeg, encoded::exif(9)), 1);
  check(encoded::with_exif(jpeg, Bytes(26, 'I')), 1);
  const Bytes whole = encoded::exif(6);
  for (std::size_t size = 0; size < 22; ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    check(encoded::with_exif(jpeg, cut), 1);
    check(encoded::with_chunk(png, "eXIf", cut), 1);
  }
}

TEST_CASE("a JPEG of inks is mixed to colours of light", "[image]") {
  // Cyan of half strength on white, black of a fifth: red is (255 - 128) (255 - 51) / 255 = 101.6, the others 204.
  const RgbImage plain = decode_image(encoded::jpeg(1, 1, 4, {128, 0, 0, 51}), "x.jpg");
  const RgbImage adobe = decode_image(encoded::jpeg(1, 1, 4, {127, 255, 255, 204}, encoded::Adobe::yes), "x.jpg");
  for (const RgbImage& image : {plain, adobe}) {
    CHECK(std::abs(image.pixels[0] - 102) <= 2);
    CHECK(std::abs(image.pixels[1] - 204) <= 2);
    CHECK(std::abs(image.pixels[2] - 204) <= 2);
  }
}

TEST_CASE("a sound JPEG of a kind that is not decoded is not called damaged", "[image]") {
  Bytes twelve_bits = encoded::jpeg(2, 2, 1, {1, 2, 3, 4});
  const Bytes frame{0xFF, 0xC0, 0, 11, 8};
  const auto at = std::search(twelve_bits.begin(), twelve_bits.end(), frame.begin(), frame.end());
  REQUIRE(at != twelve_bits.end());
  at[4] = 12;
  CHECK_THROWS_WITH(decode_image(twelve_bits, "x.jpg"),
                    contains("\"x.jpg\": a kind of JPEG that is not supported, convert it: ") && contains("12"));
  at[4] = 8;
  at[1] = 0xC3;  // lossless
  CHECK_THROWS_WITH(decode_image(twelve_bits, "x.jpg"), contains("a kind of JPEG that is not supported, convert it: "));
}

TEST_CASE("what else a PNG tells is passed over", "[image]") {
  const RgbImage image = noise_image(6, 5);
  const Bytes png = encode_png(image.view());
  CHECK(decode_image(encoded::with_chunk(png, "gAMA", {0, 1, 0, 0}), "gamma").pixels == image.pixels);
  CHECK(decode_image(encoded::with_chunk(png, "PLTE", {1, 2, 3}), "proposed palette").pixels == image.pixels);
  CHECK(decode_image(encoded::with_chunk(png, "IDAT", {}), "empty chunk").pixels == image.pixels);
  Bytes longer = png;
  longer.resize(longer.size() + 100);
  CHECK(decode_image(longer, "more behind the end").pixels == image.pixels);
}

TEST_CASE("colours that a palette lacks are black", "[image]") {
  // Two bits a pixel: 0 1 2 3, of which the palette has two.
  const Bytes indices = encoded::png(4, 1, 2, PNG_COLOR_TYPE_GRAY, {0x1b});
  const Bytes png = encoded::with_header_byte(encoded::with_chunk(indices, "PLTE", {9, 8, 7, 6, 5, 4}), 25, 3);
  CHECK(decode_image(png, "x.png").pixels == Bytes{9, 8, 7, 6, 5, 4, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("a JPEG is decoded to within its loss", "[image]") {
  Bytes ramp;
  for (int y = 0; y < 24; ++y) {
    for (int x = 0; x < 40; ++x) {
      for (const int value : {6 * x, 10 * y, 120}) ramp.push_back(static_cast<std::uint8_t>(value));
    }
  }
  const RgbImage image = decode_image(encoded::jpeg(40, 24, 3, ramp), "ramp");
  REQUIRE(image.width == 40);
  REQUIRE(image.height == 24);
  int worst = 0;
  for (std::size_t i = 0; i < ramp.size(); ++i) worst = std::max(worst, std::abs(ramp[i] - image.pixels[i]));
  CHECK(worst <= 4);

  const RgbImage grey = decode_image(encoded::jpeg(8, 8, 1, Bytes(64, 77)), "grey");
  CHECK(grey.pixels == Bytes(8 * 8 * 3, 77));
}

TEST_CASE("the first bytes decide, not the ending", "[image]") {
  const ScratchFolder folder;
  const RgbImage image = noise_image(5, 4);
  write_png(folder / "picture.jpg", image.view());
  CHECK(load_image(folder / "picture.jpg").pixels == image.pixels);
}

TEST_CASE("a file that is not an image is named", "[image]") {
  const ScratchFolder folder;
  write_file(folder / "x.png", "a text, not an image");
  CHECK_THROWS_AS(load_image(folder / "x.png"), FileError);
  CHECK_THROWS_WITH(load_image(folder / "x.png"), contains("x.png\": not a PNG or JPEG image"));
  CHECK_THROWS_WITH(decode_image({}, "empty"), contains("\"empty\": not a PNG or JPEG image"));
  CHECK_THROWS_WITH(load_image(folder / "y.png"), contains("y.png\": cannot be read: No such file"));
}

TEST_CASE("a PNG cut anywhere is an error", "[image]") {
  const Bytes whole = encode_png(noise_image(20, 15).view());
  for (std::size_t missing = 1; missing + 8 <= whole.size(); missing += missing < 40 ? 1 : 37) {
    CHECK_THROWS_WITH(decode_image(cut(whole, missing), "x.png"), contains("\"x.png\": a damaged PNG image: "));
  }
  CHECK_THROWS_WITH(decode_image(cut(whole, 30), "x.png"), contains("the file ends too early"));
}

TEST_CASE("a JPEG cut anywhere is an error", "[image]") {
  const Bytes whole = encoded::jpeg(40, 24, 3, noise_image(40, 24).pixels);
  for (std::size_t missing = 1; missing + 3 <= whole.size(); missing += missing < 40 ? 1 : 37) {
    CHECK_THROWS_WITH(decode_image(cut(whole, missing), "x.jpg"), contains("\"x.jpg\": a damaged JPEG image: "));
  }
}

TEST_CASE("a flipped byte of pixels is caught by the checksum of a PNG", "[image]") {
  Bytes bytes = encode_png(noise_image(20, 15).view());
  bytes[bytes.size() / 2] ^= 0x10;
  CHECK_THROWS_WITH(decode_image(bytes, "x.png"), contains("a damaged PNG image: the checksum of a chunk is wrong"));
}

TEST_CASE("a PNG that breaks the format is an error, right checksums or not", "[image]") {
  const Bytes png = encode_png(noise_image(6, 5).view());
  const auto refuses = [](const Bytes& bytes, const std::string& problem) {
    CHECK_THROWS_WITH(decode_image(bytes, "x.png"), contains("\"x.png\": a damaged PNG image: " + problem));
  };
  refuses(encoded::with_header_byte(png, 24, 4), "its header asks for what is not PNG");  // RGB of 4 bits
  refuses(encoded::with_header_byte(png, 24, 3), "its header asks for what is not PNG");
  refuses(encoded::with_header_byte(png, 25, 5), "its header asks for what is not PNG");
  refuses(encoded::with_header_byte(png, 25, 7), "its header asks for what is not PNG");
  refuses(encoded::with_header_byte(encoded::with_header_byte(png, 24, 16), 25, 3), "its header asks for what is not");
  refuses(encoded::claim_size(png, 0, 5), "its header asks for what is not PNG");
  refuses(encoded::with_header_byte(png, 12, 'i'), "it does not begin with a header");
  refuses(encoded::with_header_byte(png, 28, 2), "its pixels cannot be decompressed");  // interlaced in no known way
  refuses(encoded::claim_size(png, 6, 6), "its pixels cannot be decompressed");         // a row is missing
  refuses(encoded::with_header_byte(png, 25, 3), "its pixels cannot be decompressed");  // no palette
  refuses(encoded::with_chunk(png, "PLTE", {1, 2, 3, 4}), "its palette has a wrong size");
  refuses(encoded::with_chunk(png, "PLTE", Bytes(257 * 3)), "its palette has a wrong size");
  refuses(encoded::with_chunk(png, "IHDR", Bytes(13)), "a chunk that must not be passed over");
  refuses(encoded::with_chunk(png, "NEWS", {}), "a chunk that must not be passed over");
  Bytes comment = encoded::with_chunk(png, "tEXt", {'a', 0, 'b'});
  comment[encoded::png_header_end + 8] ^= 1;
  refuses(comment, "the checksum of a chunk is wrong");
}

TEST_CASE("random damage is an error or an image, never anything else", "[image]") {
  const Bytes png = encode_png(noise_image(20, 15).view());
  const Bytes jpeg = encoded::jpeg(20, 15, 3, noise_image(20, 15).pixels);
  math::RandomSequence random({.seed = 8});
  int errors = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    Bytes bytes = trial % 2 ? png : jpeg;
    for (int i = 0; i < 3; ++i) {
      bytes[3 + random.below(bytes.size() - 3)] = static_cast<std::uint8_t>(random.next());
    }
    try {
      const RgbImage image = decode_image(bytes, "damaged");
      REQUIRE(image.pixels.size() == static_cast<std::size_t>(image.width * image.height * 3));
    } catch (const FileError&) {
      ++errors;
    }
  }
  CHECK(errors > 500);
}

TEST_CASE("random damage behind right checksums is an error or an image, always the same", "[image]") {
  const Bytes noise = noise_image(24, 18).pixels;
  Bytes stripes(24 * 18 * 3);
  for (std::size_t i = 0; i < stripes.size(); ++i) stripes[i] = static_cast<std::uint8_t>(i / 24 * 9);
  const auto first = [&noise](std::ptrdiff_t size) { return Bytes(noise.begin(), noise.begin() + size); };
  const Bytes seeds[] = {
      encoded::png(24, 18, 8, PNG_COLOR_TYPE_RGB, stripes),
      encoded::png(24, 18, 8, PNG_COLOR_TYPE_RGB, stripes, PNG_INTERLACE_ADAM7),
      encoded::png(24, 18, 8, PNG_COLOR_TYPE_RGB, noise),
      encoded::png(9, 6, 16, PNG_COLOR_TYPE_RGB_ALPHA, first(9 * 6 * 8)),
      encoded::png(9, 6, 16, PNG_COLOR_TYPE_GRAY_ALPHA, first(9 * 6 * 4), PNG_INTERLACE_ADAM7),
      encoded::png(20, 6, 1, PNG_COLOR_TYPE_GRAY, first(3 * 6), PNG_INTERLACE_ADAM7),
      encoded::png(20, 6, 2, PNG_COLOR_TYPE_PALETTE, first(5 * 6), PNG_INTERLACE_NONE,
                   {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}}),
  };
  const auto outcome = [](const Bytes& bytes) -> std::pair<std::string, Bytes> {
    try {
      const RgbImage image = decode_image(bytes, "damaged");
      REQUIRE(image.pixels.size() == static_cast<std::size_t>(image.width * image.height * 3));
      return {"", image.pixels};
    } catch (const FileError& error) {
      return {error.what(), {}};
    }
  };
  math::RandomSequence random({.seed = 9});
  int errors = 0, images = 0, in_pixels = 0, unequal = 0;
  for (int trial = 0; trial < 6000; ++trial) {
    Bytes bytes = seeds[random.below(std::size(seeds))];
    const std::size_t header = 16, pixels = 41;  // width and on; data of the chunk behind the header
    const int flips = random.between(1, 4);
    for (int i = 0; i < flips; ++i) {
      const std::size_t begin = random.below(8) == 0 ? header : pixels;
      bytes[begin + random.below(bytes.size() - begin)] = static_cast<std::uint8_t>(random.next());
    }
    bytes = encoded::with_checksums(bytes);
    const auto [error, decoded] = outcome(bytes);
    error.empty() ? ++images : ++errors;
    in_pixels += error.find("cannot be decompressed") != std::string::npos;
    unequal += outcome(bytes) != std::pair(error, decoded);
  }
  CHECK(unequal == 0);
  CHECK(images > 500);
  CHECK(errors > 500);
  CHECK(in_pixels > 500);
}

TEST_CASE("pixels that expand beyond what the header says are not expanded", "[image]") {
  // 4 MB of zeros in a file of a few KB.
  const Bytes zeros = encoded::png(2000, 2000, 8, PNG_COLOR_TYPE_GRAY, Bytes(2000 * 2000));
  REQUIRE(zeros.size() < 10000);
  CHECK(decode_image(zeros, "x.png").pixels == Bytes(2000 * 2000 * 3));
  CHECK_THROWS_WITH(decode_image(encoded::claim_size(zeros, 1, 1), "x.png"),
                    contains("a damaged PNG image: its pixels cannot be decompressed"));
}

TEST_CASE("memory is enough for the kinds of PNG that take most", "[image]") {
  const RgbImage wide = decode_image(
      encoded::png(400, 300, 16, PNG_COLOR_TYPE_RGB_ALPHA, Bytes(400 * 300 * 8, 90), PNG_INTERLACE_ADAM7), "x.png");
  CHECK((wide.pixels == Bytes(400 * 300 * 3, 197)));  // (90 * 90 + 255 * 165) / 255 = 196.8
  const RgbImage narrow = decode_image(
      encoded::png(400, 300, 1, PNG_COLOR_TYPE_PALETTE, Bytes(50 * 300), PNG_INTERLACE_ADAM7, {{5, 5, 5}}), "x.png");
  CHECK((narrow.pixels == Bytes(400 * 300 * 3, 5)));
  for (const int depth : {1, 8, 16}) {
    const Bytes grey = encoded::png(400, 300, depth, PNG_COLOR_TYPE_GRAY,
                                    Bytes(static_cast<std::size_t>(50 * depth * 300)), PNG_INTERLACE_ADAM7);
    const RgbImage clear = decode_image(encoded::with_chunk(grey, "tRNS", {0, 0}), "x.png");
    CHECK((clear.pixels == Bytes(400 * 300 * 3, 255)));
  }
  const Bytes rgb = encoded::png(400, 300, 16, PNG_COLOR_TYPE_RGB, Bytes(400 * 300 * 6), PNG_INTERLACE_ADAM7);
  CHECK((decode_image(encoded::with_chunk(rgb, "tRNS", Bytes(6)), "x.png").pixels == Bytes(400 * 300 * 3, 255)));
}

TEST_CASE("pixels are never what happened to lie in memory", "[image]") {
  // Fixed Huffman codes: the filter 0, then three bytes copied from 0 bytes back, which deflate does not know. The
  // address sanitizer fills memory with 0xbe first.
  const Bytes zlib = {0x78, 0x01, 0x63, 0x00, 0x3e, 0x00, 0x00, 0x00, 0x00, 0x00};
  const Bytes png = encoded::with_chunk(encoded::png(3, 1, 8, PNG_COLOR_TYPE_GRAY, {1, 2, 3}), "IDAT", zlib);
  try {
    CHECK(decode_image(png, "x.png").pixels == Bytes(9));
  } catch (const FileError& error) {
    CHECK_THAT(error.what(), contains("its pixels cannot be decompressed"));
  }
}

TEST_CASE("a small file that claims a huge image is refused before memory is taken", "[image]") {
  const Bytes small = encode_png(noise_image(4, 4).view());
  CHECK_THROWS_WITH(decode_image(encoded::claim_size(small, 30000, 30000), "x.png"),
                    contains("bytes cannot hold 30000 x 30000 pixels"));
  CHECK_THROWS_AS(decode_image(encoded::claim_size(small, 0x7fffffff, 0x7fffffff), "x.png"), FileError);
  CHECK_THROWS_WITH(decode_image(encoded::claim_size(small, 40000, 1), "x.png"),
                    contains("an image of 40000 x 1 pixels; expected at most 32768 a side"));
  CHECK_THROWS_AS(decode_image(encoded::claim_size(small, 0, 4), "x.png"), FileError);
  CHECK(decode_image(encoded::png(32768, 1, 8, PNG_COLOR_TYPE_GRAY, Bytes(32768)), "x.png").width == 32768);

  // In a JPEG the size stands in the frame header: ff c0, length (2), depth (1), height (2), width (2).
  Bytes jpeg = encoded::jpeg(8, 8, 1, Bytes(64, 77));
  const Bytes frame = {0xff, 0xc0};
  const auto header = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
  REQUIRE(header != jpeg.end());
  std::fill(header + 5, header + 9, std::uint8_t{0xfd});
  CHECK_THROWS_WITH(decode_image(jpeg, "x.jpg"), contains("an image of 65021 x 65021 pixels; expected at most"));
}

TEST_CASE("a picture that cannot be written says why", "[image]") {
  const RgbImage image = noise_image(4, 4);
  CHECK_THROWS_WITH(write_png("/dev/full", image.view()), contains("cannot be written: No space left on device"));
}
