#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

#include "json_of.hpp"
#include "quick_study.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

/// studies/clutter.sh, as a user runs it, with models so small that they show nothing but that it runs.
using namespace programs;

namespace {

Ending clutter(const std::filesystem::path& out, const Arguments& settings = {}) {
  return quick_study("clutter.sh", Arguments{"SEEDS=1", "THREADS=1"} + settings, out);
}

nlohmann::json config_in(const std::filesystem::path& run) { return json_of(run).at("config"); }

}  // namespace

TEST_CASE("the pictures of both published sizes, with a thumbnail and without", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = clutter(scratch.path());
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const std::string learned = "runs/learned-8-seed1.json", random = "runs/random-8-seed1.json";

  const auto small = config_in(scratch / "60" / learned), large = config_in(scratch / "100" / learned);
  CHECK(small.at("clutter").at("side") == 60);
  CHECK(small.at("clutter").at("patches") == 4);
  CHECK(small.at("model").at("sensor").at("scales") == 3);
  CHECK(large.at("clutter").at("side") == 100);
  CHECK(large.at("clutter").at("patches") == 8);
  CHECK(large.at("model").at("sensor").at("scales") == 4);
  for (const char* folder : {"60", "100"}) {
    CHECK(config_in(scratch / folder / learned).at("model").at("glance").at("side") == 0);
    CHECK(config_in(scratch / folder / random).at("looker") == "random");
    CHECK_THAT(text(scratch / folder / "table.md"), contains("| learned | 8 | 1 |") && contains("| random | 8 | 1 |"));
  }
  CHECK(config_in(scratch / "60-thumbnail" / learned).at("model").at("glance").at("side") == 15);
  CHECK(config_in(scratch / "100-thumbnail" / learned).at("model").at("glance").at("side") == 25);
  CHECK_FALSE(std::filesystem::exists(scratch / "60-thumbnail" / random));

  const Ending again = clutter(scratch.path(), {"STEPS=60"});
  CHECK(again.code == 0);
  CHECK_THAT(again.err, contains("learned-8-seed1: done before"));
}

TEST_CASE("an unknown step of clutter.sh is named", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = clutter(scratch.path(), {"STEPS=80"});
  CHECK(ending.code == 2);
  CHECK_THAT(last_line(ending.err),
             contains("STEPS may be 60, 60-thumbnail, 100 and 100-thumbnail, but there is \"80\""));
}
