#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/components/glimpse_sensor.hpp>
#include <saccade/math/random_sequence.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace saccade;

namespace {

using Float = ReferenceBackend<float>;
using Sensor_ = GlimpseSensor<Float>;

RgbImage noise_image(Index width, Index height) {
  RgbImage image(width, height);
  math::RandomSequence random({.seed = 3});
  for (auto& byte : image.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  return image;
}

/// An image behind the door of a slide: reads regions, reduces by whole boxes, and counts what it was asked for.
struct Slide {
  const RgbImage* image;
  mutable Index pixels_read = 0;

  [[nodiscard]] Index width() const { return image->width; }
  [[nodiscard]] Index height() const { return image->height; }

  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    std::size_t next = 0;
    for (Index j = 0; j < height; ++j)
      for (Index i = 0; i < width; ++i)
        for (Index c = 0; c < 3; ++c) pixels[next++] = mean(x + i * reduction, y + j * reduction, reduction, c);
    pixels_read += width * height;
  }

 private:
  [[nodiscard]] std::uint8_t mean(Index x, Index y, Index size, Index c) const {
    Index sum = 0, count = 0;
    for (Index row = std::max<Index>(y, 0); row < std::min(y + size, height()); ++row)
      for (Index column = std::max<Index>(x, 0); column < std::min(x + size, width()); ++column, ++count)
        sum += image->at(column, row)[c];
    // Nothing there: anything may come back.
    return static_cast<std::uint8_t>(count == 0 ? 77 : (2 * sum + count) / (2 * count));
  }
};

/// A picture of 40,000 megapixels that exists only where one looks: red and green say which pixel it is.
struct Procedural {
  mutable std::vector<std::array<Index, 5>> reads;

  [[nodiscard]] Index width() const { return 250000; }
  [[nodiscard]] Index height() const { return 160000; }

  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    reads.push_back({x, y, width, height, reduction});
    std::size_t next = 0;
    for (Index j = 0; j < height; ++j) {
      for (Index i = 0; i < width; ++i) {
        pixels[next++] = static_cast<std::uint8_t>((x + i * reduction) % 256);
        pixels[next++] = static_cast<std::uint8_t>((y + j * reduction) % 256);
        pixels[next++] = 0;
      }
    }
  }
};

struct Crops {
  std::vector<float> resident, streamed;
  Index pixels_read;
};

/// The same glimpses from memory and through a source.
Crops crop_both(const GlimpseGeometry& geometry, const RgbImage& image, const std::vector<float>& locations) {
  Float b;
  const Sensor_ sensor(geometry);
  const auto batch = static_cast<Index>(locations.size() / 2);
  const auto location = make_tensor<Float, float>(b, {batch, 2}, locations);
  auto patches = b.zeros(sensor.patch_shape(batch));

  const ImageView view = b.make_image(image.view());
  const std::vector<OrientedImage<Float>> images(static_cast<std::size_t>(batch), {&view});
  sensor.forward(b, images, location, patches);
  Crops crops{to_vector(b, patches), {}, 0};

  b.fill(std::nanf(""), patches);
  const Slide slide{&image};
  const std::vector<const Slide*> slides(static_cast<std::size_t>(batch), &slide);
  auto staging = sensor.make_staging(batch);
  sensor.forward(b, std::span<const Slide* const>(slides), location, staging, patches);
  crops.streamed = to_vector(b, patches);
  crops.pixels_read = slide.pixels_read;
  return crops;
}

}  // namespace

TEST_CASE("a streamed image gives the glimpses of the resident one", "[glimpse_sensor]") {
  const RgbImage image = noise_image(70, 46);
  const auto border = GENERATE(Border::inside, Border::zero);
  const Index side = 11, scales = 4;
  const GlimpseGeometry geometry{
      .side = side, .scales = scales, .border = border, .mean = {0.6f, 0.5f, 0.4f}, .deviation = {0.2f, 0.25f, 0.5f}};
  const Crops crops = crop_both(geometry, image, {0, 0, -1, -1, 1, 1, 0.37f, -0.71f, -0.9f, 0.95f});
  REQUIRE(crops.resident.size() == crops.streamed.size());
  bool coarser_differs = false;
  for (std::size_t i = 0; i < crops.resident.size(); ++i) {
    const std::size_t channel = i % 3, scale = i / 3 % scales;
    // A source rounds its means to whole grey levels: half a level off at most, and exact at full resolution.
    const double half_level = 0.5 / 255 / static_cast<double>(geometry.deviation[channel]);
    if (scale == 0) {
      REQUIRE(crops.streamed[i] == crops.resident[i]);
    } else {
      REQUIRE(std::abs(crops.streamed[i] - crops.resident[i]) < half_level * 1.001);
      coarser_differs = coarser_differs || crops.streamed[i] != crops.resident[i];
    }
  }
  CHECK(coarser_differs);
  CHECK(crops.pixels_read == 5 * scales * side * side);
}

TEST_CASE("of a huge image only the glimpses are read", "[glimpse_sensor]") {
  Float b;
  const Sensor_ sensor({.side = 16, .scales = 3, .mean = {0, 0, 0}, .deviation = {1, 1, 1}});
  const Procedural slide;
  const Procedural* const slides[] = {&slide, &slide};
  auto staging = sensor.make_staging(2);
  auto patches = b.zeros(sensor.patch_shape(2));
  const std::vector<float> locations{0, 0, 0.5f, -0.5f};
  sensor.forward(b, std::span<const Procedural* const>(slides), make_tensor<Float, float>(b, {2, 2}, locations),
                 staging, patches);
  // By hand: centres (125000, 80000) and (187500, 40000); windows of 16, 32 and 64 pixels around them.
  CHECK(slide.reads == std::vector<std::array<Index, 5>>{{124992, 79992, 16, 16, 1},
                                                         {124984, 79984, 16, 16, 2},
                                                         {124968, 79968, 16, 16, 4},
                                                         {187492, 39992, 16, 16, 1},
                                                         {187484, 39984, 16, 16, 2},
                                                         {187468, 39968, 16, 16, 4}});
  const auto values = to_vector(b, patches);
  CHECK(values[0] == Approx((124992 % 256) / 255.0));
  CHECK(values[1] == Approx((79992 % 256) / 255.0));
}

TEST_CASE("the sensor says what is wrong with its images and its configuration", "[glimpse_sensor]") {
  const RgbImage image = noise_image(20, 10);
  CHECK_THROWS_WITH(crop_both({.side = 11}, image, {0, 0}),
                    "crop_glimpses: image 0 is 20 x 10, smaller than the glimpse of 11 x 11");
  Float b;
  const Sensor_ sensor({.side = 11});
  const Slide slide{&image};
  const Slide* const slides[] = {&slide};
  auto staging = sensor.make_staging(1);
  auto patches = b.zeros(sensor.patch_shape(1));
  const auto look = [&](const Shape& shape) {
    sensor.forward(b, std::span<const Slide* const>(slides), b.zeros(shape), staging, patches);
  };
  CHECK_THROWS_WITH(look({1, 2}), "GlimpseSensor: image 0 is 20 x 10, smaller than the glimpse of 11 x 11");
  CHECK_THROWS_WITH(look({2, 2}), "GlimpseSensor: location must be (B, 2) = (1, 2), but is (2, 2)");
  CHECK_THROWS_WITH(Sensor_({.side = 0}), "GlimpseSensor: side must be at least 1, but is 0");
  CHECK_THROWS_WITH(Sensor_({.scales = 17}), "GlimpseSensor: scales must be from 1 to 16, but is 17");
  CHECK_THROWS_WITH(Sensor_({.deviation = {1, 0, 1}}), "GlimpseSensor: every deviation must be greater than 0");
}
