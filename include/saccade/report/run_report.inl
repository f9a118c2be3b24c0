// What run_report.hpp declares.
#pragma once

#include <saccade/report/attention_section.hpp>
#include <saccade/report/calibration_section.hpp>
#include <saccade/report/classes_section.hpp>
#include <saccade/report/groups_section.hpp>
#include <saccade/report/page.hpp>
#include <saccade/report/policies_section.hpp>
#include <saccade/report/run_record.hpp>
#include <saccade/report/run_report.hpp>
#include <saccade/version.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// Rows "model.encoder.width", "32" of a configuration; lists of text are counted, and go into a part to be opened.
inline void flatten(const nlohmann::ordered_json& json, const std::string& name, HtmlTable& table, std::string& lists) {
  for (const auto& [key, value] : json.items()) {
    const std::string path = name.empty() ? key : name + '.' + key;
    if (value.is_object()) {
      flatten(value, path, table, lists);
    } else if (value.is_array() && !value.empty() && value.front().is_string()) {
      table.rows.push_back({escape_html(path), std::to_string(value.size()) + " names"});
      std::string names;
      for (const auto& each : value) names += (names.empty() ? "" : ", ") + each.get<std::string>();
      lists += folded(path, "<p>" + escape_html(names) + "</p>\n");
    } else {
      table.rows.push_back(
          {escape_html(path), escape_html(value.is_string() ? value.get<std::string>() : json_text(value))});
    }
  }
}

[[nodiscard]] inline std::string setting_table(const nlohmann::ordered_json& json, const std::string& heading) {
  HtmlTable table;
  std::string lists;
  flatten(json, "", table, lists);
  return "<h3>" + escape_html(heading) + "</h3>\n<div class=\"words\">" + scrolling(heading, table.html()) +
         "</div>\n" + lists;
}

[[nodiscard]] inline std::string tile(std::string_view name, std::string_view value, std::string_view note) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + std::string(value) + "<small>" + std::string(note) +
         "</small></dd></div>\n";
}

/// The figures that a reader wants first.
[[nodiscard]] inline std::string tiles(const RunRecord& run) {
  std::string text;
  if (!run.evaluation.is_null()) {
    const auto estimate = [&](const std::string& name, const std::string& words, bool share) {
      if (!run.evaluation.contains(name)) return;
      const double value = number_at(run.evaluation, '/' + name + "/value");
      const double low = number_at(run.evaluation, '/' + name + "/low");
      const double high = number_at(run.evaluation, '/' + name + "/high");
      std::string note = "not defined: a class has no image";
      if (std::isfinite(value)) {
        note = "95&nbsp;% interval " + (share ? number_text(100 * low, 1) + " to " + percent_text(high)
                                              : number_text(low) + " to " + number_text(high));
      }
      text += tile(escape_html(capitalised(words)), share ? percent_text(value) : number_text(value), note);
    };
    if (run.has_groups()) estimate("group_recognition_rate", main_figure_words(run), true);
    estimate("image_accuracy", "image accuracy", true);
    if (run.classes().size() > 2)
      estimate("balanced_accuracy", "balanced accuracy", true);
    else
      estimate("auc", area_words(run), false);
    const std::string rate = main_figure(run);
    if (run.headline() != "random" && run.evaluation.at("controls").contains("random")) {
      const double gain =
          number_at(run.evaluation, '/' + rate + "/value") - number_at(run.figures("random"), '/' + rate + "/value");
      text += tile("Beside random glimpses", (gain > 0 ? "+" : "") + number_text(100 * gain, 1) + " points",
                   escape_html(run.headline()) + " glimpses less random ones, same classifier, " +
                       escape_html(main_figure_words(run)));
    }
    text += tile("Pixels read", percent_text(number_at(run.evaluation, "/pixel_fraction/processed")),
                 percent_text(number_at(run.evaluation, "/pixel_fraction/unique")) + " seen at full resolution");
  }
  if (!run.epochs.empty()) {
    const auto& last = run.epochs.back();
    text += tile("Epochs", std::to_string(run.epochs.size()),
                 "last loss " + short_number(number_at(last, "/loss")) + ", accuracy " +
                     percent_text(number_at(last, "/accuracy")));
  }
  return text.empty() ? "" : "<dl class=\"tiles\">\n" + text + "</dl>\n";
}

[[nodiscard]] inline std::string summary(const RunRecord& run) {
  std::string text = "<p>";
  const auto words = [&](const nlohmann::ordered_json& json, const char* key, const char* before) {
    if (!json.contains(key)) return;
    const nlohmann::ordered_json& value = json.at(key);
    text += before + escape_html(value.is_string() ? value.get<std::string>() : json_text(value));
  };
  text += "A classifier that looks at an image through a few small glimpses";
  words(run.config, "preset", ": preset ");
  words(run.config, "seed", ", seed ");
  text += '.';
  if (!run.evaluation.is_null()) {
    const nlohmann::ordered_json& protocol = run.evaluation.at("protocol");
    text += " Evaluated with its ";
    words(protocol, "policy", "");
    text += " policy on ";
    words(protocol, "images", "");
    text += " images";
    if (run.has_groups() && protocol.contains("groups")) {
      words(protocol, "groups", " of ");
      text += ' ' + escape_html(protocol.at("groups") == 1 ? run.group_noun() : plural(run.group_noun()));
    }
    if (run.classes().size() > 2) text += " and " + std::to_string(run.classes().size()) + " classes";
    words(protocol, "split", ", split ");
    words(protocol, "magnification", ", magnification ");
    if (run.provenance.known()) text += ", by " + escape_html(weights_text(run.provenance));
    text += ".";
  }
  return text + "</p>\n";
}

[[nodiscard]] inline PageSection configuration_section(const RunRecord& run) {
  PageSection section{.id = "configuration", .heading = "Configuration, seeds, versions"};
  if (run.config.is_object())
    section.content += setting_table(run.config, "Training (config.json)");
  else
    section.content += missing("There is no <code>config.json</code> in this folder: it is in that of the training.");
  if (!run.checkpoints.empty()) {
    nlohmann::ordered_json labels;
    for (const auto& [name, label] : run.checkpoints)
      labels[name] = weights_text({.weights = label.checksum, .epoch = label.epoch, .data = {}});
    section.content += setting_table(labels, "Checkpoints");
  }
  if (run.evaluation.is_object())
    section.content += setting_table(run.evaluation.at("protocol"), "Evaluation (protocol of evaluation.json)");
  return section;
}

}  // namespace detail

SACCADE_FUNCTION RunReport make_run_report(const std::filesystem::path& folder,
                                           const std::filesystem::path& results) {
  using detail::missing;
  const RunRecord run = read_run(folder, results.empty() ? folder : results);
  RunReport report{.problems = run.problems};
  Page page{.title = "Run " + run.name};
  // A file of another hand may hold what we did not write: its part is then missing, and the rest stays.
  const auto attempt = [&](const std::string& part, const auto& make) {
    try {
      return make();
    } catch (const UnreadableError&) {
      throw;
    } catch (const nlohmann::json::exception&) {
      report.problems.push_back("the part \"" + part + "\" is left out: a file does not hold what it needs");
    } catch (const Error& error) {
      report.problems.push_back("the part \"" + part + "\" is left out: " + error.what());
    }
    return decltype(make())();
  };
  page.summary = attempt("summary", [&] { return detail::summary(run) + detail::tiles(run); });
  const auto add = [&](const std::string& id, const std::string& heading, PageSection (*make)(const RunRecord&)) {
    PageSection section = attempt(heading, [&] { return make(run); });
    if (section.id.empty()) section = {id, heading, missing("This part is left out; the top of the page says why.")};
    page.sections.push_back(std::move(section));
  };
  add("policies", "Glimpse policies compared", policies_section);
  add("locations", "Where it looks", locations_section);
  add("gallery", "Gallery", gallery_section);
  add("groups", "Groups", groups_section);
  add("classes", "Classes and confusion", classes_section);
  add("calibration", "Calibration", calibration_section);
  add("training", "Training", training_section);
  add("configuration", "Configuration, seeds, versions", detail::configuration_section);
  for (const std::string& problem : report.problems)
    page.summary += "<p class=\"notice\" role=\"note\">" + escape_html(problem) + "</p>\n";
  page.footer = "<p>Made by Saccade " + version_text() + " from the folder of the run.</p>\n";
  report.html = to_html(page);
  return report;
}

SACCADE_FUNCTION std::vector<std::string> write_run_report(const std::filesystem::path& folder) {
  detail::expect_folder(folder);
  const FolderLock lock = RunFolder(folder).page_lock();
  put_results_in_place(folder);
  const RunReport report = make_run_report(folder);
  write_file_atomically(RunFolder(folder).report(), report.html);
  return report.problems;
}

SACCADE_FUNCTION std::vector<std::string> stage_run_report(const std::filesystem::path& folder,
                                                           const std::filesystem::path& results) {
  const RunReport report = make_run_report(folder, results);
  write_file_atomically(RunFolder(results).report(), report.html);
  return report.problems;
}

}  // namespace saccade::report
