#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

#include "json_of.hpp"
#include "quick_study.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

/// studies/slides_study.sh, as a user runs it, with so little to learn from that it shows nothing but that it runs.
using namespace programs;

TEST_CASE("models of slides begin with what was learned from photographs", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const auto study = [&] {
    return quick_study("slides_study.sh", {"SLIDES=4", "EPOCHS=2", "SHRUNK_EPOCHS=2", "KINDS=share"}, scratch.path(),
                       {"1024"});
  };
  const Ending ending = study();
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto config = json_of(scratch / "photographs-1024/run/config.json");
  CHECK(config.at("start_from").at("crc32c").is_number());
  CHECK_THAT(text(scratch / "share-1024/study/table.md"), contains("| learned glimpses |"));
  // Again: nothing is left to do.
  const Ending again = study();
  CHECK(again.code == 0);
  CHECK_THAT(again.err + again.out, contains("done before"));
}
