#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/components/glimpse_sensor.hpp>

#include "support/catch.hpp"
#include "support/slide.hpp"

#include <vector>

using namespace saccade;
using saccade_test::Slide;

namespace {

using Float = ReferenceBackend<float>;
using Sensor_ = GlimpseSensor<Float>;

}  // namespace

TEST_CASE("the sensor looks at resident and at streamed images", "[glimpse_sensor]") {
  Float b;
  const Sensor_ sensor({.side = 2, .scales = 2, .mean = {0, 0, 0}, .deviation = {1, 1, 1}});
  RgbImage image(4, 4);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(5 * i);
  const ImageView view = image.view();
  const StreamedImage streamed{Slide{&image}};
  const std::vector<OrientedImage<Float>> images{{&view}, {.source = &streamed}};
  Tensor<Float> patches = b.zeros(sensor.patch_shape(2));
  sensor.stage(b, images);
  sensor.forward(b, images, b.zeros({2, 2}), patches);
  const auto values = to_vector(b, patches);
  for (std::size_t n = 0; n < 2; ++n) {
    // By hand: byte 3 (4 y + x) + c is five times that; the middle is pixels (1, 1) to (2, 2), and all of it four
    // means.
    CHECK(values[24 * n] == Approx(75 / 255.0));                           // pixel (1, 1)
    CHECK(values[24 * n + 3] == Approx(37.5 / 255.0).margin(0.51 / 255));  // of (0, 0), (1, 0), (0, 1) and (1, 1)
  }
}

TEST_CASE("the sensor says what is wrong with its images and its configuration", "[glimpse_sensor]") {
  Float b;
  const Sensor_ sensor({.side = 11});
  const RgbImage image(20, 10);
  const ImageView view = image.view();
  const StreamedImage streamed{Slide{&image}};
  const std::vector<OrientedImage<Float>> resident{{&view}}, source{{.source = &streamed}};
  Tensor<Float> patches = b.zeros(sensor.patch_shape(1));
  const auto sentence = "crop_glimpses: image 0 is 20 x 10, smaller than the glimpse of 11 x 11";
  CHECK_THROWS_WITH(sensor.forward(b, resident, b.zeros({1, 2}), patches), sentence);
  CHECK_THROWS_WITH(sensor.forward(b, source, b.zeros({1, 2}), patches), sentence);
  CHECK_THROWS_WITH(sensor.stage(b, source), sentence);
  CHECK_THROWS_WITH(sensor.forward(b, source, b.zeros({2, 2}), patches),
                    "crop_glimpses: location must be (B, 2) = (1, 2), but is (2, 2)");
  CHECK_THROWS_WITH(Sensor_({.side = 0}), "GlimpseSensor: side must be at least 1, but is 0");
  CHECK_THROWS_WITH(Sensor_({.scales = 17}), "GlimpseSensor: scales must be from 1 to 16, but is 17");
  for (const Index step : {0, 1, 3})
    CHECK_THROWS_WITH(Sensor_({.scale_step = step}),
                      "GlimpseSensor: scale_step must be a power of two, at least 2, but "
                      "is " +
                          std::to_string(step));
  CHECK_NOTHROW(Sensor_({.scales = 4, .scale_step = 256}));
  CHECK_THROWS_WITH(Sensor_({.scales = 5, .scale_step = 256}),
                    "GlimpseSensor: scale_step^(scales + zooms - 2) must be at most 2^24, but is 256^4");
  CHECK_NOTHROW(Sensor_({.zooms = 25}));
  CHECK_THROWS_WITH(Sensor_({.scales = 2, .zooms = 25}),
                    "GlimpseSensor: scale_step^(scales + zooms - 2) must be at most 2^24, but is 2^25");
  CHECK_THROWS_WITH(Sensor_({.zooms = 0}), "GlimpseSensor: zooms must be from 1 to 25, but is 0");
  CHECK_THROWS_WITH(Sensor_({.deviation = {1, 0, 1}}), "GlimpseSensor: every deviation must be greater than 0");
}
