#include <saccade/data/csv.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;
using Fields = std::vector<std::string>;

namespace {

std::vector<Fields> fields_of(const std::string& text) {
  std::vector<Fields> all;
  for (const CsvRow& row : parse_csv(text, "x.csv")) all.push_back(row.fields);
  return all;
}

}  // namespace

TEST_CASE("a table is lines of fields, ended by CRLF or LF, the last one or not", "[csv]") {
  const std::vector<Fields> expected{{"a", "b"}, {"1", "2"}};
  for (const std::string text : {"a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\n1,2", "a,b\r\n1,2", "a,b\r\n1,2\r",
                                 "\xEF\xBB\xBF"
                                 "a,b\n1,2\n",
                                 "\na,b\n\r\n\n1,2\n\n", "\"a\",b\r\n\"1\",\"2\"\r\n"}) {
    INFO(text);
    CHECK(fields_of(text) == expected);
  }
  CHECK(fields_of("").empty());
}

TEST_CASE("empty fields are fields, spaces belong to theirs", "[csv]") {
  CHECK(fields_of(",\n") == std::vector<Fields>{{"", ""}});
  CHECK(fields_of("a,,c,") == std::vector<Fields>{{"a", "", "c", ""}});
  CHECK(fields_of(" a , b\n\"\"\n") ==
        std::vector<Fields>{{" a ", " b"}});  // a line of one empty field is an empty line
}

TEST_CASE("quotes hold commas, line breaks and quotes", "[csv]") {
  CHECK(fields_of("\"a,b\",\"say \"\"no\"\"\"\n\"two\r\nlines\",x\n") ==
        std::vector<Fields>{{"a,b", "say \"no\""}, {"two\r\nlines", "x"}});
  const auto rows = parse_csv("h\n\"one\ntwo\"\nlast\n", "x.csv");
  REQUIRE(rows.size() == 3);
  CHECK(rows[1].line == 2);
  CHECK(rows[2].line == 4);
}

TEST_CASE("a table that is not one is refused with its line", "[csv]") {
  CHECK_THROWS_WITH(parse_csv("a\n\"b\n\n", "x.csv"), "\"x.csv\": line 2 has a quote that is not closed");
  CHECK_THROWS_WITH(parse_csv("a\nb\"c\n", "x.csv"),
                    "\"x.csv\": line 2 has a quote within a field; expected quotes around the whole field, and doubled "
                    "within");
  CHECK_THROWS_WITH(parse_csv("\"a\"b\n", "x.csv"),
                    "\"x.csv\": line 1 has text behind a closing quote; expected a comma");
  CHECK_THROWS_WITH(parse_csv("\xFF\xFE"
                              "p",
                              "x.csv"),
                    "\"x.csv\": line 1 begins as UTF-16 does; expected UTF-8");
  // Behind a byte order mark of UTF-8 the same bytes are a name, as in any later line.
  CHECK(fields_of("\xEF\xBB\xBF\xFE\xFFp\n\xFE\xFFp\n") == std::vector<Fields>{{"\xFE\xFFp"}, {"\xFE\xFFp"}});
}

TEST_CASE("a line that is written is read as it was", "[csv]") {
  CHECK(csv_line({"a", "", "b c"}) == "a,,b c\r\n");
  CHECK(csv_line({"a,b", "\"c\"", "d\ne"}) == "\"a,b\",\"\"\"c\"\"\",\"d\ne\"\r\n");
  const std::vector<std::string> fields{"x, \"y\"", "", "z\r\n", "\"", "w"};
  const auto rows = parse_csv(csv_line(fields) + csv_line({"next"}), "text");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].fields == fields);
  CHECK(rows[1].fields == std::vector<std::string>{"next"});
}
