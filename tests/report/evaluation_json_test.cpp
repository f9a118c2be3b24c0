#include <saccade/report/evaluation_json.hpp>
#include <saccade/report/evaluation_table.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

/// Six images of 100 x 100 pixels, in three groups; the last class has none.
GroundTruth four_classes() {
  return {.classes = {"basophil", "eosinophil", "lymphocyte", "monocyte"},
          .labels = {0, 0, 1, 1, 2, 2},
          .groups = {"s1", "s1", "s1", "s2", "s3", "s3"},
          .group_noun = "slide",
          .names = {"i0", "i1", "i2", "i3", "i4", "i5"},
          .regions = {{{0, 0, 10, 10}}, {{0, 0, 10, 10}, {50, 50, 10, 10}}, {}, {}, {{50, 50, 10, 10}}, {}}};
}

/// Two glimpses, at the top left and in the middle; the answer is the first one until the last glimpse.
std::vector<ImagePrediction> image_predictions() {
  const std::vector<Index> answers{0, 1, 1, 1, 2, 3};
  std::vector<ImagePrediction> list;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ImagePrediction each{.image = static_cast<Index>(i), .width = 100, .height = 100, .prediction = {}};
    each.prediction.probabilities = {{0.7, 0.1, 0.1, 0.1}, {0.1, 0.1, 0.1, 0.1}};
    each.prediction.probabilities[1][static_cast<std::size_t>(answers[i])] = 0.7;
    each.prediction.locations = {{-0.9, -0.9}, {0.1, 0.1}};
    each.prediction.windows = {{{0, 0, 10, 10}}, {{50, 50, 10, 10}}};
    list.push_back(std::move(each));
  }
  return list;
}

PolicyResult result_of(GlimpsePolicy policy) {
  return judge(policy, four_classes(), image_predictions(), {.side = 10, .scales = 1}, 1, 2.0);
}

}  // namespace

TEST_CASE("an evaluation of four classes by hand", "[report][evaluation]") {
  const std::vector<PolicyResult> results{result_of(GlimpsePolicy::learned), result_of(GlimpsePolicy::random)};
  const auto json = evaluation_json({{"images", 6}}, four_classes(), results, GlimpsePolicy::learned, 2);
  CHECK(json.at("schema") == "saccade.evaluation.2");
  CHECK(json.at("group_noun") == "slide");
  CHECK(json.at("missing_classes") == nlohmann::ordered_json({"monocyte"}));
  // Slides: 2 of 3, 1 of 1, 1 of 2.
  CHECK(json.at("group_recognition_rate").at("value").get<double>() == Approx((2.0 / 3 + 1 + 0.5) / 3));
  CHECK(json.at("group_majority_accuracy").at("value").get<double>() == Approx(2.0 / 3));
  CHECK(json.at("image_accuracy").at("value").get<double>() == Approx(4.0 / 6));
  for (const char* name : {"balanced_accuracy", "macro_f1", "auc"}) {
    INFO(name);
    for (const char* part : {"value", "low", "high"}) CHECK(json.at(name).at(part).is_null());
  }
  for (const char* name : {"sensitivity", "specificity", "f1"}) CHECK_FALSE(json.contains(name));
  const auto& eosinophil = json.at("by_class")[1];
  CHECK(eosinophil.at("class") == "eosinophil");
  CHECK(eosinophil.at("images") == 2);
  CHECK(eosinophil.at("sensitivity").at("value") == 1.0);
  CHECK(eosinophil.at("precision").at("value").get<double>() == Approx(2.0 / 3));
  CHECK(eosinophil.at("f1").at("value").get<double>() == Approx(0.8));
  // Both of the class at 0.7, of the rest one at 0.7 and three at 0.1: (0.5 + 3) of 4 pairs each.
  CHECK(eosinophil.at("auc").at("value").get<double>() == Approx(3.5 / 4));
  for (const char* name : {"sensitivity", "precision", "f1", "auc"})
    CHECK(json.at("by_class")[3].at(name).at("value").is_null());
  CHECK(json.at("confusion").at("counts") ==
        nlohmann::ordered_json({{1, 1, 0, 0}, {0, 2, 0, 0}, {0, 0, 1, 1}, {0, 0, 0, 0}}));
  // All answers are 0.7 sure, and four of six right.
  CHECK(json.at("calibration").at("error").get<double>() == Approx(0.7 - 4.0 / 6));
  REQUIRE(json.at("calibration").at("bins").size() == 1);
  CHECK(json.at("calibration").at("bins")[0].at("images") == 6);
  CHECK(json.at("calibration").at("tempered").is_null());
  CHECK(json.at("accuracy_by_glimpse")[0].get<double>() == Approx(2.0 / 6));
  // Of three images with regions, the first glimpse meets one in two, the second one in two.
  CHECK(json.at("hit_rate").at("any") == 1.0);
  CHECK(json.at("hit_rate").at("by_step")[0].get<double>() == Approx(2.0 / 3));
  CHECK(json.at("hit_rate").at("by_step")[1].get<double>() == Approx(2.0 / 3));
  CHECK(json.at("hit_rate").at("all_by_step")[1] == 1.0);  // of one region, as soon as any
  // Slide s1 has images of two classes.
  REQUIRE(json.at("per_group").size() == 3);
  CHECK(json.at("per_group")[0].at("group") == "s1");
  CHECK(json.at("per_group")[0].at("class").is_null());
  CHECK(json.at("per_group")[2].at("class") == "lymphocyte");
  CHECK(json.at("throughput").at("images_per_second") == 3.0);
  CHECK(json.at("controls").at("random").at("image_accuracy") == json.at("image_accuracy"));
}

TEST_CASE("what is special for two classes is given for two", "[report][evaluation]") {
  const GroundTruth truth{.classes = {"no", "yes"}, .labels = {0, 0, 1, 1}, .groups = {"a", "b", "c", "d"}};
  std::vector<ImagePrediction> list;
  for (const double yes : {0.25, 0.75, 0.75, 0.875}) {
    ImagePrediction each{.image = static_cast<Index>(list.size()), .width = 10, .height = 10, .prediction = {}};
    each.prediction.probabilities = {{1 - yes, yes}};
    each.prediction.windows = {{{0, 0, 5, 5}}};
    list.push_back(std::move(each));
  }
  const PolicyResult result = judge(GlimpsePolicy::learned, truth, list, {.side = 5, .scales = 1}, 1, 1.0);
  const auto json = to_json(result, truth.classes);
  CHECK(json.at("sensitivity").at("value") == 1.0);
  CHECK(json.at("specificity").at("value") == 0.5);
  CHECK(json.at("f1").at("value").get<double>() == Approx(0.8));
  CHECK(json.at("auc").at("value") == 0.875);
  CHECK(json.at("by_class")[0].at("auc") == json.at("auc"));
  CHECK(json.at("hit_rate").is_null());
}

TEST_CASE("predictions carry group, class and regions", "[report][evaluation]") {
  const std::vector<PredictionRecord> records =
      prediction_records(GlimpsePolicy::grid, four_classes(), image_predictions());
  REQUIRE(records.size() == 6);
  CHECK(records[1].policy == "grid");
  CHECK(records[1].image == "i1");
  CHECK(records[1].group == "s1");
  CHECK(records[1].regions.size() == 2);
  CHECK(records[2].regions.empty());
  CHECK(records[4].truth == 2);
}

TEST_CASE("tables say what is not defined with a dash", "[report][evaluation]") {
  const std::vector<PolicyResult> results{result_of(GlimpsePolicy::learned)};
  const std::string policies = policy_table(results, "slide");
  CHECK_THAT(
      policies,
      contains("policy    slides [95 %]          majority    images  balan.     AUC  processed  unique    hits\n"));
  CHECK_THAT(policies, contains("\nlearned   0.722 ["));
  CHECK_THAT(policies, contains("     0.667     0.667       -       -      0.020   0.020   1.000\n"));
  CHECK_THAT(policies, contains("slides: slide recognition rate, the mean over slides of"));
  const std::string classes = class_table(results.front(), four_classes().classes);
  CHECK_THAT(classes,
             contains("class       images  sensitivity [95 %]    precision             F1                    AUC\n"));
  CHECK_THAT(classes, contains("\neosinophil       2  1.000 [1.000, 1.000]  0.667 ["));
  CHECK_THAT(
      classes,
      contains("\nmonocyte         0  - [-, -]              - [-, -]              - [-, -]              - [-, -]\n"));
}

TEST_CASE("a temperature that was chosen elsewhere is told with what it does", "[report][evaluation]") {
  PolicyResult result = result_of(GlimpsePolicy::learned);
  result.temperature = 2;
  const auto json = to_json(result, four_classes().classes);
  const auto& tempered = json.at("calibration").at("tempered");
  CHECK(tempered.at("temperature") == 2.0);
  // Of 0.7 and three times 0.1 the square roots: 0.8367 of 1.7853.
  CHECK(tempered.at("bins")[0].at("confidence").get<double>() == Approx(0.468627).epsilon(1e-5));
  CHECK(tempered.at("error").get<double>() == Approx(4.0 / 6 - 0.468627).epsilon(1e-5));
}

TEST_CASE("only glimpses at full resolution find a region and count as seen sharply", "[report][evaluation][zoom]") {
  std::vector<ImagePrediction> zoomed = image_predictions();
  for (ImagePrediction& each : zoomed) each.prediction.windows[0] = {{0, 0, 20, 20}};
  const auto wide = judge(GlimpsePolicy::learned, four_classes(), zoomed, {.side = 10, .zooms = 2}, 1, 2.0);
  const auto sharp = result_of(GlimpsePolicy::learned);
  // The first glimpse shows the top left corner: two of the three images with a region have one there.
  REQUIRE(sharp.hit_rate);
  CHECK(sharp.hit_rate->by_step().at(0) == Approx(2.0 / 3));
  CHECK(wide.hit_rate->by_step().at(0) == 0);
  CHECK(wide.hit_rate->by_step().at(1) == sharp.hit_rate->by_step().at(1));
  CHECK(sharp.pixels.unique == Approx(0.02));
  CHECK(wide.pixels.unique == Approx(0.01));
  CHECK(wide.pixels.unique_any_scale == Approx(0.05));
  CHECK(wide.pixels.processed == Approx(0.02));
}
