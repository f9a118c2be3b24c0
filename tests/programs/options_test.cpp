#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

/// The last line on stderr of a `saccade tissue` that must not begin, with `options` in a file.
std::string refusal(const std::string& options) {
  const ScratchFolder scratch;
  saccade::write_file(scratch / "run.ini", options);
  const Ending ending = run("saccade tissue", {"--config", scratch / "run.ini", "--out", scratch / "never"});
  INFO(ending.err);
  CHECK(ending.code == 2);
  CHECK_FALSE(std::filesystem::exists(scratch / "never"));
  return last_line(ending.err);
}

}  // namespace

TEST_CASE("A number is decimal, and one that its option can hold", "[programs]") {
  const ScratchFolder scratch;
  const auto seed_of = [&](const std::string& text) {
    std::filesystem::remove_all(scratch / "run");
    const Ending ending = run("saccade train", training(scratch / "run", 1, {"--threads", "1", "--seed=" + text}));
    INFO(ending.err);
    REQUIRE(ending.code == 0);
    return nlohmann::json::parse(programs::text(scratch / "run/config.json")).at("seed").get<std::uint64_t>();
  };
  CHECK(seed_of("010") == 10);
  CHECK(seed_of("18446744073709551615") == 18446744073709551615u);
  const auto refused = [&](const std::string& option, const std::string& sentence) {
    const Ending ending = run("saccade train", training(scratch / "never", 1, {option}));
    INFO(option << ": " << ending.err);
    CHECK(ending.code == 2);
    CHECK_THAT(last_line(ending.err), contains(sentence));
  };
  const std::string seeds = "--seed: must be a whole number from 0 to 18446744073709551615, but is ";
  refused("--seed=18446744073709551616", seeds + "\"18446744073709551616\"");
  refused("--seed=-1", seeds + "\"-1\"");
  refused("--seed=0x10", seeds + "\"0x10\"");
  refused("--seed=1e3", seeds + "\"1e3\"");
  refused("--seed= 1", seeds + "\" 1\"");
  refused("--batch=4.5", "--batch: must be a whole number from ");
  refused("--batch=9223372036854775808", "--batch: must be a whole number from ");
  for (const char* number : {"inf", "nan", "1e400", "0x1p3", "1,5", "5%"})
    refused("--learning-rate=" + std::string(number),
            "--learning-rate: must be a decimal number, but is \"" + std::string(number) + '"');
  CHECK_FALSE(std::filesystem::exists(scratch / "never"));
}

TEST_CASE("A file of options has one value for each, blanks and all", "[programs]") {
  const ScratchFolder scratch;
  const auto folder = scratch / "my data/tissue one";
  saccade::write_file(scratch / "run.ini",
                      "\xEF\xBB\xBF# a comment\r\n; another\r\n\r\nout = " + folder.string() +
                          "  \r\npatients=1 ; few\r\nimages = \"1\" # in quotes\nwidth = '64'\nheight=064\n");
  const Ending ending = run("saccade tissue", {"--config", scratch / "run.ini", "--images", "2"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("4 images of 2 patients"));  // the command line wins
  CHECK_THAT(ending.out, contains("64 x 64 pixels"));
  CHECK(images_below(folder).size() == 4);
}

TEST_CASE("What a file of options means twice, or not at all, is refused with its line", "[programs]") {
  const std::string tissue = "saccade tissue: --config: ";
  for (const auto& [options, sentence] : std::vector<std::pair<std::string, std::string>>{
           {"seed = 1 2 3\n",
            "saccade tissue: --seed: must be a whole number from 0 to 18446744073709551615, but is \"1 2 3\""},
           {"seed = 1\n\nseed = 1\n", tissue + "line 3: seed is set already, in line 1"},
           {"[tissue]\nseed = 1\n", tissue + "line 1: there are no sections, as [tissue] would be"},
           {"seeds = 1\n", tissue + "line 1: there is no option seeds"},
           {"tissue.seed = 1\n", tissue + "line 1: there is no option tissue.seed"},
           {"config = other.ini\n", tissue + "line 1: there is no option config"},
           {"help = true\n", tissue + "line 1: there is no option help"},
           {"seed\n", tissue + "line 1: expected seed = VALUE"},
           {"seed = # none\n", tissue + "line 1: seed has no value"},
           {"seed = \"1\n", tissue + "line 1: a quote is not closed"},
           {"seed = \"1\" 2\n", tissue + "line 1: cannot be read from 2 on"},
       }) {
    INFO(options);
    CHECK_THAT(refusal(options), contains(sentence));
  }
}

TEST_CASE("What is meant once is given once on the command line", "[programs]") {
  const ScratchFolder scratch;
  const auto refused = [&](const Arguments& more, const std::string& sentence) {
    const Ending ending = run("saccade train", training(scratch / "never", 1) + more);
    INFO(ending.err);
    CHECK(ending.code == 2);
    CHECK(last_line(ending.err) == "saccade train: " + sentence);
    CHECK_FALSE(std::filesystem::exists(scratch / "never"));
  };
  refused({"--epochs", "2"}, "--epochs is given 2 times; expected once");
  refused({"--seed=1", "--seed", "1", "--seed", "2"}, "--seed is given 3 times; expected once");
  refused({"--resume", "--resume"}, "--resume is given 2 times; expected once");
  refused({"--set", "hidden=8"}, "--set: hidden is set twice");
  saccade::write_file(scratch / "one.ini", "seed = 1\n");
  refused({"--config", scratch / "one.ini", "--config", scratch / "one.ini"},
          "--config is given 2 times; expected once");
}

TEST_CASE("An option that may be repeated has a list, or a line for each value, and a flag is true or false",
          "[programs]") {
  const ScratchFolder scratch;
  const auto began_with = [&](const std::string& lines) {
    std::filesystem::remove_all(scratch / "run");
    saccade::write_file(scratch / "run.ini", lines);
    return run("saccade train", training(scratch / "run", 1, {"--threads", "1", "--config", scratch / "run.ini"}));
  };
  const auto config = [&] { return nlohmann::json::parse(text(scratch / "run/config.json")); };
  // The options of the command line are all of --set; those of the file are not added to them.
  Ending ending = began_with("no-augmentation\ntensorboard = false\n");
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK(config().at("training").at("augment") == false);
  CHECK_FALSE(std::filesystem::exists(scratch / "run/tensorboard"));
  ending = began_with("tensorboard = maybe\n");
  CHECK(ending.code == 2);
  CHECK_THAT(last_line(ending.err), contains("line 1: tensorboard must be true or false, but is maybe"));

  const Arguments data{"--data", tiny_data(), "--out", scratch / "list", "--epochs", "1", "--threads", "1"};
  saccade::write_file(scratch / "list.ini",
                      "preset = compact\nset = [\"hidden=8\", 'glimpses=2',]  # two\nset = fusion_width=8\n"
                      "set = training.glimpses=random\n");
  ending = run("saccade train", data + Arguments{"--config", scratch / "list.ini"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto list = nlohmann::json::parse(text(scratch / "list/config.json"));
  CHECK(list.at("model").at("hidden") == 8);
  CHECK(list.at("model").at("glimpses") == 2);
  CHECK(list.at("model").at("fusion_width") == 8);
  CHECK(list.at("training").at("glimpses") == "random");
}

TEST_CASE("A name in brackets is a name, and no list", "[programs]") {
  const ScratchFolder scratch;
  std::filesystem::copy_file(images_below(tiny_data())[0], scratch / "[a,b]");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(scratch.path());
  const Ending ending = run("saccade classify", {"--checkpoint", tiny_checkpoint(), "[a,b]", "./[a,b]", "[a,b]"});
  std::filesystem::current_path(before);
  INFO(ending.err);
  CHECK(ending.code == 0);
  CHECK(ending.out.starts_with("./[a,b]  "));
  CHECK(std::count(ending.out.begin(), ending.out.end(), '\n') == 3);
}

TEST_CASE("Bytes that are not UTF-8 are a sentence on the command line and in a file", "[programs]") {
  const ScratchFolder scratch;
  const auto check = [&](const Arguments& more) {
    const Ending ending = run("saccade train", training(scratch / "never", 1, more));
    INFO(ending.err);
    CHECK(ending.code == 2);
    CHECK_THAT(last_line(ending.err), contains("--set: an option must be UTF-8, but is \"hidden=\xEF\xBF\xBD\""));
  };
  check({"--set", "hidden=\xFF"});
  saccade::write_file(scratch / "latin.ini", "set=\"hidden=\xFF\"\n");
  const Ending ending =
      run("saccade train", {"--data", tiny_data(), "--out", scratch / "never", "--config", scratch / "latin.ini"});
  CHECK(ending.code == 2);
  CHECK_THAT(last_line(ending.err), contains("--set: an option must be UTF-8"));
}

TEST_CASE("A path that is not UTF-8 is written with replaced bytes, and loses no work", "[programs]") {
  const ScratchFolder scratch;
  const std::filesystem::path folder = scratch / "dir\xE9";
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(tiny_checkpoint(), folder / "best.safetensors");
  const Ending evaluated = run("saccade evaluate", {"--data", tiny_data(), "--checkpoint", folder / "best.safetensors",
                                                    "--out", folder / "evaluation", "--threads", "1"});
  INFO(evaluated.err);
  REQUIRE(evaluated.code == 0);
  const auto json = nlohmann::json::parse(text(folder / "evaluation/evaluation.json"));
  CHECK_THAT(json.at("protocol").at("checkpoint").get<std::string>(), contains("dir\xEF\xBF\xBD/best.safetensors"));

  std::filesystem::copy_file(images_below(tiny_data())[0], folder / "a.png");
  const Ending classified = run("saccade classify", {"--checkpoint", tiny_checkpoint(), "--json", folder / "a.png",
                                                     images_below(tiny_data())[1]});
  INFO(classified.err);
  CHECK(classified.code == 0);
  CHECK_THAT(classified.out, contains("dir\xEF\xBF\xBD/a.png"));
  CHECK(std::count(classified.out.begin(), classified.out.end(), '\n') == 2);
}

TEST_CASE("JSON of another form, or too deep, is a sentence that names its file", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  REQUIRE(run("saccade train", training(out, 1, {"--threads", "1"})).code == 0);
  std::string deep = "{\"a\":";
  deep += std::string(100'000, '[') + std::string(100'000, ']') + '}';

  SECTION("the report of a configuration, an evaluation and lines of metrics that are too deep") {
    for (const char* name : {"config.json", "evaluation.json", "metrics.jsonl"}) {
      saccade::write_file(out / name, deep + '\n');
      const Ending ending = run("saccade report", {out});
      INFO(ending.err);
      CHECK(ending.code == 0);
      CHECK_THAT(ending.err, contains(std::string(name) + "\": ") && contains("is JSON of more than 64 levels"));
    }
  }
  SECTION("a resumed run whose configuration is too deep") {
    saccade::write_file(out / "config.json", deep);
    const Ending ending = run("saccade train", training(out, 2, {"--threads", "1", "--resume"}));
    CHECK(ending.code == 1);
    CHECK_THAT(last_line(ending.err), contains("config.json\": is JSON of more than 64 levels"));
  }
  SECTION("a training that went well, beside lines that somebody changed") {
    saccade::write_file(out / "metrics.jsonl", "{\"epnch\":1}\n");
    const Ending ending = run("saccade train", training(out, 2, {"--threads", "1", "--resume"}));
    INFO(ending.err);
    CHECK(ending.code == 0);
    CHECK_THAT(last_line(ending.err), contains("metrics.jsonl\": line 1 is not of an epoch"));
    CHECK(std::filesystem::exists(out / "report.html"));
  }
}

TEST_CASE("Images that are the same in two parts are told by an evaluation", "[programs]") {
  const ScratchFolder scratch;
  make_class_folders(scratch / "data");
  std::filesystem::copy_file(scratch / "data/train/ape/0.png", scratch / "data/test/ape/again.png");
  const Ending trained = run("saccade train", training(scratch / "run", 1, {"--threads", "1"}, scratch / "data"));
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  const Ending ending = run("saccade evaluate", {"--data", scratch / "data", "--checkpoint",
                                                 scratch / "run/checkpoint.safetensors", "--out", scratch / "e"});
  INFO(ending.err);
  CHECK(ending.code == 0);
  CHECK_THAT(ending.err, contains("saccade evaluate: warning: 1 of 7 images are the same, byte for byte, as images of "
                                  "another part; saccade data names them"));
}

TEST_CASE("A batch is no larger than the data", "[programs]") {
  const ScratchFolder scratch;
  const Ending ending = run("saccade train", training(scratch / "large", 1, {"--threads", "1", "--batch", "65536"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const Ending fitting = run("saccade train", training(scratch / "fitting", 1, {"--threads", "1", "--batch", "100"}));
  REQUIRE(fitting.code == 0);
  const auto memory = [](const std::string& out) { return out.substr(out.find("memory of a training step")); };
  CHECK(memory(ending.out).substr(0, 60) == memory(fitting.out).substr(0, 60));
  CHECK(text(scratch / "large/metrics.jsonl") == text(scratch / "fitting/metrics.jsonl"));
  const Ending judged = run("saccade evaluate", {"--data", tiny_data(), "--checkpoint", tiny_checkpoint(), "--out",
                                                 scratch / "e", "--batch", "65536", "--threads", "1"});
  INFO(judged.err);
  CHECK(judged.code == 0);
}
