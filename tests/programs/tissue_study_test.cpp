#include <saccade/data/breakhis.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/manifest.hpp>
#include <saccade/metrics/hit_rate.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

#include "json_of.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

Arguments quick_tissue(const std::filesystem::path& out, const Arguments& more = {}) {
  return Arguments{"--quick", "--out", out, "--threads", "1", "--region", "4", "--presets", "large"} + more;
}

}  // namespace

TEST_CASE("tissue_study trains every kind of model and writes tables, data and figure", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = run("tissue_study", quick_tissue(scratch / "one", {"--seeds", "1,2"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.err, contains("model 8 of 8: region4-large-plain-learned-seed2"));
  CHECK_THAT(ending.out, contains("the last learned glimpse finds the region"));

  const std::string table = text(scratch / "one/table.md");
  for (const char* row :
       {"| learned | 4 | large | attention | gaussian | policy_gradient | 2 |",
        "| learned | 4 | large | plain | gaussian | policy_gradient | 2 |",
        "| random | 4 | large | attention | | | 2 |", "| the shrunk image | 4 | large | attention | | | 2 |",
        "| oracle | 4 | large | attention | gaussian | policy_gradient | 100.0 | 100.0 | 100.0 |", "| chance | 4 |",
        "| seeds that learn | at least 9 of 10 |"})
    CHECK_THAT(table, contains(row));

  // The learned models' mean over the seeds, out of the files of their runs.
  const auto results = json_of(scratch / "one/results.json");
  CHECK(results.at("evaluation_split") == "test");
  CHECK(results.at("runs") == 8);
  CHECK(results.at("planned") == 8);
  const auto& learned = results.at("rows")[0];
  REQUIRE(learned.at("condition") == "learned");
  REQUIRE(learned.at("encoder") == "attention");
  double accuracy = 0, last_hit = 0;
  for (const char* name : {"region4-large-attention-learned-seed1", "region4-large-attention-learned-seed2"}) {
    const auto one = json_of(scratch / "one/runs" / (std::string(name) + ".json"));
    CHECK(one.at("config").at("evaluation_split") == "test");
    CHECK(one.at("figures").at("images") == 4);  // one patient of each class, two images each
    const auto& policies = one.at("figures").at("policies");
    for (const char* policy : {"learned", "random", "centre", "grid", "oracle"})
      CHECK(policies.at(policy).at("accuracy_by_glimpse").size() == 2);
    accuracy += policies.at("learned").at("image_accuracy").at("value").get<double>() / 2;
    last_hit += policies.at("learned").at("hit_rate").at("by_step")[1].get<double>() / 2;
    CHECK(std::filesystem::exists(scratch / "one/runs" / name / "best.safetensors"));
    CHECK_FALSE(std::filesystem::exists(scratch / "one/runs" / name / "checkpoint.safetensors"));
  }
  CHECK(learned.at("accuracy").get<double>() == Approx(accuracy));
  CHECK(learned.at("policies").at("learned").at("hits")[1].get<double>() == Approx(last_hit));

  // Two glimpses of 16 x 16 at two scales and a thumbnail of 16 x 16 in 80 x 64 pixels; the shrunk image has as many,
  // as nearly as a square can.
  CHECK(learned.at("pixels").at("processed").get<double>() == Approx(5 * 256 / 5120.0));
  for (const auto& row : results.at("rows"))
    if (row.at("condition") == "shrunk")
      CHECK(row.at("pixels").at("processed").get<double>() == Approx(36 * 36 / 5120.0));

  // The chance of a random glimpse, by asking every window of every image.
  double chance = 0;
  const auto regions = saccade::data::read_region_table(scratch / "one/data/region4/regions.csv");
  REQUIRE(regions.size() == 16);
  for (const auto& entry : regions) {
    saccade::Index hits = 0;
    for (saccade::Index y = 0; y + 16 <= 64; ++y)
      for (saccade::Index x = 0; x + 16 <= 80; ++x)
        hits += saccade::metrics::hits({x, y, 16, 16}, entry.second.front()) ? 1 : 0;
    chance += static_cast<double>(hits) / (65 * 49) / 16;
  }
  CHECK(results.at("chance")[0].at("one").get<double>() == Approx(chance));

  const saccade::RgbImage picture = saccade::data::decode_image(bytes(scratch / "one/figure.png"), "figure");
  CHECK(picture.width == 1520);
  // A line for each seed and glimpse: two learned models under 5 policies, a random one under 4, the shrunk image.
  const std::string csv = text(scratch / "one/table.csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 2 * (2 * (2 * 5 + 4) + 1));

  // The same bytes a second time, in two parts, the second one three models at once.
  REQUIRE(run("tissue_study", quick_tissue(scratch / "two", {"--seeds", "1", "--conditions", "learned"})).code == 0);
  const Ending rest = run("tissue_study", quick_tissue(scratch / "two", {"--seeds", "1,2", "--jobs", "3"}));
  REQUIRE(rest.code == 0);
  CHECK_THAT(rest.err, contains("region4-large-attention-learned-seed1: done before"));
  for (const char* file :
       {"table.md", "table.csv", "results.json", "figure.png", "runs/region4-large-attention-random-seed2.json",
        "runs/region4-large-attention-learned-seed1/best.safetensors"})
    CHECK(same(scratch / "one" / file, scratch / "two" / file));

  // What is there already is not mixed with something else.
  const auto refused = [&](const Arguments& more, const std::string& sentence) {
    const Ending other = run("tissue_study", quick_tissue(scratch / "two", Arguments{"--seeds", "1"} + more));
    CHECK(other.code == 1);
    CHECK_THAT(last_line(other.err), contains(sentence));
  };
  refused({"--set", "policy.sigma=0.5"}, "belongs to another configuration");
  refused({"--evaluation-split", "validation"}, "belongs to another configuration");
  refused({"--data-seed", "2"}, "holds images of other options");
}

TEST_CASE("tissue_study trains what its targets are about first", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending =
      run("tissue_study", {"--quick", "--out", scratch / "run", "--region", "8,4", "--presets", "large", "--encoders",
                           "plain,attention", "--conditions", "learned", "--seeds", "1", "--headline-seeds", "2",
                           "--epochs", "1", "--threads", "1"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  for (const char* model :
       {"model 1 of 5: region4-large-attention-learned-seed1", "model 2 of 5: region4-large-plain-learned-seed1",
        "model 3 of 5: region4-large-attention-learned-seed2", "model 4 of 5: region8-large-attention-learned-seed1",
        "model 5 of 5: region8-large-plain-learned-seed1"})
    CHECK_THAT(ending.err, contains(model));
}

TEST_CASE("tissue_study compares policies and learners", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending =
      run("tissue_study",
          quick_tissue(scratch / "run", {"--policies", "gaussian,cell", "--learners", "policy_gradient,ppo", "--seeds",
                                         "1", "--epochs", "1", "--encoders", "attention,plain"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  // Four ways to learn to look; the controls and the encoder without soft attention are of the first.
  CHECK_THAT(ending.err, contains("model 7 of 7: region4-large-plain-learned-seed1"));
  const std::string table = text(scratch / "run/table.md");
  for (const char* row : {"| learned | 4 | large | attention | gaussian | policy_gradient | 1 |",
                          "| learned | 4 | large | attention | gaussian | ppo | 1 |",
                          "| learned | 4 | large | attention | cell | policy_gradient | 1 |",
                          "| learned | 4 | large | attention | cell | ppo | 1 |"})
    CHECK_THAT(table, contains(row));
  const auto model =
      json_of(scratch / "run/runs/region4-large-attention-learned-cell-ppo-seed1.json").at("config").at("model");
  CHECK(model.at("policy").at("kind") == "cell");
  CHECK(model.at("learner").at("kind") == "ppo");
}

TEST_CASE("tissue_study compares two regions, and counts the images in which both were found",
          "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Ending ending = run(
      "tissue_study",
      quick_tissue(scratch / "run", {"--task", "compare", "--seeds", "1", "--encoders", "attention", "--epochs", "1"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.err, contains("model 4 of 4: compare4-large-attention-shrunk-seed1"));
  CHECK_THAT(text(scratch / "run/table.md"), contains("| any | both regions |"));
  const auto results = json_of(scratch / "run/results.json");
  CHECK(results.at("task") == "compare");
  CHECK(results.at("targets").empty());

  const auto learned = json_of(scratch / "run/runs/compare4-large-attention-learned-seed1.json");
  const auto& config = learned.at("config");
  CHECK(config.at("model").at("policy").at("movement_penalty") == 0.0);
  CHECK(config.at("model").at("learner").at("discount") == 1.0);
  CHECK(config.at("about").at("task") == "compare");
  // No glimpse meets both.
  const auto& policies = learned.at("figures").at("policies");
  for (const char* policy : {"learned", "random", "grid"}) {
    const auto& hits = policies.at(policy).at("hit_rate");
    CHECK(hits.at("all_by_step")[0] == 0.0);
    CHECK(hits.at("all_by_step")[1].get<double>() <= hits.at("by_step")[1].get<double>());
  }
  CHECK(results.at("rows")[0].at("policies").at("random").at("all") ==
        policies.at("random").at("hit_rate").at("all_by_step")[1]);
  // One look at the first region is the oracle's.
  CHECK(policies.at("oracle").at("hit_rate").at("by_step")[0] == 1.0);
  CHECK(policies.at("oracle").at("hit_rate").at("all_by_step")[1] == 0.0);

  // The chance that two random glimpses find both, in every order, by asking every window of every image.
  double both = 0;
  saccade::Index at_once = 0;
  const auto entries = saccade::data::parse_manifest(scratch / "run/data/compare4/manifest.csv").entries;
  REQUIRE(entries.size() == 16);
  for (const auto& entry : entries) {
    REQUIRE(entry.regions.size() == 2);
    double first = 0, second = 0;
    for (saccade::Index y = 0; y + 16 <= 64; ++y) {
      for (saccade::Index x = 0; x + 16 <= 80; ++x) {
        const bool one = saccade::metrics::hits({x, y, 16, 16}, entry.regions[0]);
        const bool two = saccade::metrics::hits({x, y, 16, 16}, entry.regions[1]);
        at_once += one && two ? 1 : 0;
        first += one ? 1.0 / (65 * 49) : 0;
        second += two ? 1.0 / (65 * 49) : 0;
      }
    }
    both += 2 * first * second / 16;
  }
  CHECK(at_once == 0);
  CHECK(results.at("chance")[0].at("all").get<double>() == Approx(both));
}

TEST_CASE("tissue_study goes on in the middle of a model", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const Arguments one_model{"--seeds",  "1",  "--conditions",       "learned",   "--encoders", "plain",
                            "--epochs", "30", "--evaluation-split", "validation"};
  REQUIRE(run("tissue_study", quick_tissue(scratch / "whole", one_model)).code == 0);
  const std::string name = "region4-large-plain-learned-seed1";
  Process process("tissue_study", quick_tissue(scratch / "parts", one_model));
  REQUIRE(process.runs_until(
      [&] { return std::filesystem::exists(scratch / "parts/runs" / name / "checkpoint.safetensors"); }));
  process.send(SIGTERM);
  const Ending stopped = process.wait();
  REQUIRE(stopped.code == 130);
  CHECK_THAT(last_line(stopped.err), contains("interrupted; the same command goes on there"));
  CHECK_FALSE(std::filesystem::exists(scratch / "parts/results.json"));
  REQUIRE(run("tissue_study", quick_tissue(scratch / "parts", one_model)).code == 0);
  for (const std::string& file : {std::string("results.json"), "runs/" + name + ".json"})
    CHECK(same(scratch / "whole" / file, scratch / "parts" / file));
  CHECK(json_of(scratch / "parts/results.json").at("evaluation_split") == "validation");
}

TEST_CASE("tissue_study refuses bad options with a sentence", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const auto refused = [&](const Arguments& more, const std::string& sentence) {
    const Ending ending = run("tissue_study", Arguments{"--quick", "--out", scratch / "run"} + more);
    INFO(ending.err);
    CHECK(ending.code == 2);
    CHECK_THAT(last_line(ending.err), contains(sentence));
    CHECK_FALSE(std::filesystem::exists(scratch / "run"));
  };
  refused({"--presets", "magic"}, "--presets");
  refused({"--region", "60"}, "--region");
  refused({"--conditions", "luck"}, "--conditions");
  refused({"--patients", "1"}, "--patients");
  refused({"--region", "4,4"}, "is asked for twice");
  refused({"--task", "count"}, "--task");
  refused({"--task", "compare", "--region", "20"}, "at most 0.1 for two regions to lie apart, but is 0.2");
  refused({"--task", "compare", "--headline-seeds", "2"},
          "--headline-seeds is of the task kind, but the task is compare");
  refused({"--set", "policy.sigmo=1"}, "has no field \"sigmo\"");
  refused({"--set", "training.decay=2"}, "decay must be greater than 0 and at most 1");
}
