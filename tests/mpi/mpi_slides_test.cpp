#include <filesystem>
#include <string>

#include "mpirun.hpp"
#include "programs/drawn_slides.hpp"
#include "programs/killed_run.hpp"
#include "support/catch.hpp"

/// Slides that turn out to be damaged in a run of several processes.
using namespace programs;

TEST_CASE("processes go on without a damaged slide, which the first tells once, or all end with it", "[mpi][slides]") {
  const ScratchFolder scratch;
  std::filesystem::copy(drawn_slides(), scratch / "data", std::filesystem::copy_options::recursive);
  damage_tiles(scratch / "data/slides/0003.tif");
  const auto options = [&](const std::string& out, const std::string& allowed) {
    return training_on_slides(scratch / "data", scratch / out, 3,
                              {"--set", "training.parts=4", "--max-bad-images", allowed, "--checkpoint-every", "1"});
  };
  const Arguments train{path_of("saccade"), "train"};
  const Ending alone = run("saccade train", options("alone", "1"));
  INFO(alone.err);
  REQUIRE(alone.code == 0);
  for (const int count : {2, 4}) {
    const std::string out = std::to_string(count);
    const Ending ending = mpirun(count, train + options(out, "1"));
    INFO(count << " processes: " << ending.err);
    REQUIRE(ending.code == 0);
    CHECK(times("left out: \"", ending.err) == 1);
    CHECK(times("0003.tif\": cannot be read at (", ending.err) == 1);
    CHECK(times("bad images:  1 left out", ending.out) == 1);
    check_equal_runs(scratch / out, scratch / "alone");
  }
  const Ending ended = mpirun(2, train + options("ended", "0"));
  CHECK(ended.code != 0);
  CHECK(times("saccade train: \"", ended.err) == 1);
  CHECK(times("0003.tif\": cannot be read at (", ended.err) == 1);
}
