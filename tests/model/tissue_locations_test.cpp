#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/model/tissue_locations.hpp>

#include "model/toy_model.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace saccade;
using saccade_test::Reference;

namespace {

constexpr RandomKey random_key{.seed = 3, .stream = RandomStream::control_policy, .counter = 5};

/// The middle of the pixel (x, y) of an image, as a location.
Location middle_of(Index x, Index y, Index width, Index height) {
  return {(2 * static_cast<double>(x) + 1) / static_cast<double>(width) - 1,
          (2 * static_cast<double>(y) + 1) / static_cast<double>(height) - 1};
}

}  // namespace

TEST_CASE("a place of the image as stored is seen where its pixel is", "[tissue_locations]") {
  constexpr Index width = 7, height = 4;
  for (int s = 0; s < symmetry_count; ++s) {
    const auto symmetry = static_cast<Symmetry>(s);
    const Index seen_width = transposes(symmetry) ? height : width, seen_height = transposes(symmetry) ? width : height;
    for (Index y = 0; y < seen_height; ++y) {
      for (Index x = 0; x < seen_width; ++x) {
        const PixelPosition stored = source_pixel(symmetry, x, y, width, height);
        const Location seen = seen_location(symmetry, middle_of(stored.x, stored.y, width, height));
        const Location expected = middle_of(x, y, seen_width, seen_height);
        CHECK(seen.x == Approx(expected.x).margin(1e-12));
        CHECK(seen.y == Approx(expected.y).margin(1e-12));
      }
    }
  }
}

TEST_CASE("locations drawn on tissue lie there, evenly, through every symmetry", "[tissue_locations]") {
  // Tissue: columns 0 to 3 and 8 to 11 of the lower half.
  constexpr Index width = 12, height = 8;
  const TissueArea area({width, height}, 4, {0, 0, 0, 1, 0, 1});
  for (int s = 0; s < symmetry_count; ++s) {
    const OrientedImage<Reference> image{
        .image = nullptr, .symmetry = static_cast<Symmetry>(s), .source = nullptr, .content = 0, .tissue = &area};
    const Index seen_width = transposes(image.symmetry) ? height : width;
    const Index seen_height = transposes(image.symmetry) ? width : height;
    std::vector<int> hits(width * height, 0);
    constexpr int draws = 6400;
    for (std::uint32_t i = 0; i < draws; ++i) {
      const Location at = tissue_location<Reference>(image, random_key, i);
      const auto pixel = [](double place, Index extent) {
        return static_cast<Index>((place + 1) / 2 * static_cast<double>(extent));
      };
      const PixelPosition stored =
          source_pixel(image.symmetry, pixel(at.x, seen_width), pixel(at.y, seen_height), width, height);
      ++hits[static_cast<std::size_t>(stored.y * width + stored.x)];
    }
    // 200 a pixel, give or take 14: five deviations.
    for (Index y = 0; y < height; ++y) {
      for (Index x = 0; x < width; ++x) {
        const int count = hits[static_cast<std::size_t>(y * width + x)];
        if (!area.covers(x, y)) CHECK(count == 0);
        if (area.covers(x, y)) CHECK(std::abs(count - 200) < 70);
      }
    }
  }
}

TEST_CASE("an image draws the same location on tissue in any part of a batch", "[tissue_locations]") {
  Reference b;
  const TissueArea area({64, 64}, 4, std::vector<std::uint8_t>(256, 1));
  const std::vector<OrientedImage<Reference>> images(
      5, {.image = nullptr, .symmetry = Symmetry::identity, .source = nullptr, .content = 0, .tissue = &area});
  std::vector<double> values;
  auto whole = b.zeros({5, 2}), part = b.zeros({3, 2});
  const RolloutOptions options{.seed = 9, .counter = 4};
  RolloutOptions from_two = options;
  from_two.first = 2;
  place_on_tissue(b, ImageBatch<Reference>(images), rollout_key(options, RandomStream::first_location, 1), {}, false,
                  values, whole);
  place_on_tissue(b, ImageBatch<Reference>(images).subspan(2), rollout_key(from_two, RandomStream::first_location, 1),
                  {}, false, values, part);
  const auto all = to_vector(b, whole), some = to_vector(b, part);
  CHECK(std::vector<double>(all.begin() + 4, all.end()) == some);
  CHECK(all[0] != all[2]);
}

TEST_CASE("locations on tissue have any zoom, the first of a rollout the widest", "[tissue_locations][zoom]") {
  Reference b;
  const TissueArea area({64, 64}, 4, std::vector<std::uint8_t>(256, 1));
  const std::vector<OrientedImage<Reference>> images(
      300, {.image = nullptr, .symmetry = Symmetry::rotate_90, .source = nullptr, .content = 0, .tissue = &area});
  std::vector<double> values;
  auto plain = b.zeros({300, 2}), first = b.zeros({300, 3}), later = b.zeros({300, 3});
  place_on_tissue(b, ImageBatch<Reference>(images), random_key, {}, true, values, plain);
  place_on_tissue(b, ImageBatch<Reference>(images), random_key, {.zooms = 3}, true, values, first);
  place_on_tissue(b, ImageBatch<Reference>(images), random_key, {.zooms = 3}, false, values, later);
  std::vector<int> count(3, 0);
  for (std::size_t n = 0; n < 300; ++n) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      CHECK(to_vector(b, first)[3 * n + axis] == to_vector(b, plain)[2 * n + axis]);
      CHECK(to_vector(b, later)[3 * n + axis] == to_vector(b, plain)[2 * n + axis]);
    }
    CHECK(to_vector(b, first)[3 * n + 2] == 2);
    ++count[static_cast<std::size_t>(to_vector(b, later)[3 * n + 2])];
  }
  for (const int each : count) CHECK(std::abs(each - 100) < 41);  // five deviations
}

TEST_CASE("a location on tissue needs to know the tissue", "[tissue_locations]") {
  CHECK_THROWS_WITH(tissue_location<Reference>({}, random_key, 0),
                    contains("nobody has told where the tissue of an image is"));
}

TEST_CASE("a rollout that begins on tissue is given its first location, and begins there", "[tissue_locations]") {
  HybridAttentionConfig config = saccade_test::toy_config();
  config.first_location = GlimpsePolicy::random;
  config.random_locations = RandomLocations::tissue;
  saccade_test::ToyModelOn<Reference> toy(config);
  CHECK_THROWS_WITH(toy.roll({.locations = Locations::sample}), contains("needs its first location to be given"));
  toy.roll({.locations = Locations::mode});  // from the centre, as ever
  CHECK(to_vector(toy.b, toy.episode.steps[0].location) == std::vector<double>(8, 0));
  const std::vector<double> places{0.5, -0.5, 0.25, 0, -0.75, 0.125, 0, 1};
  toy.model.set_locations(toy.b, toy.episode, 0, places);
  toy.roll({.locations = Locations::sample, .first_given = true});
  CHECK(to_vector(toy.b, toy.episode.steps[0].location) == places);
  CHECK(to_vector(toy.b, toy.episode.steps[1].location) != places);
}
