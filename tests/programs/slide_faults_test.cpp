#include <saccade/training/checkpoint.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

#include "drawn_slides.hpp"
#include "killed_run.hpp"
#include "support/catch.hpp"

/// Slides that turn out to be damaged where a glimpse falls, that vanish, and runs on slides that are killed.
using namespace programs;

namespace {

/// A copy of the drawn slides, in which the third has no whole tile.
std::filesystem::path damaged_slides(const ScratchFolder& scratch) {
  std::filesystem::copy(drawn_slides(), scratch / "data", std::filesystem::copy_options::recursive);
  damage_tiles(scratch / "data/slides/0003.tif");
  return scratch / "data";
}

Arguments evaluation_of(const std::filesystem::path& data, const std::filesystem::path& out) {
  return {"--data", data, "--checkpoint", drawn_slides_checkpoint(), "--out", out, "--batch", "3"};
}

constexpr const char* the_place = "0003.tif\": cannot be read at (";

}  // namespace

TEST_CASE("a damaged tile ends a training in a sentence with file and place", "[slides]") {
  const ScratchFolder scratch;
  const auto data = damaged_slides(scratch);
  const Ending ending = run("saccade train", training_on_slides(data, scratch / "run", 2));
  CHECK(ending.code == 1);
  CHECK_THAT(last_line(ending.err), contains("saccade train: \""));
  CHECK_THAT(last_line(ending.err), contains(the_place));
  CHECK_THAT(last_line(ending.err), contains("), level 0: "));
}

TEST_CASE("where bad images are allowed, a training and an evaluation go on without a damaged slide", "[slides]") {
  const ScratchFolder scratch;
  const auto data = damaged_slides(scratch);
  const Arguments one{"--max-bad-images", "1"};
  const std::string parts = "training.parts=" + std::to_string(GENERATE(1, 2));
  const Ending trained =
      run("saccade train", training_on_slides(data, scratch / "run", 3, one + Arguments{"--set", parts}));
  INFO(trained.err);
  CHECK(trained.code == 0);
  CHECK_THAT(trained.err, contains("saccade train: warning: left out: \""));
  CHECK_THAT(trained.err, contains(the_place));
  CHECK_THAT(trained.out, contains("bad images:  1 left out"));

  const Ending strict = run("saccade evaluate", evaluation_of(data, scratch / "strict"));
  CHECK(strict.code == 1);
  CHECK_THAT(last_line(strict.err), contains(the_place));
  const Ending evaluated = run("saccade evaluate", evaluation_of(data, scratch / "lenient") + one);
  INFO(evaluated.err);
  CHECK(evaluated.code == 0);
  CHECK_THAT(evaluated.err, contains(the_place));
  const auto json = nlohmann::json::parse(text(scratch / "lenient/evaluation.json"));
  CHECK(json.at("protocol").at("images") == 7);
  CHECK(json.at("protocol").at("bad_images") == 1);
}

TEST_CASE("saccade classify goes on with the next slide after a damaged tile", "[slides]") {
  const ScratchFolder scratch;
  const auto data = damaged_slides(scratch);
  const Ending ending = run("saccade classify", {"--checkpoint", drawn_slides_checkpoint(), data / "slides"});
  CHECK(ending.code == 1);
  CHECK(std::count(ending.out.begin(), ending.out.end(), '\n') == 7);
  CHECK_THAT(ending.out, contains("0004.tif  "));
  CHECK_THAT(ending.err, contains(the_place));
}

TEST_CASE("a slide that is damaged, or vanishes, while a training runs leaves a checkpoint that loads", "[slides]") {
  const bool vanishes = GENERATE(false, true);
  const bool allowed = GENERATE(false, true);
  const ScratchFolder scratch;
  std::filesystem::copy(drawn_slides(), scratch / "data", std::filesystem::copy_options::recursive);
  const auto slide = scratch / "data/slides/0005.tif", checkpoint = scratch / "run/checkpoint.safetensors";
  Process process("saccade train", training_on_slides(scratch / "data", scratch / "run", 100000,
                                                      {"--max-bad-images", allowed ? "1" : "0"}));
  REQUIRE(process.runs_until([&] { return std::filesystem::exists(checkpoint); }));
  if (vanishes) {
    std::filesystem::remove(slide);
  } else {
    damage_tiles(slide);
  }
  if (allowed) {
    // Another two epochs.
    const auto metrics = [&] { return text(scratch / "run/metrics.jsonl"); };
    const auto lines = [&] {
      const std::string all = metrics();
      return std::count(all.begin(), all.end(), '\n');
    };
    const auto before = lines();
    CHECK(process.runs_until([&] { return lines() >= before + 3; }));
    process.send(SIGTERM);
  }
  const Ending ending = process.wait();
  INFO(ending.err);
  CHECK(ending.code == (allowed ? 130 : 1));
  CHECK_THAT(ending.err, contains("0005.tif\": "));
  CHECK(run("saccade classify", {"--checkpoint", checkpoint, scratch / "data/slides/0001.tif"}).code == 0);
}

TEST_CASE("a run on slides that is killed again and again ends with the bytes of one that is not", "[slides]") {
  const auto [damaged, parts] = GENERATE(table<bool, int>({{false, 1}, {true, 1}, {true, 3}}));
  const ScratchFolder scratch;
  const auto data = damaged ? damaged_slides(scratch) : drawn_slides();
  const Arguments in_parts{"--set", "training.parts=" + std::to_string(parts)};
  const Arguments options =
      in_parts + Arguments{"--max-bad-images", "1", "--checkpoint-every", "1", "--set", "random_locations=tissue"};
  const auto whole = scratch / "whole", killed = scratch / "killed";
  REQUIRE(run("saccade train", training_on_slides(data, whole, 6, options)).code == 0);
  train_through_kills(training_on_slides(data, killed, 6, options + Arguments{"--resume"}), 5, 50, 1500);
  check_equal_runs(whole, killed);
}
