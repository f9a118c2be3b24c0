#include <saccade/core/number_text.hpp>
#include <saccade/report/evaluation_table.hpp>
#include <saccade/report/html.hpp>
#include <saccade/report/svg_chart.hpp>
#include <saccade/training/memory.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

using namespace saccade;

namespace {

/// While one of these lives, the sign before a fraction is a comma, as programs with windows have it that are run in
/// German.
class German {
 public:
  German() {
    const std::string command =
        "localedef -i de_DE -f UTF-8 '" + (folder_ / "de_DE.UTF-8").string() + "' >/dev/null 2>&1";
    static_cast<void>(std::system(command.c_str()));  // its warnings are no failure: setlocale tells
    ::setenv("LOCPATH", folder_.path().c_str(), 1);
    known_ = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  }
  German(const German&) = delete;
  German& operator=(const German&) = delete;
  ~German() {
    std::setlocale(LC_ALL, "C");
    ::unsetenv("LOCPATH");
  }

  [[nodiscard]] bool known() const { return known_; }

 private:
  ScratchFolder folder_;
  bool known_ = false;
};

/// Whatever the library writes numbers into.
std::string numbers() {
  report::Chart chart{.title = "t", .x_label = "x"};
  chart.series.push_back({.name = "a", .points = {{1, 0.125}, {2, 12345.5}, {3, 1e-7}}});
  return report::svg_chart(chart, "c") + report::number_text(1e20) + report::short_number(0.25) +
         report::percent_text(0.123) + report::figure_text(0.5) + mebibytes(1 << 19) + short_text(0.5);
}

}  // namespace

TEST_CASE("numbers are written the same in every locale", "[report]") {
  const std::string plain = numbers();
  const German german;
  if (!german.known()) SKIP_TEST("localedef cannot make the locale de_DE: Debian's package locales has it");
  char text[8];
  std::snprintf(text, sizeof text, "%.1f", 0.5);
  REQUIRE(std::string(text) == "0,5");
  CHECK(numbers() == plain);
}

TEST_CASE("numbers are written as printf does", "[report]") {
  for (const double value : {0.0, -0.0, 1.0, 0.125, 2.5, 3.5, 1e15, 123456.789, 1e-5, -7.25, 1e300}) {
    char text[400];
    for (const int digits : {0, 1, 3, 6}) {
      std::snprintf(text, sizeof text, "%.*f", digits, value);
      CHECK(fixed_text(value, digits) == text);
      std::snprintf(text, sizeof text, "%.*e", digits, value);
      CHECK(scientific_text(value, digits) == text);
      std::snprintf(text, sizeof text, "%.*g", digits, value);
      CHECK(short_text(value, digits) == text);
    }
  }
  CHECK(short_text(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(short_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
}
