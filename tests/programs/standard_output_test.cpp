#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

TEST_CASE("Standard output that cannot be written is a sentence and an exit code of 1", "[programs]") {
  const ScratchFolder scratch;
  using Output = Surroundings::Output;
  const auto image = images_below(tiny_data())[0];
  const auto model = tiny_checkpoint();
  const auto check = [](const std::string& program, const Arguments& arguments, Output output) {
    const Ending ending = run(program, arguments, {.output = output});
    INFO(program << ": " << ending.err);
    CHECK(ending.code == 1);
    CHECK(last_line(ending.err).starts_with(program + ": standard output cannot be written"));
  };
  check("saccade classify", {"--checkpoint", model, image, image}, Output::closed_pipe);
  check("saccade classify", {"--checkpoint", model, image, "--csv"}, Output::full_disk);
  check("saccade explain", {"--checkpoint", model, "--out", scratch / "p", image}, Output::full_disk);
  check("saccade data", {"--data", tiny_data()}, Output::closed_pipe);
  for (const char* each : {"train", "evaluate", "explain", "classify", "report", "tissue", "data"})
    for (const Output output : {Output::full_disk, Output::closed_pipe})
      check("saccade " + std::string(each), {"--help"}, output);
  check("saccade report", {model.parent_path()}, Output::full_disk);
  check("saccade tissue",
        {"--out", scratch / "t", "--patients", "1", "--images", "1", "--width", "64", "--height", "64"},
        Output::full_disk);
  check("saccade evaluate", {"--data", tiny_data(), "--checkpoint", model, "--out", scratch / "e"}, Output::full_disk);
  check("saccade train", training(scratch / "run", 1), Output::closed_pipe);
  check("saccade", {"--help"}, Output::full_disk);
  // The results are there all the same.
  CHECK(std::filesystem::exists(scratch / "e/evaluation.json"));
  CHECK(std::filesystem::exists(scratch / "run/best.safetensors"));
}

TEST_CASE("saccade by itself knows its subcommands and its version", "[programs]") {
  const Ending help = run("saccade", {"--help"});
  CHECK(help.code == 0);
  for (const char* name : {"train", "evaluate", "explain", "classify", "report", "tissue", "data"})
    CHECK_THAT(help.out, contains("\n  " + std::string(name) + " "));
  CHECK(run("saccade", {"--version"}).out.starts_with("saccade 0."));
  const std::string known =
      " (known: train, evaluate, explain, classify, report, tissue, data); --help describes them\n";
  for (const auto& [arguments, problem] : std::vector<std::pair<Arguments, std::string>>{
           {{}, "which subcommand?"}, {{"learn"}, "there is no subcommand learn"}}) {
    const Ending ending = run("saccade", arguments);
    CHECK(ending.code == 2);
    CHECK(ending.out.empty());
    CHECK(ending.err == "saccade: " + problem + known);
  }
}
