#include <saccade/report/evaluation_schema.hpp>
#include <saccade/report/explanation.hpp>
#include <saccade/report/gallery.hpp>
#include <saccade/report/predictions.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/report/run_record.hpp>
#include <saccade/report/run_report.hpp>
#include <saccade/report/staged_results.hpp>
#include <saccade/training/checkpoint_label.hpp>
#include <saccade/training/safetensors.hpp>

#include "support/catch.hpp"
#include "support/limits.hpp"
#include "support/scratch_folder.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

const std::string metrics_text =
    "{\"epoch\":1,\"loss\":0.5,\"reward\":0.5,\"accuracy\":0.5,\"validation\":{\"image_accuracy\":0.25}}\n"
    "{\"epoch\":2,\"loss\":0.25,\"reward\":0.75,\"accuracy\":0.75,\"validation\":{\"image_accuracy\":0.5}}\n";

std::string text_of(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> bytes = read_file(file);
  return {bytes.begin(), bytes.end()};
}

nlohmann::ordered_json figures(double rate) {
  const auto estimate = [](double value) {
    return nlohmann::ordered_json{{"value", value}, {"low", value - 0.125}, {"high", value + 0.125}};
  };
  return {{"group_recognition_rate", estimate(rate)},
          {"image_accuracy", estimate(rate)},
          {"auc", estimate(0.75)},
          {"by_class",
           {{{"class", "cat"}, {"images", 4}, {"sensitivity", estimate(0.75)}, {"precision", estimate(0.625)}},
            {{"class", "d<o>g"}, {"images", 4}, {"sensitivity", estimate(0.75)}, {"f1", estimate(0.5)}}}},
          {"confusion", {{"classes", {"cat", "d<o>g"}}, {"counts", {{3, 1}, {1, 3}}}}},
          {"accuracy_by_glimpse", {0.5, rate}},
          {"calibration",
           {{"error", 0.25},
            {"cross_entropy", 0.875},
            {"bins", {{{"images", 5}, {"confidence", 0.625}, {"accuracy", 0.375}}}},
            {"tempered",
             {{"temperature", 1.5},
              {"error", 0.125},
              {"cross_entropy", 0.75},
              {"bins", {{{"images", 5}, {"confidence", 0.5}, {"accuracy", 0.375}}}}}}}},
          {"pixel_fraction", {{"processed", 0.125}, {"unique", 0.0625}}},
          {"hit_rate", {{"any", 0.5}, {"by_step", {0.25, 0.5}}}}};
}

nlohmann::ordered_json evaluation() {
  nlohmann::ordered_json json = figures(0.75);
  json["schema"] = "saccade.evaluation.2";
  json["group_noun"] = "patient";
  json["protocol"] = {{"policy", "learned"}, {"seed", 7}, {"images", 8}, {"version", "1.2.3"}};
  json["per_group"] = {{{"group", "p<1>"}, {"class", "cat"}, {"right", 3}, {"images", 4}},
                       {{"group", "p2"}, {"class", "d<o>g"}, {"right", 3}, {"images", 4}}};
  json["controls"] = {{"random", figures(0.5)}};
  return json;
}

std::vector<PredictionRecord> two_policies() {
  std::vector<PredictionRecord> records;
  for (const std::string policy : {"learned", "random"}) {
    for (Index i = 0; i < 8; ++i) {
      const double p = static_cast<double>(i) / 8;
      records.push_back({.policy = policy,
                         .image = "i" + std::to_string(i),
                         .group = "p",
                         .truth = i / 4,
                         .width = 60,
                         .height = 40,
                         .locations = {{0, 0}, {0.5, 0.5}},
                         .probabilities = {{0.5, 0.5}, {1 - p, p}},
                         .regions = {{10, 10, 4, 4}}});
    }
  }
  return records;
}

void write_run(const std::filesystem::path& folder) {
  create_folders(folder);
  write_file(
      folder / "config.json",
      std::string("{\"version\":\"1.2.3\",\"preset\":\"<b>bold</b>\",\"seed\":42,\"data\":{\"names\":[\"x\",\"y\"]}}"));
  write_file(folder / "metrics.jsonl", metrics_text);
  write_file(folder / "evaluation.json", evaluation().dump());
  write_predictions(folder / "predictions.jsonl", two_policies());
  Explanation explanation;
  explanation.image = RgbImage(60, 40);
  explanation.steps.resize(2);
  for (GlimpseStep& step : explanation.steps) step.box = {20, 12, 16, 16};
  GalleryWriter writer(folder / "gallery", "learned");
  writer.add(two_policies()[0], explanation);
  writer.add(two_policies()[7], explanation);
  writer.finish();
}

}  // namespace

TEST_CASE("a report shows all that the folder of a run holds", "[report][run_report]") {
  const ScratchFolder scratch;
  write_run(scratch / "runs/a");
  const RunReport report = make_run_report(scratch / "runs/a");
  CHECK(report.problems.empty());
  const std::string& html = report.html;
  CHECK_THAT(html, contains("<h1>Run a</h1>"));
  for (const char* id :
       {"policies", "locations", "gallery", "groups", "classes", "calibration", "training", "configuration"})
    CHECK_THAT(html, contains("<h2 id=\"" + std::string(id) + "\">"));
  CHECK_THAT(html, contains("<dd>75.0&nbsp;%<small>95&nbsp;% interval 62.5 to 87.5&nbsp;%"));
  CHECK_THAT(html, contains("is 25.0&nbsp;%. At the temperature 1.50, chosen on the validation images, by which the "
                            "logits are divided, it is 12.5&nbsp;%, and the cross-entropy 0.750 in place of 0.875."));
  CHECK_THAT(html, contains("+25.0 points"));
  CHECK_THAT(html, contains("75.0&nbsp;%<br><small>62.5 to 87.5&nbsp;%</small>"));
  CHECK_THAT(html, contains("3 of 4"));
  CHECK_THAT(html, contains(">3<br><small>75&nbsp;%</small></td>"));
  CHECK_THAT(html, contains("Patient recognition rate</dt>"));
  CHECK_THAT(html, contains("<h2 id=\"groups\">Patients</h2>"));
  CHECK_THAT(html, contains("62.5&nbsp;%<br><small>50.0 to 75.0&nbsp;%</small>"));  // a precision
  // Every score of class 1 above every one of class 0: the curve goes up first.
  CHECK_THAT(html, contains("<th scope=\"row\">0.000</th><td>1.000</td>"));
  CHECK_THAT(html, contains("last loss 0.25, accuracy 75.0&nbsp;%"));
  CHECK_THAT(html, contains("<th scope=\"row\">seed</th><td>42</td>"));
  CHECK_THAT(html, contains("<th scope=\"row\">version</th><td>1.2.3</td>"));
  CHECK_THAT(html, contains("<th scope=\"row\">data.names</th><td>2 names</td>"));
  CHECK_THAT(html, contains("<b>regions</b>"));
  CHECK_THAT(html, contains("image/jpeg;base64,"));
  CHECK_THAT(html, contains("&#10003; right</span> <b>i0</b>"));
  CHECK_THAT(html, contains("true class d&lt;o&gt;g, answered d&lt;o&gt;g (88&nbsp;%)"));
  CHECK(html.find("d<o>g") == std::string::npos);
  CHECK(html.find("p<1>") == std::string::npos);
  CHECK(html.find("<b>bold") == std::string::npos);
  CHECK(html.find("nan") == std::string::npos);

  CHECK(write_run_report(scratch / "runs/a/").empty());
  const std::vector<std::uint8_t> bytes = read_file(scratch / "runs/a/report.html");
  CHECK((std::string(bytes.begin(), bytes.end()) == html));
}

TEST_CASE("the page of staged results is the one that their folder has when they are in place",
          "[report][run_report]") {
  const ScratchFolder scratch;
  const RunFolder run(scratch / "a");
  write_run(run.path());
  (void)write_run_report(run.path());
  const std::string before = text_of(run.report());
  StagedResults staged(run);
  auto json = evaluation();
  json["protocol"]["seed"] = 77;
  write_file(staged.files().evaluation(), json.dump());
  write_predictions(staged.files().predictions(), two_policies());
  GalleryWriter(staged.files().gallery(), "learned").finish();
  CHECK(stage_run_report(run.path(), staged.files().path()).empty());
  CHECK((text_of(run.report()) == before));
  staged.publish();
  const std::string page = text_of(run.report());
  CHECK((page != before));
  CHECK((page == make_run_report(run.path()).html));
}

TEST_CASE("what is missing is said in its place", "[report][run_report]") {
  const ScratchFolder scratch;
  write_file(scratch / "metrics.jsonl", metrics_text);
  const RunReport training = make_run_report(scratch.path());
  CHECK(training.problems.empty());
  CHECK_THAT(training.html, contains("There is no <code>evaluation.json</code>"));
  CHECK_THAT(training.html, contains("There is no <code>predictions.jsonl</code>"));
  CHECK_THAT(training.html, contains("There are no pictures"));
  CHECK_THAT(training.html, contains("There is no <code>config.json</code>"));
  CHECK_THAT(training.html, contains("<b>Reward</b>"));

  std::filesystem::remove(scratch / "metrics.jsonl");
  write_file(scratch / "evaluation.json", evaluation().dump());
  const RunReport evaluated = make_run_report(scratch.path());
  CHECK(evaluated.problems.empty());
  CHECK_THAT(evaluated.html, contains("There are no epochs in this folder"));
  CHECK_THAT(evaluated.html, contains("There is no ROC curve"));
}

TEST_CASE("what is damaged is said at the top, and the rest is shown", "[report][run_report]") {
  const ScratchFolder scratch;
  const auto problem_of = [&](const std::string& file, const std::string& text) {
    const ScratchFolder run;
    write_run(run.path());
    write_file(run / file, text);
    const RunReport report = make_run_report(run.path());
    CHECK_THAT(report.html, contains("class=\"notice\""));
    CHECK_THAT(report.html, contains("<h2 id=\"training\">"));
    return report.problems.empty() ? "" : report.problems.front();
  };
  CHECK_THAT(problem_of("metrics.jsonl", metrics_text + "{\"epoch\":\n"),
             contains("metrics.jsonl\": line 3 is not JSON"));
  CHECK_THAT(problem_of("metrics.jsonl", "{\"loss\":1}\n"), contains("metrics.jsonl\": line 1 is not of an epoch"));
  CHECK_THAT(problem_of("config.json", "[1]"), contains("config.json\": is not a JSON object"));
  CHECK_THAT(problem_of("evaluation.json", "{\"auc\":"), contains("evaluation.json\": is not JSON"));
  CHECK_THAT(problem_of("evaluation.json", "{}"), contains("evaluation.json\": is not an evaluation"));
  CHECK_THAT(problem_of("predictions.jsonl", "{}\n"), contains("predictions.jsonl\": line 1 does not say"));
  CHECK_THAT(problem_of("gallery/gallery.json", "{}"), contains("gallery.json\": is not the list of a gallery"));
  // Valid JSON of another hand: one part falls, not the page.
  nlohmann::ordered_json other = evaluation();
  other["per_group"] = {1, 2};
  CHECK_THAT(problem_of("evaluation.json", other.dump()), contains("the part \"Groups\" is left out"));
  other = evaluation();
  other["schema"] = "saccade.evaluation.3";
  CHECK_THAT(problem_of("evaluation.json", other.dump()),
             contains("evaluation.json\": its schema is \"saccade.evaluation.3\"; expected \"saccade.evaluation.2\" or "
                      "\"saccade.evaluation.1\""));
  other = evaluation();
  other["schema"] = "saccade.evaluation.1";
  other["confusion"] = 7;
  CHECK_THAT(problem_of("evaluation.json", other.dump()),
             contains("does not hold what an evaluation of its schema does"));
  other["confusion"] = {{"classes", {"cat", "dog"}}, {"counts", {{1, 2}, {1e300, 4}}}};
  CHECK_THAT(problem_of("evaluation.json", other.dump()),
             contains("evaluation.json\": the counts of its confusion must be numbers of images"));
  other = evaluation();
  other["per_group"][0]["right"] = 1e300;
  CHECK_THAT(problem_of("evaluation.json", other.dump()),
             contains("the right answers and the images of group \"p<1>\" must be whole numbers"));
  other = evaluation();
  other["protocol"]["policy"] = 3;
  CHECK_THAT(problem_of("evaluation.json", other.dump()), contains("is left out"));
}

TEST_CASE("what cannot be read is an error, and the page that stood there stays", "[report][run_report]") {
  const ScratchFolder scratch;
  write_run(scratch.path());
  REQUIRE(write_run_report(scratch.path()).empty());
  const std::vector<std::uint8_t> good = read_file(scratch / "report.html");
  for (const char* file : {"config.json", "metrics.jsonl", "evaluation.json", "predictions.jsonl",
                           "gallery/gallery.json", "gallery/01_path.jpg"}) {
    INFO(file);
    // A folder of that name is there, and no bytes of it can be read.
    std::filesystem::rename(scratch / file, scratch / "kept");
    std::filesystem::create_directory(scratch / file);
    CHECK_THROWS_AS(write_run_report(scratch.path()), UnreadableError);
    CHECK_THROWS_WITH(write_run_report(scratch.path()),
                      contains(std::string(file) + "\": cannot be read: Is a directory"));
    CHECK((read_file(scratch / "report.html") == good));
    std::filesystem::remove(scratch / file);
    std::filesystem::rename(scratch / "kept", scratch / file);
  }
  CHECK(write_run_report(scratch.path()).empty());
}

TEST_CASE("curves whose figures cannot be read at the moment are an error, and not left out", "[report][run_report]") {
  const ScratchFolder scratch;
  write_run(scratch.path());
  const RunFolder run(scratch.path());
  const auto attempt = [&] {
    const limits::NoMoreFiles none;
    run.draw_curves();
  };
  CHECK_THROWS_WITH(attempt(), '"' + run.metrics().string() + "\": cannot be read: Too many open files");
  write_file(run.metrics(), "damaged\nlines\n");
  run.draw_curves();
  CHECK_FALSE(std::filesystem::exists(run.figures()));
}

TEST_CASE("a page says which weights its figures are of, and leaves out what is of another evaluation",
          "[report][run_report]") {
  const ScratchFolder scratch;
  write_run(scratch.path());
  const Provenance mine{.weights = "1a2b3c4d", .epoch = 3, .data = "00112233aabbccdd"};
  nlohmann::ordered_json json = evaluation();
  json["protocol"]["provenance"] = to_json(mine);
  write_file(scratch / "evaluation.json", json.dump());
  const auto write_others = [&](const Provenance& of) {
    std::vector<PredictionRecord> records = two_policies();
    for (PredictionRecord& record : records) record.provenance = of;
    write_predictions(scratch / "predictions.jsonl", records);
    auto list = nlohmann::ordered_json::parse(read_file(scratch / "gallery/gallery.json"));
    list["provenance"] = to_json(of);
    write_file(scratch / "gallery/gallery.json", list.dump());
  };
  write_others(mine);
  const RunReport sound = make_run_report(scratch.path());
  CHECK(sound.problems.empty());
  CHECK_THAT(sound.html, contains("by weights 1a2b3c4d after epoch 3."));
  CHECK_THAT(sound.html, contains("<th scope=\"row\">provenance.data</th><td>00112233aabbccdd</td>"));
  CHECK(read_run(scratch.path(), scratch.path()).predictions.front().provenance == mine);

  write_others({.weights = "eeeeeeee", .epoch = {}, .data = mine.data});
  const RunReport weights = make_run_report(scratch.path());
  REQUIRE(weights.problems.size() == 2);
  CHECK_THAT(weights.problems[0], contains("predictions.jsonl\": is of another evaluation than evaluation.json: of "
                                           "weights eeeeeeee, not of weights 1a2b3c4d after epoch 3"));
  CHECK_THAT(weights.problems[1], contains("gallery.json\": is of another evaluation than evaluation.json"));
  CHECK_THAT(weights.html, contains("There are no pictures"));
  CHECK_THAT(weights.html, contains("There is no <code>predictions.jsonl</code>"));

  write_others({.weights = mine.weights, .epoch = mine.epoch, .data = "ffffffffffffffff"});
  CHECK_THAT(make_run_report(scratch.path()).problems.at(0), contains("of other images, not of its images"));
  // Files of before say nothing, and are then of another evaluation than one that does.
  write_predictions(scratch / "predictions.jsonl", two_policies());
  CHECK_THAT(make_run_report(scratch.path()).problems.at(0), contains("of weights that are not told, not of"));
  json["protocol"]["provenance"] = 3;
  write_file(scratch / "evaluation.json", json.dump());
  CHECK_THAT(make_run_report(scratch.path()).problems.at(0),
             contains("evaluation.json\": does not say what it is of as an evaluation does"));
}

TEST_CASE("figures of other weights than the folder's checkpoints have are said to be such", "[report][run_report]") {
  const ScratchFolder scratch;
  const auto save = [&](const char* name, int epochs) {
    const std::vector<float> value{static_cast<float>(epochs)};
    SafetensorsFile file{{{"saccade.run", "{\"state\":{\"epochs\":" + std::to_string(epochs) + "}}"}},
                         {NamedArray("a", {1}, std::span<const float>(value))}};
    write_safetensors(file, scratch / name);
    return read_checkpoint_label(scratch / name);
  };
  const CheckpointLabel best = save("best.safetensors", 3), last = save("checkpoint.safetensors", 4);
  CHECK(best.epoch == 3);
  CHECK(best.checksum.size() == 8);
  CHECK(best.checksum != last.checksum);
  nlohmann::ordered_json json = evaluation();
  for (const CheckpointLabel& label : {best, last}) {
    json["protocol"]["provenance"] = to_json(Provenance{.weights = label.checksum, .epoch = label.epoch, .data = "0"});
    write_file(scratch / "evaluation.json", json.dump());
    CHECK(make_run_report(scratch.path()).problems.empty());
  }
  CHECK_THAT(make_run_report(scratch.path()).html,
             contains("<th scope=\"row\">best.safetensors</th><td>weights " + best.checksum + " after epoch 3</td>"));

  const CheckpointLabel later = save("checkpoint.safetensors", 9);
  const RunReport report = make_run_report(scratch.path());
  REQUIRE(report.problems.size() == 1);
  CHECK_THAT(report.problems[0], contains("evaluation.json\": its figures are of weights " + last.checksum +
                                          " after epoch 4, but now best.safetensors has weights " + best.checksum +
                                          " after epoch 3, checkpoint.safetensors has weights " + later.checksum +
                                          " after epoch 9; evaluate again"));
  CHECK_THAT(report.html, contains("class=\"notice\""));

  write_file(scratch / "best.safetensors", "cut");
  CHECK_THAT(make_run_report(scratch.path()).problems.at(0),
             contains("best.safetensors\": not a valid safetensors file"));
  write_file(scratch / "best.safetensors", std::string("\x40\0\0\0\0\0\0\0{}", 10));
  CHECK_THAT(make_run_report(scratch.path()).problems.at(0), contains("it ends within its header"));
}

TEST_CASE("pictures that are gone are named in their places", "[report][run_report]") {
  const ScratchFolder scratch;
  write_run(scratch.path());
  std::filesystem::remove(scratch / "gallery/01_path.jpg");
  const RunReport report = make_run_report(scratch.path());
  CHECK(report.problems.empty());
  CHECK_THAT(report.html, contains("gallery/01_path.jpg is missing."));
}

TEST_CASE("four classes have a matrix, a table and a curve each against the rest", "[report][run_report]") {
  const ScratchFolder scratch;
  nlohmann::ordered_json json = evaluation();
  const auto estimate = [](double value) {
    return nlohmann::ordered_json{{"value", value}, {"low", value - 0.0625}, {"high", value}};
  };
  const nlohmann::ordered_json none{{"value", nullptr}, {"low", nullptr}, {"high", nullptr}};
  json["confusion"] = {{"classes", {"a", "b", "c", "d"}},
                       {"counts", {{5, 0, 0, 0}, {1, 4, 0, 0}, {0, 2, 3, 0}, {0, 0, 0, 0}}}};
  json["by_class"] = nlohmann::ordered_json::array();
  for (const char* name : {"a", "b", "c"}) {
    json["by_class"].push_back({{"class", name},
                                {"images", 5},
                                {"sensitivity", estimate(0.875)},
                                {"precision", none},
                                {"f1", estimate(0.25)},
                                {"auc", estimate(0.9375)}});
  }
  json["by_class"].push_back({{"class", "d"}, {"images", 0}, {"sensitivity", none}, {"precision", none}});
  json["missing_classes"] = {"d"};
  json["balanced_accuracy"] = json["auc"] = none;
  json["group_noun"] = "image";
  json["controls"] = nlohmann::ordered_json::object();
  write_file(scratch / "evaluation.json", json.dump());
  std::vector<PredictionRecord> records;
  for (Index label = 0; label < 3; ++label) {
    records.push_back({.policy = "learned",
                       .image = "x",
                       .group = "x",
                       .truth = label,
                       .width = 60,
                       .height = 60,
                       .locations = {{0, 0}},
                       .probabilities = {{0.25, 0.25, 0.25, 0.25}}});
    records.back().probabilities[0][static_cast<std::size_t>(label)] = 0.5;
  }
  write_predictions(scratch / "predictions.jsonl", records);
  const RunReport report = make_run_report(scratch.path());
  CHECK(report.problems.empty());
  const std::string& html = report.html;
  CHECK_THAT(html, contains("colspan=\"4\">answer</th>"));
  CHECK_THAT(html, contains(">4<br><small>80&nbsp;%</small></td>"));
  CHECK_THAT(html, contains(">0<br><small>&ndash;</small></td>"));  // a share of no image
  CHECK_THAT(html,
             contains("<th scope=\"row\">a</th><td>5</td><td>87.5&nbsp;%<br><small>81.2 to 87.5&nbsp;%</small></td>"
                      "<td>&ndash;</td>"));
  CHECK_THAT(html, contains("No evaluated image is of class &quot;d&quot;: balanced accuracy, macro F1"));
  CHECK_THAT(html, contains("Balanced accuracy</dt><dd>&ndash;<small>not defined: a class has no image"));
  CHECK_THAT(html, contains("<b>ROC curves</b> of each class against the rest, learned policy"));
  CHECK_THAT(html, contains("Points of the curve of class c"));
  CHECK(html.find("Points of the curve of class d") == std::string::npos);
  CHECK(html.find("<th scope=\"col\">specificity") == std::string::npos);
  CHECK_THAT(html, contains("each image stands alone"));
  CHECK_THAT(html, contains("<b>Image accuracy</b> by policy"));
  CHECK_THAT(html, !contains("atient recognition"));
}

TEST_CASE("an evaluation of the schema before is shown in the words of this one", "[report][run_report]") {
  const ScratchFolder scratch;
  nlohmann::ordered_json json = figures(0.75);
  const auto estimate = json.at("image_accuracy");
  json.erase("by_class");
  json.erase("group_recognition_rate");
  json["patient_recognition_rate"] = json["sensitivity"] = estimate;
  json["specificity"] = {{"value", 0.5}, {"low", 0.25}, {"high", 0.625}};
  json["balanced_accuracy"] = estimate;
  nlohmann::ordered_json control = json;
  control["patient_recognition_rate"]["value"] = 0.25;
  json["controls"] = {{"random", control}};
  json["schema"] = "saccade.evaluation.1";
  json["protocol"] = {{"policy", "learned"}, {"images", 8}, {"patients", 2}};
  json["per_patient"] = {{{"patient", "p1"}, {"class", "cat"}, {"right", 3}, {"images", 4}}};
  write_file(scratch / "evaluation.json", json.dump());
  const RunReport report = make_run_report(scratch.path());
  CHECK(report.problems.empty());
  CHECK_THAT(report.html, contains("Patient recognition rate</dt><dd>75.0&nbsp;%"));
  CHECK_THAT(report.html, contains("+50.0 points"));
  CHECK_THAT(report.html, contains("8 images of 2 patients"));
  CHECK_THAT(report.html, contains("<b>cat</b>: 1 patient<"));
  // Class 0: its sensitivity is the specificity that was kept, its precision 3 of 4 without an interval.
  CHECK_THAT(report.html, contains("<th scope=\"row\">cat</th><td>4</td><td>50.0&nbsp;%<br><small>25.0 to 62.5&nbsp;%"
                                   "</small></td><td>75.0&nbsp;%</td>"));

  // What was printed as balanced for a part of one class was the sensitivity of that class.
  json["confusion"]["counts"] = {{0, 0}, {1, 3}};
  const nlohmann::ordered_json upgraded = upgraded_evaluation(json, "file");
  CHECK(upgraded.at("balanced_accuracy").at("value").is_null());
  CHECK(upgraded.at("missing_classes") == nlohmann::ordered_json({"cat"}));
}

TEST_CASE("a folder without a run is refused", "[report][run_report]") {
  const ScratchFolder scratch;
  CHECK_THROWS_WITH(make_run_report(scratch / "none"), contains("none\": no such folder"));
  CHECK_THROWS_WITH(make_run_report(scratch.path()),
                    contains("holds no run; expected config.json, metrics.jsonl or evaluation.json in it"));
  write_file(scratch / "file", std::string("x"));
  CHECK_THROWS_WITH(make_run_report(scratch / "file"), contains("no such folder"));
}
