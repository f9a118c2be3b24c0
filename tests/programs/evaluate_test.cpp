#include <saccade/training/safetensors.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

nlohmann::ordered_json evaluate(const std::filesystem::path& out, const Arguments& more = {}) {
  const Ending ending = run("saccade evaluate", evaluation(out, more));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  return nlohmann::ordered_json::parse(text(out / "evaluation.json"));
}

}  // namespace

TEST_CASE("evaluation.json holds what it promises", "[programs]") {
  const ScratchFolder scratch;
  const auto json = evaluate(scratch / "e");
  CHECK(json.at("schema") == "saccade.evaluation.2");
  const auto& protocol = json.at("protocol");
  CHECK(protocol.at("split") == "random:1");  // the training's: its test half
  CHECK(protocol.at("magnification") == 100);
  CHECK(protocol.at("policy") == "learned");
  CHECK(protocol.at("backend") == "eigen");
  CHECK(protocol.at("precision") == "fp32");
  CHECK(protocol.at("groups") == 2);
  CHECK(protocol.at("images") == 6);
  CHECK(protocol.at("seed") == 1);
  CHECK(protocol.at("groups_of_the_training").empty());

  const auto check_figures = [](const nlohmann::ordered_json& of) {
    for (const char* name : {"group_recognition_rate", "group_majority_accuracy", "image_accuracy", "balanced_accuracy",
                             "macro_f1", "auc", "sensitivity", "specificity", "f1"}) {
      INFO(name);
      const auto& figure = of.at(name);
      REQUIRE((figure.at("value").is_number() || figure.at("value").is_null()));
      if (figure.at("value").is_null()) continue;
      CHECK(figure.at("low") <= figure.at("value"));
      CHECK(figure.at("value") <= figure.at("high"));
    }
    CHECK(of.at("confusion").at("counts").size() == 2);
    REQUIRE(of.at("by_class").size() == 2);
    CHECK(of.at("by_class")[0].at("class") == "benign");
    CHECK(of.at("by_class")[1].at("sensitivity") == of.at("sensitivity"));
    CHECK(of.at("by_class")[0].at("sensitivity") == of.at("specificity"));
    CHECK(of.at("by_class")[0].at("images") == 3);
    CHECK(of.at("accuracy_by_glimpse").size() == 2);
    const auto& stopping = of.at("early_stopping");
    REQUIRE(stopping.size() == 17);
    CHECK(stopping.front().at("threshold") == 0.0);
    CHECK(stopping.front().at("glimpses") == 1.0);
    CHECK(stopping.front().at("accuracy") == of.at("accuracy_by_glimpse")[0]);
    CHECK(stopping.back().at("glimpses") == 2.0);
    CHECK(stopping.back().at("accuracy") == of.at("accuracy_by_glimpse")[1]);
    CHECK(of.at("hit_rate").at("by_step").size() == 2);
    int images = 0;
    for (const auto& bin : of.at("calibration").at("bins")) images += bin.at("images").get<int>();
    CHECK(images == 6);
    CHECK(of.at("calibration").at("cross_entropy").get<double>() == Approx(of.at("cross_entropy").get<double>()));
  };
  check_figures(json);
  CHECK(json.at("group_noun") == "patient");
  CHECK(json.at("missing_classes").empty());
  CHECK(json.at("controls").size() == 4);
  for (const char* policy : {"random", "centre", "grid", "oracle"}) check_figures(json.at("controls").at(policy));

  // Two glimpses at two scales and a thumbnail, all of 16 x 16 pixels, of an image of 96 x 80.
  CHECK(json.at("pixel_fraction").at("processed").get<double>() == Approx((2 * 2 + 1) * 256 / 7680.0));
  // The centre policy looks at one place only; its coarse window is 32 x 32.
  const auto& centre = json.at("controls").at("centre").at("pixel_fraction");
  CHECK(centre.at("unique").get<double>() == Approx(256 / 7680.0));
  CHECK(centre.at("unique_any_scale").get<double>() == Approx(1024 / 7680.0));
  // The oracle is told where the region is.
  CHECK(json.at("controls").at("oracle").at("hit_rate").at("by_step")[0] == 1.0);
  CHECK(json.at("throughput").at("images_per_second") > 0);

  CHECK(std::filesystem::exists(scratch / "e/figures/early_stopping.png"));

  // Eq. 6 by hand from the patients' counts.
  double rate = 0;
  int right = 0;
  REQUIRE(json.at("per_group").size() == 2);
  for (const auto& patient : json.at("per_group")) {
    CHECK(patient.at("images") == 3);
    rate += patient.at("right").get<double>() / 3 / 2;
    right += patient.at("right").get<int>();
  }
  CHECK(json.at("group_recognition_rate").at("value").get<double>() == Approx(rate));
  CHECK(json.at("image_accuracy").at("value").get<double>() == Approx(right / 6.0));
  const auto& counts = json.at("confusion").at("counts");
  CHECK(counts[0][0].get<int>() + counts[1][1].get<int>() == right);
}

TEST_CASE("A glance and a learned sigma go all the way: trained, resumed, evaluated, and their pixels counted",
          "[programs]") {
  const ScratchFolder scratch;
  const Arguments options{"--threads", "1",
                          "--set",     "glance.side=12",
                          "--set",     "glance.reduction=8",
                          "--set",     "policy.learn_sigma=true",
                          "--set",     "policy.entropy=0.01"};
  for (const int epochs : {1, 2}) {
    const Ending trained = run("saccade train", training(scratch / "run", epochs, options + Arguments{"--resume"}));
    INFO(trained.err);
    REQUIRE(trained.code == 0);
  }
  const std::string metrics = text(scratch / "run/metrics.jsonl");
  CHECK(metrics.find("\"sigma_x\"") != std::string::npos);
  CHECK(std::filesystem::exists(scratch / "run/report.html"));
  const Ending ending =
      run("saccade evaluate", {"--data", tiny_data(), "--checkpoint", scratch / "run/checkpoint.safetensors", "--out",
                               scratch / "run", "--threads", "1", "--rollouts", "2"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto json = nlohmann::ordered_json::parse(text(scratch / "run/evaluation.json"));
  const double glimpses = 2 * 2 * 256 / 7680.0, thumbnail = 144 / 7680.0;
  CHECK(json.at("pixel_fraction").at("processed").get<double>() == Approx(glimpses + thumbnail));
  CHECK(json.at("pixel_fraction").at("unique").get<double>() < 0.1);
  CHECK(json.at("pixel_fraction").at("unique_any_scale") == 1.0);
  CHECK(json.at("averaged_rollouts").at("pixel_fraction").at("processed").get<double>() ==
        Approx(2 * (glimpses + thumbnail)));
  const auto& centre = json.at("controls").at("centre").at("pixel_fraction");
  CHECK(centre.at("processed").get<double>() == Approx(glimpses));
  CHECK(centre.at("unique_any_scale").get<double>() == Approx(1024 / 7680.0));
}

TEST_CASE("An evaluation repeats, whatever the threads, the cache and the headline", "[programs]") {
  const ScratchFolder scratch;
  auto one = evaluate(scratch / "one");
  auto two = evaluate(scratch / "two", {"--threads", "2", "--decode-threads", "1", "--cache-mb", "0"});
  one.erase("throughput");
  two.erase("throughput");
  CHECK((one == two));

  const auto random = evaluate(scratch / "random", {"--policy", "random"});
  CHECK(random.at("protocol").at("policy") == "random");
  CHECK(random.at("image_accuracy") == one.at("controls").at("random").at("image_accuracy"));
  CHECK(random.at("controls").at("learned").at("auc") == one.at("auc"));
  CHECK(random.at("controls").at("learned").at("hit_rate") == one.at("hit_rate"));
}

TEST_CASE("Averaged rollouts stand beside the one at the means, and depend on the seed alone", "[programs]") {
  const ScratchFolder scratch;
  auto plain = evaluate(scratch / "plain");
  CHECK(plain.at("averaged_rollouts").is_null());
  auto averaged = evaluate(scratch / "averaged", {"--rollouts", "3", "--seed", "5"});
  auto again = evaluate(scratch / "again", {"--rollouts", "3", "--seed", "5", "--batch", "5", "--threads", "2"});
  const auto& figures = averaged.at("averaged_rollouts");
  CHECK(figures.at("rollouts") == 3);
  CHECK(figures.at("accuracy_by_glimpse").size() == 2);
  // The pixels of all rollouts count: 3 of 2 glimpses at two scales and a thumbnail.
  CHECK(figures.at("pixel_fraction").at("processed").get<double>() == Approx(3 * (2 * 2 + 1) * 256 / 7680.0));
  CHECK((figures == again.at("averaged_rollouts")));
  const auto other = evaluate(scratch / "other", {"--rollouts", "3", "--seed", "6"});
  CHECK_FALSE((other.at("averaged_rollouts").at("cross_entropy") == figures.at("cross_entropy")));
  for (const char* name : {"accuracy_by_glimpse", "cross_entropy", "confusion"})
    CHECK(averaged.at(name) == plain.at(name));
}

TEST_CASE("An evaluation prints its table, and warns of patients of the training", "[programs]") {
  const ScratchFolder scratch;
  const Ending test = run("saccade evaluate", evaluation(scratch / "e"));
  CHECK_THAT(test.out, contains("split random:1, 2 patients, 6 images"));
  CHECK_THAT(test.out, contains("patient recognition rate of the learned policy: "));
  for (const char* policy : {"\nlearned ", "\nrandom ", "\ncentre ", "\ngrid ", "\noracle "})
    CHECK_THAT(test.out, contains(policy));
  CHECK(test.err.find("warning") == std::string::npos);

  const Ending all = run("saccade evaluate", evaluation(scratch / "e", {"--split", "all"}));
  CHECK(all.code == 0);
  CHECK_THAT(all.out, contains("BreakHis at 100x: 24 images of 8 slides\nsplit all, 8 patients, 24 images\n"));
  CHECK_THAT(all.err, contains("saccade evaluate: warning: 6 of 8 patients belong to those that the checkpoint was "
                               "trained with (14-30000, ...)"));
}

TEST_CASE("An evaluation says where a checkpoint does not say what it was trained with", "[programs]") {
  const ScratchFolder scratch;
  saccade::SafetensorsFile file = saccade::read_safetensors(tiny_checkpoint());
  for (const char* metadata : {"[]", "{}"}) {
    file.metadata["saccade.run"] = metadata;
    saccade::write_safetensors(file, scratch / "silent.safetensors");
    const Ending ending = run("saccade evaluate", {"--data", tiny_data(), "--kind", "breakhis", "--checkpoint",
                                                   scratch / "silent.safetensors", "--out", scratch / "e"});
    INFO(ending.err);
    CHECK(ending.code == 0);
    CHECK_THAT(ending.err, contains("saccade evaluate: warning: the checkpoint does not say what it was trained with"));
  }
}

TEST_CASE("Without regions there is no oracle and no hit rate", "[programs]") {
  const ScratchFolder scratch;
  copy_data(scratch / "data");
  std::filesystem::remove(scratch / "data/regions.csv");
  Arguments arguments{"--data", scratch / "data", "--checkpoint", tiny_checkpoint(), "--out", scratch / "e"};
  REQUIRE(run("saccade evaluate", arguments).code == 0);
  const auto json = nlohmann::ordered_json::parse(text(scratch / "e/evaluation.json"));
  CHECK_FALSE(json.at("controls").contains("oracle"));
  CHECK(json.at("hit_rate").is_null());

  const Ending oracle = run("saccade evaluate", arguments + Arguments{"--policy", "oracle"});
  CHECK(oracle.code == 1);
  CHECK_THAT(last_line(oracle.err), contains("the oracle policy needs a region for every image"));
}

TEST_CASE("Figures that are not defined are null", "[programs]") {
  const ScratchFolder scratch;
  copy_data(scratch / "data");
  std::filesystem::remove_all(scratch / "data/BreaKHis_v1/histology_slides/breast/malignant");
  const Ending ending = run("saccade evaluate", {"--data", scratch / "data", "--checkpoint", tiny_checkpoint(),
                                                 "--split", "all", "--out", scratch / "e"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto json = nlohmann::ordered_json::parse(text(scratch / "e/evaluation.json"));
  for (const char* name : {"auc", "sensitivity", "balanced_accuracy", "macro_f1", "f1"}) {
    INFO(name);
    CHECK(json.at(name).at("value").is_null());
    CHECK(json.at(name).at("low").is_null());
  }
  CHECK(json.at("specificity").at("value").is_number());
  CHECK(json.at("missing_classes") == nlohmann::ordered_json({"malignant"}));
  CHECK_THAT(ending.err,
             contains("saccade evaluate: warning: no test image is of class \"malignant\": balanced accuracy"));
  CHECK_THAT(text(scratch / "e/report.html"), contains("No evaluated image is of class &quot;malignant&quot;"));

  const Ending trained = run("saccade train", training(scratch / "run", 1, {}, scratch / "data"));
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  CHECK_THAT(trained.err,
             contains("warning: no training image is of class \"malignant\": the classifier cannot learn it"));
  CHECK_THAT(trained.err, contains("warning: no validation image is of class \"malignant\": balanced accuracy"));
  const std::string line = text(scratch / "run/metrics.jsonl");
  const auto validation = nlohmann::ordered_json::parse(line.substr(0, line.find('\n'))).at("validation");
  for (const char* name : {"balanced_accuracy", "macro_f1", "auc"}) CHECK(validation.at(name).is_null());
}
