#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "json_of.hpp"
#include "quick_study.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

/// studies/ladder.sh, as a user runs it, with models so small that they show nothing but that it runs.
using namespace programs;

namespace {

Ending ladder(const std::filesystem::path& out, const std::string& part) {
  return quick_study("ladder.sh", {"SEEDS=1", "THREADS=1"}, out, {part});
}

nlohmann::json results_in(const std::filesystem::path& folder) {
  return json_of(folder / "results.json");
}

}  // namespace

TEST_CASE("the ladder climbs from the preset paper and takes back what works, on clutter", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = ladder(scratch.path(), "clutter");
  INFO(ending.err);
  REQUIRE(ending.code == 0);

  const auto rows = results_in(scratch / "clutter-from-paper").at("rows");
  REQUIRE(rows.size() == 1 + 18);
  CHECK_FALSE(rows[0].contains("variant"));
  CHECK(rows[1].at("variant") == "learning rate");  // as they were given
  const std::string table = text(scratch / "clutter-from-paper/table.md");
  for (const char* rung :
       {"| learned | 2 | 1 |", "| learned, no class term | 2 | 1 |",
        "| learned, leave-one-out baseline, two rollouts | 2 | 1 |", "| learned, glance of positions | 2 | 1 |"})
    CHECK_THAT(table, contains(rung));
  CHECK(std::filesystem::exists(scratch / "clutter-from-paper/variants.png"));

  // The start is the paper's, and a rung differs from it in what it says.
  const auto config = [&](const std::string& run) {
    return json_of(scratch / "clutter-from-paper/runs" / (run + ".json")).at("config");
  };
  nlohmann::json paper = config("learned-2-seed1");
  CHECK(paper.at("model").at("learner").at("baseline") == "none");
  CHECK(paper.at("model").at("learner").at("class_term") == true);
  CHECK(paper.at("model").at("glance").at("side") == 0);
  CHECK(paper.at("training").at("learning_rate") == 0.01);
  paper["model"]["learner"]["class_term"] = false;
  CHECK(config("learned-no-class-term-2-seed1") == paper);

  const auto back = results_in(scratch / "clutter-from-large").at("rows");
  CHECK(back.size() == 1 + 14);
}

TEST_CASE("the ladder climbs and takes back on tissue, and goes on where it was", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = ladder(scratch.path(), "tissue");
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK(results_in(scratch / "tissue-from-paper").at("planned") == 1 + 19);
  CHECK(results_in(scratch / "tissue-from-compact").at("planned") == 1 + 15);
  CHECK_THAT(text(scratch / "tissue-from-paper/table.md"),
             contains("| learned glimpses, state gradient detached | 1 |"));
  const Ending again = ladder(scratch.path(), "tissue");
  REQUIRE(again.code == 0);
  CHECK_THAT(again.err, contains("learned-no-staging-fold1-seed1: done before"));
}

TEST_CASE("the ladder refuses what it has no rungs for", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = ladder(scratch.path(), "sky");
  CHECK(ending.code == 2);
  CHECK_THAT(last_line(ending.err), contains("\"sky\" is neither clutter nor tissue"));
}
