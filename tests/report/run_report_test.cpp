#include <saccade/report/run_report.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

namespace {

const std::string metrics_text =
    "{\"epoch\":1,\"loss\":0.5,\"reward\":0.5,\"accuracy\":0.5,\"validation\":{\"image_accuracy\":0.25}}\n"
    "{\"epoch\":2,\"loss\":0.25,\"reward\":0.75,\"accuracy\":0.75,\"validation\":{\"image_accuracy\":0.5}}\n";

nlohmann::ordered_json figures(double rate) {
  const auto estimate = [](double value) {
    return nlohmann::ordered_json{{"value", value}, {"low", value - 0.125}, {"high", value + 0.125}};
  };
  return {{"patient_recognition_rate", estimate(rate)},
          {"image_accuracy", estimate(rate)},
          {"auc", estimate(0.75)},
          {"confusion", {{"classes", {"cat", "d<o>g"}}, {"counts", {{3, 1}, {1, 3}}}}},
          {"accuracy_by_glimpse", {0.5, rate}},
          {"pixel_fraction", {{"processed", 0.125}, {"unique", 0.0625}}},
          {"hit_rate", {{"any", 0.5}, {"by_step", {0.25, 0.5}}}}};
}

nlohmann::ordered_json evaluation() {
  nlohmann::ordered_json json = figures(0.75);
  json["protocol"] = {{"policy", "learned"}, {"seed", 7}, {"images", 8}, {"version", "1.2.3"}};
  json["per_patient"] = {{{"patient", "p<1>"}, {"class", "cat"}, {"right", 3}, {"images", 4}},
                         {{"patient", "p2"}, {"class", "d<o>g"}, {"right", 3}, {"images", 4}}};
  json["controls"] = {{"random", figures(0.5)}};
  return json;
}

std::vector<PredictionRecord> predictions() {
  std::vector<PredictionRecord> records;
  for (const std::string policy : {"learned", "random"}) {
    for (Index i = 0; i < 8; ++i) {
      const double p = static_cast<double>(i) / 8;
      records.push_back({.policy = policy,
                         .image = "i" + std::to_string(i),
                         .patient = "p",
                         .truth = i / 4,
                         .width = 60,
                         .height = 40,
                         .locations = {{0, 0}, {0.5, 0.5}},
                         .probabilities = {{0.5, 0.5}, {1 - p, p}},
                         .focus = Box{10, 10, 4, 4}});
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
  write_predictions(folder / "predictions.jsonl", predictions());
  Explanation explanation;
  explanation.image = RgbImage(60, 40);
  explanation.steps.resize(2);
  for (GlimpseStep& step : explanation.steps) step.box = {20, 12, 16, 16};
  GalleryWriter writer(folder / "gallery", "learned");
  writer.add(predictions()[0], explanation);
  writer.add(predictions()[7], explanation);
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
  for (const char* id : {"policies", "locations", "gallery", "patients", "errors", "training", "configuration"})
    CHECK_THAT(html, contains("<h2 id=\"" + std::string(id) + "\">"));
  CHECK_THAT(html, contains("<dd>75.0&nbsp;%<small>95&nbsp;% interval 62.5 to 87.5&nbsp;%"));
  CHECK_THAT(html, contains("+25.0 points"));
  CHECK_THAT(html, contains("75.0&nbsp;%<br><small>62.5 to 87.5&nbsp;%</small>"));
  CHECK_THAT(html, contains("3 of 4"));
  CHECK_THAT(html, contains("3 <small>(75&nbsp;%)</small>"));
  // Every score of class 1 above every one of class 0: the curve goes up first.
  CHECK_THAT(html, contains("<th scope=\"row\">0.000</th><td>1.000</td>"));
  CHECK_THAT(html, contains("last loss 0.25, accuracy 75.0&nbsp;%"));
  CHECK_THAT(html, contains("<th scope=\"row\">seed</th><td>42</td>"));
  CHECK_THAT(html, contains("<th scope=\"row\">version</th><td>1.2.3</td>"));
  CHECK_THAT(html, contains("<th scope=\"row\">data.names</th><td>2 names</td>"));
  CHECK_THAT(html, contains("<b>foci</b>"));
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
  CHECK_THAT(problem_of("evaluation.json", "{\"auc\":"), contains("evaluation.json\": is not a JSON object"));
  CHECK_THAT(problem_of("evaluation.json", "{}"), contains("evaluation.json\": is not an evaluation"));
  CHECK_THAT(problem_of("predictions.jsonl", "{}\n"), contains("predictions.jsonl\": line 1 does not say"));
  CHECK_THAT(problem_of("gallery/gallery.json", "{}"), contains("gallery.json\": is not the list of a gallery"));
  // Valid JSON of another hand: one part falls, not the page.
  nlohmann::ordered_json other = evaluation();
  other["per_patient"] = {1, 2};
  CHECK_THAT(problem_of("evaluation.json", other.dump()), contains("the part \"Patients\" is left out"));
  other = evaluation();
  other["protocol"]["policy"] = 3;
  CHECK_THAT(problem_of("evaluation.json", other.dump()), contains("is left out"));
}

TEST_CASE("pictures that are gone are named in their places", "[report][run_report]") {
  const ScratchFolder scratch;
  write_run(scratch.path());
  std::filesystem::remove(scratch / "gallery/01_path.jpg");
  const RunReport report = make_run_report(scratch.path());
  CHECK(report.problems.empty());
  CHECK_THAT(report.html, contains("gallery/01_path.jpg is missing."));
}

TEST_CASE("more than two classes have a confusion matrix and no ROC curve", "[report][run_report]") {
  const ScratchFolder scratch;
  nlohmann::ordered_json json = evaluation();
  json["confusion"] = {{"classes", {"a", "b", "c"}}, {"counts", {{5, 0, 0}, {1, 4, 0}, {0, 0, 5}}}};
  json.erase("per_patient");
  json.erase("patient_recognition_rate");
  json["controls"] = nlohmann::ordered_json::object();
  write_file(scratch / "evaluation.json", json.dump());
  const std::vector<PredictionRecord> three{{.policy = "learned",
                                             .image = "x",
                                             .truth = 2,
                                             .width = 60,
                                             .height = 60,
                                             .locations = {{0, 0}},
                                             .probabilities = {{0.25, 0.25, 0.5}}}};
  write_predictions(scratch / "predictions.jsonl", three);
  const RunReport report = make_run_report(scratch.path());
  CHECK(report.problems.empty());
  CHECK_THAT(report.html, contains("answered c</th>"));
  CHECK_THAT(report.html, contains("4 <small>(80&nbsp;%)</small>"));
  CHECK(report.html.find("errors-roc") == std::string::npos);
  CHECK_THAT(report.html, contains("does not tell patients apart"));
  CHECK_THAT(report.html, contains("<b>Image accuracy</b> by policy"));
}

TEST_CASE("a folder without a run is refused", "[report][run_report]") {
  const ScratchFolder scratch;
  CHECK_THROWS_WITH(make_run_report(scratch / "none"), contains("none\": no such folder"));
  CHECK_THROWS_WITH(make_run_report(scratch.path()),
                    contains("holds no run; expected config.json, metrics.jsonl or evaluation.json in it"));
  write_file(scratch / "file", std::string("x"));
  CHECK_THROWS_WITH(make_run_report(scratch / "file"), contains("no such folder"));
}
