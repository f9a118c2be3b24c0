#include <saccade/model/config.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/model/json.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <span>
#include <string>

using namespace saccade;

namespace {

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
}

Json read(const std::string& text) {
  return read_json(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), "x.json");
}

}  // namespace

TEST_CASE("JSON goes no deeper than what goes over it", "[json]") {
  CHECK(parse_json(nested(deepest_json)));
  CHECK_FALSE(parse_json(nested(deepest_json + 1)));
  CHECK(json_problem(nested(deepest_json + 1)) == "is JSON of more than 64 levels");
  CHECK_FALSE(parse_json(nested(1'000'000)));
  // Brackets in strings, quotes in them too, are none.
  CHECK(parse_json("[\"\\\"" + std::string(100, '[') + "\"]"));
  // Levels that are closed again do not count.
  std::string wide = "[0";
  for (int i = 0; i < 100; ++i) wide += ",[[0]]";
  CHECK(parse_json(wide + "]"));
  CHECK_THROWS_WITH(read(nested(65)), "\"x.json\": is JSON of more than 64 levels");
  CHECK_THROWS_WITH(read("{"), "\"x.json\": is not JSON");
  CHECK(read("{\"a\": 1}").at("a") == 1);
}

TEST_CASE("a visitor is shown a document in its order, and equal keys", "[json]") {
  std::string seen;
  const auto visit = [&](JsonEvent event, const Json& value) {
    seen += std::string("{}[]:,").substr(static_cast<std::size_t>(event), 1);
    if (event == JsonEvent::key || event == JsonEvent::value) seen += json_text(value) + " ";
    return true;
  };
  CHECK_FALSE(visit_json(R"({"a": [1, {"b": null}], "a": "x"})", visit));
  CHECK(seen == R"({:"a" [,1 {:"b" ,null }]:"a" ,"x" })");
  CHECK(visit_json("{\"a\" 1}", visit) == "is no JSON from byte 6 on");
  CHECK(visit_json("[1e999]", visit) == "holds a number that is too large");
  const auto refuse = [](JsonEvent, const Json&) -> bool { throw ConfigError("no"); };
  CHECK_THROWS_AS(visit_json("{}", refuse), ConfigError);
}

TEST_CASE("a visitor of many keys that keeps none is not slow", "[json]") {  // minutes, were they searched for
  std::string text = "{";
  for (int i = 0; i < 400'000; ++i) text += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"\"";
  int keys = 0;
  CHECK_FALSE(visit_json(text + "}", [&](JsonEvent event, const Json&) {
    keys += event == JsonEvent::key;
    return event != JsonEvent::key;
  }));
  CHECK(keys == 400'000);
}

TEST_CASE("bytes that are not UTF-8 are replaced where JSON is written", "[json]") {
  CHECK(json_text(Json{{"path", "caf\xE9"}}) == "{\"path\":\"caf\xEF\xBF\xBD\"}");
  CHECK(json_text(Json{1, 2}, 1) == "[\n 1,\n 2\n]");
}

TEST_CASE("a document of another form is an error of ours", "[json]") {
  CHECK_THROWS_AS(reading_json("x.json", [] { return Json::array().value("a", 1); }), FileError);
  CHECK_THROWS_WITH(reading_json("x.json", [] { return Json("text").get<int>(); }),
                    "\"x.json\": its JSON is of another form than Saccade writes");
  CHECK(reading_json("x.json", [] { return Json(3).get<int>(); }) == 3);
}

TEST_CASE("a field is refused with a sentence, whatever bytes its name and value have", "[json]") {
  HybridAttentionConfig config;
  CHECK_THROWS_WITH(set_field(config, "hidden=\xFF"), "an option must be UTF-8, but is \"hidden=\xEF\xBF\xBD\"");
  CHECK_THROWS_AS(set_field(config, "\xFF=1"), ConfigError);
  CHECK_THROWS_WITH(set_field(config, "hidden=010"), "model.hidden must be a whole number, but is \"010\"");
  CHECK_THROWS_AS(set_field(config, "hidden=" + nested(100'000)), ConfigError);
  std::string deep = "hidden";
  for (int i = 0; i < 30'000; ++i) deep += ".a";
  CHECK_THROWS_WITH(set_field(config, deep + "=1"), "a field lies at most 64 names deep");
}
