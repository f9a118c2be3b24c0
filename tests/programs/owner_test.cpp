#include <saccade/core/folder_lock.hpp>
#include <saccade/data/inventory.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

std::map<std::string, std::vector<std::uint8_t>> files_of(const std::filesystem::path& folder) {
  std::map<std::string, std::vector<std::uint8_t>> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[entry.path().lexically_relative(folder).string()] = bytes(entry.path());
  return files;
}

}  // namespace

TEST_CASE("A folder that is trained into is written by nobody else, and a report of it can be made", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  Process trained("saccade train", training(out, 100000, {"--threads", "1"}));
  REQUIRE(trained.runs_until([&] { return std::filesystem::exists(out / "checkpoint.safetensors"); }));
  const auto refused = [&](const std::string& program, const Arguments& arguments) {
    const Ending ending = run(program, arguments);
    INFO(ending.err);
    CHECK(ending.code == 1);
    CHECK_THAT(last_line(ending.err),
               contains(program + ": \"" + out.string() + "\": is being written by saccade train, process "));
    CHECK_THAT(last_line(ending.err), contains("; wait until that has ended, or name another folder"));
  };
  refused("saccade train", training(out, 1, {"--threads", "1"}));
  refused("saccade train", training(out, 100000, {"--threads", "1", "--resume"}));
  refused("saccade evaluate", evaluation(out));
  refused("saccade explain", {"--checkpoint", tiny_checkpoint(), "--out", out, images_below(tiny_data())[0]});
  CHECK(run("saccade report", {out}).code == 0);
  CHECK(run("saccade evaluate", evaluation(scratch / "elsewhere")).code == 0);
  trained.send(SIGKILL);
  (void)trained.wait();
  // What is left of a process that was killed keeps nobody out.
  CHECK(std::filesystem::exists(out / "owner.lock"));
  const Ending after = run("saccade evaluate", evaluation(out));
  INFO(after.err);
  CHECK(after.code == 0);
  CHECK_FALSE(std::filesystem::exists(out / "owner.lock"));
  CHECK_FALSE(std::filesystem::exists(out / "report.lock"));
}

TEST_CASE("Two programs do not draw into one folder at a time", "[programs]") {
  const ScratchFolder scratch;
  const saccade::FolderLock lock(scratch.path(), "owner.lock", "saccade tissue");
  for (const auto& [program, arguments] : std::map<std::string, Arguments>{
           {"saccade tissue", {"--out", scratch.path(), "--patients", "1", "--images", "1"}},
           {"saccade explain",
            {"--checkpoint", tiny_checkpoint(), "--out", scratch.path(), images_below(tiny_data())[0]}}}) {
    const Ending ending = run(program, arguments);
    CHECK(ending.code == 1);
    CHECK_THAT(last_line(ending.err), contains("is being written by saccade tissue, process "));
  }
}

TEST_CASE("A run goes on with the images that it began with, and names the first that differs", "[programs]") {
  const ScratchFolder scratch;
  copy_data(scratch / "data");
  const auto data = scratch / "data", out = scratch / "run";
  REQUIRE(run("saccade train", training(out, 1, {"--threads", "1"}, data)).code == 0);
  const auto checkpoint = bytes(out / "checkpoint.safetensors");
  const saccade::data::Inventory list = saccade::data::read_inventory(out / "images.csv");
  CHECK(list.images.size() == 24);
  const Arguments resume = training(out, 2, {"--threads", "1", "--resume"}, data);
  const auto refused = [&](const std::string& difference) {
    const Ending ending = run("saccade train", resume);
    INFO(ending.err);
    CHECK(ending.code == 1);
    CHECK(last_line(ending.err) ==
          "saccade train: \"" + (out / "images.csv").string() + "\": the run began with other images: " + difference);
    CHECK((bytes(out / "checkpoint.safetensors") == checkpoint));
  };
  // The pictures of a benign and a malignant patient are exchanged, and nothing else.
  const auto &first = list.images.front(), &last = list.images[11];
  REQUIRE(first.label != last.label);
  const auto exchange = [&] {
    std::filesystem::rename(first.path, scratch / "keep");
    std::filesystem::rename(last.path, first.path);
    std::filesystem::rename(scratch / "keep", last.path);
  };
  exchange();
  refused('"' + first.name + "\" (train) has another content");
  exchange();

  // An image gets another number.
  std::string other = first.path.string();
  other.replace(other.size() - 7, 3, "009");
  std::filesystem::rename(first.path, other);
  refused('"' + first.name + "\" (train) is not there any more");
  std::filesystem::rename(other, first.path);

  // The same images elsewhere are the same run, bit for bit.
  std::filesystem::rename(data, scratch / "moved");
  const Ending moved = run("saccade train", training(out, 2, {"--threads", "1", "--resume"}, scratch / "moved"));
  INFO(moved.err);
  CHECK(moved.code == 0);
  REQUIRE(run("saccade train", training(scratch / "whole", 2, {"--threads", "1"}, scratch / "moved")).code == 0);
  CHECK(same(out / "checkpoint.safetensors", scratch / "whole/checkpoint.safetensors"));
  CHECK(same(out / "config.json", scratch / "whole/config.json"));
}

TEST_CASE("Every file of an evaluation says of which weights and images it is", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  std::filesystem::copy(tiny_checkpoint().parent_path(), out);
  REQUIRE(run("saccade evaluate", evaluation(out)).code == 0);
  const auto read = [](const std::filesystem::path& file) { return nlohmann::ordered_json::parse(text(file)); };
  const auto of = read(out / "evaluation.json").at("protocol").at("provenance");
  CHECK(of.at("weights").get<std::string>().size() == 8);
  CHECK(of.at("epoch") == 2);
  // The test part of the training's split, as the training has described it.
  CHECK(of.at("data") == read(out / "config.json").at("data").at("content").at("test"));
  CHECK(read(out / "gallery/gallery.json").at("provenance") == of);
  const std::string lines = text(out / "predictions.jsonl");
  std::size_t told = 0, all = 0;
  for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1, ++all)
    told += nlohmann::ordered_json::parse(lines.substr(at, lines.find('\n', at) - at)).at("provenance") == of ? 1 : 0;
  CHECK(all == 30);
  CHECK(told == all);
  CHECK(saccade::data::read_inventory(out / "evaluated_images.csv").images.size() == 6);
  CHECK_THAT(text(out / "report.html"),
             contains("by weights " + of.at("weights").get<std::string>() + " after epoch 2."));
  CHECK(run("saccade report", {out}).err.empty());

  // The run goes on, and the figures are of weights that it no longer has.
  const Ending trained = run("saccade train", training(out, 4, {"--threads", "1", "--resume"}));
  REQUIRE(trained.code == 0);
  const Ending report = run("saccade report", {out});
  CHECK(report.code == 0);
  if (std::filesystem::exists(out / "best.safetensors")) std::filesystem::remove(out / "best.safetensors");
  CHECK_THAT(run("saccade report", {out}).err,
             contains("its figures are of weights " + of.at("weights").get<std::string>() +
                      " after epoch 2, but now checkpoint.safetensors has weights "));
}

TEST_CASE("An evaluation that is stopped at any moment leaves the old one whole, or the new one", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  REQUIRE(run("saccade evaluate", evaluation(out)).code == 0);
  const auto whole = [&](const char* when) {
    INFO(when);
    const Ending report = run("saccade report", {out});
    INFO(report.err);
    CHECK(report.code == 0);
    CHECK(report.err.empty());  // no part is of another evaluation, none is damaged
    return nlohmann::ordered_json::parse(text(out / "evaluation.json")).at("protocol").at("seed").get<int>();
  };
  REQUIRE(whole("before") == 1);
  // Disks of many sizes: most writes fail, each at another file.
  for (const rlim_t limit : {0x100, 0x400, 0x1000, 0x2000, 0x4000}) {
    const auto before = files_of(out);
    const Ending ending = run("saccade evaluate", evaluation(out) + Arguments{"--seed", "2"}, {.file_limit = limit});
    INFO(ending.err);
    if (ending.code == 0) break;
    CHECK_THAT(ending.err, contains("cannot be written: File too large"));
    if (whole("after a full disk") != 1) break;  // all but the report had room
    CHECK((files_of(out) == before));
  }
  for (int attempt = 0; attempt < 12; ++attempt) {
    const int seed = attempt + 3;
    Process process("saccade evaluate", evaluation(out) + Arguments{"--seed", std::to_string(seed)});
    // The staged files come at the end of the work.
    (void)process.runs_until([&] { return std::filesystem::exists(out / "evaluation.partial"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(4 * attempt));
    process.send(SIGKILL);
    (void)process.wait();
    const bool in_place = !std::filesystem::exists(out / "evaluation.whole");
    const std::string page = text(out / "report.html");
    const int found = whole("after a kill");
    if (in_place) CHECK((text(out / "report.html") == page));  // no figures without their page
    CHECK(found <= seed);
  }
}
