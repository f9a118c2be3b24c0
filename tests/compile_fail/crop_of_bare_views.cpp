// expect: crop_glimpses
// expect: OrientedImage
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/glimpse.hpp>

#include <vector>

// Pixels go to the backend first, by make_image, and are looked at through a symmetry.
int main() {
  saccade::ReferenceBackend<float> b;
  const saccade::RgbImage image(112, 112);
  const std::vector<saccade::ImageView> images = {image.view()};
  auto location = b.zeros({1, 2}), patches = b.zeros({1, 112, 112, 3});
  saccade::ops::crop_glimpses(b, std::span(images), location, {}, patches);
}
