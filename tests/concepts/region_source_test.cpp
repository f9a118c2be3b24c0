#include <saccade/core/image.hpp>

#include "support/catch.hpp"

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
static_assert(!RegionSource<ImageView> && !RegionSource<RgbImage> && !RegionSource<int>);

}  // namespace

TEST_CASE("a region source of a gigapixel needs no gigabyte") {
  const GreySource source;
  std::uint8_t pixels[2 * 2 * 3] = {};
  source.read_region(1000, 1000, 2, 2, 1, pixels);
  CHECK(source.width() * source.height() == Index{1} << 39);
  CHECK(pixels[11] == 128);
}
