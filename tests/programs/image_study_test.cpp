#include <saccade/data/image_decode.hpp>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "json_of.hpp"
#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

Arguments quick_images(const std::filesystem::path& out, const Arguments& more = {}) {
  return Arguments{"--quick", "--out", out, "--threads", "1", "--data", tiny_data(), "--folds", "2"} + more;
}

}  // namespace

TEST_CASE("image_study evaluates every image once in folds, under every condition", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Arguments all{"--conditions", "learned,random,centre,oracle,shrunk,whole", "--seeds", "1,2"};
  const Ending ending = run("image_study", quick_images(scratch / "one", all));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.err, contains("model 24 of 24: whole-fold2-seed2"));

  const auto results = json_of(scratch / "one/results.json");
  CHECK(results.at("runs") == 24);
  CHECK(results.at("folds") == 2);
  std::set<std::string> methods;
  for (const auto& row : results.at("rows")) {
    methods.insert(row.at("method").get<std::string>());
    CHECK(row.at("images") == 24);  // of both folds
    CHECK(row.at("seeds").size() == 2);
    // What is cut or stretched holds its region, and no glimpse is asked whether it hits.
    CHECK(row.at("seeds")[0].contains("hits") ==
          (row.at("condition") != "oracle" && row.at("condition") != "shrunk" && row.at("condition") != "whole"));
  }
  CHECK(methods == std::set<std::string>{"learned glimpses", "random glimpses", "centre glimpses",
                                         "one glimpse where the region is", "the shrunk image", "the whole image",
                                         "random glimpses of the learned models",
                                         "centre glimpses of the learned models", "grid glimpses of the learned models",
                                         "oracle glimpses of the learned models"});

  // The pooled figure, counted by hand from the two files of a seed.
  double right = 0;
  std::set<std::string> groups;
  for (const char* fold : {"1", "2"}) {
    const auto one = json_of(scratch / "one/runs" / (std::string("learned-fold") + fold + "-seed2.json"));
    for (const auto& answer : one.at("figures").at("policies").at("learned").at("answers")) {
      const auto of_class = answer.at(2).get<std::vector<double>>();
      right += (of_class[1] > of_class[0] ? 1 : 0) == answer.at(1).get<int>() ? 1 : 0;
      groups.insert(answer.at(0).get<std::string>());
    }
  }
  CHECK(groups.size() == 8);
  const auto& learned = results.at("rows")[0];
  REQUIRE(learned.at("method") == "learned glimpses");
  CHECK(learned.at("seeds")[1].at("image_accuracy").at("value").get<double>() == Approx(right / 24));

  // 96 x 80 pixels: the whole image is a square of 88 x 88, the region's crop one of 16 x 16.
  for (const auto& row : results.at("rows")) {
    if (row.at("condition") == "whole") CHECK(row.at("pixels").get<double>() == Approx(88.0 * 88 / (96 * 80)));
    if (row.at("condition") == "oracle") CHECK(row.at("pixels").get<double>() == Approx(16.0 * 16 / (96 * 80)));
  }
  CHECK(saccade::data::decode_image(bytes(scratch / "one/figure.png"), "figure").width > 0);

  // The same bytes a second time, in two parts.
  REQUIRE(run("image_study", quick_images(scratch / "two", {"--conditions", "oracle", "--seeds", "1"})).code == 0);
  const Ending rest = run("image_study", quick_images(scratch / "two", all + Arguments{"--jobs", "2"}));
  REQUIRE(rest.code == 0);
  CHECK_THAT(rest.err, contains("oracle-fold2-seed1: done before"));
  for (const char* file : {"table.md", "results.json", "figure.png", "runs/whole-fold1-seed2.json"})
    CHECK(same(scratch / "one" / file, scratch / "two" / file));
}

TEST_CASE("image_study tells apart as many classes as the data have", "[programs][benchmark]") {
  const ScratchFolder scratch;
  make_class_folders(scratch / "data");
  const Ending ending =
      run("image_study", {"--quick", "--out", scratch / "out", "--threads", "1", "--data", scratch / "data", "--folds",
                          "2", "--conditions", "learned", "--seeds", "1", "--epochs", "1"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto results = json_of(scratch / "out/results.json");
  CHECK(results.at("rows")[0].at("images") == 24);
  CHECK_FALSE(results.at("rows")[0].at("seeds")[0].contains("hits"));  // nobody knows regions
  const auto one = json_of(scratch / "out/runs/learned-fold1-seed1.json");
  CHECK(one.at("figures").at("policies").at("learned").at("answers")[0].at(2).size() == 3);
}

TEST_CASE("image_study trains variants of the learned models beside them", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending =
      run("image_study",
          quick_images(scratch / "out", {"--conditions", "learned", "--seeds", "1", "--epochs", "1", "--variant",
                                         "no baseline: learner.baseline=none; policy.sigma=0.2"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto one = json_of(scratch / "out/runs/learned-no-baseline-fold2-seed1.json");
  CHECK(one.at("config").at("model").at("learner").at("baseline") == "none");
  CHECK(one.at("config").at("model").at("policy").at("sigma") == 0.2);
  CHECK(one.at("figures").at("policies").size() == 1);
  CHECK(json_of(scratch / "out/runs/learned-fold2-seed1.json").at("config").at("model").at("learner").at("baseline") ==
        "learned");
  const auto results = json_of(scratch / "out/results.json");
  int rows = 0;
  for (const auto& row : results.at("rows"))
    rows += row.at("method") == "learned glimpses" || row.at("method") == "learned glimpses, no baseline" ? 1 : 0;
  CHECK(rows == 2);
}

TEST_CASE("image_study refuses what it cannot do before it trains", "[programs][benchmark]") {
  const ScratchFolder scratch;
  make_class_folders(scratch / "data");
  const auto refused = [&](const Arguments& more, int code) {
    const Ending ending = run("image_study", Arguments{"--quick", "--out", scratch / "out", "--threads", "1", "--data",
                                                       scratch / "data", "--folds", "2"} +
                                                 more);
    CHECK(ending.code == code);
    return last_line(ending.err);
  };
  CHECK_THAT(refused({"--conditions", "learned,oracle"}, 1),
             contains("its region is not known, and so not where to cut"));
  CHECK_THAT(refused({"--only", "3"}, 2), contains("there is no fold 3"));
  CHECK_THAT(refused({"--variant", "nothing"}, 2), contains("a variant must be \"NAME: FIELD=VALUE; ...\""));
  CHECK_THAT(refused({"--variant", "a: policy.nothing=1"}, 2), contains("has no field \"nothing\""));
}

#if defined(SACCADE_PROGRAMS_HAVE_SLIDES)
TEST_CASE("image_study takes whole slides, and says what none of its models can see", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending drawn = run("saccade tissue", {"--slide", "--out", scratch / "data", "--width", "1024", "--height",
                                              "1024", "--region", "128", "--images", "4"});
  INFO(drawn.err);
  REQUIRE(drawn.code == 0);
  const Arguments study{"--quick", "--threads", "1", "--data", scratch / "data", "--folds",
                        "2",       "--seeds",   "1", "--out",  scratch / "out"};
  const Ending ending = run("image_study", study + Arguments{"--conditions", "learned,shrunk,oracle"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  for (const auto& row : json_of(scratch / "out/results.json").at("rows")) CHECK(row.at("images") == 8);
  const Ending whole = run("image_study", study + Arguments{"--conditions", "whole"});
  CHECK(whole.code == 2);
  CHECK_THAT(last_line(whole.err), contains("no model sees a whole slide at full resolution"));
}
#endif
