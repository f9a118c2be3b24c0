#include <saccade/report/svg_chart.hpp>

#include "support/catch.hpp"

#include <limits>
#include <regex>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// The words of a chart, in order.
std::vector<std::string> words(const std::string& svg) {
  static const std::regex text("<text[^>]*>([^<]*)</text>");
  std::vector<std::string> found;
  for (std::sregex_iterator it(svg.begin(), svg.end(), text), end; it != end; ++it) found.push_back((*it)[1]);
  return found;
}

/// The numbers of the first path that is drawn with a thick line.
std::vector<double> curve(const std::string& svg) {
  static const std::regex path("<path d=\"([^\"]*)\" fill=\"none\" stroke=\"#[0-9a-f]{6}\" stroke-width=\"2\"");
  static const std::regex number("[0-9.]+");
  std::smatch match;
  std::vector<double> numbers;
  if (!std::regex_search(svg, match, path)) return numbers;
  const std::string d = match[1];
  for (std::sregex_iterator it(d.begin(), d.end(), number), end; it != end; ++it)
    numbers.push_back(std::stod(it->str()));
  return numbers;
}

}  // namespace

TEST_CASE("points stand where the axes say", "[report][svg]") {
  Chart chart{.title = "T",
              .series = {{"a", {{0, 0}, {5, 0.5}, {10, 1}}}},
              .y_low = 0,
              .y_high = 1,
              .width = 400,
              .height = 200};
  const std::string svg = svg_chart(chart, "x");
  // The axis of y: labels of three letters of 8 units, so the plot begins at 6 + 24 + 8 and ends at 400 - 14; it
  // reaches from 200 - 24 up to 8 + 4.
  const std::vector<double> at = curve(svg);
  REQUIRE(at.size() == 6);
  CHECK(at[0] == Approx(38));
  CHECK(at[1] == Approx(176));
  CHECK(at[2] == Approx((38 + 386) / 2));
  CHECK(at[3] == Approx((176 + 12) / 2.0));
  CHECK(at[4] == Approx(386));
  CHECK(at[5] == Approx(12));
  CHECK_THAT(svg, contains("viewBox=\"0 0 400 200\" role=\"img\" aria-label=\"T\""));
}

TEST_CASE("what is counted has no marks between whole numbers", "[report][svg]") {
  const auto marks_of = [](std::vector<Point> points) {
    return words(svg_chart({.series = {{"a", std::move(points)}}, .y_low = 0, .y_high = 1}, "x"));
  };
  const std::vector<std::string> three = marks_of({{1, 0}, {2, 0}, {3, 1}});
  const std::vector<std::string> expected{"1", "2", "3"};
  REQUIRE(three.size() >= 3);
  CHECK(std::vector<std::string>(three.end() - 3, three.end()) == expected);
  CHECK(marks_of({{1, 0.5}}).back() == "1");
  // 0.5 lies between: it is not a count.
  CHECK(marks_of({{0, 0}, {0.5, 1}, {1, 1}}).back() == "1.0");
}

TEST_CASE("series differ by colour, dashes and shape", "[report][svg]") {
  Chart chart;
  for (int i = 0; i < 5; ++i) chart.series.push_back({"series " + std::to_string(i), {{0, 1.0 * i}, {1, 1.0 * i}}});
  const std::string svg = svg_chart(chart, "x");
  for (const char* mark : {"<circle ", "<rect x", "Z\"", "h2.4v2.8"})
    CHECK(count(svg, mark) >= 3);              // legend, two points
  CHECK(count(svg, "stroke-dasharray") == 8);  // four of five, in the legend and in the plot
  const std::vector<std::string> names = words(svg);
  CHECK(names[0] == "series 0");
  CHECK(names[4] == "series 4");
}

TEST_CASE("a gap stays a gap, a point alone is marked, a long curve is marked sparsely", "[report][svg]") {
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  const std::string gap = svg_chart({.series = {{"a", {{0, 0}, {1, 1}, {2, nothing}, {3, 1}}}}}, "x");
  CHECK(count(gap, "<circle") == 3);
  CHECK(curve(gap).size() == 6);
  std::vector<Point> many;
  for (int i = 0; i < 1000; ++i) many.push_back({1.0 * i, 1.0 * (i % 7)});
  CHECK(count(svg_chart({.series = {{"a", many}}}, "x"), "<circle") == 10);
  const std::string empty = svg_chart({}, "x");
  CHECK_THAT(empty, contains("</svg>"));
  CHECK(empty.find("nan") == std::string::npos);
  const std::string infinite = svg_chart({.series = {{"a", {{0, 1e308}, {1, -1e308}, {2, 1}}}}}, "x");
  CHECK(infinite.find("nan") == std::string::npos);
  CHECK(infinite.find("inf") == std::string::npos);
}

TEST_CASE("names of series cannot become markup", "[report][svg]") {
  const std::string svg =
      svg_chart({.title = "<b>", .series = {{"</svg><script>", {{0, 1}}}, {"b", {{0, 1}}}}}, "a\"b");
  CHECK(svg.find("<script") == std::string::npos);
  CHECK_THAT(svg, contains("&lt;/svg&gt;&lt;script&gt;"));
  CHECK_THAT(svg, contains("aria-label=\"&lt;b&gt;\""));
  CHECK(svg.find("a\"b") == std::string::npos);
  CHECK(svg_bars("<b>", "a\"b", {{.label = "<i>", .value = 1}}).find("<i>") == std::string::npos);
}

TEST_CASE("bars are as long as their shares, their intervals drawn from end to end", "[report][svg]") {
  const std::string svg = svg_bars("T", "x",
                                   {{.label = "a", .value = 0.5, .low = 0.25, .high = 1, .series = 0},
                                    {.label = "b", .value = 0.25, .low = std::nan(""), .series = 1},
                                    {.label = "c", .value = std::nan(""), .low = std::nan("")}},
                                   "", 500);
  // A label of one letter: the axis begins at 6 + 8 + 8 = 22 and ends at 500 - 28 = 472; it is 450 long.
  CHECK_THAT(svg, contains("<rect x=\"22\" y=\"8\" width=\"225\" height=\"16\" fill"));
  CHECK_THAT(svg, contains("<rect x=\"22\" y=\"30\" width=\"112.5\""));
  CHECK_THAT(svg, contains("<path d=\"M134.5 12V20M134.5 16H472M472 12V20\""));
  CHECK(count(svg, "stroke=\"#111827\"") == 1);
  CHECK(count(svg, "<rect") == 3);  // one of them the hatching of the odd series
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(words(svg)[0] == "0 %");
}
