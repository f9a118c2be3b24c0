#include <saccade/math/stain.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>

using namespace saccade;
using namespace saccade::math;

namespace {

void check_near(const Vector3& one, const Vector3& two) {
  for (std::size_t i = 0; i < 3; ++i) CHECK(one[i] == Approx(two[i]).margin(1e-12));
}

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// scale * v.
Vector3 times(double scale, const Vector3& v) { return {scale * v[0], scale * v[1], scale * v[2]}; }

}  // namespace

TEST_CASE("stain vectors are those of Ruifrok and Johnston, of length 1, the third at right angles", "[stain]") {
  const Matrix3 stains = stain_vectors();
  // (0.65, 0.70, 0.29) is 0.9984 long: 0.4225 + 0.49 + 0.0841 = 0.9966.
  CHECK(stains[0][0] == Approx(0.65 / std::sqrt(0.9966)));
  CHECK(stains[1][1] == Approx(0.99 / std::sqrt(0.0049 + 0.9801 + 0.0121)));
  for (const Vector3& stain : stains) CHECK(dot(stain, stain) == Approx(1));
  CHECK(dot(stains[2], stains[0]) == Approx(0).margin(1e-12));
  CHECK(dot(stains[2], stains[1]) == Approx(0).margin(1e-12));
}

TEST_CASE("an inverse by hand", "[stain]") {
  const Matrix3 found = inverse({Vector3{2, 0, 0}, Vector3{1, 1, 0}, Vector3{0, 0, 4}});
  check_near(found[0], {0.5, 0, 0});
  check_near(found[1], {-0.5, 1, 0});
  check_near(found[2], {0, 0, 0.25});
}

TEST_CASE("each stain's concentration is scaled and shifted, and no other's", "[stain]") {
  const Matrix3 stains = stain_vectors();
  const StainMap map({.scale = {2, 0.5, 3}, .shift = {0.1, 0, 0}});
  // A pixel of pure haematoxylin has twice as much of it and 0.1 more; one of eosin half as much, and that 0.1 too.
  check_near(map(stains[0]), times(2.1, stains[0]));
  const Vector3 expected = times(0.5, stains[1]), shift = times(0.1, stains[0]);
  check_near(map(stains[1]), {expected[0] + shift[0], expected[1] + shift[1], expected[2] + shift[2]});
  check_near(map({0, 0, 0}), shift);
}

TEST_CASE("no change changes no density", "[stain]") {
  const StainMap map{StainChange{}};
  check_near(map({0.3, 1.7, 5}), {0.3, 1.7, 5});
}

TEST_CASE("an optical density is the logarithm of what is absorbed", "[stain]") {
  CHECK(optical_density(255) == 0);
  CHECK(optical_density(127) == Approx(std::log(2)));
  CHECK(optical_density(0) == Approx(8 * std::log(2)));
  for (int value = 0; value < 256; ++value)
    CHECK(transmitted(optical_density(static_cast<std::uint8_t>(value))) == value);
  CHECK(transmitted(-0.5) == 255);
  CHECK(transmitted(50) == 0);
}
