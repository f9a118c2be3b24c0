#include <saccade/math/policy.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstdint>

using namespace saccade;

TEST_CASE("a uniform draw lies inside its interval and fills it evenly", "[policy]") {
  CHECK(math::uniform_draw(-1.0, 3.0, {{0x40000000, 0, 0, 0}}) == Approx(0.0).margin(1e-6));
  CHECK(math::uniform_draw(-1.0f, 1.0f, {{0xffffffff, 0, 0, 0}}) < 1.0f);
  CHECK(math::uniform_draw(-1.0f, 1.0f, {{0, 0, 0, 0}}) > -1.0f);
}

TEST_CASE("a class is drawn where its running sum passes the number drawn", "[policy]") {
  const std::array<double, 4> probabilities{0.25, 0.0, 0.5, 0.25};
  const auto draw = [&](double u) {
    const auto word = static_cast<std::uint32_t>(u * 4294967296.0);
    return math::categorical_draw(probabilities.data(), 4, {{word, 0, 0, 0}});
  };
  CHECK(draw(0.0) == 0);
  CHECK(draw(0.249) == 0);
  CHECK(draw(0.26) == 2);  // the class of probability 0 is never drawn
  CHECK(draw(0.749) == 2);
  CHECK(draw(0.76) == 3);

  const std::array<float, 2> short_of_one{0.5f, 0.4f};
  CHECK(math::categorical_draw(short_of_one.data(), 2, {{0xffffffff, 0, 0, 0}}) == 1);
}
