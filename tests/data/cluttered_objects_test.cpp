#include <saccade/data/cluttered_objects.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

using namespace saccade;
using namespace saccade::data;

namespace {

/// `count` objects of side x side pixels, of which number i is all of grey 10 (i + 1).
ObjectSet plain_objects(Index count, Index side) {
  ObjectSet set{.width = side, .height = side, .pixels = {}, .labels = {}};
  for (Index i = 0; i < count; ++i) {
    set.pixels.insert(set.pixels.end(), static_cast<std::size_t>(side * side), static_cast<std::uint8_t>(10 * (i + 1)));
    set.labels.push_back(i);
  }
  return set;
}

/// How many pixels have each grey; every pixel must be grey.
std::map<int, int> greys(const RgbImage& image) {
  std::map<int, int> counts;
  for (Index y = 0; y < image.height; ++y) {
    for (Index x = 0; x < image.width; ++x) {
      const std::uint8_t* pixel = image.at(x, y);
      CHECK((pixel[0] == pixel[1] && pixel[1] == pixel[2]));
      ++counts[pixel[0]];
    }
  }
  return counts;
}

}  // namespace

TEST_CASE("an object as large as the image fills it, row by row", "[clutter]") {
  const ObjectSet set{.width = 3, .height = 2, .pixels = {1, 2, 3, 4, 5, 6, 9, 9, 9, 9, 9, 9}, .labels = {0, 1}};
  // The square is one row higher than the object, which stands at the top or one row below.
  const ClutterOptions options{.side = 3, .patches = 0, .patch_side = 1};
  const RgbImage image = draw_cluttered_objects(set, 0, options, clutter_key(1, 0, 0)).image;
  const Index top = image.at(0, 0)[0] == 1 ? 0 : 1;
  for (Index y = 0; y < 3; ++y)
    for (Index x = 0; x < 3; ++x) CHECK(image.at(x, y)[1] == (y < top || y > top + 1 ? 0 : 3 * (y - top) + x + 1));
}

TEST_CASE("the brighter pixel wins, and pieces come from other objects only", "[clutter]") {
  // Both things fill the image, so every pixel is the brighter of the object and the one other object's piece.
  const ObjectSet set = plain_objects(2, 4);
  const ClutterOptions options{.side = 4, .patches = 3, .patch_side = 4};
  CHECK(greys(draw_cluttered_objects(set, 0, options, clutter_key(1, 0, 0)).image) == std::map<int, int>{{20, 16}});
  CHECK(greys(draw_cluttered_objects(set, 1, options, clutter_key(1, 0, 1)).image) == std::map<int, int>{{20, 16}});
}

TEST_CASE("everything lies wholly inside, at every place alike", "[clutter]") {
  // A 2 x 2 object and one 1 x 1 piece in a 4 x 4 image: 9 places of the object, 16 of the piece.
  const ObjectSet set = plain_objects(3, 2);
  const ClutterOptions options{.side = 4, .patches = 1, .patch_side = 1};
  std::map<std::pair<Index, Index>, int> places;
  std::map<int, int> pieces;
  constexpr int draws = 3600;
  for (int epoch = 0; epoch < draws; ++epoch) {
    // Of grey 30, the brightest: no piece hides it.
    const RgbImage image =
        draw_cluttered_objects(set, 2, options, clutter_key(7, static_cast<std::uint32_t>(epoch), 2)).image;
    const std::map<int, int> counts = greys(image);
    REQUIRE(counts.at(30) == 4);
    for (const int grey : {10, 20}) pieces[grey] += counts.contains(grey) ? 1 : 0;
    for (Index y = 3; y >= 0; --y)
      for (Index x = 3; x >= 0; --x)
        if (image.at(x, y)[0] == 30 && (x == 0 || image.at(x - 1, y)[0] != 30) &&
            (y == 0 || image.at(x, y - 1)[0] != 30))
          ++places[{x, y}];
  }
  REQUIRE(places.size() == 9);
  for (const auto& [place, count] : places)
    CHECK(std::abs(count - draws / 9) < 5 * 19);  // 5 deviations of a share of 1/9
  // A piece is seen unless it fell onto the object: 3/4 of the draws, half of them from each of the others.
  for (const auto& [grey, count] : pieces) CHECK(std::abs(count - draws * 3 / 8) < 5 * 29);
}

TEST_CASE("several objects lie apart, and are where the boxes say", "[clutter]") {
  const ObjectSet set = plain_objects(5, 3);
  const ClutterOptions options{.side = 15, .objects = 3, .patches = 0, .patch_side = 1};
  std::map<Index, int> seconds;
  constexpr int draws = 400;
  for (std::uint32_t epoch = 0; epoch < draws; ++epoch) {
    const ClutteredPicture picture = draw_cluttered_objects(set, 1, options, clutter_key(3, epoch, 1));
    REQUIRE(picture.objects.size() == 3);
    REQUIRE(picture.boxes.size() == 3);
    CHECK(picture.objects[0] == 1);
    ++seconds[picture.objects[1]];
    std::map<int, int> expected{{0, 15 * 15 - 27}};
    for (std::size_t i = 0; i < 3; ++i) {
      const Box& box = picture.boxes[i];
      const int grey = 10 * static_cast<int>(picture.objects[i] + 1);
      expected[grey] += 9;
      for (Index y = box.y; y < box.y + 3; ++y)
        for (Index x = box.x; x < box.x + 3; ++x) CHECK(picture.image.at(x, y)[0] == grey);
    }
    CHECK(greys(picture.image) == expected);
  }
  REQUIRE(seconds.size() == 4);  // any but the first
  for (const auto& [object, count] : seconds) CHECK(std::abs(count - draws / 4) < 5 * 9);
}

TEST_CASE("a piece is cut out at every place alike", "[clutter]") {
  ObjectSet set = plain_objects(2, 3);
  for (std::size_t i = 0; i < 9; ++i) set.pixels[9 + i] = static_cast<std::uint8_t>(100 + i);
  const ClutterOptions options{.side = 3, .patches = 1, .patch_side = 2};
  std::set<int> corners;
  for (std::uint32_t epoch = 0; epoch < 200; ++epoch) {
    const RgbImage image = draw_cluttered_objects(set, 0, options, clutter_key(1, epoch, 0)).image;
    int darkest = 255;
    for (const auto& [grey, count] : greys(image))
      if (grey >= 100) darkest = std::min(darkest, grey);
    corners.insert(darkest);
  }
  CHECK(corners == std::set<int>{100, 101, 103, 104});
}

TEST_CASE("a picture is a function of seed, epoch and object", "[clutter]") {
  const ObjectSet set = plain_objects(4, 5);
  const ClutterOptions options{.side = 20, .patches = 4, .patch_side = 3};
  const auto draw = [&](std::uint64_t seed, std::uint32_t epoch, Index object) {
    return draw_cluttered_objects(set, object, options, clutter_key(seed, epoch, object)).image.pixels;
  };
  CHECK(draw(1, 0, 0) == draw(1, 0, 0));
  CHECK(draw(1, 0, 0) != draw(2, 0, 0));
  CHECK(draw(1, 0, 0) != draw(1, 1, 0));
  CHECK(draw(1, 0, 0) != draw(1, drawn_once, 0));
  CHECK(clutter_key(1, 2, 3).counter == (std::uint64_t{2} << 32 | 3));
}

TEST_CASE("options that do not fit the objects are refused with a sentence", "[clutter]") {
  const ObjectSet set = plain_objects(3, 28);
  CHECK_NOTHROW(validate(ClutterOptions{}, set));
  CHECK_THROWS_WITH(validate(ClutterOptions{}, plain_objects(1, 28)),
                    "clutter: the set must hold at least 2 objects, but holds 1");
  CHECK_THROWS_WITH(validate(ClutterOptions{.side = 20}, set),
                    "clutter: side must be at least 28 for 1 objects of 28 pixels, but is 20");
  CHECK_THROWS_WITH(validate(ClutterOptions{.side = 83, .objects = 2}, set),
                    "clutter: side must be at least 84 for 2 objects of 28 pixels, but is 83");
  CHECK_THROWS_WITH(validate(ClutterOptions{.objects = 0}, set), "clutter: objects must be at least 1, but is 0");
  CHECK_THROWS_WITH(validate(ClutterOptions{.patches = -1}, set), "clutter: patches must be at least 0, but is -1");
  CHECK_THROWS_WITH(validate(ClutterOptions{.patch_side = 29}, set),
                    "clutter: patch_side must be from 1 to 28, but is 29");
}
