#include <saccade/data/csv.hpp>
#include <saccade/data/idx.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "../data/shared_location.hpp"
#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

/// Data of some kind, from `saccade data` to the report. @param choice  of some of the images @returns evaluation.json
nlohmann::ordered_json check_chain(const std::filesystem::path& data, const std::string& kind, const Arguments& images,
                                   const std::set<std::string>& classes, const Arguments& more = {},
                                   const Arguments& choice = {}) {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  const auto step = [](const std::string& program, const Arguments& arguments) {
    const Ending ending = run(program, arguments);
    INFO(program << ": " << ending.err);
    REQUIRE(ending.code == 0);
    return ending.out;
  };
  const std::string said = step("saccade data", Arguments{"--data", data} + choice);
  CHECK_THAT(said, contains("kind: " + kind + ", found out\n"));
  for (const std::string& name : classes) CHECK_THAT(said, contains("\n" + name + " "));
  step("saccade train", training(out, 1, Arguments{"--threads", "1"} + choice + more, data));
  const Arguments checkpoint{"--checkpoint", out / "best.safetensors", "--threads", "1"};
  const std::string table = step("saccade evaluate", checkpoint + Arguments{"--data", data, "--out", out} + choice);
  if (classes.size() > 2)  // of two classes the figures are sensitivity and specificity
    for (const std::string& name : classes) CHECK_THAT(table, contains("\n" + name + " "));
  const std::string pictures =
      step("saccade explain", checkpoint + Arguments{"--out", out / "pictures", "--pick", "2"} + images);
  CHECK(std::count(pictures.begin(), pictures.end(), '\n') == 4);
  const std::string answers = step("saccade classify", checkpoint + Arguments{"--csv"} + images);
  const auto rows = saccade::data::parse_csv(answers, "stdout");
  REQUIRE(rows.size() >= 3);
  for (std::size_t i = 1; i < rows.size(); ++i) CHECK(classes.contains(rows[i].fields[1]));
  const std::string report = text(step("saccade report", {out}).substr(0, (out / "report.html").string().size()));
  for (const std::string& name : classes) CHECK_THAT(report, contains(name));
  return nlohmann::ordered_json::parse(text(out / "evaluation.json"));
}

/// The first `count` of an IDX file, whose items have `size` bytes, as a file that is not compressed.
void write_first(const std::filesystem::path& from, const std::filesystem::path& to, saccade::Index count) {
  const saccade::data::IdxArray array = saccade::data::load_idx(from);
  std::vector<std::uint8_t> bytes{0, 0, 8, static_cast<std::uint8_t>(array.shape.rank())};
  std::size_t size = 1;
  for (std::size_t axis = 0; axis < array.shape.rank(); ++axis) {
    const saccade::Index extent = axis == 0 ? count : array.shape[axis];
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(extent >> shift));
    size *= static_cast<std::size_t>(extent);
  }
  bytes.insert(bytes.end(), array.values.begin(), array.values.begin() + static_cast<std::ptrdiff_t>(size));
  saccade::write_file(to, bytes);
}

}  // namespace

TEST_CASE("Folders of three classes go all the way", "[programs]") {
  const ScratchFolder scratch;
  make_class_folders(scratch / "data");
  const auto json = check_chain(scratch / "data", "folders", {scratch / "data/test"}, {"ape", "bee", "cat"});
  CHECK(json.at("confusion").at("counts").size() == 3);
  CHECK(json.at("hit_rate").is_null());  // nobody knows regions
}

TEST_CASE("A part of the blood cells goes all the way, with regions", "[programs]") {
  const auto blood = shared_location("blood");
  if (!std::filesystem::exists(blood / "manifest.csv")) SKIP_TEST("there is no " + blood.string());
  const ScratchFolder scratch;
  // Whole images: a path has a line for each of its regions.
  std::set<std::string> taken;
  std::size_t paths = 0;
  std::string last, table = "path,label,group,x,y,width,height\r\n";
  for (auto row : saccade::data::parse_csv(text(blood / "manifest.csv"), "manifest.csv")) {
    if (row.fields[0] == "path") continue;
    if (row.fields[0] != last) ++paths;
    last = row.fields[0];
    if (paths % 6 != 0) continue;
    row.fields[0] = (std::filesystem::canonical(blood) / row.fields[0]).string();
    if (row.fields[1].empty()) continue;
    taken.insert(row.fields[0]);
    table += saccade::data::csv_line(row.fields);
  }
  saccade::write_file(scratch / "manifest.csv", table);
  const auto json =
      check_chain(scratch.path(), "manifest", {*taken.begin(), *taken.rbegin()},
                  {"eosinophil", "lymphocyte", "monocyte", "neutrophil"}, {"--set", "glance.reduction=64"});
  CHECK(json.at("confusion").at("counts").size() == 4);
  CHECK(json.at("controls").contains("oracle"));
}

TEST_CASE("BreakHis at 40x goes all the way", "[programs]") {
  const auto breakhis = shared_location("breakhis");
  if (!std::filesystem::exists(breakhis / "folds")) SKIP_TEST("there is no " + breakhis.string());
  std::vector<std::filesystem::path> images;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(breakhis))
    if (entry.path().parent_path().filename() == "40X") images.push_back(entry.path());
  std::sort(images.begin(), images.end());
  REQUIRE(images.size() == 12);
  const auto json = check_chain(breakhis, "breakhis", {images.front(), images.back()}, {"benign", "malignant"},
                                {"--set", "glance.reduction=64"}, {"--magnification", "40"});
  CHECK(json.at("confusion").at("counts").size() == 2);
  CHECK(json.at("protocol").at("images") == 6);
  CHECK(json.contains("sensitivity"));
}

TEST_CASE("The first digits of MNIST go all the way", "[programs]") {
  const auto mnist = shared_location("mnist");
  if (!std::filesystem::exists(mnist / "t10k-images-idx3-ubyte.gz")) SKIP_TEST("there is no " + mnist.string());
  const ScratchFolder scratch;
  std::set<std::string> digits;
  for (int digit = 0; digit < 10; ++digit) digits.insert(std::to_string(digit));
  for (const char* what : {"images-idx3-ubyte", "labels-idx1-ubyte"}) {
    write_first(mnist / ("train-" + std::string(what) + ".gz"), scratch / ("train-" + std::string(what)), 60);
    write_first(mnist / ("t10k-" + std::string(what) + ".gz"), scratch / ("t10k-" + std::string(what)), 40);
  }
  const auto json = check_chain(scratch.path(), "idx", {scratch.path()}, digits);
  CHECK(json.at("protocol").at("images") == 40);
}
