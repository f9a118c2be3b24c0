#include <saccade/core/file.hpp>

#include <filesystem>
#include <string>

#include "browser.hpp"
#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

/// What is asked of a page: its pictures, whether it scrolls sideways, and what a page without a mouse needs.
const std::string question = R"js((() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const ids = all('[id]').map(e => e.id);
  return {
    pictures: all('img').map(e => ({width: e.naturalWidth, alt: e.alt})),
    charts: all('svg').map(e => ({label: e.getAttribute('aria-label'), height: e.getBoundingClientRect().height})),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    broken: all('a[href^="#"]').map(e => e.getAttribute('href').slice(1)).filter(id => !document.getElementById(id)),
    sections: all('main section h2').length,
    landmarks: ['header', 'nav', 'main', 'footer'].filter(name => all(name).length === 1).length,
    fetched: performance.getEntriesByType('resource').map(e => e.name).filter(name => !name.startsWith('data:')),
    scripts: all('script').length
  };
})())js";

}  // namespace

TEST_CASE("A browser shows the report without an error and without fetching anything", "[programs]") {
  const ScratchFolder scratch;
  const Ending ending = run("saccade evaluate", {"--data", tiny_data(), "--checkpoint", tiny_checkpoint(), "--out",
                                                 scratch / "run", "--threads", "1"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  for (const char* file : {"config.json", "metrics.jsonl"})
    std::filesystem::copy(tiny_checkpoint().parent_path() / file, scratch / "run" / file);
  REQUIRE(run("saccade report", {scratch / "run"}).code == 0);

  Browser browser(SACCADE_BROWSER);
  for (const int width : {1200, 600, 360}) {
    INFO(width << " pixels wide");
    const Visit visit = browser.open(scratch / "run/report.html", width, question);
    CHECK(visit.errors == std::vector<std::string>{});
    CHECK(visit.requests == std::vector<std::string>{});
    const nlohmann::json& page = visit.answer;
    INFO(page.dump(1));
    CHECK(page.at("pictures").size() >= 11 + 2);
    for (const auto& picture : page.at("pictures")) {
      CHECK(picture.at("width") > 0);
      CHECK(picture.at("alt") != "");
    }
    CHECK(page.at("charts").size() >= 8);
    for (const auto& chart : page.at("charts")) {
      CHECK(chart.at("height") > 25);
      CHECK(chart.at("label") != "");
    }
    CHECK(page.at("overflow") <= 0);
    CHECK(page.at("twice").empty());
    CHECK(page.at("broken").empty());
    CHECK(page.at("fetched").empty());
    CHECK(page.at("sections") == 8);
    CHECK(page.at("landmarks") == 4);
    CHECK(page.at("scripts") == 0);
  }
  // The keyboard reaches the content first, then its parts.
  browser.press("Tab", 9);
  CHECK(browser.evaluate("document.activeElement.className") == "skip");
  CHECK(browser.evaluate("document.activeElement.getBoundingClientRect().left >= 0") == true);
  browser.press("Tab", 9);
  CHECK(browser.evaluate("document.activeElement.getAttribute('href')") == "#policies");
  CHECK(browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid");
}

TEST_CASE("Nothing that a run's files hold runs in the browser or is fetched", "[programs]") {
  const ScratchFolder scratch;
  const nlohmann::ordered_json config{{"preset", "<script>console.error('ran')</script>"},
                                      {"seed", "\"><img src=\"missing.png\" onerror=\"console.error('ran')\">"},
                                      {"</style><link rel=stylesheet href=missing.css>", "<iframe src=missing.html>"}};
  saccade::write_file(scratch / "config.json", config.dump());
  REQUIRE(run("saccade report", {scratch.path()}).code == 0);
  Browser browser(SACCADE_BROWSER);
  const Visit visit = browser.open(scratch / "report.html", 1200, question);
  CHECK(visit.errors == std::vector<std::string>{});
  CHECK(visit.requests == std::vector<std::string>{});
  CHECK(visit.answer.at("pictures").empty());
  CHECK_THAT(browser.evaluate("document.body.textContent").get<std::string>(),
             contains("preset <script>console.error('ran')</script>"));
}

TEST_CASE("The browser's eyes are open: a bad page is seen to be bad", "[programs]") {
  const ScratchFolder scratch;
  saccade::write_file(scratch / "bad.html",
                      std::string("<!DOCTYPE html><title>bad</title><img src=\"missing.png\" alt=\"\">"
                                  "<div style=\"width:2000px\" id=\"a\">wide</div><p id=\"a\">"
                                  "<script>console.error('complaint')</script>"));
  Browser browser(SACCADE_BROWSER);
  const Visit visit = browser.open(scratch / "bad.html", 600, question);
  std::string errors;
  for (const std::string& error : visit.errors) errors += error + '\n';
  CHECK_THAT(errors, contains("complaint"));
  CHECK_THAT(errors, contains("ERR_FILE_NOT_FOUND"));
  REQUIRE(visit.requests.size() == 1);
  CHECK(visit.requests[0] == "file://" + (scratch / "missing.png").string());
  CHECK(visit.answer.at("pictures")[0].at("width") == 0);
  CHECK(visit.answer.at("overflow") > 1000);
  CHECK(visit.answer.at("twice") == nlohmann::json({"a"}));
}
