#include <saccade/data/image_decode.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

Arguments quick(const std::filesystem::path& out, const Arguments& more = {}) {
  return Arguments{"--quick", "--out", out, "--seeds", "1,2", "--glimpses", "2"} + more;
}

}  // namespace

TEST_CASE("clutter_study trains every kind of model and writes table, data and figure", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = run("clutter_study", quick(scratch / "one"));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.err, contains("learned-2-seed2: epoch 1 of 1, cross-entropy"));
  CHECK_THAT(ending.out, contains("the whole image"));

  const std::string table = text(scratch / "one/table.md");
  CHECK_THAT(table, contains("| trained on | glimpses | seeds | error, % |"));
  for (const char* row :
       {"| learned | 2 | 2 |", "| random | 2 | 2 |", "| centre | 2 | 2 |", "| the whole image | 1 | 2 |"})
    CHECK_THAT(table, contains(row));

  const auto run_1 = nlohmann::json::parse(text(scratch / "one/runs/learned-2-seed1.json"));
  const auto& errors = run_1.at("figures").at("error_by_glimpse");
  for (const char* policy : {"learned", "random", "centre"}) {
    REQUIRE(errors.at(policy).size() == 2);
    for (const auto& error : errors.at(policy)) CHECK((error >= 0.0 && error <= 1.0));
  }
  CHECK(run_1.at("figures").at("error") == errors.at("learned").back());
  CHECK(run_1.at("config").at("evaluation_split") == "test");

  // What was met stays met.
  const auto& met = run_1.at("figures").at("met_by_glimpse").at("learned");
  REQUIRE(met.size() == 2);
  CHECK(met[0].get<double>() <= met[1].get<double>());

  // The mean over seeds, and how many times it is below that of random glimpses.
  const auto results = nlohmann::json::parse(text(scratch / "one/results.json"));
  CHECK(results.at("evaluation_split") == "test");
  CHECK(results.at("runs") == 8);
  CHECK(results.at("planned") == 8);
  const auto& learned = results.at("rows")[0];
  const auto& random = results.at("rows")[1];
  REQUIRE(learned.at("condition") == "learned");
  REQUIRE(learned.at("errors").size() == 2);
  const double first = learned.at("errors")[0], second = learned.at("errors")[1];
  CHECK(first == run_1.at("figures").at("error").get<double>());
  CHECK(learned.at("error").get<double>() == Approx((first + second) / 2));
  CHECK(learned.at("times_below_random").get<double>() ==
        Approx(random.at("error").get<double>() / learned.at("error").get<double>()));

  const saccade::RgbImage picture = saccade::data::decode_image(bytes(scratch / "one/figure.png"), "figure");
  CHECK(picture.width == 1520);
  // A line for each of the 2 seeds: 2 glimpses of each of 3 lookers' models (the learned one also under 2 controls, the
  // others under both controls), and the whole image.
  const std::string csv = text(scratch / "one/table.csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 2 * (2 * (3 + 2 + 2) + 1));

  // The same bytes a second time, in two parts, the second one three models at once.
  REQUIRE(run("clutter_study", quick(scratch / "two", {"--conditions", "learned,random"})).code == 0);
  const Ending rest = run("clutter_study", quick(scratch / "two", {"--jobs", "3"}));
  REQUIRE(rest.code == 0);
  CHECK_THAT(rest.err, contains("learned-2-seed1: done before"));
  for (const char* file : {"table.md", "table.csv", "results.json", "figure.png", "runs/centre-2-seed2.json"})
    CHECK(same(scratch / "one" / file, scratch / "two" / file));

  const Ending other = run("clutter_study", quick(scratch / "two", {"--set", "policy.sigma=0.5"}));
  CHECK(other.code == 1);
  CHECK_THAT(last_line(other.err), contains("belongs to another configuration"));
}

TEST_CASE("clutter_study asks for the sum of two objects", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Arguments sum{"--task", "sum", "--side", "100", "--patches", "8", "--conditions", "learned,whole"};
  const Ending ending = run("clutter_study", quick(scratch / "one", sum));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto config = nlohmann::json::parse(text(scratch / "one/runs/learned-2-seed1.json")).at("config");
  CHECK(config.at("task") == "sum");
  CHECK(config.at("model").at("classes") == 19);
  CHECK(config.at("clutter").at("side") == 100);
  CHECK(config.at("clutter").at("patches") == 8);
  // The whole image shows both objects.
  const auto results = nlohmann::json::parse(text(scratch / "one/results.json"));
  CHECK(results.at("rows")[1].at("met") == nlohmann::json{1.0, 1.0});
}

TEST_CASE("clutter_study refuses bad options with a sentence", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const auto refused = [&](const Arguments& more, int code, const std::string& sentence) {
    const Ending ending = run("clutter_study", quick(scratch / "run", more));
    INFO(ending.err);
    CHECK(ending.code == code);
    CHECK_THAT(last_line(ending.err), contains(sentence));
  };
  refused({"--conditions", "magic"}, 2, "--conditions");
  refused({"--jobs", "0"}, 2, "--jobs");
  refused({"--task", "product"}, 2, "--task");
  refused({"--task", "sum"}, 2, "clutter: side must be at least 84 for 2 objects of 28 pixels, but is 60");
  refused({"--seeds", "1,2,1"}, 2, "the model learned-2-seed1 is asked for twice");
  refused({"--objects", "81"}, 2, "--objects must be at most 80, but is 81");
  refused({"--objects", "16"}, 2, "the training objects must be more than the 16 that are held out, but are 16");
  refused({"--set", "policy.sigmo=1"}, 2, "has no field \"sigmo\"");
  const Ending missing = run("clutter_study", {"--data", scratch / "nowhere", "--out", scratch / "run"});
  CHECK(missing.code == 1);
  CHECK_THAT(last_line(missing.err), contains("has no train-images-idx3-ubyte.gz"));
}
