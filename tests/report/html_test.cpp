#include <saccade/report/html.hpp>
#include <saccade/report/page.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace saccade::report;

namespace {

std::string base64_of(std::string_view text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  return base64(bytes);
}

}  // namespace

TEST_CASE("text cannot become markup", "[report][html]") {
  CHECK(escape_html("a < b & c > d") == "a &lt; b &amp; c &gt; d");
  CHECK(escape_html("<script>alert(\"x\" + 'y')</script>") ==
        "&lt;script&gt;alert(&quot;x&quot; + &#39;y&#39;)&lt;/script&gt;");
  CHECK(escape_html("&amp;") == "&amp;amp;");
  CHECK(escape_html("\x01\x1b[31m\x7f\t\n") == "??[31m?\t\n");
  CHECK(escape_html("\xC3\xA9t\xC3\xA9") == "\xC3\xA9t\xC3\xA9");
}

TEST_CASE("base64 is that of RFC 4648", "[report][html]") {
  // Section 10 of the RFC.
  CHECK(base64_of("").empty());
  CHECK(base64_of("f") == "Zg==");
  CHECK(base64_of("fo") == "Zm8=");
  CHECK(base64_of("foo") == "Zm9v");
  CHECK(base64_of("foob") == "Zm9vYg==");
  CHECK(base64_of("fooba") == "Zm9vYmE=");
  CHECK(base64_of("foobar") == "Zm9vYmFy");
  CHECK(base64_of("\xFB\xFF\xFE") == "+//+");
}

TEST_CASE("numbers", "[report][html]") {
  CHECK(number_text(0.12345) == "0.123");
  CHECK(number_text(2, 0) == "2");
  CHECK(number_text(std::numeric_limits<double>::quiet_NaN()) == "&ndash;");
  CHECK(number_text(1e300).size() < 20);
  CHECK(short_number(0.00123456) == "0.001235");
  CHECK(percent_text(0.9375) == "93.8&nbsp;%");
  CHECK(percent_text(std::numeric_limits<double>::infinity()) == "&ndash;");
}

TEST_CASE("an image lies in the page and says what it shows", "[report][html]") {
  const std::vector<std::uint8_t> bytes{'f', 'o', 'o'};
  CHECK(html_image("image/png", bytes, "a \"b\"", "width=\"3\"") ==
        "<img src=\"data:image/png;base64,Zm9v\" alt=\"a &quot;b&quot;\" width=\"3\">");
}

TEST_CASE("a table has headings of its columns and rows", "[report][html]") {
  const HtmlTable table{.caption = "c", .columns = {"policy", "rate"}, .rows = {{"learned", "0.9"}}};
  CHECK(table.html() ==
        "<table><caption>c</caption><thead><tr><th scope=\"col\">policy</th><th scope=\"col\">rate</th></tr></thead>"
        "<tbody>\n<tr><th scope=\"row\">learned</th><td>0.9</td></tr>\n</tbody></table>\n");
}

TEST_CASE("a page has landmarks, a way past its contents, and may fetch nothing", "[report][html]") {
  const std::string html = to_html({.title = "Run <a>", .summary = "<p>s</p>", .sections = {{"one", "A & B", "text"}}});
  CHECK(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  CHECK_THAT(html, contains("content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\""));
  CHECK_THAT(html, contains("<title>Run &lt;a&gt;</title>"));
  CHECK_THAT(html, contains("<a class=\"skip\" href=\"#content\">"));
  CHECK_THAT(html, contains("<main id=\"content\""));
  CHECK_THAT(html, contains("<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#one\">A &amp; B</a></li>"));
  CHECK_THAT(html, contains("<section aria-labelledby=\"one\">\n<h2 id=\"one\">A &amp; B</h2>\ntext</section>"));
  CHECK_THAT(html, contains("@media print"));
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("http") == html.find("http-equiv"));
}
