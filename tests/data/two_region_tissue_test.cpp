#include <saccade/data/breakhis.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/open_dataset.hpp>
#include <saccade/data/write_two_region_tissue.hpp>
#include <saccade/metrics/hit_rate.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;

namespace {

constexpr SyntheticTissueOptions small_tissue{
    .width = 240, .height = 160, .patients_per_class = 12, .images_per_patient = 2};

/// Mean step between pixels two apart, in red, in the inner half of a region: what tells its kind at full resolution.
double step_in(const RgbImage& image, const Box& region) {
  double sum = 0, count = 0;
  for (Index y = region.y + region.height / 4; y < region.y + region.height * 3 / 4; ++y) {
    for (Index x = region.x + region.width / 4; x + 2 < region.x + region.width * 3 / 4; ++x) {
      sum += std::abs(static_cast<double>(image.at(x, y)[0]) - static_cast<double>(image.at(x + 2, y)[0]));
      ++count;
    }
  }
  return sum / count;
}

struct Moments {
  double sum = 0, squares = 0, count = 0;
  void add(double value) { sum += value, squares += value * value, ++count; }
  [[nodiscard]] double mean() const { return sum / count; }
  [[nodiscard]] double variance() const { return squares / count - mean() * mean(); }
};

/// Difference of the means, in standard deviations.
double separation(const Moments& a, const Moments& b) {
  return std::abs(a.mean() - b.mean()) / std::sqrt((a.variance() + b.variance()) / 2);
}

}  // namespace

TEST_CASE("one seed gives the same bytes of two regions on every machine", "[synthetic]") {
  // Recorded once; they change only when the pictures are meant to change. FNV-1a.
  const TwoRegionImage tissue =
      synthesize_two_regions({.width = 160, .height = 120, .region_area = 0.05, .seed = 9}, 20, 3);
  std::uint64_t hash = 14695981039346656037u;
  for (const std::uint8_t byte : tissue.image.pixels) hash = (hash ^ byte) * 1099511628211u;
  CHECK(hash == 0xb48f920c8950fe19u);
}

TEST_CASE("the kinds take turns: both classes and both kinds at both regions are equally many", "[synthetic]") {
  const SyntheticTissueOptions options{.patients_per_class = 6};
  for (Index image = 0; image < 8; ++image) {
    Index same = 0, pairs[2][2] = {};
    for (Index patient = 0; patient < options.patients(); ++patient) {
      const auto [first, second] = region_kinds(patient, image);
      ++pairs[first][second];
      same += first == second ? 1 : 0;
    }
    CHECK(same == 6);
    for (const auto& row : pairs)
      for (const Index count : row) CHECK(count == 3);
  }
  // A patient has all of them.
  std::set<std::array<Index, 2>> kinds;
  for (Index image = 0; image < 4; ++image) kinds.insert(region_kinds(5, image));
  CHECK(kinds.size() == 4);
}

TEST_CASE("two regions lie inside the image, apart, and no glimpse of a region's size meets both", "[synthetic]") {
  for (const double area : {0.01, 0.04, 0.1}) {
    const SyntheticTissueOptions options{.width = 350, .height = 230, .region_area = area};
    for (Index image = 0; image < 40; ++image) {
      auto random = data::detail::tissue_random(options, 0, image, data::detail::TissuePart::layout);
      const auto [first, second] = data::detail::place_two_regions(options, random);
      for (const Box& region : {first, second}) {
        REQUIRE(region.intersection({0, 0, 350, 230}) == region);
        REQUIRE(static_cast<double>(region.area()) == Approx(area * 350 * 230).epsilon(0.08));
      }
      const Index across = std::max(first.x - (second.x + second.width), second.x - (first.x + first.width));
      const Index down = std::max(first.y - (second.y + second.height), second.y - (first.y + first.height));
      REQUIRE((across >= first.width || down >= first.height));
    }
  }
  const SyntheticTissueOptions options{.width = 350, .height = 230, .region_area = 0.01};
  auto random = data::detail::tissue_random(options, 0, 0, data::detail::TissuePart::layout);
  const auto [first, second] = data::detail::place_two_regions(options, random);
  Index both = 0;
  for (Index y = 0; y + 32 <= 230; ++y)
    for (Index x = 0; x + 32 <= 350; ++x)
      both += metrics::hits({x, y, 32, 32}, first) && metrics::hits({x, y, 32, 32}, second) ? 1 : 0;
  CHECK(both == 0);
}

TEST_CASE("the kind of a region changes nothing outside it", "[synthetic]") {
  const TwoRegionImage plain = synthesize_two_regions(small_tissue, 3, 1, {0, 0});
  CHECK(plain.label == 1);
  for (const std::array<Index, 2> kinds : {std::array<Index, 2>{0, 1}, {1, 0}, {1, 1}}) {
    const TwoRegionImage other = synthesize_two_regions(small_tissue, 3, 1, kinds);
    REQUIRE(other.regions == plain.regions);
    CHECK(other.kinds == kinds);
    CHECK(other.label == (kinds[0] == kinds[1] ? 1 : 0));
    std::array<Index, 2> changed{};
    Index outside = 0;
    for (Index y = 0; y < small_tissue.height; ++y) {
      for (Index x = 0; x < small_tissue.width; ++x) {
        if (std::equal(plain.image.at(x, y), plain.image.at(x, y) + 3, other.image.at(x, y))) continue;
        bool inside = false;
        for (std::size_t i = 0; i < 2; ++i) {
          if (Box{x, y, 1, 1}.intersection(plain.regions[i]).area() == 0) continue;
          ++changed[i];
          inside = true;
        }
        outside += inside ? 0 : 1;
      }
    }
    CHECK(outside == 0);
    for (std::size_t i = 0; i < 2; ++i)
      CHECK((kinds[i] == 0 ? changed[i] == 0 : changed[i] > plain.regions[i].area() / 5));
  }
}

TEST_CASE("each region shows its kind; one of them, and their mean, tell nothing of the class", "[synthetic]") {
  const SyntheticTissueOptions options{.width = 240, .height = 160, .region_area = 0.08, .patients_per_class = 48};
  Moments of_kind[2][2], first_of_class[2], mean_of_class[2], red_of_class[2];
  for (Index patient = 0; patient < options.patients(); ++patient) {
    const TwoRegionImage tissue = synthesize_two_regions(options, patient, 0);
    const auto label = static_cast<std::size_t>(tissue.label);
    std::array<double, 2> steps{};
    for (std::size_t i = 0; i < 2; ++i) {
      steps[i] = step_in(tissue.image, tissue.regions[i]);
      of_kind[i][static_cast<std::size_t>(tissue.kinds[i])].add(steps[i]);
    }
    first_of_class[label].add(steps[0]);
    mean_of_class[label].add((steps[0] + steps[1]) / 2);
    double red = 0;
    for (std::size_t i = 0; i < tissue.image.pixels.size(); i += 3) red += tissue.image.pixels[i];
    red_of_class[label].add(red);
  }
  for (const auto& kinds : of_kind) CHECK(separation(kinds[0], kinds[1]) > 2);
  // With 48 of each class two equal distributions differ by 0.2 or less in two cases of three, by 0.61 almost never.
  CHECK(separation(first_of_class[0], first_of_class[1]) < 0.61);
  CHECK(separation(mean_of_class[0], mean_of_class[1]) < 0.61);
  CHECK(separation(red_of_class[0], red_of_class[1]) < 0.61);
}

TEST_CASE("two regions are refused where they would not fit", "[synthetic]") {
  CHECK_THROWS_WITH(validate_two_regions({.region_area = 0.2}),
                    contains("region_area must be at most 0.1 for two regions to lie apart, but is 0.2"));
  CHECK_THROWS_WITH(validate_two_regions({.width = 10}), contains("width and height must be 64 to 20000 pixels"));
  CHECK_NOTHROW(validate_two_regions({.region_area = 0.1}));
}

TEST_CASE("images of two regions are the same for any number of threads, and read as a manifest", "[synthetic]") {
  const ScratchFolder one, two;
  write_two_region_tissue(small_tissue, one.path(), 1);
  write_two_region_tissue(small_tissue, two.path(), 3);
  CHECK(read_file(one / "manifest.csv") == read_file(two / "manifest.csv"));
  const Dataset dataset = open_dataset(one.path()).dataset;
  REQUIRE(dataset.size() == 48);
  CHECK(dataset.classes == std::vector<std::string>{"different", "same"});
  CHECK(dataset.grouping == "group");
  std::set<std::string> patients;
  for (const Sample& sample : dataset.samples) {
    patients.insert(sample.group);
    const Index patient = std::stoi(sample.group) - 1, image = std::stoi(sample.name.substr(12, 3)) - 1;
    const TwoRegionImage tissue = synthesize_two_regions(small_tissue, patient, image);
    CHECK(sample.label == tissue.label);
    CHECK(sample.regions == std::vector<Box>(tissue.regions.begin(), tissue.regions.end()));
    CHECK(load_image(sample.path).pixels == tissue.image.pixels);
    CHECK(read_file(sample.path) == read_file(two / sample.name));
  }
  CHECK(patients.size() == 24);
}
