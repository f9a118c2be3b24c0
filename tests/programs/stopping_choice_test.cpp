#include <vector>

#include "../../studies/common/stopping_choice.hpp"
#include "support/catch.hpp"

using bench::choose_stopping;
using saccade::metrics::StoppingPoint;

TEST_CASE("a threshold is chosen by some images and judged on others", "[studies]") {
  // Half a point below 0.9 is 0.895: the second threshold has the fewest glimpses of those that keep it.
  const std::vector<StoppingPoint> held_out{{0, 1, 0.7}, {0.5, 2, 0.8955}, {0.9, 3, 0.91}, {1.01, 4, 0.9}};
  const std::vector<StoppingPoint> judged{{0, 1, 0.6}, {0.5, 2.5, 0.8}, {0.9, 3.5, 0.9}, {1.01, 4, 0.95}};
  const bench::StoppingChoice choice = choose_stopping(held_out, judged);
  CHECK(choice.threshold == 0.5);
  CHECK(choice.glimpses == 2.5);
  CHECK(choice.accuracy == 0.8);
  // Where stopping always costs more, every glimpse is taken.
  const std::vector<StoppingPoint> steep{{0, 1, 0.1}, {0.5, 2, 0.2}, {0.9, 3, 0.3}, {1.01, 4, 0.9}};
  CHECK(choose_stopping(steep, judged).threshold == 1.01);
}
