#include <saccade/core/file.hpp>
#include <saccade/data/breakhis.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;

namespace {

/// FNV-1a.
std::uint64_t hash(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t value = 14695981039346656037u;
  for (const std::uint8_t byte : bytes) value = (value ^ byte) * 1099511628211u;
  return value;
}

struct Statistics {
  double mean = 0;
  double deviation = 0;
};

Statistics statistics_of(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value, squares += value * value;
  const auto n = static_cast<double>(values.size());
  return {sum / n, std::sqrt(std::max(squares / n - sum / n * sum / n, 0.0))};
}

/// Difference of the means of two samples, in standard deviations.
double separation(const std::vector<double>& a, const std::vector<double>& b) {
  const Statistics x = statistics_of(a), y = statistics_of(b);
  return std::abs(x.mean - y.mean) / std::sqrt((x.deviation * x.deviation + y.deviation * y.deviation) / 2);
}

/// One channel of the inner three quarters of the region, averaged over boxes of `size` x `size`.
std::vector<double> shrunk_focus(const SyntheticImage& tissue, Index size, std::size_t channel) {
  const Box& region = tissue.region;
  std::vector<double> boxes;
  for (Index y = region.y + region.height / 8; y + size <= region.y + region.height * 7 / 8; y += size) {
    for (Index x = region.x + region.width / 8; x + size <= region.x + region.width * 7 / 8; x += size) {
      double sum = 0;
      for (Index i = 0; i < size * size; ++i) sum += tissue.image.at(x + i % size, y + i / size)[channel];
      boxes.push_back(sum / static_cast<double>(size * size));
    }
  }
  return boxes;
}

}  // namespace

TEST_CASE("one seed gives the same bytes on every machine", "[synthetic]") {
  // Recorded once; they change only when the pictures are meant to change.
  CHECK(hash(synthesize({.seed = 1}, 0, 0).image.pixels) == 0xf0309735402167b4u);
  CHECK(hash(synthesize({.width = 160, .height = 120, .region_area = 0.2, .seed = 9}, 20, 3).image.pixels) ==
        0xe44a8833992ea44du);
}

TEST_CASE("seed, patient and image number each change the picture", "[synthetic]") {
  const SyntheticTissueOptions small{.width = 96, .height = 80, .region_area = 0.2, .seed = 1};
  SyntheticTissueOptions other = small;
  other.seed = 2;
  const std::set<std::uint64_t> hashes = {
      hash(synthesize(small, 0, 0).image.pixels), hash(synthesize(small, 0, 1).image.pixels),
      hash(synthesize(small, 1, 0).image.pixels), hash(synthesize(other, 0, 0).image.pixels)};
  CHECK(hashes.size() == 4);
}

TEST_CASE("the region has the area asked for and lies inside the image, anywhere", "[synthetic]") {
  const SyntheticTissueOptions options;
  Index left = 700, right = 0, top = 460, bottom = 0;
  for (Index image = 0; image < 200; ++image) {
    auto random = data::detail::tissue_random(options, 0, image, data::detail::TissuePart::layout);
    const Box region = data::detail::place_region(options, random);
    REQUIRE(region.intersection({0, 0, 700, 460}) == region);
    REQUIRE(static_cast<double>(region.area()) / (700 * 460) == Approx(0.04).margin(0.0005));
    left = std::min(left, region.x), right = std::max(right, region.x + region.width);
    top = std::min(top, region.y), bottom = std::max(bottom, region.y + region.height);
  }
  CHECK(left < 30);
  CHECK(right > 670);
  CHECK(top < 30);
  CHECK(bottom > 430);
}

TEST_CASE("a region of any share fits", "[synthetic]") {
  for (const double area : {0.001, 0.1, 0.3, 0.5}) {
    for (const Index height : {100, 400, 2000}) {
      const SyntheticTissueOptions options{.width = 400, .height = height, .region_area = area};
      auto random = data::detail::tissue_random(options, 1, 2, data::detail::TissuePart::layout);
      const Box region = data::detail::place_region(options, random);
      CHECK(region.intersection({0, 0, 400, height}) == region);
      CHECK(static_cast<double>(region.area()) == Approx(area * 400 * static_cast<double>(height)).epsilon(0.08));
    }
  }
}

TEST_CASE("nothing outside the region depends on the class", "[synthetic]") {
  for (Index image = 0; image < 4; ++image) {
    const SyntheticImage benign = synthesize({}, 3, image, 0), malignant = synthesize({}, 3, image, 1);
    REQUIRE(benign.region == malignant.region);
    Index inside = 0, outside = 0;
    for (Index y = 0; y < 460; ++y) {
      for (Index x = 0; x < 700; ++x) {
        if (std::equal(benign.image.at(x, y), benign.image.at(x, y) + 3, malignant.image.at(x, y))) continue;
        ++(Box{x, y, 1, 1}.intersection(benign.region).area() ? inside : outside);
      }
    }
    CHECK(outside == 0);
    CHECK(inside > benign.region.area() / 5);
  }
}

TEST_CASE("the class shows at full resolution and hides in the picture shrunk 8 times", "[synthetic]") {
  const SyntheticTissueOptions options{.patients_per_class = 40, .seed = 5};
  std::vector<double> steps[2], means[2][3], deviations[2][3];
  for (Index patient = 0; patient < options.patients(); ++patient) {
    const SyntheticImage tissue = synthesize(options, patient, 0);
    const auto label = static_cast<std::size_t>(tissue.label);
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const Statistics shrunk = statistics_of(shrunk_focus(tissue, 8, channel));
      means[label][channel].push_back(shrunk.mean);
      deviations[label][channel].push_back(shrunk.deviation);
    }
    const std::vector<double> pixels = shrunk_focus(tissue, 1, 0);
    double step = 0;
    for (std::size_t i = 2; i < pixels.size(); ++i) step += std::abs(pixels[i] - pixels[i - 2]);
    steps[label].push_back(step / static_cast<double>(pixels.size() - 2));
  }
  CHECK(separation(steps[0], steps[1]) > 3);
  // With 40 of each class two equal distributions differ by 0.22 or less in two cases of three, by 0.67 almost never.
  for (std::size_t channel = 0; channel < 3; ++channel) {
    CHECK(separation(means[0][channel], means[1][channel]) < 0.67);
    CHECK(separation(deviations[0][channel], deviations[1][channel]) < 0.67);
  }
}

TEST_CASE("shrunk 8 times the region stands out from the rest", "[synthetic]") {
  // Red falls where nuclei are dense: on most images no box of the size of the region is darker than the region itself.
  int found = 0;
  for (Index patient = 0; patient < 20; ++patient) {
    const SyntheticImage tissue = synthesize({}, patient, 0);
    const auto red = [&](Index left, Index top) {
      double sum = 0;
      for (Index y = top; y < top + tissue.region.height; y += 3) {
        for (Index x = left; x < left + tissue.region.width; x += 3) sum += tissue.image.at(x, y)[0];
      }
      return sum;
    };
    const double region = red(tissue.region.x, tissue.region.y);
    bool darkest = true;
    for (Index y = 0; y + tissue.region.height <= 460; y += 16) {
      for (Index x = 0; x + tissue.region.width <= 700; x += 16) {
        const bool apart = Box{x, y, tissue.region.width, tissue.region.height}.intersection(tissue.region).area() == 0;
        if (apart && red(x, y) < region) darkest = false;
      }
    }
    found += darkest ? 1 : 0;
  }
  CHECK(found >= 16);
}

TEST_CASE("the stain differs more between patients than within one", "[synthetic]") {
  const SyntheticTissueOptions options;
  std::vector<double> within, between;
  for (Index i = 0; i < 40; ++i) {
    within.push_back(data::detail::draw_stain(options, 0, i).eosin[1]);
    between.push_back(data::detail::draw_stain(options, i, 0).eosin[1]);
  }
  CHECK(statistics_of(within).deviation > 0);
  CHECK(statistics_of(between).deviation > 2 * statistics_of(within).deviation);
}

TEST_CASE("options out of their range are refused with a sentence", "[synthetic]") {
  CHECK_THROWS_WITH(validate(SyntheticTissueOptions{.width = 10}),
                    contains("width and height must be 64 to 20000 pixels, but are 10 and 460"));
  CHECK_THROWS_WITH(validate(SyntheticTissueOptions{.region_area = 0.7}),
                    contains("region_area must be 0.001 to 0.5, but is 0.7"));
  CHECK_THROWS_AS(validate(SyntheticTissueOptions{.patients_per_class = 0}), ConfigError);
  CHECK_THROWS_AS(validate(SyntheticTissueOptions{.images_per_patient = 0}), ConfigError);
  CHECK_THROWS_AS(validate(SyntheticTissueOptions{.magnification = 0}), ConfigError);
}

TEST_CASE("the data set is the same for any number of threads, and reads as BreakHis", "[synthetic]") {
  const SyntheticTissueOptions options{
      .width = 96, .height = 80, .region_area = 0.2, .patients_per_class = 3, .images_per_patient = 4, .seed = 11};
  const ScratchFolder one, two;
  Index last = 0;
  write_synthetic_tissue(options, one.path(), 1, [&](Index done, Index all) {
    CHECK(done == last + 1);
    CHECK(all == 24);
    last = done;
  });
  CHECK(last == 24);
  write_synthetic_tissue(options, two.path(), 3);

  const auto records = index_breakhis(one.path());
  REQUIRE(records.size() == 24);
  const RegionTable regions = read_region_table(one / "regions.csv");
  std::set<std::string> patients;
  for (const ImageRecord& record : records) {
    const auto relative = std::filesystem::relative(record.path, one.path());
    CHECK(read_file(record.path) == read_file(two.path() / relative));
    CHECK(relative == breakhis_path(record));
    patients.insert(record.patient);
    const Index patient = std::stoi(record.patient.substr(3)) - 30000;
    const SyntheticImage tissue = synthesize(options, patient, record.number - 1);
    CHECK(record.label == tissue.label);
    CHECK(regions.at(to_string(record)) == std::vector<Box>{tissue.region});
    CHECK(load_image(record.path).pixels == tissue.image.pixels);
  }
  CHECK(patients.size() == 6);
  CHECK(read_file(one / "regions.csv") == read_file(two / "regions.csv"));
}

TEST_CASE("a data set that cannot be written says where", "[synthetic]") {
  const ScratchFolder folder;
  write_file(folder / "file", "in the way");
  CHECK_THROWS_AS(write_synthetic_tissue({.patients_per_class = 1, .images_per_patient = 1}, folder / "file", 2),
                  FileError);
}
