#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/cuda.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

/// Images of CudaBackend: copies, on the device while a budget lasts.

using namespace saccade;

namespace {

using B = CudaBackend<float>;
using Reference = ReferenceBackend<float>;

/// Pixels that tell where they are, with `gap` bytes between rows.
struct Picture {
  Picture(Index width, Index height, Index gap = 0)
      : view{nullptr, width, height, 3 * width + gap}, bytes(static_cast<std::size_t>(view.row_stride * height)) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 7);
    view.pixels = bytes.data();
  }

  ImageView view;
  std::vector<std::uint8_t> bytes;
};

constexpr GlimpseGeometry geometry{.side = 4, .scales = 2};

template <class Backend>
std::vector<float> crop(Backend& b, std::span<const OrientedImage<Backend>> images) {
  const auto batch = static_cast<Index>(images.size());
  auto location = b.zeros({batch, 2});
  b.fill(0.25f, location);
  auto patches = b.zeros({batch, geometry.side, geometry.side, geometry.scales * 3});
  b.crop_glimpses(images, location, geometry, patches);
  return to_vector(b, patches);
}

std::vector<float> expected_crop(const std::vector<ImageView>& views, Symmetry symmetry) {
  Reference b;
  std::vector<OrientedImage<Reference>> images;
  for (const ImageView& view : views) images.push_back({&view, symmetry});
  return crop<Reference>(b, images);
}

TEST_CASE("an image is a copy: its source may change at once") {
  B b({.precision = Precision::single});
  for (const Index gap : {0, 5}) {
    Picture small(9, 7, gap), large(611, 433, gap);  // of one chunk of the staging buffers, and of several
    const auto expected = expected_crop({small.view, large.view}, Symmetry::rotate_90);
    const B::Image first = b.make_image(small.view), second = b.make_image(large.view);
    std::fill(small.bytes.begin(), small.bytes.end(), std::uint8_t{0});
    std::fill(large.bytes.begin(), large.bytes.end(), std::uint8_t{0});
    const std::vector<OrientedImage<B>> images{{&first, Symmetry::rotate_90}, {&second, Symmetry::rotate_90}};
    CHECK(crop<B>(b, images) == expected);
    CHECK(b.width(second) == 611);
    CHECK(b.height(second) == 433);
  }
}

TEST_CASE("images stay on the host when the budget is spent, and come back when it is not") {
  const Picture picture(16, 12);
  const std::size_t bytes = 16 * 12 * 3;
  B b({.precision = Precision::single, .image_budget = bytes + bytes / 2});
  const auto expected = expected_crop({picture.view}, Symmetry::identity);
  const auto expect_crop = [&](const B::Image& image) {
    const std::vector<OrientedImage<B>> images{{&image}};
    CHECK(crop<B>(b, images) == expected);
  };
  std::vector<B::Image> images;
  for (int i = 0; i < 3; ++i) images.push_back(b.make_image(picture.view));
  CHECK(images[0].on_device());
  CHECK_FALSE(images[1].on_device());
  CHECK_FALSE(images[2].on_device());
  for (const B::Image& image : images) expect_crop(image);

  images.erase(images.begin());  // moves the others
  images.push_back(b.make_image(picture.view));
  CHECK(images.back().on_device());
  for (const B::Image& image : images) expect_crop(image);

  images.front() = b.make_image(picture.view);
  CHECK_FALSE(images.front().on_device());
  images.back() = b.make_image(picture.view);  // made while the one that it replaces still has the budget
  CHECK_FALSE(images.back().on_device());
  images.back() = b.make_image(picture.view);
  CHECK(images.back().on_device());
  for (const B::Image& image : images) expect_crop(image);
}

TEST_CASE("a batch of images that was staged is not copied again, another one is") {
  B b({.precision = Precision::single});
  const Picture picture(10, 8), other(8, 10);
  const B::Image first = b.make_image(picture.view), second = b.make_image(other.view);
  for (const Symmetry symmetry : {Symmetry::identity, Symmetry::transpose, Symmetry::identity}) {
    const std::vector<OrientedImage<B>> images{{&first, symmetry}, {&second, symmetry}},
        exchanged{{&second, symmetry}, {&first, symmetry}};
    b.stage_images(images);
    CHECK(crop<B>(b, images) == expected_crop({picture.view, other.view}, symmetry));
    CHECK(crop<B>(b, exchanged) == expected_crop({other.view, picture.view}, symmetry));
  }
  CHECK(crop<B>(b, {}).empty());
}

}  // namespace
