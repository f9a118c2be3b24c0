#include <saccade/backends/eigen/precision.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/report/glimpse_overlay.hpp>
#include <saccade/training/checkpoint_label.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

TEST_CASE("saccade explain draws every image's glimpses and masks, and names the files", "[programs]") {
  const ScratchFolder scratch;
  const auto image = images_below(tiny_data())[0];
  const Ending ending =
      run("saccade explain", {"--checkpoint", tiny_checkpoint(), "--out", scratch / "pictures", image});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto sheet = scratch / "pictures" / (image.stem().string() + "_glimpses.png");
  const auto masks = scratch / "pictures" / (image.stem().string() + "_masks.png");
  CHECK(ending.out == sheet.string() + "\n" + masks.string() + "\n");
  CHECK(saccade::data::load_image(sheet).width >= 640);
  const std::string weights = saccade::read_checkpoint_label(tiny_checkpoint()).checksum;
  for (const auto& picture : {sheet, masks})
    CHECK_THAT(text(picture).substr(0, 200), contains("saccade explain, by weights " + weights + " after epoch 2"));

  const saccade::RgbImage picture = saccade::data::load_image(masks);
  CHECK(picture.width == 96);
  CHECK(picture.height == 80);
  // Outside the glimpses the picture is grey.
  const saccade::report::Colour corner = saccade::report::pixel(picture, 2, 2);
  CHECK(corner.red == corner.green);
  CHECK(corner.green == corner.blue);

  const Ending twice =
      run("saccade explain", {"--checkpoint", tiny_checkpoint(), "--out", scratch / "pictures", image, image});
  CHECK(twice.code == 2);
  CHECK_THAT(last_line(twice.err), contains("two images have the name of \"" + image.string() + '"'));
}

TEST_CASE("saccade tissue: one seed, the same bytes; an old data set is not mixed with a new one", "[programs]") {
  const ScratchFolder scratch;
  const Arguments size{"--patients", "1", "--images", "2", "--width", "96", "--height", "80"};
  const auto make = [&](const std::string& name, const Arguments& more) {
    const Ending ending = run("saccade tissue", Arguments{"--out", scratch / name} + size + more);
    REQUIRE(ending.code == 0);
    CHECK_THAT(ending.out, contains("4 images of 2 patients"));
    std::string all = text(scratch / name / "regions.csv");
    for (const auto& image : images_below(scratch / name)) all += text(image);
    return all;
  };
  const std::string one = make("one", {"--seed", "7", "--threads", "1"});
  CHECK((make("two", {"--seed", "7", "--threads", "2"}) == one));
  CHECK((make("three", {"--seed", "8"}) != one));

  const Ending again = run("saccade tissue", Arguments{"--out", scratch / "one"} + size);
  CHECK(again.code == 1);
  CHECK_THAT(last_line(again.err), contains("holds a data set already"));
}

TEST_CASE("saccade tissue --compare draws two regions an image, which saccade data knows", "[programs]") {
  const ScratchFolder scratch;
  const Arguments size{"--patients", "2", "--images", "2", "--width", "96", "--height", "80", "--compare"};
  const Ending drawn = run("saccade tissue", Arguments{"--out", scratch / "two"} + size);
  INFO(drawn.err);
  REQUIRE(drawn.code == 0);
  CHECK_THAT(drawn.out, contains("8 images of 4 patients with two regions (4 same, 4 different), 96 x 80 pixels"));
  const std::string table = text(scratch / "two/manifest.csv");
  CHECK_THAT(table, contains("path,label,group,x,y,width,height\nimages/0001-001.png,same,0001,"));
  CHECK(std::count(table.begin(), table.end(), '\n') == 1 + 2 * 8);
  const Ending known = run("saccade data", {"--data", scratch / "two"});
  CHECK(known.code == 0);
  CHECK_THAT(known.out, contains("8 images of 2 classes, 4 groups"));

  const auto refused = [&](const Arguments& more, int code, const std::string& sentence) {
    const Ending ending = run("saccade tissue", size + more);
    CHECK(ending.code == code);
    CHECK_THAT(last_line(ending.err), contains(sentence));
  };
  refused({"--out", scratch / "two"}, 1, "holds a data set already");
  refused({"--out", scratch / "no", "--region-area", "0.3"}, 2, "at most 0.1 for two regions to lie apart, but is 0.3");
  refused({"--out", scratch / "no", "--magnification", "40"}, 2, "names of BreakHis, which --compare does not give");
  const Ending slides = run("saccade tissue", {"--out", scratch / "no", "--compare", "--slide"});
  CHECK(slides.code == 2);
  CHECK_THAT(last_line(slides.err), contains("--compare is of photographs, not of whole slides"));
  CHECK_FALSE(std::filesystem::exists(scratch / "no"));
}
