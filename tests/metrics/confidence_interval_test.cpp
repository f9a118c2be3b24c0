#include <saccade/metrics/confidence_interval.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace saccade;
using namespace saccade::metrics;

TEST_CASE("Wilson's interval by hand", "[metrics]") {
  // 90 % of 24 patients; worked out with a pocket calculator from z^2 = 3.8415.
  const Interval interval = wilson_interval(21.6, 24);
  CHECK(interval.low == Approx(0.7203).margin(2e-3));
  CHECK(interval.high == Approx(0.9692).margin(2e-3));
  CHECK(wilson_interval(0, 10).low == 0.0);
  CHECK(wilson_interval(0, 10).high == Approx(3.8415 / 13.8415).epsilon(1e-4));  // z^2 / (n + z^2)
  CHECK(wilson_interval(10, 10).high == Approx(1.0));
  CHECK(std::isnan(wilson_interval(0, 0).low));
}

namespace {

Interval interval_of_mean(const std::vector<double>& scores, std::uint64_t seed) {
  return bootstrap_interval(
      static_cast<Index>(scores.size()),
      [&](std::span<const Index> drawn) {
        double sum = 0;
        for (const Index i : drawn) sum += scores[static_cast<std::size_t>(i)];
        return sum / static_cast<double>(drawn.size());
      },
      seed, 4000);
}

}  // namespace

TEST_CASE("the bootstrap of a mean has the width of its standard error", "[metrics]") {
  // 50 zeros and 50 ones: the standard error of the mean is 0.05, so the interval is 0.5 -+ 1.96 * 0.05.
  std::vector<double> scores(100, 0.0);
  for (std::size_t i = 0; i < 50; ++i) scores[i] = 1;
  const Interval interval = interval_of_mean(scores, 1);
  CHECK(interval.low == Approx(0.402).margin(0.012));
  CHECK(interval.high == Approx(0.598).margin(0.012));
}

TEST_CASE("one seed gives one interval, equal scores an interval of no width", "[metrics]") {
  const std::vector<double> scores = {0.2, 0.9, 0.4, 0.7, 0.65};
  CHECK(interval_of_mean(scores, 3).low == interval_of_mean(scores, 3).low);
  CHECK(interval_of_mean(scores, 3).high == interval_of_mean(scores, 3).high);
  CHECK(interval_of_mean({0.6, 0.6}, 3).low == Approx(0.6));
  CHECK(interval_of_mean({0.6, 0.6}, 3).high == Approx(0.6));
}

TEST_CASE("draws without a value are left out", "[metrics]") {
  const auto first_or_nothing = [](std::span<const Index> drawn) {
    return drawn[0] == 0 ? 0.25 : std::numeric_limits<double>::quiet_NaN();
  };
  const Interval interval = bootstrap_interval(2, first_or_nothing, 1, 100);
  CHECK(interval.low == 0.25);
  CHECK(interval.high == 0.25);
  CHECK(std::isnan(bootstrap_interval(0, first_or_nothing, 1).low));
}

TEST_CASE("several figures share their draws, and each leaves out its own", "[metrics]") {
  const auto both = [](std::span<const Index> drawn) {
    const double first = static_cast<double>(drawn[0]);
    return std::vector<double>{first, drawn[0] == 0 ? std::numeric_limits<double>::quiet_NaN() : first};
  };
  const auto alone = [](std::span<const Index> drawn) { return static_cast<double>(drawn[0]); };
  const std::vector<Interval> intervals = bootstrap_intervals(3, 2, both, 5, 200);
  const Interval one = bootstrap_interval(3, alone, 5, 200);
  CHECK(intervals[0].low == one.low);
  CHECK(intervals[0].high == one.high);
  CHECK(intervals[0].low == 0);
  CHECK(intervals[1].low == 1);
  CHECK(intervals[1].high == 2);
  CHECK(std::isnan(bootstrap_intervals(0, 2, both, 5)[1].low));
}
