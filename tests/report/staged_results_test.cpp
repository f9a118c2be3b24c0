#include <saccade/report/run_folder.hpp>
#include <saccade/report/run_report.hpp>
#include <saccade/report/staged_results.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <map>
#include <string>

using namespace saccade;
using namespace saccade::report;
namespace fs = std::filesystem;

namespace {

/// The files of an evaluation, each with `text` in it.
void write_results(const RunFolder& folder, const std::string& text, int pictures) {
  create_folders(folder.gallery());
  create_folders(folder.figures());
  std::string images;
  for (int i = 1; i <= pictures; ++i) {
    const std::string path = "0" + std::to_string(i) + "_path.jpg",
                      glimpses = "0" + std::to_string(i) + "_glimpses.jpg";
    for (const std::string& name : {path, glimpses}) write_file(folder.gallery() / name, text);
    images += std::string(i > 1 ? "," : "") + "{\"image\":\"" + text + "\",\"truth\":0,\"probabilities\":[[1,0]]," +
              "\"path\":\"" + path + "\",\"glimpses\":\"" + glimpses + "\",\"masks\":false}";
  }
  write_file(folder.gallery() / "gallery.json", "{\"policy\":\"learned\",\"images\":[" + images + "]}");
  write_file(folder.figures() / "early_stopping.png", text);
  write_file(folder.predictions(), text);
  write_file(folder.evaluation(), text);
}

/// Every file below a folder by its name, with its content.
std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    const auto bytes = read_file(entry.path());
    files[entry.path().lexically_relative(folder).string()] = {bytes.begin(), bytes.end()};
  }
  return files;
}

}  // namespace

TEST_CASE("the results of an evaluation appear together when they are published", "[report][staged_results]") {
  const ScratchFolder scratch;
  const RunFolder run(scratch.path());
  write_results(run, "old", 2);
  write_file(run.figures() / "loss.png", "of the training");
  write_file(run.gallery() / "notes.txt", "the user's");
  const auto before = files_below(run.path());
  {
    StagedResults staged(run);
    write_results(staged.files(), "new", 1);
    const auto now = files_below(run.path());
    for (const auto& [file, text] : before) CHECK(now.at(file) == text);
  }
  CHECK(files_below(run.path()) == before);  // never published
  {
    StagedResults staged(run);
    write_results(staged.files(), "new", 1);
    staged.publish();
  }
  auto expected = before;
  for (const char* file : {"gallery/02_path.jpg", "gallery/02_glimpses.jpg"}) expected.erase(file);
  auto now = files_below(run.path());
  CHECK(now.size() == expected.size());
  for (const auto& [file, text] : expected) {
    INFO(file);
    if (file == "figures/loss.png" || file == "gallery/notes.txt")
      CHECK(now.at(file) == text);
    else
      CHECK_THAT(now.at(file), contains("new"));
  }
}

TEST_CASE("a stop at any moment of publishing leaves the new results whole for the next who reads",
          "[report][staged_results]") {
  // As many files have been moved as the stop let be.
  for (std::size_t moved = 0; moved <= 6; ++moved) {
    const ScratchFolder scratch;
    const RunFolder run(scratch.path());
    write_results(run, "old", 2);
    {
      StagedResults staged(run);
      write_results(staged.files(), "new", 1);
      fs::rename(staged.files().path(), run.path() / "evaluation.whole");
    }
    const auto files = report::detail::staged_files(run.path() / "evaluation.whole");
    REQUIRE(files.size() == 6);
    CHECK(files.back() == "evaluation.json");  // as long as it is the old one, so may the others be
    for (std::size_t i = 0; i < moved; ++i)
      fs::rename(run.path() / "evaluation.whole" / files[i], run.path() / files[i]);
    INFO("stopped after " << moved << " files");
    write_file(run.metrics(), "");
    (void)write_run_report(run.path());
    const auto now = files_below(run.path());
    CHECK(now.size() == 8);
    for (const char* file :
         {"evaluation.json", "predictions.jsonl", "gallery/01_path.jpg", "figures/early_stopping.png"})
      CHECK(now.at(file) == "new");
    CHECK_FALSE(fs::exists(run.path() / "evaluation.whole"));
  }
}

TEST_CASE("what cannot be put in place is named, and the next attempt goes on", "[report][staged_results]") {
  const ScratchFolder scratch;
  const RunFolder run(scratch.path());
  write_results(run, "old", 1);
  fs::remove(run.predictions());
  fs::create_directories(run.predictions() / "in the way");
  StagedResults staged(run);
  write_results(staged.files(), "new", 1);
  CHECK_THROWS_WITH(staged.publish(), contains("predictions.jsonl\": cannot be written: Is a directory"));
  CHECK(files_below(run.path()).at("evaluation.json") == "old");
  fs::remove_all(run.predictions());
  put_results_in_place(run.path());
  CHECK(files_below(run.path()).at("evaluation.json") == "new");
  CHECK(files_below(run.path()).at("predictions.jsonl") == "new");
}

TEST_CASE("a run folder has one owner, and no partial files when it begins", "[report][run_folder]") {
  const ScratchFolder scratch;
  write_file(scratch / "checkpoint.safetensors.123-4.partial", "left by a crash");
  RunFolder run(scratch.path());
  CHECK(run.own("saccade train").empty());
  CHECK_FALSE(fs::exists(scratch / "checkpoint.safetensors.123-4.partial"));
  RunFolder other(scratch.path());
  CHECK_THROWS_WITH(other.own("saccade evaluate"), contains("is being written by saccade train, process "));
  CHECK_THROWS_WITH(other.begin({{"seed", 1}}, RunStart::fresh),
                    contains("is being written by saccade train, process "));
  // A page is made all the same.
  write_file(run.metrics(), "");
  CHECK(write_run_report(scratch.path()).empty());
  CHECK(fs::exists(run.report()));
}

TEST_CASE("a run goes on with the images that it began with", "[report][run_folder]") {
  const ScratchFolder scratch;
  write_file(scratch / "a.png", "a");
  data::Dataset dataset{.name = "one", .kind = "own", .classes = {"cat", "dog"}};
  dataset.samples = {{.name = "a.png", .path = scratch / "a.png", .label = 0, .group = "g"}};
  const data::Split split{.train = {0}, .validation = {}, .test = {}};
  const auto begin = [&](RunStart start) {
    RunData data{.dataset = dataset, .split = split};
    data.inventory = data::take_inventory(dataset, split);
    RunFolder(scratch / "run").begin({{"data", describe_data(data)}}, start, data.inventory);
  };
  begin(RunStart::fresh);
  CHECK(fs::exists(scratch / "run/images.csv"));
  begin(RunStart::resumed);
  write_file(scratch / "a.png", "b");  // of the same size
  CHECK_THROWS_WITH(
      begin(RunStart::resumed),
      contains("run/images.csv\": the run began with other images: \"a.png\" (train) has another content"));
  // Without the list the sums of the parts tell, though not by name.
  fs::remove(scratch / "run/images.csv");
  CHECK_THROWS_WITH(begin(RunStart::resumed),
                    contains("config.json\": the run began with another configuration: data.content.train is "));
}
