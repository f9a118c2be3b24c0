#include <saccade/data/image_decode.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

#include "../data/breakhis_location.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

Arguments quick_breakhis(const std::filesystem::path& out, const Arguments& more = {},
                         const std::filesystem::path& data = tiny_data()) {
  return Arguments{"--quick", "--data", data, "--out", out, "--threads", "1"} + more;
}

const Arguments two_splits{"--splits", "random:1,random:2"};

}  // namespace

TEST_CASE("breakhis_study lays its results out like the paper's table", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = run("breakhis_study", quick_breakhis(scratch / "one", two_splits));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.err, contains("model 10 of 10: 100x-random2-plain-learned"));

  const std::string table = text(scratch / "one/table.md");
  for (const char* row :
       {"* 40x: 0 of 1995 images, 0 of 82 patients\n* 100x: 24 of 2081 images, 8 of 82 patients\n",
        "| method | 40x | 100x | 200x | 400x |", "| Xu et al. 2019, as published | 97.5 | 96.2 | 97.4 | 95.4 |",
        "| Xu et al. 2019, without SA-Net, as published | 88.6 | 87.0 | 86.6 | 85.2 |", "| learned glimpses | | ",
        "| learned glimpses, w/o SA | | ", "| random glimpses | | ", "| centre glimpses | | ",
        "| the shrunk image | | ", "| the learned models, grid glimpses | | ", "| always \"malignant\" | | 50.0 | | |",
        "| learned glimpses | 100x | 2 random |"})
    CHECK_THAT(table, contains(row));
  CHECK_THAT(table, !contains("official"));

  // The mean over both splits, and patients that are in one part only.
  const auto results = nlohmann::json::parse(text(scratch / "one/results.json"));
  REQUIRE(results.at("rows")[0].at("method") == "learned glimpses");
  double rate = 0;
  for (const char* name : {"100x-random1-attention-learned", "100x-random2-attention-learned"}) {
    const auto one = nlohmann::json::parse(text(scratch / "one/runs" / (std::string(name) + ".json")));
    const auto& figures = one.at("figures");
    rate += figures.at("policies").at("learned").at("group_recognition_rate").at("value").get<double>() / 2;
    CHECK(figures.at("patients") == 2);
    CHECK(figures.at("malignant_patients") == 1);
    const auto& data = one.at("config").at("data");
    for (const auto& patient : data.at("test_groups")) {
      for (const char* other : {"train_groups", "validation_groups"})
        CHECK(std::count(data.at(other).begin(), data.at(other).end(), patient) == 0);
    }
  }
  CHECK(results.at("rows")[0].at("patient_recognition_rate").at("value").get<double>() == Approx(rate));
  CHECK(results.at("published")[0].at("patient_recognition_rate") == nlohmann::json({97.5, 96.2, 97.4, 95.4}));

  const saccade::RgbImage picture = saccade::data::decode_image(bytes(scratch / "one/figure.png"), "figure");
  CHECK(picture.width == 1520);

  // The same bytes a second time, in two parts, the second one three models at once.
  REQUIRE(
      run("breakhis_study", quick_breakhis(scratch / "two", {"--splits", "random:1", "--conditions", "shrunk"})).code ==
      0);
  const Ending rest = run("breakhis_study", quick_breakhis(scratch / "two", two_splits + Arguments{"--jobs", "3"}));
  REQUIRE(rest.code == 0);
  CHECK_THAT(rest.err, contains("100x-random1-attention-shrunk: done before"));
  for (const char* file :
       {"table.md", "table.csv", "results.json", "figure.png", "runs/100x-random2-plain-learned.json"})
    CHECK(same(scratch / "one" / file, scratch / "two" / file));
}

TEST_CASE("breakhis_study says what is missing, and refuses what it cannot run on", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const auto refused = [&](const Arguments& arguments, int code, const std::string& sentence) {
    const Ending ending = run("breakhis_study", arguments);
    INFO(ending.err);
    CHECK(ending.code == code);
    CHECK_THAT(last_line(ending.err), contains(sentence));
  };
  refused(quick_breakhis(scratch / "run", {"--magnifications", "40"}), 1, "no image at 40x under");
  refused(quick_breakhis(scratch / "run", {"--magnifications", "50"}), 2, "--magnifications");
  refused(quick_breakhis(scratch / "run", {"--splits", "all"}), 2, "a study needs test patients");
  refused(quick_breakhis(scratch / "run", {"--splits", "official:1"}), 1, "no dsfold1.txt");
  refused(quick_breakhis(scratch / "run", {"--set", "encoder.widht=1"}), 2, "has no field \"widht\"");
  refused(quick_breakhis(scratch / "run", {}, scratch / "nowhere"), 1, "no such folder");

  // Two patients of each class: one to train, one to test, none to choose the best epoch by.
  REQUIRE(run("saccade tissue",
              {"--out", scratch / "few", "--patients", "2", "--images", "1", "--width", "80", "--height", "64"})
              .code == 0);
  const Ending few = run("breakhis_study", quick_breakhis(scratch / "run", {}, scratch / "few"));
  CHECK(few.code == 1);
  CHECK_THAT(few.err, contains("official split 1 is left out: there is no dsfold1.txt beside the images"));
  CHECK_THAT(few.err,
             contains("100x, split random:1, is left out: its validation part has not images of both classes"));
  CHECK_THAT(last_line(few.err), contains("are too few"));
  CHECK_FALSE(std::filesystem::exists(scratch / "run"));
}

TEST_CASE("breakhis_study runs on a real part of the data set", "[programs][benchmark]") {
  const std::filesystem::path data = breakhis_location();
  if (!std::filesystem::exists(data)) SKIP_TEST("no real images: set SACCADE_BREAKHIS to a folder of BreakHis");
  const ScratchFolder scratch;
  const Ending ending =
      run("breakhis_study", quick_breakhis(scratch / "run",
                                           {"--magnifications", "100", "--splits", "official:1", "--encoders",
                                            "attention", "--conditions", "learned,shrunk", "--epochs", "1"},
                                           data));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("patient recognition rate, %, official splits:"));
  CHECK_THAT(text(scratch / "run/table.md"), contains("| learned glimpses | 100x | 1 official |"));
}
