#include <saccade/backends/reference/reference_backend.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace saccade;

namespace {

using Reference = ReferenceBackend<double>;

/// A crop of one image, with mean 0 and deviation 1/255: values are bytes again, and what is outside is 0.
std::vector<double> crop(const ImageView& image, Symmetry symmetry, double x, double y, GlimpseGeometry geometry) {
  geometry.mean = {0, 0, 0};
  geometry.deviation = {1.0f / 255, 1.0f / 255, 1.0f / 255};
  Reference b;
  const std::array<OrientedImage<Reference>, 1> images{{{&image, symmetry}}};
  const std::vector<double> place{x, y};
  auto location = make_tensor<Reference>(b, {1, 2}, std::span<const double>(place));
  auto patches = b.zeros({1, geometry.side, geometry.side, geometry.scales * 3});
  b.fill(std::nan(""), patches);
  b.crop_glimpses(ImageBatch<Reference>(images), location, geometry, patches);
  return to_vector(b, patches);
}

/// One channel of a patch, rounded.
std::vector<int> channel(const std::vector<double>& patch, std::size_t channels, std::size_t c) {
  std::vector<int> values;
  for (std::size_t i = c; i < patch.size(); i += channels) values.push_back(static_cast<int>(std::lround(patch[i])));
  return values;
}

/// Every pixel says where it is: red its column, green its row.
RgbImage map_image(Index width, Index height) {
  RgbImage image(width, height);
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      image.at(x, y)[0] = static_cast<std::uint8_t>(x);
      image.at(x, y)[1] = static_cast<std::uint8_t>(y);
      image.at(x, y)[2] = 200;
    }
  }
  return image;
}

}  // namespace

TEST_CASE("a glimpse of a wide image shows the place it was sent to", "[glimpse]") {
  const RgbImage image = map_image(70, 46);
  const GlimpseGeometry geometry{.side = 4};
  const std::vector<double> patch = crop(image.view(), Symmetry::identity, 0.5, -0.5, geometry);
  // Centre (0.75 * 70, 0.25 * 46) = (52.5, 11.5): columns 51 to 54, rows 10 to 13.
  CHECK(channel(patch, 3, 0) == std::vector<int>{51, 52, 53, 54, 51, 52, 53, 54, 51, 52, 53, 54, 51, 52, 53, 54});
  CHECK(channel(patch, 3, 1) == std::vector<int>{10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13});
  CHECK(channel(patch, 3, 2) == std::vector<int>(16, 200));
}

TEST_CASE("outside the image is 0 under the border rule zero, and never seen under inside", "[glimpse]") {
  const RgbImage image = map_image(7, 5);
  const auto zero =
      crop(image.view(), Symmetry::identity, 1, 1, {.side = 4, .border = Border::zero});  // columns 5.., rows 3..
  CHECK(channel(zero, 3, 0) == std::vector<int>{5, 6, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(channel(zero, 3, 2) == std::vector<int>{200, 200, 0, 0, 200, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto inside = crop(image.view(), Symmetry::identity, 1, 1, {.side = 4, .border = Border::inside});
  CHECK(channel(inside, 3, 0) == std::vector<int>{3, 4, 5, 6, 3, 4, 5, 6, 3, 4, 5, 6, 3, 4, 5, 6});
  CHECK(channel(inside, 3, 1) == std::vector<int>{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4});
}

TEST_CASE("the eight symmetries of a picture of letters", "[glimpse]") {
  RgbImage image(3, 2);
  const std::string letters = "abcdef";  // abc over def
  for (std::size_t i = 0; i < letters.size(); ++i) image.pixels[3 * i] = static_cast<std::uint8_t>(letters[i]);

  const std::vector<std::pair<Symmetry, std::string>> expected{
      {Symmetry::identity, "abc/def/   "},        {Symmetry::rotate_90, "da /eb /fc "},
      {Symmetry::rotate_180, "fed/cba/   "},      {Symmetry::rotate_270, "cf /be /ad "},
      {Symmetry::flip_horizontal, "cba/fed/   "}, {Symmetry::flip_vertical, "def/abc/   "},
      {Symmetry::transpose, "ad /be /cf "},       {Symmetry::anti_transpose, "fc /eb /da "}};
  for (const auto& [symmetry, picture] : expected) {
    // A window of 3 over 3 x 2 or 2 x 3 begins at the upper left pixel.
    const auto red = channel(crop(image.view(), symmetry, 0, 0, {.side = 3, .border = Border::zero}), 3, 0);
    std::string seen;
    for (std::size_t i = 0; i < red.size(); ++i) {
      if (i > 0 && i % 3 == 0) seen += '/';
      seen += red[i] == 0 ? ' ' : static_cast<char>(red[i]);
    }
    CHECK(seen == picture);
  }
}

TEST_CASE("locations belong to the oriented image", "[glimpse]") {
  const RgbImage image = map_image(70, 46);
  // Turned clockwise by 90 degrees the picture is 46 x 70; its upper right corner shows the source's upper left one.
  const auto patch = crop(image.view(), Symmetry::rotate_90, 1, -1, {.side = 2});
  CHECK(channel(patch, 3, 0) == std::vector<int>{0, 0, 1, 1});
  CHECK(channel(patch, 3, 1) == std::vector<int>{1, 0, 1, 0});
}

TEST_CASE("a coarser scale averages boxes around the same centre, scale by scale in the channels", "[glimpse]") {
  RgbImage image(4, 4);
  for (std::size_t i = 0; i < 16; ++i) {
    image.pixels[3 * i] = static_cast<std::uint8_t>(4 * i);
    image.pixels[3 * i + 1] = 100;
  }
  const auto patch = crop(image.view(), Symmetry::identity, 0, 0, {.side = 2, .scales = 3, .border = Border::inside});
  REQUIRE(patch.size() == 2 * 2 * 9);
  CHECK(channel(patch, 9, 0) == std::vector<int>{20, 24, 36, 40});  // pixels 5, 6, 9, 10
  CHECK(channel(patch, 9, 3) == std::vector<int>{10, 18, 42, 50});  // means of 0 1 4 5, of 2 3 6 7, ...
  CHECK(channel(patch, 9, 1) == std::vector<int>{100, 100, 100, 100});
  CHECK(channel(patch, 9, 4) == std::vector<int>{100, 100, 100, 100});
  CHECK(channel(patch, 9, 7) == std::vector<int>{25, 25, 25, 25});  // a box of 16 with 4 pixels inside
}

TEST_CASE("a batch mixes sizes, strides and symmetries", "[glimpse]") {
  const RgbImage wide = map_image(9, 3), tall = map_image(3, 9);
  ImageView padded = wide.view();
  padded.width = 7;  // the row stride stays that of 9 columns
  const ImageView tall_view = tall.view();
  Reference b;
  const std::array<OrientedImage<Reference>, 2> images{
      {{&padded, Symmetry::identity}, {&tall_view, Symmetry::identity}}};
  const std::vector<double> places{1, 1, -1, 1};
  auto location = make_tensor<Reference>(b, {2, 2}, std::span<const double>(places));
  auto patches = b.zeros({2, 1, 1, 3});
  const GlimpseGeometry geometry{.side = 1, .mean = {0, 0, 0}, .deviation = {1.0f / 255, 1.0f / 255, 1.0f / 255}};
  b.crop_glimpses(ImageBatch<Reference>(images), location, geometry, patches);
  CHECK(channel(to_vector(b, patches), 1, 0) == std::vector<int>{6, 2, 200, 0, 8, 200});
  CHECK(b.width(padded) == 7);
  CHECK(b.height(tall_view) == 9);
}
