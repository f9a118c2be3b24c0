#include <saccade/backends/eigen/precision.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/report/glimpse_overlay.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <sstream>
#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

TEST_CASE("classify_image says the class, its probability and where it looked", "[programs]") {
  const auto images = images_below(tiny_data());
  const Arguments arguments{"--checkpoint", tiny_checkpoint(), "--threads", "1", images[0], images[1]};
  const Ending lines = run("classify_image", arguments);
  INFO(lines.err);
  REQUIRE(lines.code == 0);
  std::istringstream out(lines.out);
  std::string first;
  std::getline(out, first);
  CHECK_THAT(first, contains(images[0].string()));
  // Without one the first place of a deterministic rollout is the centre: (96 - 16) / 2, (80 - 16) / 2.
  CHECK_THAT(first, contains(", 16 x 16 pixels each"));

  const Ending objects = run("classify_image", Arguments{"--json"} + arguments);
  REQUIRE(objects.code == 0);
  std::istringstream json_lines(objects.out);
  std::size_t count = 0;
  for (std::string line; std::getline(json_lines, line); ++count) {
    const auto json = nlohmann::json::parse(line);
    CHECK(json.at("image") == images[count].string());
    const double benign = json.at("probabilities").at("benign").get<double>();
    const double malignant = json.at("probabilities").at("malignant").get<double>();
    CHECK(benign + malignant == Approx(1));
    CHECK(json.at("class") == (malignant > benign ? "malignant" : "benign"));
    CHECK(json.at("probability").get<double>() == std::max(benign, malignant));
    REQUIRE(json.at("glimpses").size() == 2);
    CHECK(json.at("glimpses")[0].at("x") == 40);
    CHECK(json.at("glimpses")[0].at("y") == 32);
  }
  CHECK(count == 2);
}

TEST_CASE("classify_image answers in bf16 where the processor has it, and says so where not", "[programs]") {
  const auto image = images_below(tiny_data())[0];
  const auto classify = [&](const char* precision) {
    return run("classify_image", {"--checkpoint", tiny_checkpoint(), "--json", "--precision", precision, image});
  };
  const Ending bf16 = classify("bf16");
  INFO(bf16.err);
  if (!saccade::best_bf16_unit()) {
    CHECK(bf16.code == 2);
    CHECK_THAT(bf16.err, contains("bf16 needs a processor with AMX or AVX512_BF16"));
    return;
  }
  REQUIRE(bf16.code == 0);
  const Ending single = classify("fp32");
  REQUIRE(single.code == 0);
  const auto probability = [](const Ending& ending) {
    return nlohmann::json::parse(ending.out).at("probabilities").at("benign").get<double>();
  };
  CHECK(probability(bf16) != probability(single));
  CHECK(std::abs(probability(bf16) - probability(single)) < 0.1);
}

TEST_CASE("breakhis_explain draws every image's glimpses and masks, and names the files", "[programs]") {
  const ScratchFolder scratch;
  const auto image = images_below(tiny_data())[0];
  const Ending ending =
      run("breakhis_explain", {"--checkpoint", tiny_checkpoint(), "--out", scratch / "pictures", image});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto sheet = scratch / "pictures" / (image.stem().string() + "_glimpses.png");
  const auto masks = scratch / "pictures" / (image.stem().string() + "_masks.png");
  CHECK(ending.out == sheet.string() + "\n" + masks.string() + "\n");
  CHECK(saccade::data::load_image(sheet).width >= 640);

  const saccade::RgbImage picture = saccade::data::load_image(masks);
  CHECK(picture.width == 96);
  CHECK(picture.height == 80);
  // Outside the glimpses the picture is grey.
  const saccade::report::Colour corner = saccade::report::pixel(picture, 2, 2);
  CHECK(corner.red == corner.green);
  CHECK(corner.green == corner.blue);

  const Ending twice =
      run("breakhis_explain", {"--checkpoint", tiny_checkpoint(), "--out", scratch / "pictures", image, image});
  CHECK(twice.code == 2);
  CHECK_THAT(last_line(twice.err), contains("two images have the name of \"" + image.string() + '"'));
}

TEST_CASE("make_synthetic_tissue: one seed, the same bytes; an old data set is not mixed with a new one",
          "[programs]") {
  const ScratchFolder scratch;
  const Arguments size{"--patients", "1", "--images", "2", "--width", "96", "--height", "80"};
  const auto make = [&](const std::string& name, const Arguments& more) {
    const Ending ending = run("make_synthetic_tissue", Arguments{"--out", scratch / name} + size + more);
    REQUIRE(ending.code == 0);
    CHECK_THAT(ending.out, contains("4 images of 2 patients"));
    std::string all = text(scratch / name / "regions.csv");
    for (const auto& image : images_below(scratch / name)) all += text(image);
    return all;
  };
  const std::string one = make("one", {"--seed", "7", "--threads", "1"});
  CHECK((make("two", {"--seed", "7", "--threads", "2"}) == one));
  CHECK((make("three", {"--seed", "8"}) != one));

  const Ending again = run("make_synthetic_tissue", Arguments{"--out", scratch / "one"} + size);
  CHECK(again.code == 1);
  CHECK_THAT(last_line(again.err), contains("holds a data set already"));
}
