#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// A copy of the folder of a training.
void copy_run(const std::filesystem::path& to) {
  std::filesystem::copy(tiny_checkpoint().parent_path(), to, std::filesystem::copy_options::recursive);
}

}  // namespace

TEST_CASE("A training writes a report of its curves", "[programs]") {
  const auto folder = tiny_checkpoint().parent_path();
  const std::string html = text(folder / "report.html");
  CHECK_THAT(html, contains("<h1>Run run</h1>"));
  CHECK_THAT(html, contains("<b>Loss</b>"));
  CHECK_THAT(html, contains("There is no <code>evaluation.json</code>"));
  CHECK_THAT(html, contains("<th scope=\"row\">training.epochs</th><td>2</td>"));

  const ScratchFolder scratch;
  const Ending trained = run("saccade train", training(scratch / "run", 1));
  CHECK_THAT(trained.out, contains("\nreport:      " + (scratch / "run/report.html").string() + "\n"));
}

TEST_CASE("An evaluation writes predictions, a gallery and the report, which is rebuilt from the folder alone",
          "[programs]") {
  const ScratchFolder scratch;
  copy_run(scratch / "run");
  const Ending evaluated = run("saccade evaluate", evaluation(scratch / "run") + Arguments{"--gallery", "2"});
  INFO(evaluated.err);
  REQUIRE(evaluated.code == 0);
  CHECK_THAT(evaluated.out, contains("\nreport:       " + (scratch / "run/report.html").string() + "\n"));

  // Five policies look at six images, twice each.
  const std::string lines = text(scratch / "run/predictions.jsonl");
  CHECK(count(lines, "\n") == 30);
  CHECK(count(lines, "{\"policy\":\"oracle\",") == 6);
  const auto json = nlohmann::ordered_json::parse(text(scratch / "run/evaluation.json"));
  const auto first = nlohmann::ordered_json::parse(lines.substr(0, lines.find('\n')));
  CHECK(first.at("policy") == "learned");
  CHECK(first.at("size") == nlohmann::ordered_json({96, 80}));
  CHECK(first.at("locations").size() == 2);
  CHECK(first.at("probabilities").size() == 2);
  CHECK(first.at("regions").size() == 1);
  int right = 0;
  for (std::size_t at = 0, line = 0; line < 6; ++line) {
    const std::size_t end = lines.find('\n', at);
    const auto record = nlohmann::ordered_json::parse(lines.substr(at, end - at));
    const auto last = record.at("probabilities").back().get<std::vector<double>>();
    right += (last[1] > last[0] ? 1 : 0) == record.at("truth") ? 1 : 0;
    at = end + 1;
  }
  CHECK(json.at("image_accuracy").at("value").get<double>() == Approx(right / 6.0));

  // The gallery's numbers are those of the evaluation: they do not depend on the batch.
  const auto gallery = nlohmann::ordered_json::parse(text(scratch / "run/gallery/gallery.json"));
  REQUIRE(gallery.at("images").size() >= 2);
  REQUIRE(gallery.at("images").size() <= 4);
  for (const auto& image : gallery.at("images")) {
    CHECK(std::filesystem::exists(scratch / "run/gallery" / image.at("path").get<std::string>()));
    CHECK_THAT(lines, contains("\"image\":\"" + image.at("image").get<std::string>() + "\""));
  }

  const std::string html = text(scratch / "run/report.html");
  for (const char* id : {"policies", "locations", "gallery", "groups", "classes", "training", "configuration"})
    CHECK_THAT(html, contains("<h2 id=\"" + std::string(id) + "\">"));
  CHECK(count(html, "data:image/jpeg;base64,") == 2 * gallery.at("images").size());
  CHECK(count(html, "data:image/png;base64,") == 5 * 2 + 1);  // policies by glimpses, and the regions
  CHECK(count(html, "class=\"missing\"") == 0);
  CHECK(html.size() < 2000000);

  std::filesystem::create_directories(scratch / "copy");
  std::filesystem::copy(scratch / "run", scratch / "copy/run", std::filesystem::copy_options::recursive);
  std::filesystem::remove(scratch / "copy/run/report.html");
  const Ending rebuilt = run("saccade report", {scratch / "copy/run"});
  CHECK(rebuilt.code == 0);
  CHECK(rebuilt.err.empty());
  CHECK(rebuilt.out == (scratch / "copy/run/report.html").string() + "\n");
  CHECK((text(scratch / "copy/run/report.html") == html));
}

TEST_CASE("The gallery shows what the headline's policy saw", "[programs]") {
  const ScratchFolder scratch;
  REQUIRE(run("saccade evaluate", evaluation(scratch / "e") + Arguments{"--policy", "random", "--gallery", "9"}).code ==
          0);
  const auto gallery = nlohmann::ordered_json::parse(text(scratch / "e/gallery/gallery.json"));
  CHECK(gallery.at("policy") == "random");
  CHECK(gallery.at("images").size() == 6);
  REQUIRE(run("saccade evaluate", evaluation(scratch / "e") + Arguments{"--gallery", "0"}).code == 0);
  CHECK(nlohmann::ordered_json::parse(text(scratch / "e/gallery/gallery.json")).at("images").empty());
  CHECK_THAT(text(scratch / "e/report.html"), contains("There are no pictures"));
  // It is no folder of a training.
  CHECK_THAT(text(scratch / "e/report.html"), contains("There are no epochs in this folder"));
}

TEST_CASE("A report is made of what can be used, and the rest is warned of", "[programs]") {
  const ScratchFolder scratch;
  copy_run(scratch / "run");
  std::filesystem::remove(scratch / "run/report.html");
  saccade::write_file(scratch / "run/metrics.jsonl", std::string("{\"epoch\":1}\n{\"epo\n"));
  const Ending ending = run("saccade report", {scratch / "run"});
  CHECK(ending.code == 0);
  CHECK_THAT(ending.err, contains("saccade report: warning: \"" + (scratch / "run/metrics.jsonl").string() +
                                  "\": line 2 is not JSON\n"));
  CHECK_THAT(text(scratch / "run/report.html"), contains("line 2 is not JSON"));
}

TEST_CASE("A folder without a run makes no report", "[programs]") {
  const ScratchFolder scratch;
  const auto check = [](const Arguments& arguments, int code, const std::string& sentence) {
    const Ending ending = run("saccade report", arguments);
    CHECK(ending.code == code);
    CHECK(ending.out.empty());
    CHECK_THAT(last_line(ending.err), contains("saccade report: "));
    CHECK_THAT(last_line(ending.err), contains(sentence));
  };
  check({scratch / "none"}, 1, "none\": no such folder");
  check({scratch.path()}, 1, "holds no run; expected config.json, metrics.jsonl or evaluation.json in it");
  check({tiny_checkpoint()}, 1, "no such folder");
  check({}, 2, "run is required");
  CHECK_FALSE(std::filesystem::exists(scratch / "report.html"));
}

TEST_CASE("Event files for TensorBoard are written on request only", "[programs]") {
  CHECK_FALSE(std::filesystem::exists(tiny_checkpoint().parent_path() / "tensorboard"));
  const ScratchFolder scratch;
  REQUIRE(run("saccade train", training(scratch / "run", 2, {"--threads", "1", "--tensorboard"})).code == 0);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch / "run/tensorboard")) {
    ++files;
    CHECK(entry.path().filename().string().starts_with("events.out.tfevents."));
    const std::string events = text(entry.path());
    CHECK_THAT(events, contains("brain.Event:2"));
    // Twelve images train in four steps an epoch or three; both epochs have their figures.
    CHECK(count(events, "step/reward") >= 4);
    CHECK(count(events, "epoch/reward") == 2);
    CHECK(count(events, "epoch/validation/auc") <= 2);
    CHECK(count(events, "epoch/epoch") == 0);
  }
  CHECK(files == 1);
  // It changes nothing else.
  CHECK(same(scratch / "run/metrics.jsonl", tiny_checkpoint().parent_path() / "metrics.jsonl"));
  CHECK(same(scratch / "run/checkpoint.safetensors", tiny_checkpoint()));
}
