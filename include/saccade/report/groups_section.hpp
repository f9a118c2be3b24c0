#pragma once

#include <saccade/core/error.hpp>
#include <saccade/metrics/confidence_interval.hpp>
#include <saccade/model/whole_number.hpp>
#include <saccade/report/evaluation_text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The report's figures of each group: patient, slide or scene. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// A group with its share of right answers. Those of several classes come after those of one.
struct GroupBar {
  std::size_t label;
  std::string of_class;
  Bar bar;
};

/// By class, and within a class from the lowest share to the highest.
[[nodiscard]] inline std::vector<GroupBar> group_bars(const nlohmann::ordered_json& list,
                                                      const std::vector<std::string>& classes) {
  std::vector<GroupBar> groups;
  for (const nlohmann::ordered_json& each : list) {
    const std::string name = each.at("class").is_null() ? "several classes" : each.at("class").get<std::string>();
    const std::optional<Index> right = whole_number<Index>(each.at("right"));
    const std::optional<Index> images = whole_number<Index>(each.at("images"));
    if (!right || !images || *right < 0 || *right > *images)
      throw FileError("evaluation.json: the right answers and the images of group " + json_text(each.at("group")) +
                      " must be whole numbers, the first no greater than the second");
    const auto label = static_cast<std::size_t>(std::find(classes.begin(), classes.end(), name) - classes.begin());
    const metrics::Interval interval = metrics::wilson_interval(static_cast<double>(*right), *images);
    groups.push_back({label,
                      name,
                      {.label = each.at("group").get<std::string>(),
                       .value = metrics::rate(*right, *images),
                       .low = interval.low,
                       .high = interval.high,
                       .series = label,
                       .note = std::to_string(*right) + " of " + std::to_string(*images)}});
  }
  std::stable_sort(groups.begin(), groups.end(), [](const GroupBar& a, const GroupBar& b) {
    return a.label != b.label ? a.label < b.label : a.bar.value < b.bar.value;
  });
  return groups;
}

}  // namespace detail

[[nodiscard]] inline PageSection groups_section(const RunRecord& run) {
  using namespace detail;
  const std::string noun = run.group_noun(), nouns = plural(noun);
  PageSection section{.id = "groups", .heading = run.has_groups() ? capitalised(nouns) : "Groups"};
  if (run.evaluation.is_null()) {
    section.content = missing(no_evaluation);
    return section;
  }
  const nlohmann::ordered_json list = run.evaluation.value("per_group", nlohmann::ordered_json::array());
  if (list.empty() || !run.has_groups()) {
    section.content = missing("The evaluation knows no groups of images, such as patients: each image stands alone.");
    return section;
  }
  const std::vector<GroupBar> groups = group_bars(list, run.classes());
  section.content = "<p>Share of each " + escape_html(noun) +
                    "&#39;s images that are right, with Wilson&#39;s 95&nbsp;% interval: wide where there are few "
                    "images.</p>\n<div class=\"charts small\">\n";
  constexpr std::size_t most = 60;
  HtmlTable table{.columns = {escape_html(noun), "class", "right", "share", "95&nbsp;% interval"}};
  for (std::size_t first = 0; first < groups.size();) {
    const GroupBar& begin = groups[first];
    std::size_t last = first;
    std::vector<Bar> bars;
    for (; last < groups.size() && groups[last].label == begin.label; ++last) {
      const Bar& bar = groups[last].bar;
      if (bars.size() < most) bars.push_back(bar);
      table.rows.push_back({escape_html(bar.label), escape_html(begin.of_class), bar.note, percent_text(bar.value),
                            number_text(100 * bar.low, 1) + " to " + percent_text(bar.high)});
    }
    const std::size_t count = last - first;
    std::string caption = "<b>" + escape_html(begin.of_class) + "</b>: " + std::to_string(count) + ' ' +
                          escape_html(count == 1 ? noun : nouns);
    if (count > most) caption += ", the " + std::to_string(most) + " lowest of them";
    section.content +=
        figure(caption, svg_bars("Share of the images that are right, by " + noun + ", of class " + begin.of_class,
                                 "groups-" + std::to_string(begin.label), bars));
    first = last;
  }
  section.content += "</div>\n" + folded("Numbers of every " + noun, scrolling(section.heading, table.html()));
  return section;
}

}  // namespace saccade::report
