#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/training/stained_images.hpp>

#include "support/catch.hpp"
#include "support/slide.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

using namespace saccade;

namespace {

using Plain = ReferenceBackend<float>;

RgbImage original(Index index) {
  RgbImage image(3, 2);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(60 + 7 * index + static_cast<Index>(5 * i));
  return image;
}

/// The pixels of the images of an epoch by their index.
std::map<Index, std::vector<std::uint8_t>> epoch_of(std::uint64_t seed, double strength, std::uint64_t epoch,
                                                    const std::vector<Index>& order) {
  Plain b;
  data::Loader loader(5,
                      [](Index index) {
                        if (index == 3) throw FileError("bad");
                        return original(index);
                      },
                      {.threads = 1, .max_bad_images = 1});
  StainedImages<Plain> images(b, loader, seed, strength);
  images.start(order, epoch);
  std::map<Index, std::vector<std::uint8_t>> found;
  for (auto batch = images.next(2); !batch.empty(); batch = images.next(2)) {
    CHECK(batch.size() <= 2);
    for (const auto& [index, image] : batch) found[index] = {image.image->pixels, image.image->pixels + 18};
  }
  return found;
}

}  // namespace

TEST_CASE("every image of an epoch is stained by seed, epoch and image, whatever the order", "[stain]") {
  const auto found = epoch_of(1, 0.2, 4, {0, 1, 2, 3, 4});
  REQUIRE(found.size() == 4);  // all but the bad one
  for (const auto& [index, pixels] : found)
    CHECK(pixels == data::restain(original(index).view(), data::draw_stain(1, 4, index, 0.2)).pixels);
  CHECK(found.at(1) != original(1).pixels);
  CHECK(epoch_of(1, 0.2, 4, {4, 2, 0, 1}) == found);
  CHECK(epoch_of(1, 0.2, 5, {0, 1, 2, 4}) != found);
  CHECK(epoch_of(2, 0.2, 4, {0, 1, 2, 4}) != found);
}

TEST_CASE("a streamed image is stained as its regions are read", "[stain]") {
  Plain b;
  const RgbImage image = original(2);
  data::Loader loader(3, [&](Index) { return StreamedImage(saccade_test::Slide{&image}); }, {.threads = 1});
  StainedImages<Plain> images(b, loader, 1, 0.2);
  images.start({2, 1}, 4);
  const auto batch = images.next(2);
  REQUIRE(batch.size() == 2);
  for (const auto& [index, seen] : batch) {
    const RgbImage expected = data::restain(image.view(), data::draw_stain(1, 4, index, 0.2));
    std::vector<std::uint8_t> pixels(2 * 2 * 3);
    seen.source->read_region(1, 0, 2, 2, 1, pixels);
    CHECK(std::equal(pixels.begin(), pixels.begin() + 6, expected.at(1, 0)));
    CHECK(std::equal(pixels.begin() + 6, pixels.end(), expected.at(1, 1)));
    CHECK(ops::stored_size(b, seen) == ImageSize{3, 2});
  }
}
