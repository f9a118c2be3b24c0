#include <saccade/data/tissue_areas.hpp>
#include <saccade/report/predictions.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "drawn_slides.hpp"
#include "slides/tiff.hpp"
#include "support/catch.hpp"

/// Random glimpses of the programs, on the tissue of whole slides.
using namespace programs;
using saccade::Index;

namespace {

/// Where the tissue of a drawn slide is, from the drawing itself.
saccade::TissueArea tissue_of(Index slide) {
  constexpr Index cell = saccade::data::SlideTissue::cell, side = 1024;
  const saccade::data::SlideTissue drawing(drawn_options, slide);
  saccade::RgbImage image(side, side);
  for (Index row = 0; row < side / cell; ++row) {
    for (Index column = 0; column < side / cell; ++column) {
      const saccade::RgbImage part = drawing.draw_cell(column, row);
      for (Index y = 0; y < cell; ++y) std::copy_n(part.at(0, y), 3 * cell, image.at(column * cell, row * cell + y));
    }
  }
  return saccade::data::find_tissue_area(image);
}

/// Glimpses of the random policy that lie off the tissue of their slide, give or take 8 pixels.
Index random_glimpses_off_tissue(const std::filesystem::path& predictions) {
  Index off = 0;
  for (const auto& record : saccade::report::read_predictions(predictions)) {
    if (record.policy != "random") continue;
    const auto slide = static_cast<Index>(std::stoi(std::filesystem::path(record.image).stem().string()) - 1);
    const saccade::TissueArea tissue = tissue_of(slide);
    for (const saccade::Location& place : record.locations) {
      const auto pixel = [](double at) { return static_cast<Index>((at + 1) / 2 * 1024); };
      bool on = false;
      for (const Index dy : {-8, 0, 8}) {
        for (const Index dx : {-8, 0, 8}) {
          on = on || tissue.covers(std::clamp<Index>(pixel(place.x) + dx, 0, 1023),
                                   std::clamp<Index>(pixel(place.y) + dy, 0, 1023));
        }
      }
      off += on ? 0 : 1;
    }
  }
  return off;
}

Ending evaluate_slides(const std::filesystem::path& checkpoint, const std::filesystem::path& out) {
  return run("saccade evaluate", {"--data", drawn_slides(), "--checkpoint", checkpoint, "--out", out});
}

}  // namespace

TEST_CASE("with random_locations=tissue no random glimpse of a training or an evaluation is of glass", "[slides]") {
  const ScratchFolder scratch;
  const Arguments on_tissue{"--set", "random_locations=tissue", "--set", "glimpses=6"};
  const Ending one = run("saccade train", training_on_slides(drawn_slides(), scratch / "one", 2, on_tissue));
  INFO(one.err);
  REQUIRE(one.code == 0);
  const auto config = nlohmann::json::parse(text(scratch / "one/config.json"));
  CHECK(config.at("model").at("random_locations") == "tissue");
  const Ending two = run(
      "saccade train", training_on_slides(drawn_slides(), scratch / "two", 2, on_tissue + Arguments{"--threads", "2"}));
  REQUIRE(two.code == 0);
  CHECK(same(scratch / "one/checkpoint.safetensors", scratch / "two/checkpoint.safetensors"));
  const Ending anywhere =
      run("saccade train", training_on_slides(drawn_slides(), scratch / "anywhere", 2, {"--set", "glimpses=6"}));
  REQUIRE(anywhere.code == 0);
  CHECK_FALSE(same(scratch / "one/checkpoint.safetensors", scratch / "anywhere/checkpoint.safetensors"));
  REQUIRE(evaluate_slides(scratch / "one/checkpoint.safetensors", scratch / "one").code == 0);
  REQUIRE(evaluate_slides(scratch / "anywhere/checkpoint.safetensors", scratch / "anywhere").code == 0);
  CHECK(random_glimpses_off_tissue(scratch / "one/predictions.jsonl") == 0);
  CHECK(random_glimpses_off_tissue(scratch / "anywhere/predictions.jsonl") > 0);
}

TEST_CASE("slides without tissue are counted", "[slides]") {
  const ScratchFolder scratch;
  std::filesystem::copy(drawn_slides(), scratch / "data", std::filesystem::copy_options::recursive);
  saccade::RgbImage glass(1024, 1024);
  std::fill(glass.pixels.begin(), glass.pixels.end(), std::uint8_t{240});
  for (const char* name : {"0002.tif", "0006.tif"})
    saccade::write_file(scratch / "data/slides" / name, saccade_test::tiled_tiff({glass}));
  const Ending trained = run(
      "saccade train", training_on_slides(scratch / "data", scratch / "run", 2, {"--set", "random_locations=tissue"}));
  INFO(trained.err);
  CHECK(trained.code == 0);
  CHECK_THAT(trained.err, contains("saccade train: warning: no tissue was found on 2 images ("));
  CHECK_THAT(trained.err, contains("0002.tif, ...): random locations fall anywhere on them\n"));
  const Ending evaluated = run("saccade evaluate", {"--data", scratch / "data", "--checkpoint",
                                                    scratch / "run/checkpoint.safetensors", "--out", scratch / "run"});
  INFO(evaluated.err);
  CHECK(evaluated.code == 0);
  CHECK_THAT(evaluated.err, contains("saccade evaluate: warning: no tissue was found on 2 images ("));
}
