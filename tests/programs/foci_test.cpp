#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

#include "json_of.hpp"
#include "quick_study.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

/// studies/foci.sh, as a user runs it, with models so small that they show nothing but that it runs.
using namespace programs;

namespace {

Ending foci(const std::filesystem::path& out, const std::string& steps) {
  return quick_study("foci.sh", {"SEEDS=1,2", "STEPS=" + steps}, out);
}

nlohmann::json config_of(const std::filesystem::path& run) { return json_of(run / "config.json"); }

}  // namespace

TEST_CASE("the smaller region is learned from the larger one, each seed from its own", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = foci(scratch.path(), "2 1 4 compare");
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const std::string cells = "-large-attention-learned-cell-policy_gradient-seed";
  for (const char* seed : {"1", "2"}) {
    CHECK_FALSE(config_of(scratch / ("2/runs/region2" + cells + seed)).contains("start_from"));
    const auto small = config_of(scratch / ("1/runs/region1" + cells + seed));
    CHECK(small.at("start_from").at("crc32c").is_number());
    CHECK(config_of(scratch / ("compare/runs/compare4" + cells + seed)).contains("start_from"));
    CHECK(small.at("training").at("rollouts") == 4);
  }
  CHECK(config_of(scratch / ("1/runs/region1" + cells + "1")).at("start_from") !=
        config_of(scratch / ("1/runs/region1" + cells + "2")).at("start_from"));
  // Again: nothing is left to do.
  const Ending again = foci(scratch.path(), "1");
  CHECK(again.code == 0);
  CHECK_THAT(again.err + again.out, contains("done before"));
}

TEST_CASE("an unknown step of foci.sh is named, and a model to start from that is not there", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending unknown = foci(scratch.path(), "3");
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err, contains("STEPS may be 2, 1, 4 and compare, but there is \"3\""));
  const Ending missing = foci(scratch.path(), "1");
  CHECK(missing.code == 1);
  CHECK_THAT(missing.err, contains("best.safetensors\": "));
}
