#include <saccade/math/glimpse.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <limits>

using namespace saccade;
using math::GlimpseWindow;

namespace {

GlimpseWindow window(double x, double y, Border border, Index scale = 0, Index width = 700, Index height = 460) {
  const std::array place{x, y};
  const GlimpseGeometry geometry{.side = 112, .scales = 4, .border = border};
  return math::glimpse_window(geometry, scale, place.data(), width, height);
}

}  // namespace

TEST_CASE("windows of 112 over 700 x 460 by hand: each axis has its own extent", "[glimpse]") {
  CHECK(window(0, 0, Border::inside) == GlimpseWindow{294, 174, 112});       // 350 - 56, 230 - 56
  CHECK(window(0.5, -0.5, Border::inside) == GlimpseWindow{469, 59, 112});   // 525 - 56, 115 - 56
  CHECK(window(-0.2, 0.1, Border::inside) == GlimpseWindow{224, 197, 112});  // 280 - 56, 253 - 56
  CHECK(window(0, 0, Border::inside, 0, 700, 456) == GlimpseWindow{294, 172, 112});
  CHECK(window(0, 0, Border::inside, 0, 460, 700) == GlimpseWindow{174, 294, 112});
}

TEST_CASE("the borders shift the window inside or leave it outside", "[glimpse]") {
  CHECK(window(1, 1, Border::inside) == GlimpseWindow{588, 348, 112});  // 700 - 112, 460 - 112
  CHECK(window(-1, -1, Border::inside) == GlimpseWindow{0, 0, 112});
  CHECK(window(1, 1, Border::zero) == GlimpseWindow{644, 404, 112});  // 700 - 56, 460 - 56
  CHECK(window(-1, -1, Border::zero) == GlimpseWindow{-56, -56, 112});
  CHECK(window(1.5, 0, Border::zero) == GlimpseWindow{819, 174, 112});  // 875 - 56
  // The last location that needs no shift: the window touches the edge.
  CHECK(window(1.0 - 112.0 / 700.0, 0, Border::inside).x == 588);
}

TEST_CASE("scales are concentric, and one too wide for the image is centred on that axis", "[glimpse]") {
  CHECK(window(0, 0, Border::inside, 1) == GlimpseWindow{238, 118, 224});
  CHECK(window(0, 0, Border::inside, 2) == GlimpseWindow{126, 6, 448});
  CHECK(window(1, 1, Border::inside, 2) == GlimpseWindow{252, 12, 448});
  CHECK(window(1, 1, Border::inside, 3) == GlimpseWindow{-98, -218, 896});   // 350 - 448, 230 - 448, wherever one looks
  CHECK(window(0.5, 0.5, Border::zero, 3) == GlimpseWindow{77, -103, 896});  // 525 - 448, 345 - 448
  // 500 rows hold a window of 448, 300 columns do not.
  CHECK(window(1, 1, Border::inside, 2, 300, 500) == GlimpseWindow{-74, 52, 448});
}

TEST_CASE("halves of a pixel round up", "[glimpse]") {
  CHECK(math::glimpse_corner(0.0, 5, 2, Border::zero) == 2);    // 2.5 - 1 + 0.5 = 2
  CHECK(math::glimpse_corner(0.0, 5, 3, Border::zero) == 1);    // 2.5 - 1.5 + 0.5 = 1.5
  CHECK(math::glimpse_corner(-1.0, 5, 3, Border::zero) == -1);  // -1.5 + 0.5
  CHECK(math::glimpse_corner(0.0, 2, 3, Border::inside) == 0);  // 1 - 1.5 + 0.5
}

TEST_CASE("a location that is no place is the centre, one far away is outside", "[glimpse]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK(window(nan, nan, Border::inside) == GlimpseWindow{294, 174, 112});
  CHECK(window(nan, nan, Border::zero) == GlimpseWindow{294, 174, 112});
  CHECK(window(infinity, -infinity, Border::inside) == GlimpseWindow{588, 0, 112});
  CHECK(window(1e300, -1e300, Border::inside) == GlimpseWindow{588, 0, 112});
  CHECK(window(infinity, 0, Border::zero).x > 700);
  CHECK(window(-1e300, 0, Border::zero).x < -112);
  CHECK(math::glimpse_corner(std::numeric_limits<float>::max(), 700, 112, Border::inside) == 588);
}

TEST_CASE("the corner does not depend on the Scalar, and the window centres on its location", "[glimpse]") {
  int different = 0, far = 0;
  for (int i = -2000; i <= 2000; ++i) {
    const float location = static_cast<float>(i) / 1999.0f;
    const Index single = math::glimpse_corner(location, 700, 112, Border::zero);
    different += single != math::glimpse_corner(static_cast<double>(location), 700, 112, Border::zero);
    const double centre = (static_cast<double>(location) + 1.0) / 2.0 * 700.0;
    far += std::abs(static_cast<double>(single) + 56.0 - centre) > 0.501;
  }
  CHECK(different == 0);
  CHECK(far == 0);
}

TEST_CASE("a transposing symmetry exchanges width and height", "[glimpse]") {
  CHECK(math::oriented_width(Symmetry::rotate_90, 700, 460) == 460);
  CHECK(math::oriented_height(Symmetry::rotate_90, 700, 460) == 700);
  CHECK(math::oriented_width(Symmetry::rotate_180, 700, 460) == 700);
  CHECK(math::oriented_height(Symmetry::flip_vertical, 700, 460) == 460);
}

TEST_CASE("patch values are normalised, and pixels outside count as the mean colour", "[glimpse]") {
  const auto normalization = math::pixel_normalization<double>(0.5f, 0.25f);
  CHECK(math::patch_value(normalization, 0, 1, 1) == Approx(-2.0));  // (0 - 0.5) / 0.25
  CHECK(math::patch_value(normalization, 255, 1, 1) == Approx(2.0));
  CHECK(math::patch_value(normalization, 51, 1, 1) == Approx(-1.2));  // (0.2 - 0.5) / 0.25
  CHECK(math::patch_value(normalization, 510, 4, 4) == Approx(0.0).margin(1e-12));
  CHECK(math::patch_value(normalization, 765, 3, 4) == Approx(1.5));  // three of white, one outside
  CHECK(math::patch_value(normalization, 0, 0, 16) == 0.0);
  CHECK(math::patch_value(math::pixel_normalization<float>(0.5f, 0.25f), 255, 1, 1) == Approx(2.0f));
}

TEST_CASE("a zoom makes every window as wide as that of as many scales further on", "[glimpse]") {
  const GlimpseGeometry apart{.side = 8, .scales = 2, .scale_step = 4, .zooms = 3, .border = Border::zero};
  const std::array<double, 3> place{0, 0.5, 2};
  // Centre (50, 45) of 100 x 60; zoom 2 of steps of 4: 128 pixels, then 512.
  CHECK(math::glimpse_window(apart, 0, place.data(), 100, 60) == GlimpseWindow{-14, -19, 128});
  CHECK(math::glimpse_window(apart, 1, place.data(), 100, 60) == GlimpseWindow{-206, -211, 512});
  CHECK(apart.location_size() == 3);
  CHECK(apart.largest_reduction() == 64);
  const GlimpseGeometry one{.side = 8};
  CHECK(one.location_size() == 2);
  CHECK(one.largest_reduction() == 1);
}

TEST_CASE("any number stands for one of the zooms", "[glimpse]") {
  CHECK(math::glimpse_zoom(0.0, 4) == 0);
  CHECK(math::glimpse_zoom(0.49, 4) == 0);
  CHECK(math::glimpse_zoom(0.5, 4) == 1);
  CHECK(math::glimpse_zoom(2.0f, 4) == 2);
  CHECK(math::glimpse_zoom(2.9, 4) == 3);
  CHECK(math::glimpse_zoom(3.0, 4) == 3);
  CHECK(math::glimpse_zoom(1e30, 4) == 3);
  CHECK(math::glimpse_zoom(-7.0, 4) == 0);
  CHECK(math::glimpse_zoom(std::numeric_limits<double>::quiet_NaN(), 4) == 0);
  CHECK(math::glimpse_zoom(std::numeric_limits<float>::infinity(), 4) == 3);
}
