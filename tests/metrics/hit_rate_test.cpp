#include <saccade/metrics/hit_rate.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("a glimpse hits when it has half of the smaller box in common with the region", "[metrics]") {
  const Box region{100, 50, 20, 10};  // area 200
  CHECK(hits(region, region));
  CHECK(hits({110, 50, 40, 40}, region));        // large: shows 10 x 10 = 100 of 200
  CHECK_FALSE(hits({111, 50, 40, 40}, region));  // 9 x 10 = 90 of 200
  CHECK(hits({95, 50, 10, 10}, region));         // small, area 100: 5 x 10 = 50 of it inside
  CHECK_FALSE(hits({94, 50, 10, 10}, region));   // 4 x 10 = 40 of 100
  CHECK_FALSE(hits({200, 50, 20, 10}, region));
  CHECK_FALSE(hits({110, 55, 0, 0}, region));
}

TEST_CASE("hits are counted by step and at any step", "[metrics]") {
  const std::vector<Box> regions{{0, 0, 10, 10}};
  const Box on{0, 0, 10, 10}, off{50, 50, 10, 10};
  HitRate rate_of_hits;
  CHECK(std::isnan(rate_of_hits.any()));
  rate_of_hits.add(std::vector<Box>{off, on}, regions);
  rate_of_hits.add(std::vector<Box>{on, on}, regions);
  rate_of_hits.add(std::vector<Box>{off, off}, regions);
  rate_of_hits.add(std::vector<Box>{off, on}, regions);
  CHECK(rate_of_hits.by_step() == std::vector<double>{0.25, 0.75});
  CHECK(rate_of_hits.any() == 0.75);
  CHECK(rate_of_hits.images() == 4);
}

TEST_CASE("any region of an image will do, and an image without one does not count", "[metrics]") {
  const std::vector<Box> two{{0, 0, 10, 10}, {40, 0, 10, 10}};
  const Box first{0, 0, 10, 10}, second{40, 0, 10, 10}, off{80, 80, 10, 10};
  HitRate rate_of_hits;
  rate_of_hits.add(std::vector<Box>{first, second, off}, two);
  rate_of_hits.add(std::vector<Box>{off, second, off}, two);
  rate_of_hits.add(std::vector<Box>{first, first, first}, {});
  CHECK(rate_of_hits.images() == 2);
  CHECK(rate_of_hits.any() == 1);
  CHECK(rate_of_hits.by_step() == std::vector<double>{0.5, 1, 0});
}

TEST_CASE("all regions are found once glimpses have found each of them, whichever came first", "[metrics]") {
  const std::vector<Box> two{{0, 0, 10, 10}, {40, 0, 10, 10}};
  const Box first{0, 0, 10, 10}, second{40, 0, 10, 10}, off{80, 80, 10, 10}, both{0, 0, 60, 60};
  HitRate rate_of_hits;
  rate_of_hits.add(std::vector<Box>{second, off, first}, two);     // in the third step
  rate_of_hits.add(std::vector<Box>{first, first, first}, two);    // never
  rate_of_hits.add(std::vector<Box>{off, both, off}, two);         // in the second, at once
  rate_of_hits.add(std::vector<Box>{first}, std::vector{two[0]});  // the only one, and the path ends
  CHECK(rate_of_hits.all_by_step() == std::vector<double>{0.25, 0.5, 0.75});
  CHECK(rate_of_hits.by_step() == std::vector<double>{0.75, 0.5, 0.5});
  CHECK(rate_of_hits.any() == 1);
  CHECK(HitRate().all_by_step().empty());
}
