#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/math/random_sequence.hpp>
#include <saccade/ops/glimpse.hpp>
#include <saccade/ops/image_handle.hpp>

#include "support/catch.hpp"
#include "support/slide.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace saccade;
using saccade_test::Slide;

namespace {

RgbImage noise_image(Index width, Index height, std::uint64_t seed = 3) {
  RgbImage image(width, height);
  math::RandomSequence random({.seed = seed});
  for (auto& byte : image.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  return image;
}

/// Places within, at the edges and beyond.
const std::vector<double> places{0, 0, -1, -1, 1, 1, 0.37, -0.71, -0.9, 0.95, -1.4, 0.2};

GlimpseGeometry geometry_of(Index scales, Border border) {
  return {.side = 11, .scales = scales, .border = border, .mean = {0.6f, 0.5f, 0.4f}, .deviation = {0.2f, 0.25f, 0.5f}};
}

/// The glimpses of images[n] at places[n].
template <class B>
std::vector<Scalar<B>> cropped(B& b, std::span<const OrientedImage<B>> images, const GlimpseGeometry& geometry) {
  const auto batch = static_cast<Index>(images.size());
  const auto location = make_tensor<B, double>(b, {batch, 2}, std::span(places).first(2 * images.size()));
  Tensor<B> patches = make_map(b, ops::glimpse_shape(batch, geometry));
  b.fill(std::nanf(""), patches);
  ops::crop_glimpses(b, images, location, geometry, patches);
  return to_vector(b, patches);
}

/// Symmetry s of each: the batch has as many images as there are places.
template <class B>
std::vector<OrientedImage<B>> batch_of(OrientedImage<B> image, Symmetry symmetry) {
  image.symmetry = symmetry;
  return std::vector<OrientedImage<B>>(places.size() / 2, image);
}

/// A picture of 8,000 megapixels that exists only where one looks. Notes what it was asked for.
struct Procedural {
  std::shared_ptr<std::vector<std::array<Index, 5>>> reads = std::make_shared<std::vector<std::array<Index, 5>>>();

  [[nodiscard]] Index width() const { return 100000; }
  [[nodiscard]] Index height() const { return 80000; }
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    reads->push_back({x, y, width, height, reduction});
    for (std::uint8_t& byte : pixels) byte = 0;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("at full resolution a streamed image gives the bits of the resident one", "[glimpse]",
                   ReferenceBackend<float>, ReferenceBackend<double>, EigenBackend<float>, EigenBackend<double>) {
  TestType b;
  const RgbImage image = noise_image(37, 23);
  const Image<TestType> resident = b.make_image(image.view());
  const StreamedImage streamed{Slide{&image}};
  for (const Border border : {Border::inside, Border::zero}) {
    const GlimpseGeometry geometry = geometry_of(1, border);
    for (int s = 0; s < symmetry_count; ++s) {
      INFO("symmetry " << s);
      const auto symmetry = static_cast<Symmetry>(s);
      const auto expected = cropped<TestType>(b, batch_of<TestType>({&resident}, symmetry), geometry);
      REQUIRE(expected.size() == 6 * 11 * 11 * 3);
      REQUIRE(cropped<TestType>(b, batch_of<TestType>({.source = &streamed}, symmetry), geometry) == expected);
    }
  }
}

TEST_CASE("at coarser scales a streamed image is half a grey level off at most", "[glimpse]") {
  ReferenceBackend<double> b;
  using B = ReferenceBackend<double>;
  const RgbImage image = noise_image(70, 46);
  const ImageView resident = image.view();
  Index pixels_read = 0;
  const StreamedImage streamed{Slide{&image, &pixels_read}};
  const Index scales = 4;
  const GlimpseGeometry geometry = geometry_of(scales, GENERATE(Border::inside, Border::zero));
  for (int s = 0; s < symmetry_count; ++s) {
    const auto symmetry = static_cast<Symmetry>(s);
    const auto expected = cropped<B>(b, batch_of<B>({&resident}, symmetry), geometry);
    pixels_read = 0;
    const auto values = cropped<B>(b, batch_of<B>({.source = &streamed}, symmetry), geometry);
    CHECK(pixels_read == 6 * scales * 11 * 11);
    bool coarser_differs = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t channel = i % 3, scale = i / 3 % static_cast<std::size_t>(scales);
      const double half_level = 0.5 / 255 / static_cast<double>(geometry.deviation[channel]);
      if (scale == 0) {
        REQUIRE(values[i] == expected[i]);
      } else {
        REQUIRE(std::abs(values[i] - expected[i]) < half_level * 1.001);
        coarser_differs = coarser_differs || values[i] != expected[i];
      }
    }
    CHECK(coarser_differs);
  }
}

namespace {

/// Notes how many are read at the same time; the one of width `bad` fails.
struct Watched {
  Index width_;
  std::atomic<int>* now;
  std::atomic<int>* most;
  Index bad = -1;

  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] Index height() const { return 64; }
  void read_region(Index, Index, Index, Index, Index, std::span<std::uint8_t> pixels) const {
    const int readers = ++*now;
    for (int seen = *most; readers > seen && !most->compare_exchange_weak(seen, readers);) {
    }
    // The first waits for a second, where the machine can run two.
    for (int i = 0; i < 5000 && *most < 2 && std::thread::hardware_concurrency() > 1; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::fill(pixels.begin(), pixels.end(), static_cast<std::uint8_t>(width_));
    --*now;
    if (width_ >= bad && bad > 0) throw FileError("image " + std::to_string(width_));
  }
};

}  // namespace

TEST_CASE("streamed images of a batch are read several at a time, a bounded number, and fail like one", "[glimpse]") {
  using B = ReferenceBackend<double>;
  B b;
  std::atomic<int> now = 0, most = 0;
  std::vector<StreamedImage> images;
  for (Index n = 0; n < 24; ++n) images.emplace_back(Watched{64 + n, &now, &most});
  std::vector<OrientedImage<B>> batch;
  for (const StreamedImage& image : images) batch.push_back({.source = &image});
  const GlimpseGeometry geometry{.side = 4, .mean = {0, 0, 0}, .deviation = {1, 1, 1}};
  Tensor<B> patches = b.zeros({24, 4, 4, 3});
  ops::crop_glimpses(b, ImageBatch<B>(batch), b.zeros({24, 2}), geometry, patches);
  for (std::size_t n = 0; n < 24; ++n) CHECK(patches.values[48 * n] == Approx((64 + static_cast<double>(n)) / 255));
  CHECK(most <= 8);
  CHECK(most >= std::min(2, static_cast<int>(std::thread::hardware_concurrency())));
  const StreamedImage bad(Watched{70, &now, &most, 70}), worse(Watched{71, &now, &most, 70});
  batch[9].source = &worse;
  batch[3].source = &bad;
  CHECK_THROWS_WITH(ops::crop_glimpses(b, ImageBatch<B>(batch), b.zeros({24, 2}), geometry, patches), "image 70");
}

TEST_CASE("a few scales of a streamed image span five orders of magnitude", "[glimpse]") {
  using B = ReferenceBackend<double>;
  B b;
  const Procedural picture;
  const StreamedImage streamed{Procedural(picture)};
  const GlimpseGeometry geometry{.side = 8, .scales = 3, .scale_step = 128, .border = Border::zero};
  const auto values = cropped<B>(b, batch_of<B>({.source = &streamed}, Symmetry::identity), geometry);
  CHECK(values.size() == 6 * 8 * 8 * 9);
  // In the middle of 100000 x 80000 windows of 8, 1024 and 131072 pixels, each read as 8 x 8.
  REQUIRE(picture.reads->size() == 3 * 6);
  using Read = std::array<Index, 5>;
  CHECK(picture.reads->at(0) == Read{49996, 39996, 8, 8, 1});
  CHECK(picture.reads->at(1) == Read{49488, 39488, 8, 8, 128});
  CHECK(picture.reads->at(2) == Read{-15536, -25536, 8, 8, 16384});
}

TEST_CASE("scales further apart are the same of streamed and resident images", "[glimpse]") {
  using B = EigenBackend<float>;
  B b;
  RgbImage image = noise_image(200, 170);
  std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t{90});  // means that need no rounding
  const ImageView resident = image.view();
  const StreamedImage streamed{Slide{&image}};
  GlimpseGeometry geometry = geometry_of(3, Border::zero);
  geometry.scale_step = 4;
  for (const Symmetry symmetry : {Symmetry::identity, Symmetry::rotate_90})
    CHECK(cropped<B>(b, batch_of<B>({&resident}, symmetry), geometry) ==
          cropped<B>(b, batch_of<B>({.source = &streamed}, symmetry), geometry));
}

TEST_CASE("zooms are the same of streamed and resident images, each image's its own", "[glimpse][zoom]") {
  using B = EigenBackend<float>;
  B b;
  RgbImage image = noise_image(200, 170);
  std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t{90});  // means that need no rounding
  const ImageView resident = image.view();
  const StreamedImage streamed{Slide{&image}};
  const GlimpseGeometry geometry{.side = 9, .scales = 2, .zooms = 4, .border = Border::zero};
  const auto patches_of = [&](const OrientedImage<B>& each) {
    // The third is the second again at another zoom, and the last one the same glimpse once more.
    const std::vector<OrientedImage<B>> batch(4, each);
    const Tensor<B> location = make_tensor<B, float>(
        b, {4, 3}, std::vector<float>{0.9f, -0.9f, 3, 0.1f, 0.3f, 2, 0.1f, 0.3f, 0, 0.1f, 0.3f, 0});
    Tensor<B> patches = b.zeros(ops::glimpse_shape(4, geometry));
    ops::crop_glimpses(b, ImageBatch<B>(batch), location, geometry, patches);
    return to_vector(b, patches);
  };
  for (const Symmetry symmetry : {Symmetry::identity, Symmetry::rotate_90}) {
    const auto seen = patches_of({.image = &resident, .symmetry = symmetry});
    CHECK(seen == patches_of({.image = nullptr, .symmetry = symmetry, .source = &streamed}));
    const auto part = [&](std::size_t n) {
      return std::vector<float>(seen.begin() + static_cast<std::ptrdiff_t>(n * seen.size() / 4),
                                seen.begin() + static_cast<std::ptrdiff_t>((n + 1) * seen.size() / 4));
    };
    CHECK(part(2) == part(3));
  }
}

TEST_CASE("a backend that keeps maps in bf16 keeps those of streamed images with the same bits", "[glimpse]") {
  using B = EigenBackend<float>;
  B b({.threads = 1, .precision = Precision::bf16, .bf16_unit = Bf16Unit::portable});
  const RgbImage image = noise_image(37, 23);
  const ImageView resident = image.view();
  const StreamedImage streamed{Slide{&image}};
  const GlimpseGeometry geometry = geometry_of(1, Border::inside);
  std::vector<OrientedImage<B>> mixed(6, {&resident}), all = mixed;
  const auto expected = cropped<B>(b, all, geometry);
  for (auto& each : all) each = {.source = &streamed};
  CHECK(cropped<B>(b, all, geometry) == expected);
  mixed[1] = mixed[4] = {.source = &streamed};
  CHECK(cropped<B>(b, mixed, geometry) == expected);
}

TEST_CASE("resident and streamed images may share a batch", "[glimpse]") {
  using B = EigenBackend<float>;
  B b;
  std::vector<RgbImage> pictures;
  for (Index n = 0; n < 6; ++n) pictures.push_back(noise_image(20 + 5 * n, 40 - 4 * n, static_cast<std::uint64_t>(n)));
  std::vector<ops::ImageHandle<B>> resident, streamed;
  for (const RgbImage& each : pictures) {
    resident.emplace_back(b, each);
    streamed.emplace_back(b, StreamedImage(Slide{&each}));
  }
  const GlimpseGeometry geometry = geometry_of(1, Border::zero);
  std::vector<OrientedImage<B>> images;
  for (std::size_t n = 0; n < 6; ++n) images.push_back(resident[n].seen(static_cast<Symmetry>(n + 1)));
  const auto expected = cropped<B>(b, images, geometry);
  for (unsigned which = 1; which < 64; which += 7) {
    std::vector<OrientedImage<B>> mixed = images;
    for (std::size_t n = 0; n < 6; ++n)
      if (which >> n & 1) mixed[n] = streamed[n].seen(images[n].symmetry);
    CHECK(all_resident<B>(mixed) == false);
    CHECK(cropped<B>(b, mixed, geometry) == expected);
  }
  CHECK(all_resident<B>(images));
  CHECK(resident[1].streamed() == false);
  CHECK(streamed[1].streamed());
}

TEST_CASE("of a huge image only the glimpses are read, where its symmetry puts them", "[glimpse]") {
  using B = ReferenceBackend<float>;
  B b;
  const Procedural slide;
  const StreamedImage streamed(slide);
  const GlimpseGeometry geometry{.side = 16, .scales = 3};
  const std::vector<float> at{0.5f, -0.5f};
  const auto location = make_tensor<B, float>(b, {1, 2}, at);
  Tensor<B> patches = b.zeros(ops::glimpse_shape(1, geometry));
  const auto reads = [&](Symmetry symmetry) {
    slide.reads->clear();
    const OrientedImage<B> seen{.symmetry = symmetry, .source = &streamed};
    ops::crop_glimpses(b, ImageBatch<B>(&seen, 1), location, geometry, patches);
    return *slide.reads;
  };
  // By hand: the centre is (75000, 20000), in windows of 16, 32 and 64 pixels.
  CHECK(reads(Symmetry::identity) == std::vector<std::array<Index, 5>>{{74992, 19992, 16, 16, 1},
                                                                       {74984, 19984, 16, 16, 2},
                                                                       {74968, 19968, 16, 16, 4}});
  // Left and right change places: the window of columns 74992 to 75007 shows 24992 to 25007.
  CHECK(reads(Symmetry::flip_horizontal)[0] == std::array<Index, 5>{24992, 19992, 16, 16, 1});
  // Turned clockwise the image is 80000 wide: (60000, 25000) shows column 25000 and row 80000 - 60000.
  CHECK(reads(Symmetry::rotate_90)[0] == std::array<Index, 5>{24992, 19992, 16, 16, 1});
  CHECK(reads(Symmetry::rotate_270)[0] == std::array<Index, 5>{74992, 59992, 16, 16, 1});
  const OrientedImage<B> turned{.symmetry = Symmetry::rotate_90, .source = &streamed};
  CHECK(ops::stored_size(b, turned) == ImageSize{100000, 80000});
  CHECK(ops::seen_size(b, turned) == ImageSize{80000, 100000});
}

TEST_CASE("the same glimpse several times in a row is read once", "[glimpse]") {
  using B = ReferenceBackend<float>;
  B b;
  const RgbImage image = noise_image(20, 10);
  Index pixels_read = 0;
  const StreamedImage streamed{Slide{&image, &pixels_read}};
  const GlimpseGeometry geometry{.side = 4};
  const auto patches_of = [&](const std::vector<Symmetry>& symmetries, const std::vector<float>& at) {
    std::vector<OrientedImage<B>> images;
    for (const Symmetry symmetry : symmetries) images.push_back({.symmetry = symmetry, .source = &streamed});
    const auto batch = static_cast<Index>(images.size());
    Tensor<B> patches = b.zeros(ops::glimpse_shape(batch, geometry));
    pixels_read = 0;
    ops::crop_glimpses(b, ImageBatch<B>(images), make_tensor<B, float>(b, {batch, 2}, at), geometry, patches);
    return to_vector(b, patches);
  };
  using enum Symmetry;
  const auto patches = patches_of({identity, identity, identity}, {0, 0, 0, 0, 0, 0});
  CHECK(pixels_read == 16);
  CHECK(std::equal(patches.begin(), patches.begin() + 96, patches.begin() + 48));
  CHECK(std::vector(patches.begin(), patches.begin() + 48) == patches_of({identity}, {0, 0}));
  for (const std::vector<float>& at : {std::vector<float>{0, 0, 0.5f, 0}, {0, 0, 0, 0.5f}}) {
    const auto two = patches_of({identity, identity}, at);
    CHECK(pixels_read == 32);
    CHECK(std::vector(two.begin() + 48, two.end()) == patches_of({identity}, {at[2], at[3]}));
  }
  static_cast<void>(patches_of({identity, transpose}, {0, 0, 0, 0}));
  CHECK(pixels_read == 32);
}

TEST_CASE("what a source throws comes out of the crop", "[glimpse]") {
  struct Broken : Procedural {
    void read_region(Index, Index, Index, Index, Index, std::span<std::uint8_t>) const {
      throw FileError("\"a.svs\": tile 7 cannot be read");
    }
  };
  using B = ReferenceBackend<float>;
  B b;
  const StreamedImage streamed{Broken{}};
  const std::vector<OrientedImage<B>> images{{.source = &streamed}};
  CHECK_THROWS_WITH(cropped<B>(b, images, {.side = 4}), "\"a.svs\": tile 7 cannot be read");
  // Of several, each is named by its place in the batch.
  const RgbImage sound(8, 8);
  const StreamedImage whole{saccade_test::Slide{&sound}}, other{Broken{}};
  const std::vector<OrientedImage<B>> batch{
      {.source = &whole}, {.source = &streamed}, {.source = &whole}, {.source = &other}};
  try {
    static_cast<void>(cropped<B>(b, batch, {.side = 4}));
    FAIL("nothing was thrown");
  } catch (const BadRowsError& error) {
    REQUIRE(error.rows().size() == 2);
    CHECK(error.rows()[0].row == 1);
    CHECK(error.rows()[1].row == 3);
    CHECK(error.rows()[1].problem == "\"a.svs\": tile 7 cannot be read");
  }
}

TEST_CASE("a batch that is neither resident nor streamed, or both, is refused", "[glimpse]") {
  using B = ReferenceBackend<float>;
  B b;
  const RgbImage image = noise_image(20, 10);
  const ImageView view = image.view();
  const StreamedImage streamed{Slide{&image}};
  const auto look = [&](OrientedImage<B> each, Index side) {
    const std::vector<OrientedImage<B>> images{{&view}, each};
    return cropped<B>(b, images, {.side = side});
  };
  CHECK_THROWS_WITH(look({}, 5), "crop_glimpses: image 1 is missing");
  CHECK_THROWS_WITH(look({.image = &view, .source = &streamed}, 5),
                    "crop_glimpses: image 1 is both resident and streamed");
  const RgbImage small = noise_image(20, 7);
  const StreamedImage low{Slide{&small}};
  CHECK_THROWS_WITH(look({.source = &low}, 9), "crop_glimpses: image 1 is 20 x 7, smaller than the glimpse of 9 x 9");
}
