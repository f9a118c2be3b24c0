#include <saccade/data/split_report.hpp>

#include "data/small_dataset.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;
using saccade_test::small_dataset;

TEST_CASE("a group in two parts is reported in a sentence", "[split]") {
  const Dataset dataset = small_dataset({"a", "b"}, {{"s5", 0}, {"s5", 0}, {"s6", 1}, {"s7", 1}, {"s6", 1}, {"s5", 1}});
  const Split split{.train = {0, 2}, .validation = {1, 3}, .test = {4, 5}};
  const auto leaks = find_leaks(dataset, split);
  REQUIRE(leaks.size() == 2);
  CHECK(leak_report(leaks, "slide") ==
        "slide s5 is in train (1 images) and validation (1) and test (1)\n"
        "slide s6 is in train (1 images) and test (1)\n");
  CHECK(leak_report({}, "case") == "no case is in two parts\n");
  CHECK(leak_report({}, "image") == "each image is a group of its own: images of one origin may be in two parts\n");
}

TEST_CASE("many leaks are counted", "[split]") {
  std::vector<std::pair<std::string, Index>> samples;
  Split split;
  for (int group = 0; group < 12; ++group) {
    for (std::vector<Index>* part : {&split.train, &split.test}) {
      part->push_back(static_cast<Index>(samples.size()));
      samples.emplace_back("g" + std::to_string(group), 0);
    }
  }
  const std::string report = leak_report(find_leaks(small_dataset({"a"}, samples), split), "group");
  CHECK_THAT(report, contains("group g6 is in train (1 images) and test (1)\n"));
  CHECK_THAT(report, contains("and 2 more, 12 in all\n"));
}

TEST_CASE("a split is a table of images, groups and classes by part", "[split]") {
  Dataset dataset = small_dataset({"cat", "elephant"}, {{"1", 0}, {"1", 0}, {"2", 1}, {"3", 0}, {"4", 1}});
  const Split split{.train = {0, 1, 2}, .validation = {}, .test = {3, 4}};
  CHECK(describe_split(dataset, split, "split random:1 by group") ==
        "split random:1 by group\n"
        "                 train  validation        test\n"
        "images               3           0           2\n"
        "groups               2           0           2\n"
        "cat                  2           0           1\n"
        "elephant             1           0           1\n");
  dataset.grouping = "image";
  CHECK(describe_split(dataset, split, "split all") ==
        "split all\n"
        "                 train  validation        test\n"
        "images               3           0           2\n"
        "cat                  2           0           1\n"
        "elephant             1           0           1\n");
}
