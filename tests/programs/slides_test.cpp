#include <saccade/data/image_decode.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "slides/tiff.hpp"
#include "support/catch.hpp"
#include "tiny_run.hpp"

/// The program over whole slides. Where it is built without OpenSlide these are left out, and bad_input_test asks for
/// the sentence.
using namespace programs;
using saccade::Index;
using saccade::RgbImage;

namespace {

RgbImage halved(const RgbImage& image) {
  RgbImage half(image.width / 2, image.height / 2);
  for (Index y = 0; y < half.height; ++y)
    for (Index x = 0; x < half.width; ++x) std::copy_n(image.at(2 * x, 2 * y), 3, half.at(x, y));
  return half;
}

/// The tiny data set as a folder of slides for each class, made once: benign/*.tif, malignant/*.tif.
const std::filesystem::path& slide_data() {
  static const ScratchFolder folder;
  static const std::filesystem::path data = [] {
    for (const char* name : {"benign", "malignant"}) saccade::create_folders(folder / "slides" / name);
    for (const auto& path : images_below(tiny_data())) {
      const std::string stem = path.stem().string();
      const RgbImage image = saccade::data::load_image(path);
      saccade::write_file(folder / "slides" / (stem.starts_with("SOB_B") ? "benign" : "malignant") / (stem + ".tif"),
                          saccade_test::tiled_tiff({image, halved(image)}));
    }
    return folder / "slides";
  }();
  return data;
}

std::vector<std::filesystem::path> slides_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> slides;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".tif") slides.push_back(entry.path());
  std::sort(slides.begin(), slides.end());
  return slides;
}

Ending train_on(const std::filesystem::path& data, const std::filesystem::path& out, const Arguments& more = {},
                const Surroundings& around = {}) {
  return run("saccade train", training(out, 2, Arguments{"--threads", "1"} + more, data), around);
}

const std::filesystem::path& slide_checkpoint() {
  static const ScratchFolder folder;
  static const std::filesystem::path checkpoint = [] {
    const Ending trained = train_on(slide_data(), folder / "run");
    if (trained.code != 0) throw std::runtime_error("saccade train failed: " + trained.err);
    return folder / "run/checkpoint.safetensors";
  }();
  return checkpoint;
}

}  // namespace

TEST_CASE("a folder of slides is a data set like any other", "[slides]") {
  const Ending ending = run("saccade data", {"--data", slide_data()});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("kind: folders, found out\nimages of 96 x 80 pixels\n"));
  CHECK_THAT(ending.out, contains("24 images of 2 classes"));
  CHECK_THAT(ending.out, contains("slides: at most "));
  CHECK_THAT(ending.out, contains(" MiB of decoded tiles"));
}

TEST_CASE("a training on slides at full resolution has the bits of one on the same photographs", "[slides]") {
  // One scale and no thumbnail: at coarser scales a slide has its means rounded.
  const ScratchFolder scratch;
  for (const char* name : {"benign", "malignant"}) saccade::create_folders(scratch / "photographs" / name);
  for (const auto& path : images_below(tiny_data())) {
    const std::string name = path.filename().string();
    std::filesystem::copy_file(path,
                               scratch / "photographs" / (name.starts_with("SOB_B") ? "benign" : "malignant") / name);
  }
  const Arguments model{"--set", "sensor.scales=1", "--set", "glance.side=0", "--split", "all"};
  const Ending of_slides = train_on(slide_data(), scratch / "a", model);
  const Ending of_photographs = train_on(scratch / "photographs", scratch / "b", model);
  INFO(of_slides.err);
  REQUIRE(of_slides.code == 0);
  REQUIRE(of_photographs.code == 0);
  CHECK(text(scratch / "a/metrics.jsonl") == text(scratch / "b/metrics.jsonl"));
}

TEST_CASE("a model trained on slides is evaluated on slides, with pictures of them", "[slides]") {
  const ScratchFolder scratch;
  const Ending ending =
      run("saccade evaluate", {"--data", slide_data(), "--checkpoint", slide_checkpoint(), "--out", scratch / "run"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("a folder for each class: 24 images of 2 classes"));
  CHECK(std::filesystem::exists(scratch / "run/gallery/01_path.jpg"));
  CHECK(std::filesystem::exists(scratch / "run/gallery/01_glimpses.jpg"));
}

TEST_CASE("saccade classify answers for slides, and goes on after a bad one in the middle", "[slides]") {
  const ScratchFolder scratch;
  std::filesystem::copy(slide_data(), scratch / "data", std::filesystem::copy_options::recursive);
  const auto slides = slides_below(scratch / "data");
  saccade::write_file(slides[5], "not a slide any more");
  std::filesystem::resize_file(slides[7], 5000);
  const Ending ending = run("saccade classify", {"--checkpoint", slide_checkpoint(), scratch / "data"});
  CHECK(ending.code == 1);
  CHECK(std::count(ending.out.begin(), ending.out.end(), '\n') == 22);
  CHECK_THAT(ending.err, contains(slides[5].string() + "\": is no slide that OpenSlide can read"));
  CHECK_THAT(ending.err, contains(slides[7].filename().string() + "\": "));
}

TEST_CASE("saccade explain writes an overview of a slide and GeoJSON of its glimpses", "[slides]") {
  const ScratchFolder scratch;
  const auto slide = slides_below(slide_data())[0];
  const Ending ending = run("saccade explain", {"--checkpoint", slide_checkpoint(), "--out", scratch / "out", slide});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto sheet = scratch / "out" / (slide.stem().string() + "_glimpses.png");
  const auto places = scratch / "out" / (slide.stem().string() + ".geojson");
  CHECK(ending.out == sheet.string() + "\n" + places.string() + "\n");
  CHECK(saccade::data::load_image(sheet).width >= 640);
  const auto json = nlohmann::json::parse(text(places));
  CHECK(json.at("type") == "FeatureCollection");
  const auto& first = json.at("features").at(0);
  CHECK(first.at("properties").at("name") == "glimpse 1");
  // The same place as classify tells.
  const Ending answer = run("saccade classify", {"--checkpoint", slide_checkpoint(), "--json", slide});
  const auto box = nlohmann::json::parse(answer.out).at("glimpses").at(0);
  CHECK(first.at("geometry").at("coordinates").at(0).at(0) ==
        nlohmann::json::array({box.at("x").get<double>(), box.at("y").get<double>()}));
}

TEST_CASE("a slide that is bad, or vanishes, is left out like a photograph, where that is allowed", "[slides]") {
  const ScratchFolder scratch;
  std::filesystem::copy(slide_data(), scratch / "data", std::filesystem::copy_options::recursive);
  const auto slides = slides_below(scratch / "data");
  saccade::write_file(slides[3], "not a slide any more");
  std::filesystem::remove(slides[20]);
  std::filesystem::create_symlink(scratch / "elsewhere.tif", slides[20]);
  const Arguments all{"--split", "all"};
  const Ending strict = train_on(scratch / "data", scratch / "strict", all);
  CHECK(strict.code == 1);
  CHECK_THAT(last_line(strict.err), contains(slides[3].string() + "\": is no slide that OpenSlide can read"));
  const Ending lenient = train_on(scratch / "data", scratch / "lenient", all + Arguments{"--max-bad-images", "1"});
  INFO(lenient.err);
  CHECK(lenient.code == 0);
  CHECK_THAT(lenient.out, contains("bad images:  1 left out"));
  CHECK_THAT(lenient.out, contains("links to nothing"));
}

TEST_CASE("many slides need few files open at a time", "[slides]") {
  const ScratchFolder scratch;
  const auto slides = slides_below(slide_data());
  for (const char* name : {"a", "b"}) saccade::create_folders(scratch / "data" / name);
  for (int i = 0; i < 1000; ++i) {
    std::filesystem::create_symlink(slides[static_cast<std::size_t>(i) % slides.size()],
                                    scratch / "data" / (i % 2 == 0 ? "a" : "b") / (std::to_string(i) + ".tif"));
  }
  const Surroundings few{.descriptors = 64};
  const Ending ending = run("saccade classify", {"--checkpoint", slide_checkpoint(), scratch / "data"}, few);
  INFO(ending.err);
  CHECK(ending.code == 0);
  CHECK(std::count(ending.out.begin(), ending.out.end(), '\n') == 1000);
  for (const char* name : {"a", "b"}) {
    for (int i = 0; i < 1000; ++i)
      if (i >= 160) std::filesystem::remove(scratch / "data" / name / (std::to_string(i) + ".tif"));
  }
  const Ending trained = train_on(scratch / "data", scratch / "run", {"--batch", "32"}, few);
  INFO(trained.err);
  CHECK(trained.code == 0);
  CHECK_THAT(trained.out, contains("slides: at most 16 open"));
}

TEST_CASE("a magnification is of BreakHis or of slides, and microns per pixel are of slides", "[slides]") {
  const ScratchFolder scratch;
  const auto refused = [&](const Arguments& more, const std::filesystem::path& data, const std::string& sentence) {
    const Ending ending = run("saccade data", Arguments{"--data", data} + more);
    CHECK(ending.code == 2);
    CHECK_THAT(last_line(ending.err), contains(sentence));
  };
  refused({"--microns-per-pixel", "0.5"}, tiny_data(), "microns per pixel are of slides, but");
  refused({"--magnification", "20"}, tiny_data(), "--magnification of BreakHis must be 40, 100, 200 or 400, but is 20");
  refused({"--magnification", "20", "--microns-per-pixel", "1"}, slide_data(),
          "--magnification excludes --microns-per-pixel");
  // These slides do not tell their resolution.
  const Ending untold = train_on(slide_data(), scratch / "run", {"--magnification", "20"});
  CHECK(untold.code == 1);
  CHECK_THAT(last_line(untold.err), contains("does not tell its magnification"));
}
