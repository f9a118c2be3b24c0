#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/cuda.hpp>
#include <saccade/math/random_sequence.hpp>
#include <saccade/ops/glimpse.hpp>

#include "support/catch.hpp"
#include "support/slide.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

/// Crops on the GPU have the bits of crops on the CPU.

namespace {

using saccade::Index;
using Gpu = saccade::CudaBackend<float>;

/// Noise, in rows with `padding` bytes behind them.
struct Noise {
  Noise(Index width_, Index height_, Index padding) : width(width_), height(height_), row_stride(3 * width_ + padding) {
    saccade::math::RandomSequence random(saccade::RandomKey{.seed = static_cast<std::uint64_t>(1000 * width + height)});
    pixels.resize(static_cast<std::size_t>(row_stride * height));
    for (std::uint8_t& byte : pixels) byte = static_cast<std::uint8_t>(random.below(256));
  }
  [[nodiscard]] saccade::ImageView view() const { return {pixels.data(), width, height, row_stride}; }

  Index width, height, row_stride;
  std::vector<std::uint8_t> pixels;
};

/// Wider and narrower, odd and even, as small as a glimpse, a single row, a single pixel.
const std::vector<Noise>& noises() {
  static const std::vector<Noise> all = {{64, 48, 0}, {33, 57, 5}, {16, 16, 2}, {7, 40, 1},
                                         {21, 1, 0},  {1, 1, 2},   {40, 5, 3}};
  return all;
}

/// Inside, at the edges, just beside a pixel's border, outside, and nowhere.
std::vector<float> places() {
  std::vector<float> places;
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const float x : {0.0f, -1.0f, 1.0f, 0.3137f, -0.77f, 0.99999f, -3.5f, 2e9f, nan, -infinity, 1.0f / 3})
    places.push_back(x);
  return places;
}

enum class Kind { resident, streamed, mixed };

/// One crop of every image that is not smaller than a glimpse, at every second pair of places, through all symmetries
/// in turn. Of a mixed batch every second image is streamed.
template <class B>
std::vector<float> crops(B& b, const saccade::GlimpseGeometry& geometry, Kind kind = Kind::resident) {
  std::vector<saccade::RgbImage> pictures;
  for (const Noise& noise : noises()) {
    saccade::RgbImage& picture = pictures.emplace_back(noise.width, noise.height);
    for (Index y = 0; y < noise.height; ++y)
      std::copy_n(&noise.pixels[static_cast<std::size_t>(y * noise.row_stride)], 3 * noise.width, picture.at(0, y));
  }
  std::vector<saccade::StreamedImage> sources;
  for (const saccade::RgbImage& picture : pictures)
    if (std::min(picture.width, picture.height) >= geometry.side) sources.emplace_back(saccade_test::Slide{&picture});
  std::vector<typename B::Image> images;
  for (const Noise& noise : noises())
    if (std::min(noise.width, noise.height) >= geometry.side) images.push_back(b.make_image(noise.view()));
  std::vector<saccade::OrientedImage<B>> batch;
  std::vector<float> location;
  const std::vector<float> some = places();
  for (std::size_t i = 0; i < 8 * images.size(); ++i) {
    batch.push_back({&images[i % images.size()], static_cast<saccade::Symmetry>(i / images.size())});
    if (kind == Kind::streamed || (kind == Kind::mixed && i % 2 == 0))
      batch.back() = {.symmetry = batch.back().symmetry, .source = &sources[i % sources.size()]};
    location.push_back(some[i % some.size()]);
    location.push_back(some[(i / some.size() + 3 * i) % some.size()]);
  }
  const auto size = static_cast<Index>(batch.size());
  const auto where = saccade::make_tensor(b, {size, 2}, std::span<const float>(location));
  auto patches = saccade::make_map(b, saccade::ops::glimpse_shape(size, geometry));
  b.fill(std::numeric_limits<float>::quiet_NaN(), patches);
  saccade::ops::crop_glimpses(b, saccade::ImageBatch<B>(batch), where, geometry, patches);
  return saccade::to_vector(b, patches);
}

std::vector<saccade::GlimpseGeometry> geometries() {
  std::vector<saccade::GlimpseGeometry> all;
  for (const auto border : {saccade::Border::inside, saccade::Border::zero})
    for (const Index side : {1, 2, 5, 8, 11, 16})
      for (const Index scales : {1, 2, 3, 4})
        all.push_back({.side = side,
                       .scales = scales,
                       .border = border,
                       .mean = {0.7f, 0.31f, 0.5f},
                       .deviation = {0.2f, 0.33f, 0.47f}});
  return all;
}

std::string text(const saccade::GlimpseGeometry& geometry) {
  return "side " + std::to_string(geometry.side) + ", " + std::to_string(geometry.scales) + " scales, border " +
         (geometry.border == saccade::Border::zero ? "zero" : "inside");
}

void same_bits(const std::vector<float>& actual, const std::vector<float>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(actual[i]) == std::bit_cast<std::uint32_t>(expected[i])) continue;
    FAIL_CHECK("element " << i << " is " << actual[i] << ", but must be " << expected[i]);
    return;
  }
  SUCCEED();
}

}  // namespace

TEST_CASE("CudaBackend: crops have the bits of the CPU's: borders, scales, symmetries, images of many sizes") {
  saccade::ReferenceBackend<float> reference;
  saccade::EigenBackend<float> eigen({.threads = 1});
  Gpu resident({.precision = saccade::Precision::single});
  Gpu pinned({.precision = saccade::Precision::tf32, .image_budget = 0});
  for (const saccade::GlimpseGeometry& geometry : geometries()) {
    INFO(text(geometry));
    const std::vector<float> expected = crops(eigen, geometry);
    same_bits(crops(reference, geometry), expected);
    same_bits(crops(resident, geometry), expected);
    same_bits(crops(pinned, geometry), expected);
  }
}

TEST_CASE("CudaBackend: at full resolution crops of streamed images have the bits of those of resident ones") {
  Gpu gpu({.precision = saccade::Precision::single}), bf16({.precision = saccade::Precision::bf16});
  for (const saccade::GlimpseGeometry& geometry : geometries()) {
    if (geometry.scales > 1) continue;
    INFO(text(geometry));
    for (Gpu* b : {&gpu, &bf16}) {
      const std::vector<float> expected = crops(*b, geometry);
      same_bits(crops(*b, geometry, Kind::streamed), expected);
      same_bits(crops(*b, geometry, Kind::mixed), expected);
    }
  }
}

TEST_CASE("CudaBackend: crops in bf16 are those of the CPU, rounded") {
  saccade::EigenBackend<float> eigen({.threads = 1});
  Gpu gpu({.precision = saccade::Precision::bf16});
  for (const saccade::GlimpseGeometry& geometry : geometries()) {
    INFO(text(geometry));
    std::vector<float> expected = crops(eigen, geometry);
    for (float& value : expected) {
      auto bits = std::bit_cast<std::uint32_t>(value);
      bits += 0x7FFFu + ((bits >> 16) & 1u);
      value = std::bit_cast<float>(bits & 0xFFFF0000u);
    }
    same_bits(crops(gpu, geometry), expected);
  }
}
