#include <saccade/data/stain_augmentation.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace saccade;
using namespace saccade::data;

TEST_CASE("unchanged stains leave every pixel as it is", "[stain]") {
  RgbImage image(7, 5);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(37 * i);
  CHECK(restain(image.view(), {}).pixels == image.pixels);
}

TEST_CASE("more haematoxylin darkens its colour and leaves white alone", "[stain]") {
  // Transmitted light of haematoxylin with concentration 1: 256 exp(-0.651) - 1 = 132.5, and so on; see stain_vectors.
  const math::Vector3 h = math::stain_vectors()[0];
  RgbImage image(2, 1);
  std::fill_n(image.pixels.begin(), 3, std::uint8_t{255});
  for (std::size_t c = 0; c < 3; ++c) image.pixels[3 + c] = math::transmitted(h[c]);
  CHECK(image.pixels[3] == 132);
  const RgbImage stronger = restain(image.view(), {.scale = {1.5, 1, 1}});
  CHECK(std::vector<std::uint8_t>(stronger.pixels.begin(), stronger.pixels.begin() + 3) ==
        std::vector<std::uint8_t>{255, 255, 255});
  for (std::size_t c = 0; c < 3; ++c)
    CHECK(std::abs(stronger.pixels[3 + c] - math::transmitted(1.5 * h[c])) <= 1);  // rounded twice
}

TEST_CASE("rows of an image may have padding", "[stain]") {
  std::vector<std::uint8_t> bytes{10, 20, 30, 99, 99, 40, 50, 60, 99, 99};
  const RgbImage image = restain({bytes.data(), 1, 2, 5}, {});
  CHECK(image.pixels == std::vector<std::uint8_t>{10, 20, 30, 40, 50, 60});
}

TEST_CASE("a stain is drawn by seed, epoch and image, within its strength and to its ends", "[stain]") {
  const auto first = draw_stain(1, 2, 3, 0.2);
  CHECK(first.scale == draw_stain(1, 2, 3, 0.2).scale);
  CHECK(first.scale != draw_stain(2, 2, 3, 0.2).scale);
  CHECK(first.scale != draw_stain(1, 3, 3, 0.2).scale);
  CHECK(first.scale != draw_stain(1, 2, 4, 0.2).scale);
  CHECK(draw_stain(1, 2, 3, 0).scale == math::Vector3{1, 1, 1});
  std::vector<double> scales, shifts;
  for (Index image = 0; image < 300; ++image) {
    const auto change = draw_stain(1, 0, image, 0.2);
    scales.insert(scales.end(), change.scale.begin(), change.scale.end());
    shifts.insert(shifts.end(), change.shift.begin(), change.shift.end());
  }
  const auto [low, high] = std::minmax_element(scales.begin(), scales.end());
  CHECK((*low > 0.8 && *low < 0.805 && *high < 1.2 && *high > 1.195));
  const auto [down, up] = std::minmax_element(shifts.begin(), shifts.end());
  CHECK((*down > -0.2 && *down < -0.195 && *up < 0.2 && *up > 0.195));
}
