#include <saccade/training/class_weights.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace saccade;

TEST_CASE("Balanced weights are inverse to the classes' images, and 1 in the mean over images", "[training]") {
  const std::vector<Index> images{60, 30, 10};
  const std::vector<double> weights = class_weights(ClassWeights::balanced, images);
  REQUIRE(weights.size() == 3);
  CHECK(weights[0] == Approx(100.0 / 180));
  CHECK(weights[1] == Approx(100.0 / 90));
  CHECK(weights[2] == Approx(100.0 / 30));
  CHECK((60 * weights[0] + 30 * weights[1] + 10 * weights[2]) / 100 == Approx(1.0));
  CHECK(class_weights(ClassWeights::balanced, std::vector<Index>{7, 7}) == std::vector<double>{1, 1});
  CHECK(class_weights(ClassWeights::none, images).empty());
}

TEST_CASE("A class without a training image weighs 1 and counts for nothing", "[training]") {
  CHECK(class_weights(ClassWeights::balanced, std::vector<Index>{9, 0, 3}) ==
        std::vector<double>{12.0 / 18, 1, 12.0 / 6});
}

TEST_CASE("Weights that do not fit the classes are refused", "[training]") {
  CHECK_NOTHROW(expect_class_weights({}, 3));
  CHECK_NOTHROW(expect_class_weights(std::vector<double>{1, 0.5}, 2));
  CHECK_THROWS_WITH(expect_class_weights(std::vector<double>{1, 1}, 3),
                    "training: 3 classes need as many weights, but there are 2");
  CHECK_THROWS_WITH(expect_class_weights(std::vector<double>{1, 0}, 2),
                    "training: a class weight must be greater than 0, but is 0.000000");
}
