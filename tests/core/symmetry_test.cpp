#include <saccade/core/symmetry.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace saccade;

namespace {

// abc      as 3 x 2 letters; the transformed picture read row by row.
// def
std::string seen(Symmetry symmetry) {
  const std::string source = "abcdef";
  const Index width = transposes(symmetry) ? 2 : 3, height = transposes(symmetry) ? 3 : 2;
  std::string text;
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      const PixelPosition at = source_pixel(symmetry, x, y, 3, 2);
      text += source.at(static_cast<std::size_t>(at.y * 3 + at.x));
    }
  }
  return text;
}

}  // namespace

TEST_CASE("the eight symmetries of a picture that is wider than high", "[symmetry]") {
  CHECK(seen(Symmetry::identity) == "abcdef");
  CHECK(seen(Symmetry::rotate_90) == "daebfc");  // clockwise: the left column becomes the top row, read upwards
  CHECK(seen(Symmetry::rotate_180) == "fedcba");
  CHECK(seen(Symmetry::rotate_270) == "cfbead");
  CHECK(seen(Symmetry::flip_horizontal) == "cbafed");
  CHECK(seen(Symmetry::flip_vertical) == "defabc");
  CHECK(seen(Symmetry::transpose) == "adbecf");
  CHECK(seen(Symmetry::anti_transpose) == "fcebda");
}

TEST_CASE("the symmetries are eight different pictures", "[symmetry]") {
  std::set<std::string> pictures;
  for (int s = 0; s < symmetry_count; ++s) pictures.insert(seen(static_cast<Symmetry>(s)));
  CHECK(pictures.size() == 8);
}
