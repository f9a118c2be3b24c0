#include <saccade/metrics/missing_classes.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("classes without an image are named, and what they leave open", "[metrics]") {
  const std::vector<std::string> classes{"a", "b", "c", "d"};
  const auto missing = [&](const std::vector<Index>& labels) { return missing_classes(classes, labels); };
  CHECK(missing({3, 1, 0, 2}).empty());
  CHECK(missing_classes_sentence("test", missing({3, 1, 0, 2})).empty());
  CHECK(missing({0, 3, 0}) == std::vector<std::string>{"b", "c"});
  CHECK(
      missing_classes_sentence("validation", missing({0, 2, 3})) ==
      "no validation image is of class \"b\": balanced accuracy, macro F1, the mean area under the ROC curve and what "
      "belongs to this class alone are not given");
  CHECK_THAT(missing_classes_sentence("test", missing({1})),
             contains("no test image is of class \"a\", \"c\" or \"d\": balanced accuracy"));
}
