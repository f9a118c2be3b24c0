#include <saccade/report/json_lines.hpp>
#include <saccade/training/checkpoint.hpp>

#include <string>

#include "killed_run.hpp"
#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

/// Complete epochs that a checkpoint counts.
int epochs_of(const std::filesystem::path& checkpoint) {
  const auto file = saccade::read_checkpoint(checkpoint);
  return saccade::checkpoint_info(file, "checkpoint").run.at("state").at("epochs").get<int>();
}

}  // namespace

TEST_CASE("A run that is killed again and again ends with the same bytes as one that is not", "[programs]") {
  const std::string threads = GENERATE("1", "2");
  const ScratchFolder scratch;
  // Two steps between checkpoints and three in an epoch: most checkpoints stand in the middle of an epoch.
  const Arguments options{"--threads", threads, "--checkpoint-every", "2"};
  REQUIRE(run("saccade train", training(scratch / "whole", 12, options)).code == 0);

  const auto killed = scratch / "killed";
  train_through_kills(training(killed, 12, options + Arguments{"--resume"}), 8, 0, 120);
  check_equal_runs(scratch / "whole", killed);
}

TEST_CASE("Ctrl-C, SIGTERM, the end of a session and a scheduler's signals leave a checkpoint that loads and goes on",
          "[programs]") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2);
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  Process process("saccade train", training(out, 100000, {"--threads", "1"}));
  REQUIRE(process.runs_until([&] { return std::filesystem::exists(out / "checkpoint.safetensors"); }));
  process.send(signal);
  const Ending ending = process.wait();
  INFO(ending.err);
  CHECK(ending.code == 130);
  CHECK_THAT(last_line(ending.err), contains("saccade train: interrupted in epoch "));
  CHECK_THAT(last_line(ending.err), contains("the same command with --resume goes on there"));

  const int epochs = epochs_of(out / "checkpoint.safetensors");
  CHECK(saccade::report::read_json_lines(out / "metrics.jsonl").size() == static_cast<std::size_t>(epochs));
  CHECK(run("saccade classify", {"--checkpoint", out / "checkpoint.safetensors", images_below(tiny_data())[0]}).code ==
        0);
  REQUIRE(run("saccade train", training(out, epochs + 2, {"--threads", "1", "--resume"})).code == 0);
  REQUIRE(run("saccade train", training(scratch / "whole", epochs + 2, {"--threads", "1"})).code == 0);
  check_equal_runs(scratch / "whole", out);
}

TEST_CASE("A signal that was ignored when the program began stays so, and a session may end twice", "[programs]") {
  const ScratchFolder scratch;
  {
    void (*const before)(int) = std::signal(SIGHUP, SIG_IGN);  // as nohup does; the child keeps it
    Process process("saccade train", training(scratch / "nohup", 3, {"--threads", "1"}));
    std::signal(SIGHUP, before);
    REQUIRE(process.runs_until([&] { return std::filesystem::exists(scratch / "nohup/checkpoint.safetensors"); }));
    process.send(SIGHUP);
    CHECK(process.wait().code == 0);
  }
  Process process("saccade train", training(scratch / "twice", 100000, {"--threads", "1"}));
  REQUIRE(process.runs_until([&] { return std::filesystem::exists(scratch / "twice/checkpoint.safetensors"); }));
  process.send(SIGHUP);
  process.send(SIGHUP);
  CHECK(process.wait().code == 130);
}

TEST_CASE("A run is neither overwritten nor resumed with other options", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  REQUIRE(run("saccade train", training(out, 1, {"--threads", "1"})).code == 0);
  const auto checkpoint = bytes(out / "checkpoint.safetensors");

  const Ending again = run("saccade train", training(out, 1, {"--threads", "1"}));
  CHECK(again.code == 1);
  CHECK(last_line(again.err) == "saccade train: \"" + out.string() +
                                    "\": holds a run already; go on with --resume, or name another folder with --out");

  const auto refused = [&](const Arguments& more, const std::string& difference) {
    const Ending ending = run("saccade train", training(out, 2, Arguments{"--threads", "1", "--resume"} + more));
    INFO(ending.err);
    CHECK(ending.code == 1);
    CHECK_THAT(last_line(ending.err),
               contains("config.json\": the run began with another configuration: " + difference));
  };
  refused({"--seed", "2"}, "seed is 1, but now is 2");
  refused({"--learning-rate", "0.5"}, "training.learning_rate is 0.002, but now is 0.5");
  refused({"--set", "policy.sigma=0.3"}, "model.policy.sigma is 0.2, but now is 0.3");
  refused({"--split", "random:2"}, "data.split is \"random:1\", but now is \"random:2\"");
  refused({"--group", "case"}, "data.group is \"slide\", but now is \"case\"");
  CHECK((bytes(out / "checkpoint.safetensors") == checkpoint));
}

TEST_CASE("Without a checkpoint, --resume begins at the beginning", "[programs]") {
  const ScratchFolder scratch;
  REQUIRE(run("saccade train", training(scratch / "resumed", 1, {"--threads", "1", "--resume"})).code == 0);
  REQUIRE(run("saccade train", training(scratch / "whole", 1, {"--threads", "1"})).code == 0);
  check_equal_runs(scratch / "whole", scratch / "resumed");
}
