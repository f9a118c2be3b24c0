#pragma once

#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>

#include "benchmarks/common/figure.hpp"
#include "benchmarks/common/machine.hpp"
#include "benchmarks/common/table.hpp"
#include "hit_chance.hpp"
#include "seed_statistics.hpp"
#include "tissue_rows.hpp"
#include "tissue_study.hpp"
#include "tissue_targets.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

/// What is said of a tissue study: tables for people and machines, and a picture.
namespace bench {

/// Accuracy of images, in percent: of the glimpses that the models were made for, and of the same models under others.
[[nodiscard]] inline Table accuracy_table(const std::vector<TissueRow>& rows) {
  Table table({"trained on", "region, %", "preset", "encoder", "policy", "learner", "seeds", "accuracy, %", "deviation",
               "same, random", "same, centre", "same, grid", "same, oracle", "pixels, %", "unique, %"});
  for (const TissueRow& row : rows) {
    const auto same = [&](const std::string& policy) {
      return row.own() == policy ? std::string() : percent_text(row.accuracy(policy));
    };
    const bool shrunk = row.run.condition == Condition::shrunk;
    const bool learned = row.run.condition == Condition::learned;
    table.add({words_of(row.run.condition), region_text(row.run.region), row.run.preset, to_string(row.run.encoder),
               learned ? to_string(row.run.policy) : "", learned ? to_string(row.run.learner) : "",
               std::to_string(row.figures.size()), percent_text(row.accuracy()),
               percent_text(deviation(row.accuracies(row.own()))), same("random"), shrunk ? "" : same("centre"),
               same("grid"), same("oracle"), percent_text(row.pixels("processed")),
               shrunk ? "" : percent_text(row.pixels("unique"))});
  }
  return table;
}

/// Chance to find the region, by percent of the region.
using Chances = std::map<double, HitChance>;

/// Whether the runs are of images with two regions; a study is of one task.
[[nodiscard]] inline bool compares(const std::vector<TissueRow>& rows) {
  return !rows.empty() && rows.front().run.task == TissueTask::compare;
}

/// Shares of the images whose region each glimpse finds, in percent; of two regions either.
[[nodiscard]] inline Table hit_table(const std::vector<TissueRow>& rows, const Chances& chances) {
  std::size_t steps = 0;
  for (const TissueRow& row : rows) steps = std::max(steps, row.steps());
  std::vector<std::string> head{"glimpses", "region, %", "preset", "encoder", "policy", "learner"};
  for (std::size_t t = 0; t < steps; ++t) head.push_back("glimpse " + std::to_string(t + 1));
  head.push_back("any");
  const bool two = compares(rows);
  if (two) head.push_back("both regions");
  Table table(head);
  for (const TissueRow& row : rows) {
    if (row.run.condition != Condition::learned) continue;
    for (const std::string policy : {"learned", "random", "centre", "grid", "oracle"}) {
      std::vector<std::string> line{policy,
                                    region_text(row.run.region),
                                    row.run.preset,
                                    to_string(row.run.encoder),
                                    to_string(row.run.policy),
                                    to_string(row.run.learner)};
      for (std::size_t t = 0; t < steps; ++t) line.push_back(percent_text(row.hits(policy, t)));
      line.push_back(percent_text(row.any(policy)));
      if (two) line.push_back(percent_text(row.all(policy)));
      table.add(line);
    }
    const auto chance = chances.find(row.run.region);
    if (chance == chances.end()) continue;
    std::vector<std::string> line{"chance", region_text(row.run.region), "", "", "", ""};
    for (std::size_t t = 0; t < steps; ++t) line.push_back(percent_text(chance->second.one));
    line.push_back(percent_text(chance->second.any));
    if (two) line.push_back(percent_text(chance->second.all));
    table.add(line);
  }
  return table;
}

/// From how many seeds each case of learned glimpses learns to look; see has_learned.
[[nodiscard]] inline Table learning_table(const std::vector<TissueRow>& rows) {
  Table table({"preset", "region, %", "encoder", "policy", "learner", "learns from", "seeds that do not"});
  for (const TissueRow& row : rows) {
    if (row.run.condition != Condition::learned) continue;
    std::string others;
    for (std::size_t i = 0; i < row.seeds.size(); ++i)
      if (!has_learned(row.figures[i])) others += (others.empty() ? "" : ", ") + std::to_string(row.seeds[i]);
    table.add({row.run.preset, region_text(row.run.region), to_string(row.run.encoder), to_string(row.run.policy),
               to_string(row.run.learner),
               std::to_string(row.learned()) + " of " + std::to_string(row.seeds.size()) + " seeds", others});
  }
  return table;
}

/// The whole report as Markdown, headings from level 3 down: it is put into a page.
[[nodiscard]] inline std::string tissue_markdown(const std::vector<TissueRow>& rows, const Chances& chances) {
  std::string text;
  if (const auto targets = tissue_targets(rows); !targets.empty()) {
    text += "### Targets\n\n4 % region, preset large, learned glimpses.\n\n" + target_table(targets).markdown() + "\n";
  }
  text +=
      "### Accuracy\n\n" + accuracy_table(rows).markdown() +
      "\n### Hits by glimpse\n\nShares of the images, in percent, of which a glimpse of models that learned to look "
      "finds " +
      (compares(rows) ? "a region, and of which all glimpses together find both" : "the region") +
      "; \"chance\" is what a random glimpse finds, counted over all windows.\n\n" +
      hit_table(rows, chances).markdown() +
      "\n### Seeds\n\nA run learns if, against random glimpses of the same model, its glimpses find " +
      (compares(rows) ? "both regions" : "the region") +
      " in at least 10 points more of the images, and its answers are at least 10 points better.\n\n" +
      learning_table(rows).markdown();
  return text;
}

[[nodiscard]] inline std::string tissue_csv(const std::vector<TissueResult>& results) {
  std::ostringstream text;
  text << "region,preset,encoder,condition,policy,learner,seed,looked_at,glimpse,accuracy,hits,found_all\n";
  const auto number = [](double value) { return std::isfinite(value) ? Json(value).dump() : std::string(); };
  for (const TissueResult& result : results) {
    const TissueRun& run = result.run;
    for (const auto& entry : result.figures.at("policies").items()) {
      for (std::size_t t = 0; t < steps_of(result.figures, entry.key()); ++t) {
        text << region_text(run.region) << ',' << run.preset << ',' << to_string(run.encoder) << ','
             << to_string(run.condition) << ',' << to_string(run.policy) << ',' << to_string(run.learner) << ','
             << run.seed << ',' << entry.key() << ',' << t + 1 << ','
             << number(accuracy_after(result.figures, entry.key(), t)) << ','
             << number(hits_of(result.figures, entry.key(), t)) << ','
             << number(all_hits_of(result.figures, entry.key(), t)) << '\n';
      }
    }
  }
  return text.str();
}

/// Accuracy and hits by the area of the region; hits and accuracy by glimpse at the area nearest to 4 %.
[[nodiscard]] inline saccade::RgbImage tissue_figure(const std::vector<TissueRow>& rows) {
  using saccade::report::Chart;
  using saccade::report::Series;
  const bool large = std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.run.preset == "large"; });
  const std::string preset = large ? "large" : "paper";
  double nearest = rows.front().run.region;
  for (const TissueRow& row : rows)
    if (std::abs(row.run.region - 4) < std::abs(nearest - 4)) nearest = row.run.region;
  Chart accuracy{
      .title = "Accuracy by region, " + preset, .x_label = "region, %", .y_label = "accuracy, %", .y_high = 100};
  const bool two = compares(rows);
  Chart hits{.title = two ? "The learned glimpses find both regions" : "The last learned glimpse finds the region",
             .x_label = "region, %",
             .y_label = "images, %",
             .y_low = 0,
             .y_high = 100};
  const std::string at = " at " + region_text(nearest) + " % region, " + preset;
  Chart by_step{.title = (two ? "Both regions found" : "Hits") + at,
                .x_label = "glimpse",
                .y_label = "images, %",
                .y_low = 0,
                .y_high = 100};
  Chart after{.title = "Accuracy" + at, .x_label = "glimpse", .y_label = "accuracy, %", .y_high = 100};
  const auto add = [](Chart& chart, const std::string& name, double x, double share) {
    if (!std::isfinite(share)) return;
    for (Series& series : chart.series) {
      if (series.name != name) continue;
      series.points.push_back({x, 100 * share});
      return;
    }
    chart.series.push_back({.name = name, .points = {{x, 100 * share}}});
  };
  for (const TissueRow& row : rows) {
    const TissueRun& run = row.run;
    const bool learned = run.condition == Condition::learned;
    const std::string kind = run.encoder == EncoderKind::plain ? ", no soft attention" : "";
    if (learned) add(hits, run.preset + kind + way_of_looking(run), run.region, row.last_found());
    if (run.preset != preset) continue;
    add(accuracy, words_of(run.condition) + kind + way_of_looking(run), run.region, row.accuracy());
    if (!learned || run.encoder != EncoderKind::attention || !way_of_looking(run).empty()) continue;
    add(accuracy, "oracle", run.region, row.accuracy("oracle"));
    if (run.region != nearest) continue;
    for (const std::string policy : {"learned", "random", "centre", "grid", "oracle"}) {
      for (std::size_t t = 0; t < row.steps(); ++t) {
        const auto x = static_cast<double>(t + 1);
        add(by_step, policy, x, row.found(policy, t));
        add(after, policy, x, mean(row.each([&](const Json& one) { return accuracy_after(one, policy, t); })));
      }
    }
  }
  return draw_charts({accuracy, hits, by_step, after});
}

/// Writes table.md, table.csv, results.json and figure.png into `folder`. No file holds a time of the clock.
/// @throws FileError
inline void write_tissue_report(const std::filesystem::path& folder, const std::vector<TissueResult>& results,
                                const Chances& chances, const std::string& evaluation_split, std::size_t planned) {
  const std::vector<TissueRow> rows = tissue_rows(results);
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  Json json{{"format", "saccade tissue_study 1"},
            {"library", library_name()},
            {"evaluation_split", evaluation_split},
            {"task", to_string(compares(rows) ? TissueTask::compare : TissueTask::kind)},
            {"runs", results.size()},
            {"planned", planned},
            {"targets", Json::array()},
            {"chance", Json::array()},
            {"rows", Json::array()}};
  for (const Target& target : tissue_targets(rows)) {
    json["targets"].push_back(
        {{"target", target.what}, {"wanted", target.wanted}, {"measured", target.measured}, {"met", target.met}});
  }
  for (const auto& chance : chances)
    json["chance"].push_back(
        {{"region", chance.first}, {"one", chance.second.one}, {"any", chance.second.any}, {"all", chance.second.all}});
  for (const TissueRow& row : rows) {
    Json entry{{"region", row.run.region},
               {"preset", row.run.preset},
               {"encoder", to_string(row.run.encoder)},
               {"condition", to_string(row.run.condition)},
               {"policy", to_string(row.run.policy)},
               {"learner", to_string(row.run.learner)},
               {"seeds", row.seeds},
               {"accuracy", number(row.accuracy())},
               {"deviation", number(deviation(row.accuracies(row.own())))},
               {"accuracies", row.accuracies(row.own())}};
    for (const std::string kind : {"processed", "unique"}) entry["pixels"][kind] = number(row.pixels(kind));
    if (row.run.condition == Condition::learned) {
      entry["learned"] = row.learned();
      for (const std::string policy : {"learned", "random", "centre", "grid", "oracle"}) {
        Json& looked = entry["policies"][policy] = {{"accuracy", number(row.accuracy(policy))}};
        looked["hits"] = Json::array();
        for (std::size_t t = 0; t < row.steps(); ++t) looked["hits"].push_back(number(row.hits(policy, t)));
        looked["any"] = number(row.any(policy));
        looked["all"] = number(row.all(policy));
      }
    }
    json["rows"].push_back(std::move(entry));
  }
  saccade::write_file_atomically(folder / "table.md", tissue_markdown(rows, chances));
  saccade::write_file_atomically(folder / "table.csv", tissue_csv(results));
  saccade::write_file_atomically(folder / "results.json", json.dump(2) + "\n");
  saccade::data::write_png(folder / "figure.png", tissue_figure(rows).view());
}

}  // namespace bench
