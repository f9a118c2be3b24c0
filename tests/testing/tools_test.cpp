#include <saccade/testing/gradient_check.hpp>
#include <saccade/testing/random_tensor.hpp>
#include <saccade/testing/report.hpp>

#include <algorithm>
#include <limits>
#include <set>

#include "support/catch.hpp"

using namespace saccade::testing;

TEST_CASE("a report keeps the first sentence and counts the rest") {
  Report report;
  CHECK(report.passed());
  CHECK(report.message().empty());
  report.fail("first");
  CHECK(report.message() == "first");
  report.expect(true, "second");
  report.expect(false, "third");
  CHECK_FALSE(report.passed());
  CHECK(report.message() == "first (and 1 more)");
}

TEST_CASE("comparisons catch NaN, infinity and a missing number") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const auto fails = [](const std::vector<double>& actual, const std::vector<double>& expected) {
    Report report;
    expect_values(report, "here", "y", actual, expected, 0.5);
    return !report.passed();
  };
  CHECK_FALSE(fails({1, 2}, {1.5, 2}));
  CHECK_FALSE(fails({infinity}, {infinity}));
  CHECK(fails({1, 2}, {1, 2.75}));
  CHECK(fails({nan}, {nan}));
  CHECK(fails({nan}, {0}));
  CHECK(fails({infinity}, {0}));
  CHECK(fails({0}, {infinity}));
  CHECK(fails({1}, {1, 2}));
}

TEST_CASE("central differences are exact for a quadratic") {
  const auto loss = [](const std::vector<double>& v) { return v[0] * v[0] + 3 * v[0] * v[1]; };
  const std::vector<double> gradient = numeric_gradient({2, 5}, 0.25, loss);
  CHECK(gradient[0] == Approx(2 * 2 + 3 * 5));
  CHECK(gradient[1] == Approx(3 * 2));
}

TEST_CASE("test data is repeatable, depends on its name, and is exact in short formats") {
  CHECK(random_values("x", {3, 5}) == random_values("x", {3, 5}));
  CHECK(random_values("x", {3, 5}) != random_values("w", {3, 5}));
  for (const double value : random_values("x", {1000})) {
    CHECK(std::abs(value) <= 2);
    CHECK(value * 64 == std::round(value * 64));
  }
  const std::vector<double> distinct = random_distinct_values("x", {41});
  CHECK(std::set<double>(distinct.begin(), distinct.end()).size() == 41);
  CHECK(std::none_of(distinct.begin(), distinct.end(), [](double value) { return std::abs(value) < 0.0625; }));
  CHECK_FALSE(std::is_sorted(distinct.begin(), distinct.end()));
}
