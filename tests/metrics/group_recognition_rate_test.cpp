#include <saccade/metrics/group_recognition_rate.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("the rate is the mean over groups of their shares, not of images and not of majorities", "[metrics]") {
  // b: 6 of 10 right; a: 1 of 2 right. Images: 7 of 12; majorities: b alone is right.
  std::vector<std::string> group(10, "b");
  std::vector<Index> truth(10, 1), predicted(10, 1);
  for (std::size_t i = 0; i < 4; ++i) predicted[i] = 0;
  for (const Index answer : {0, 1}) {
    group.push_back("a");
    truth.push_back(0);
    predicted.push_back(answer);
  }
  const auto scores = score_groups(group, truth, predicted);
  CHECK(scores == std::vector<GroupScore>{{"a", 1, 2}, {"b", 6, 10}});
  CHECK(group_recognition_rate(scores) == Approx(0.55));
  CHECK(majority_accuracy(scores) == 0.5);  // half of the images of a is no majority
}

TEST_CASE("where each image is a group of its own the rate is the image accuracy, whatever the classes", "[metrics]") {
  const std::vector<std::string> group{"i1", "i2", "i3", "i4", "i5"};
  const std::vector<Index> truth{0, 1, 2, 3, 3}, predicted{0, 2, 2, 3, 1};
  CHECK(group_recognition_rate(score_groups(group, truth, predicted)) == Approx(0.6));
}

TEST_CASE("no group, no rate; lists of unequal length are refused", "[metrics]") {
  CHECK(std::isnan(group_recognition_rate({})));
  const std::vector<std::string> group = {"a"};
  const std::vector<Index> truth = {1, 0}, predicted = {1, 0};
  CHECK_THROWS_WITH(score_groups(group, truth, predicted), contains("groups of 1 images, 2 labels and 2 predictions"));
}
