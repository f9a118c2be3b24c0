#include <saccade/core/any_image.hpp>

#include "support/catch.hpp"

#include <memory>
#include <type_traits>
#include <utility>

using namespace saccade;

namespace {

/// A picture of one grey, of any size.
struct GreySource {
  Index width_ = 1 << 20;
  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] Index height() const { return 1 << 19; }
  void read_region(Index, Index, Index, Index, Index, std::span<std::uint8_t> pixels) const {
    for (std::uint8_t& byte : pixels) byte = 128;
  }
};
struct NoReduction : GreySource {
  void read_region(Index, Index, Index, Index, std::span<std::uint8_t>) const {}
};
struct ChangesWhenRead : GreySource {
  void read_region(Index, Index, Index, Index, Index, std::span<std::uint8_t>) {}
};

static_assert(RegionSource<GreySource>);
static_assert(!RegionSource<NoReduction>);
static_assert(!RegionSource<ChangesWhenRead>);
static_assert(RegionSource<StreamedImage>);
static_assert(!RegionSource<ImageView> && !RegionSource<RgbImage> && !RegionSource<int>);
static_assert(std::is_constructible_v<StreamedImage, GreySource>);
static_assert(!std::is_constructible_v<StreamedImage, RgbImage> && !std::is_convertible_v<GreySource, StreamedImage>);

/// Open as long as its token is held.
struct OpenSource : GreySource {
  std::shared_ptr<int> token;
};

}  // namespace

TEST_CASE("a region source of a gigapixel needs no gigabyte") {
  const GreySource source;
  std::uint8_t pixels[2 * 2 * 3] = {};
  source.read_region(1000, 1000, 2, 2, 1, pixels);
  CHECK(source.width() * source.height() == Index{1} << 39);
  CHECK(pixels[11] == 128);
}

TEST_CASE("a streamed image hands on what it is asked for, and closes its source with its last copy") {
  const auto token = std::make_shared<int>();
  OpenSource source;
  source.token = token;
  source.width_ = 5;
  {
    const StreamedImage image(std::move(source));
    const StreamedImage copy = image;
    CHECK(token.use_count() == 2);
    CHECK(copy.width() == 5);
    CHECK(copy.height() == Index{1} << 19);
    std::uint8_t pixels[3] = {};
    copy.read_region(0, 0, 1, 1, 1, pixels);
    CHECK(pixels[2] == 128);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("an image of a data set is pixels or a source") {
  const AnyImage pixels = RgbImage(3, 2), source = StreamedImage(GreySource{7});
  CHECK(pixels.width() == 3);
  CHECK(pixels.height() == 2);
  CHECK(pixels.bytes() == 18);
  CHECK(pixels.source() == nullptr);
  CHECK(source.width() == 7);
  CHECK(source.height() == Index{1} << 19);
  CHECK(source.bytes() == 0);
  CHECK(source.pixels() == nullptr);
}
