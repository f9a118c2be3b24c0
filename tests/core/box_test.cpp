#include <saccade/core/box.hpp>

#include "support/catch.hpp"

using namespace saccade;

TEST_CASE("the common part of two boxes", "[box]") {
  const Box a{0, 0, 10, 6};
  CHECK(a.intersection({4, 2, 10, 10}) == Box{4, 2, 6, 4});
  CHECK(a.intersection({-3, -3, 5, 5}) == Box{0, 0, 2, 2});
  CHECK(a.intersection({2, 1, 3, 3}) == Box{2, 1, 3, 3});
  CHECK(a.intersection({10, 0, 4, 4}).area() == 0);  // they touch and share no pixel
  CHECK(a.intersection({50, 50, 4, 4}).area() == 0);
}

TEST_CASE("a box without extent has no area", "[box]") {
  CHECK(Box{0, 0, 3, 4}.area() == 12);
  CHECK(Box{0, 0, -3, -4}.area() == 0);
  CHECK(Box{0, 0, 3, 0}.area() == 0);
}
