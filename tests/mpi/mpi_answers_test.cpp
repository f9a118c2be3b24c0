#include <fstream>
#include <string>

#include "mpirun.hpp"
#include "programs/tiny_run.hpp"
#include "support/catch.hpp"

using namespace programs;

TEST_CASE("an evaluation by 3 processes has the figures and predictions of one", "[mpi]") {
  const ScratchFolder scratch;
  const auto options = [&](const std::string& out) {
    return Arguments{"evaluate",
                     "--data",
                     tiny_data(),
                     "--checkpoint",
                     tiny_checkpoint(),
                     "--out",
                     scratch / out,
                     "--split",
                     "all",
                     "--rollouts",
                     "2",
                     "--threads",
                     "1",
                     "--batch",
                     "5",
                     "--gallery",
                     "1"};
  };
  const Ending alone = run("/usr/bin/env", Arguments{path_of("saccade")} + options("one"));
  INFO(alone.err);
  REQUIRE(alone.code == 0);
  const Ending shared = mpirun(3, Arguments{path_of("saccade")} + options("three"));
  INFO(shared.err);
  REQUIRE(shared.code == 0);
  CHECK(same(scratch / "one/predictions.jsonl", scratch / "three/predictions.jsonl"));
  CHECK(times("\n", text(scratch / "three/predictions.jsonl")) > 24);
  // All but what took how long, and the folder.
  const auto table = [](const std::string& out) { return out.substr(0, out.find("\nall figures:")); };
  CHECK(table(shared.out) == table(alone.out));
}

TEST_CASE("images classified by 3 processes come in the order in which they are named, problems between them",
          "[mpi]") {
  const ScratchFolder scratch;
  std::ofstream(scratch / "none.png") << "no image";
  std::ofstream list(scratch / "list");
  int count = 0;
  for (const auto& image : images_below(tiny_data())) {
    if (count++ % 7 == 3) list << (scratch / "none.png").string() << '\n';
    list << image.string() << '\n';
  }
  list << (scratch / "missing").string() << '\n';
  list.close();
  for (const char* format : {"--csv", "--json"}) {
    const Arguments options{"classify", "--checkpoint",   tiny_checkpoint(), format,
                            "--list",   scratch / "list", "--threads",       "1"};
    const Ending alone = run("/usr/bin/env", Arguments{path_of("saccade")} + options);
    const Ending shared = mpirun(3, Arguments{path_of("saccade")} + options);
    CHECK(alone.code == 1);
    CHECK(shared.code == 1);
    CHECK(shared.out == alone.out);
    CHECK(times("saccade classify: ", shared.err) == times("saccade classify: ", alone.err));
  }
  const Ending input = mpirun(2, {path_of("saccade"), "classify", "--checkpoint", tiny_checkpoint(), "-"});
  CHECK(input.code == 2);
  CHECK(times("one process alone can read names from standard input; several need a file of them, by --list",
              input.err) == 1);
}
