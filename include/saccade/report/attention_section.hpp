#pragma once

#include <saccade/data/image_encode.hpp>
#include <saccade/report/evaluation_text.hpp>
#include <saccade/report/heat_map.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

/// Where a run looked: heat maps and the gallery. Opt-in, like run_record.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

inline constexpr Index map_columns = 18;

/// Rows that make the cells square for the mean shape of the images.
[[nodiscard]] inline Index map_rows(const RunRecord& run) {
  double width = 0, height = 0;
  for (const PredictionRecord& record : run.predictions) {
    width += static_cast<double>(record.width);
    height += static_cast<double>(record.height);
  }
  return std::clamp<Index>(std::lround(static_cast<double>(map_columns) * height / width), 4, 4 * map_columns);
}

/// A map for each glimpse of a policy.
[[nodiscard]] inline std::vector<LocationMap> location_maps(const RunRecord& run, const std::string& policy,
                                                            Index rows) {
  std::vector<LocationMap> maps;
  for (const PredictionRecord& record : run.predictions) {
    if (record.policy != policy) continue;
    while (maps.size() < record.locations.size()) maps.emplace_back(map_columns, rows);
    for (std::size_t t = 0; t < record.locations.size(); ++t) maps[t].add(record.locations[t]);
  }
  return maps;
}

[[nodiscard]] inline std::string place_text(Location mean, Location deviation) {
  return "mean (" + number_text(mean.x, 2) + ", " + number_text(mean.y, 2) + "), deviation (" +
         number_text(deviation.x, 2) + ", " + number_text(deviation.y, 2) + ")";
}

[[nodiscard]] inline std::string map_image(const LocationMap& map, const std::string& what) {
  const RgbImage image = draw_heat_map(map, map.largest_share());
  return html_image("image/png", data::encode_png(image.view()), what + ": " + place_text(map.mean(), map.deviation()),
                    "width=\"126\" height=\"" + std::to_string(7 * map.rows()) + '"') +
         "<small>" + percent_text(map.largest_share(), 0) + "</small>";
}

/// Where the regions are, once for each image.
[[nodiscard]] inline LocationMap region_map(const RunRecord& run, Index rows) {
  LocationMap map(map_columns, rows);
  for (const PredictionRecord& record : run.predictions) {
    if (record.policy != run.predictions.front().policy) continue;
    for (const Box& region : record.regions) {
      const Point at = centre(region);
      map.add({2 * at.x / static_cast<double>(record.width) - 1, 2 * at.y / static_cast<double>(record.height) - 1});
    }
  }
  return map;
}

[[nodiscard]] inline std::string share_text(const std::vector<double>& probabilities, std::size_t label) {
  return percent_text(probabilities[label], 0);
}

[[nodiscard]] inline std::string gallery_figure(const RunRecord& run, const GalleryImage& image,
                                                const std::vector<std::string>& classes) {
  const auto name = [&](std::size_t label) {
    return label < classes.size() ? classes[label] : "class " + std::to_string(label);
  };
  const std::vector<double>& last = image.probabilities.back();
  const auto answer = static_cast<std::size_t>(std::max_element(last.begin(), last.end()) - last.begin());
  const auto truth = static_cast<std::size_t>(image.truth);
  const bool right = answer == truth;
  const std::size_t steps = image.probabilities.size();
  std::string caption = "<span class=\"verdict " +
                        std::string(right ? "right\">&#10003; right" : "wrong\">&#10007; wrong") + "</span> <b>" +
                        escape_html(image.image) + "</b><br>";
  // A group that is named like its image says nothing more.
  if (!image.group.empty() && image.group != image.image)
    caption += escape_html(run.group_noun()) + ' ' + escape_html(image.group) + ", ";
  caption += "true class " + escape_html(name(truth)) + ", answered " + escape_html(name(answer)) + " (" +
             percent_text(last[answer], 0) + ")";
  const auto picture = [&](const std::string& file, const std::string& description) {
    const std::filesystem::path path = run.results / "gallery" / file;
    return file_exists(path) ? html_image("image/jpeg", read_file(path), description)
                             : missing("gallery/" + escape_html(file) + " is missing.");
  };
  std::string content = picture(image.path_picture, image.image + " with the path of its " + std::to_string(steps) +
                                                        " glimpses, numbered in the order of looking");
  content += picture(image.glimpses_picture,
                     image.masks ? "The glimpses, and below them their soft masks as heat" : "The glimpses");
  HtmlTable table{.columns = {}};
  std::vector<std::string> cells;
  for (std::size_t t = 0; t < steps; ++t) {
    table.columns.push_back("after " + std::to_string(t + 1));
    const std::vector<double>& p = image.probabilities[t];
    const auto label = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    cells.push_back(escape_html(name(label)) + "<br>" + share_text(p, label));
  }
  std::string html = "<table class=\"steps\"><thead><tr>";
  for (const std::string& column : table.columns) html += "<th scope=\"col\">" + column + "</th>";
  html += "</tr></thead><tbody><tr>";
  for (const std::string& cell : cells) html += "<td>" + cell + "</td>";
  return "<figure><figcaption>" + caption + "</figcaption>\n" + content + html + "</tr></tbody></table></figure>\n";
}

}  // namespace detail

[[nodiscard]] inline PageSection locations_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "locations", .heading = "Where it looks"};
  if (run.predictions.empty()) {
    section.content = missing("There is no <code>predictions.jsonl</code> in this folder: an evaluation writes one.");
    return section;
  }
  const Index rows = map_rows(run);
  std::vector<std::string> policies;
  for (const PredictionRecord& record : run.predictions)
    if (std::find(policies.begin(), policies.end(), record.policy) == policies.end()) policies.push_back(record.policy);

  section.content =
      "<p>Centres of the glimpses over all evaluated images, each map the whole image. The darker a cell, the more "
      "images were looked at there; below each map the share of the images in its fullest cell, which is black.</p>\n";
  HtmlTable table{.columns = {"policy"}};
  HtmlTable numbers{.columns = {"policy", "glimpse", "mean x", "mean y", "deviation of x", "deviation of y"}};
  std::size_t steps = 0;
  for (const std::string& policy : policies) {
    const std::vector<LocationMap> maps = location_maps(run, policy, rows);
    steps = std::max(steps, maps.size());
    std::vector<std::string> row{"<b>" + escape_html(policy) + "</b>"};
    for (std::size_t t = 0; t < maps.size(); ++t) {
      row.push_back(map_image(maps[t], policy + ", glimpse " + std::to_string(t + 1)));
      const Location mean = maps[t].mean(), deviation = maps[t].deviation();
      numbers.rows.push_back({escape_html(policy), std::to_string(t + 1), number_text(mean.x), number_text(mean.y),
                              number_text(deviation.x), number_text(deviation.y)});
    }
    table.rows.push_back(std::move(row));
  }
  for (std::size_t t = 0; t < steps; ++t) table.columns.push_back("glimpse " + std::to_string(t + 1));
  if (const LocationMap regions = region_map(run, rows); regions.total() > 0)
    table.rows.push_back({"<b>regions</b> where the class can be told", map_image(regions, "centres of the regions")});
  section.content += "<div class=\"maps\">" + scrolling("Heat maps of the locations", table.html()) + "</div>\n";
  section.content += folded("Numbers: mean and deviation of the locations, -1 and 1 being the edges of the image",
                            scrolling("Locations", numbers.html()));
  return section;
}

[[nodiscard]] inline PageSection gallery_section(const RunRecord& run) {
  using namespace detail;
  PageSection section{.id = "gallery", .heading = "Gallery"};
  if (run.gallery.images.empty()) {
    section.content = missing("There are no pictures in the folder <code>gallery</code>: an evaluation draws them.");
    return section;
  }
  section.content =
      "<p>Glimpses of the policy <b>" + escape_html(run.gallery.policy) +
      "</b>: numbered boxes in the order of looking, from green to yellow; thin boxes are coarser scales, a dashed "
      "white box is a region where the class can be told, where such are known. Below the image each glimpse at its "
      "finest scale, its soft mask as "
      "heat (dark to bright: from the smallest to the largest value of this image), and the most probable class after "
      "it. Images are taken evenly from the list of those that are right and of those that are wrong.</p>\n";
  const std::vector<std::string> classes = run.classes();
  section.content += "<div class=\"gallery\">\n";
  for (const GalleryImage& image : run.gallery.images) section.content += gallery_figure(run, image, classes);
  section.content += "</div>\n";
  return section;
}

}  // namespace saccade::report
