#include <filesystem>
#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

TEST_CASE("Threads that the machine has no room for end in a sentence", "[programs]") {
#if defined(__SANITIZE_ADDRESS__)
  SKIP_TEST("the address sanitizer needs more addresses than a limit leaves");
#else
  const ScratchFolder scratch;
  const Surroundings few{.memory = rlim_t{1} << 30};  // each thread reserves a stack of megabytes
  const auto check = [&](const std::string& program, const Arguments& arguments, const std::string& who) {
    const Ending ending = run(program, arguments, few);
    INFO(ending.err);
    CHECK(ending.code == 1);
    CHECK_THAT(last_line(ending.err), contains(program + ": " + who + ": only "));
    CHECK_THAT(last_line(ending.err),
               contains(" threads can be started (Resource temporarily unavailable); ask for fewer"));
  };
  const auto image = images_below(tiny_data())[0];
  check("saccade classify", {"--checkpoint", tiny_checkpoint(), image, "--threads", "1000"}, "thread pool");
  check("saccade train", training(scratch / "run", 1, {"--threads", "1", "--decode-threads", "1000"}), "loader");
  check("saccade tissue", {"--out", scratch / "t", "--threads", "1000", "--patients", "1", "--images", "1"},
        "synthetic tissue");
#endif
}

TEST_CASE("With too few open files a report stays what it was, and nothing else is lost", "[programs]") {
#if defined(__SANITIZE_ADDRESS__)
  SKIP_TEST("the undefined-behaviour sanitizer opens a pipe to look at an object, and reports one that it cannot see");
#else
  const ScratchFolder scratch;
  std::filesystem::copy(tiny_checkpoint().parent_path(), scratch / "run", std::filesystem::copy_options::recursive);
  const Arguments evaluation{"--data", tiny_data(),     "--checkpoint", tiny_checkpoint(),
                             "--out",  scratch / "run", "--threads",    "1"};
  REQUIRE(run("saccade evaluate", evaluation).code == 0);
  const auto good = bytes(scratch / "run/report.html");
  bool failed = false, succeeded = false;
  for (rlim_t descriptors = 3; descriptors <= 64 && !succeeded; ++descriptors) {
    const Ending ending = run("saccade report", {scratch / "run"}, {.descriptors = descriptors});
    INFO(descriptors << " descriptors: " << ending.err);
    if (ending.code == 127) continue;  // too few to start a program at all
    (ending.code == 0 ? succeeded : failed) = true;
    if (ending.code != 0) CHECK_THAT(ending.err, contains("Too many open files"));
    CHECK((bytes(scratch / "run/report.html") == good));
  }
  CHECK(failed);
  CHECK(succeeded);
  failed = succeeded = false;
  for (rlim_t descriptors = 3; descriptors <= 64 && !succeeded; ++descriptors) {
    const auto out = scratch / std::to_string(descriptors);
    const Ending ending = run("saccade train", training(out, 1, {"--threads", "1", "--max-bad-images", "99"}),
                              {.descriptors = descriptors});
    INFO(descriptors << " descriptors: " << ending.err);
    if (ending.code == 127) continue;
    (ending.code == 0 ? succeeded : failed) = true;
    // No image is taken for a bad one.
    CHECK(ending.err.find("left out") == std::string::npos);
    if (ending.code == 0) continue;
    CHECK(ending.code == 1);
    CHECK_THAT(last_line(ending.err), contains("Too many open files"));
  }
  CHECK(failed);
  CHECK(succeeded);
#endif
}
