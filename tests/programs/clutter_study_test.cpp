#include <saccade/data/image_decode.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

#include "json_of.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

Arguments quick_clutter(const std::filesystem::path& out, const Arguments& more = {}) {
  return Arguments{"--quick", "--out", out, "--seeds", "1,2", "--glimpses", "2"} + more;
}

}  // namespace

TEST_CASE("clutter_study trains every kind of model and writes table, data and figure", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = run("clutter_study", quick_clutter(scratch / "one"));
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

  // Of each policy all that an evaluation has; of its own the temperature that other objects have chosen, and a
  // threshold to stop early by.
  const auto& policies = run_1.at("figures").at("policies");
  CHECK(policies.at("learned").at("accuracy_by_glimpse")[1].get<double>() ==
        Approx(1 - errors.at("learned")[1].get<double>()));
  CHECK(policies.at("learned").at("hit_rate").at("all_by_step") == met);
  CHECK(policies.at("learned").at("calibration").at("tempered").at("temperature").get<double>() > 0);
  CHECK(policies.at("random").at("calibration").at("tempered").is_null());
  const auto& stopping = run_1.at("figures").at("stopping");
  CHECK((stopping.at("glimpses") >= 1.0 && stopping.at("glimpses") <= 2.0));
  bool on_the_curve = false;
  for (const auto& point : policies.at("learned").at("early_stopping"))
    on_the_curve = on_the_curve || point == stopping;
  CHECK(on_the_curve);
  CHECK_THAT(table, contains("| trained on | glimpses | calibration error, % | at the temperature |"));

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
  REQUIRE(run("clutter_study", quick_clutter(scratch / "two", {"--conditions", "learned,random"})).code == 0);
  const Ending rest = run("clutter_study", quick_clutter(scratch / "two", {"--jobs", "3"}));
  REQUIRE(rest.code == 0);
  CHECK_THAT(rest.err, contains("learned-2-seed1: done before"));
  for (const char* file : {"table.md", "table.csv", "results.json", "figure.png", "runs/centre-2-seed2.json"})
    CHECK(same(scratch / "one" / file, scratch / "two" / file));

  const Ending other = run("clutter_study", quick_clutter(scratch / "two", {"--set", "policy.sigma=0.5"}));
  CHECK(other.code == 1);
  CHECK_THAT(last_line(other.err), contains("belongs to another configuration"));
}

TEST_CASE("clutter_study asks for the sum of two objects", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Arguments sum{"--task", "sum", "--side", "100", "--patches", "8", "--conditions", "learned,whole"};
  const Ending ending = run("clutter_study", quick_clutter(scratch / "one", sum));
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

TEST_CASE("clutter_study begins with what another run has learned", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Arguments learned{"--conditions", "learned,random"};
  REQUIRE(run("clutter_study", quick_clutter(scratch / "object", learned)).code == 0);
  const std::filesystem::path runs = scratch / "object/runs";
  const Arguments sum =
      learned +
      Arguments{"--task", "sum", "--side", "100", "--start-from", (runs / "learned-2-seed{seed}.safetensors").string()};
  const Ending ending = run("clutter_study", quick_clutter(scratch / "sum", sum));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.err, contains("learned-2-seed2: starts from ") && contains("not classifier.weight"));
  const auto started = [&](const std::string& name) {
    return json_of(scratch / ("sum/runs/" + name + ".json")).at("config").at("start_from").at("crc32c");
  };
  CHECK(started("learned-2-seed1") != started("learned-2-seed2"));  // each seed from its own
  CHECK(started("random-2-seed1") == started("learned-2-seed1"));

  // Done, and not done again; a file that is not there is told before anything is trained.
  CHECK_THAT(run("clutter_study", quick_clutter(scratch / "sum", sum)).err, contains("done before"));
  std::filesystem::remove(runs / "learned-2-seed2.safetensors");
  const Ending missing = run("clutter_study", quick_clutter(scratch / "none", sum));
  CHECK(missing.code == 1);
  CHECK_THAT(last_line(missing.err), contains("learned-2-seed2.safetensors\": "));
  CHECK_FALSE(std::filesystem::exists(scratch / "none"));
}

TEST_CASE("clutter_study trains variants beside a preset, and judges what they tune by on held out objects",
          "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending =
      run("clutter_study",
          quick_clutter(scratch / "one",
                        {"--preset", "paper", "--conditions", "learned", "--evaluation-split", "validation", "--batch",
                         "8", "--variant", "two rollouts, no class: training.rollouts=2; learner.class_term=false"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(text(scratch / "one/table.md"), contains("| learned, two rollouts, no class | 2 | 2 |"));
  CHECK_THAT(text(scratch / "one/table.csv"), contains("\nlearned,\"two rollouts, no class\",2,1,learned,1,"));
  CHECK(std::filesystem::exists(scratch / "one/variants.png"));
  const auto plain = nlohmann::json::parse(text(scratch / "one/runs/learned-2-seed1.json"));
  auto config = plain.at("config");
  CHECK(config.at("model").at("learner").at("reward") == "sampled");
  CHECK(config.at("training").at("decay") == 0.98);
  config["training"]["rollouts"] = 2;
  config["model"]["learner"]["class_term"] = false;
  const auto variant = nlohmann::json::parse(text(scratch / "one/runs/learned-two-rollouts--no-class-2-seed1.json"));
  CHECK(variant.at("config") == config);
  // Nothing is left to choose a temperature or a threshold by.
  CHECK(plain.at("figures").at("stopping").is_null());
  CHECK(plain.at("figures").at("policies").at("learned").at("calibration").at("tempered").is_null());
}

TEST_CASE("clutter_study refuses bad options with a sentence", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const auto refused = [&](const Arguments& more, int code, const std::string& sentence) {
    const Ending ending = run("clutter_study", quick_clutter(scratch / "run", more));
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
  refused({"--preset", "compact"}, 2, "--preset");
  refused({"--variant", "nothing"}, 2, "a variant must be \"NAME: FIELD=VALUE; ...\", but is \"nothing\"");
  refused({"--variant", "a: policy.sigmo=1"}, 2, "has no field \"sigmo\"");
  refused({"--variant", "a: policy.sigma=1", "--variant", "a: policy.sigma=2"}, 2, "is asked for twice");
  const Ending missing = run("clutter_study", {"--data", scratch / "nowhere", "--out", scratch / "run"});
  CHECK(missing.code == 1);
  CHECK_THAT(last_line(missing.err), contains("has no train-images-idx3-ubyte.gz"));
}
