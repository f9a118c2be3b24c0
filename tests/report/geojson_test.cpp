#include <saccade/report/geojson.hpp>
#include <saccade/report/overview.hpp>

#include "support/catch.hpp"
#include "support/slide.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;
using nlohmann::ordered_json;

namespace {

Explanation two_glimpses() {
  Explanation explanation{.class_names = {"benign", "malignant"}};
  explanation.steps.push_back({.mask = {.width = 2, .height = 1, .values = {0.25f, 0.75f}},
                               .class_probabilities = {0.75f, 0.25f},
                               .window = {100, 200, 32, 32}});
  explanation.steps.push_back({.class_probabilities = {0.125f, 0.875f}, .window = {-8, 0, 32, 32}});
  return explanation;
}

/// RFC 7946 and what QuPath asks for: a collection of features, each with a closed ring.
void check_schema(const ordered_json& json) {
  REQUIRE(json.at("type") == "FeatureCollection");
  for (const ordered_json& feature : json.at("features")) {
    CHECK(feature.at("type") == "Feature");
    const ordered_json& geometry = feature.at("geometry");
    CHECK(geometry.at("type") == "Polygon");
    REQUIRE(geometry.at("coordinates").size() == 1);
    const ordered_json& ring = geometry.at("coordinates").at(0);
    REQUIRE(ring.size() == 5);
    CHECK(ring.at(0) == ring.at(4));
    for (const ordered_json& point : ring) {
      CHECK(point.size() == 2);
      CHECK(point.at(0).is_number());
      CHECK(point.at(1).is_number());
    }
    const ordered_json& properties = feature.at("properties");
    CHECK(std::set<std::string>{"annotation", "tile"}.contains(properties.at("objectType").get<std::string>()));
    for (const auto& [name, value] : properties.at("measurements").items()) {
      CHECK(!name.empty());
      CHECK(value.is_number());
    }
  }
}

}  // namespace

TEST_CASE("glimpses are annotations and places of their masks tiles, in pixels as scanned", "[geojson]") {
  const ordered_json json = to_geojson(two_glimpses(), 4);
  check_schema(json);
  const ordered_json& features = json.at("features");
  REQUIRE(features.size() == 4);
  const ordered_json& first = features.at(0);
  CHECK(first.at("geometry").at("coordinates").at(0) ==
        ordered_json({{400.0, 800.0}, {528.0, 800.0}, {528.0, 928.0}, {400.0, 928.0}, {400.0, 800.0}}));
  const ordered_json& properties = first.at("properties");
  CHECK(properties.at("objectType") == "annotation");
  CHECK(properties.at("name") == "glimpse 1");
  CHECK(properties.at("classification").at("name") == "benign");
  CHECK(properties.at("classification").at("color").size() == 3);
  CHECK(properties.at("measurements") ==
        ordered_json{{"step", 1}, {"probability benign", 0.75}, {"probability malignant", 0.25}, {"mask mean", 0.5}});
  CHECK(features.at(2).at("geometry").at("coordinates").at(0) ==
        ordered_json({{464.0, 800.0}, {528.0, 800.0}, {528.0, 928.0}, {464.0, 928.0}, {464.0, 800.0}}));
  CHECK(features.at(2).at("properties").at("measurements") == ordered_json{{"step", 1}, {"mask", 0.75}});
  const ordered_json& last = features.at(3).at("properties");
  CHECK(last.at("classification").at("name") == "malignant");
  CHECK_FALSE(last.at("measurements").contains("mask mean"));
  CHECK(features.at(3).at("geometry").at("coordinates").at(0).at(0) == ordered_json({-32.0, 0.0}));
}

TEST_CASE("an overview is reduced no more than it must be, and boxes on it can be seen", "[overview]") {
  RgbImage image(100, 60);
  for (Index y = 0; y < 60; ++y)
    for (Index x = 0; x < 100; ++x) image.at(x, y)[0] = static_cast<std::uint8_t>(2 * x);
  const StreamedImage source(saccade_test::Slide{&image});
  const Overview half = read_overview(source, 50);
  CHECK(half.reduction == 2);
  CHECK(half.image.width == 50);
  CHECK(half.image.height == 30);
  CHECK(half.image.at(10, 7)[0] == 41);  // the mean of 40 and 42
  const Overview eighth = read_overview(source, 13);
  CHECK(eighth.reduction == 8);
  CHECK(eighth.image.width == 13);  // the last one is of half as many pixels
  CHECK(eighth.image.height == 8);
  CHECK(read_overview(source, 100).reduction == 1);
  CHECK(in_overview({16, 24, 40, 40}, 8) == Box{2, 3, 5, 5});
  CHECK(in_overview({-1, 24, 8, 8}, 8) == Box{-1, 3, 3, 3});
  CHECK(in_overview({-1, 24, 2, 2}, 1) == Box{-1, 24, 2, 2});
  const RgbImage box = read_box(source, {98, -1, 4, 2});
  CHECK(box.at(1, 1)[0] == 198);
  CHECK(box.at(2, 1)[0] == 255);  // beyond the right edge
  CHECK(box.at(0, 0)[0] == 255);  // above the upper one
}
