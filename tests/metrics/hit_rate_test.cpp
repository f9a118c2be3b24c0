#include <saccade/metrics/hit_rate.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("a glimpse hits when it holds the middle of the focus", "[metrics]") {
  const Box focus{100, 50, 20, 10};  // middle (110, 55)
  CHECK(hits({110, 55, 1, 1}, focus));
  CHECK(hits({91, 36, 20, 20}, focus));
  CHECK_FALSE(hits({90, 36, 20, 20}, focus));   // columns end at 109
  CHECK_FALSE(hits({111, 50, 20, 20}, focus));  // overlaps, but begins right of the middle
  CHECK_FALSE(hits({100, 35, 20, 20}, focus));  // rows end at 54
}

TEST_CASE("hits are counted by step and at any step", "[metrics]") {
  const Box focus{0, 0, 10, 10}, on{0, 0, 10, 10}, off{50, 50, 10, 10};
  HitRate rate_of_hits;
  CHECK(std::isnan(rate_of_hits.any()));
  rate_of_hits.add(std::vector<Box>{off, on}, focus);
  rate_of_hits.add(std::vector<Box>{on, on}, focus);
  rate_of_hits.add(std::vector<Box>{off, off}, focus);
  rate_of_hits.add(std::vector<Box>{off, on}, focus);
  CHECK(rate_of_hits.by_step() == std::vector<double>{0.25, 0.75});
  CHECK(rate_of_hits.any() == 0.75);
  CHECK(rate_of_hits.images() == 4);
}
