#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/report/curves.hpp>
#include <saccade/report/html.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Charts as SVG inside a page: the same `Chart` that `draw_chart` makes pixels of, and bars with intervals. Series
/// differ by colour, by dashes and by the shape of their marks.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// A coordinate: at most two digits after the point, for a page should be light.
[[nodiscard]] inline std::string coordinate(double value) {
  std::string shown = fixed_text(value, 2);
  while (shown.back() == '0') shown.pop_back();
  if (shown.back() == '.') shown.pop_back();
  return shown == "-0" ? "0" : shown;
}

[[nodiscard]] inline std::string svg_colour(Colour colour) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", colour.red, colour.green, colour.blue);
  return text;
}

/// Colour of a series on a white page: the pale ones of `series_colour` come last.
[[nodiscard]] inline Colour svg_series_colour(std::size_t series) {
  static constexpr std::array<std::size_t, 7> order{0, 1, 2, 3, 6, 4, 5};
  return series_colour(order[series % order.size()]);
}

[[nodiscard]] inline std::string svg_dashes(std::size_t series) {
  static constexpr std::array<std::string_view, 5> patterns{"", "7 3", "2 3", "9 3 2 3", "4 2"};
  const std::string_view pattern = patterns[series % patterns.size()];
  return pattern.empty() ? "" : " stroke-dasharray=\"" + std::string(pattern) + '"';
}

/// The mark of a series: disc, square, triangle, diamond, or a standing cross.
[[nodiscard]] inline std::string svg_mark(std::size_t series, Point at) {
  const auto x = [&](double by) { return coordinate(at.x + by); };
  const auto y = [&](double by) { return coordinate(at.y + by); };
  const std::string fill = " fill=\"" + svg_colour(svg_series_colour(series)) + "\"/>";
  switch (series % 5) {
    case 0:
      return "<circle cx=\"" + x(0) + "\" cy=\"" + y(0) + "\" r=\"3.5\"" + fill;
    case 1:
      return "<rect x=\"" + x(-3) + "\" y=\"" + y(-3) + "\" width=\"6\" height=\"6\"" + fill;
    case 2:
      return "<path d=\"M" + x(0) + ' ' + y(-4) + 'L' + x(4) + ' ' + y(3) + 'L' + x(-4) + ' ' + y(3) + "Z\"" + fill;
    case 3:
      return "<path d=\"M" + x(0) + ' ' + y(-4.5) + 'L' + x(4.5) + ' ' + y(0) + 'L' + x(0) + ' ' + y(4.5) + 'L' +
             x(-4.5) + ' ' + y(0) + "Z\"" + fill;
    default:
      return "<path d=\"M" + x(-1.2) + ' ' + y(-4) + "h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8Z\"" + fill;
  }
}

/// @param anchor  "start", "middle" or "end"
[[nodiscard]] inline std::string svg_text(double x, double y, std::string_view anchor, std::string_view text) {
  return "<text x=\"" + coordinate(x) + "\" y=\"" + coordinate(y) + "\" text-anchor=\"" + std::string(anchor) + "\">" +
         escape_html(text) + "</text>";
}

[[nodiscard]] inline std::string svg_line(Point from, Point to, std::string_view attributes) {
  return "<path d=\"M" + coordinate(from.x) + ' ' + coordinate(from.y) + 'L' + coordinate(to.x) + ' ' +
         coordinate(to.y) + "\" " + std::string(attributes) + "/>";
}

inline constexpr double svg_font = 13;   ///< height of the letters, in units of the picture
inline constexpr double svg_letter = 8;  ///< a generous mean width of one
inline constexpr std::string_view svg_axis = "stroke=\"#6b7280\" fill=\"none\"";
inline constexpr std::string_view svg_grid = "stroke=\"#e5e7eb\" fill=\"none\"";

/// Bytes of UTF-8 that begin a character.
[[nodiscard]] inline double letters(std::string_view text) {
  return static_cast<double>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

[[nodiscard]] inline std::string svg_open(double width, double height, std::string_view title,
                                          std::string_view description) {
  return "<svg viewBox=\"0 0 " + coordinate(width) + ' ' + coordinate(height) + "\" role=\"img\" aria-label=\"" +
         escape_html(title) + (description.empty() ? "" : ". " + escape_html(description)) + "\">\n";
}

/// Where the numbers of an axis stand in the picture.
struct Axis {
  Limits limits;
  double begin;  ///< place of the low end
  double end;    ///< place of the high end

  [[nodiscard]] double at(double value) const {
    return begin + (value - limits.low) / (limits.high - limits.low) * (end - begin);
  }
};

}  // namespace detail

/// The chart as an `svg` element. Its title becomes the label for those who do not see it and is not drawn: a heading
/// or caption stands beside it. Fixed ends of the vertical axis cut what is beyond.
/// @param id           unique in the page
/// @param description  what the chart says, for those who do not see it; may be empty
[[nodiscard]] inline std::string svg_chart(const Chart& chart, std::string_view id, std::string_view description = "") {
  using namespace detail;
  const auto [curves, x, y] = frame(chart);
  const bool whole =
      chart.x_scale == AxisScale::linear && std::all_of(curves.begin(), curves.end(), [](const Series& series) {
        return std::all_of(series.points.begin(), series.points.end(),
                           [](Point point) { return point.x == std::round(point.x); });
      });
  const auto width = static_cast<double>(chart.width), height = static_cast<double>(chart.height);
  // Epochs and glimpses are counted: no marks between them.
  const double most = whole ? std::min(width / 70, std::max(std::floor(x.high - x.low), 1.0)) : width / 90;
  const Ticks x_ticks(x.low, x.high, static_cast<int>(std::max(most, 1.0)), chart.x_scale);
  const Ticks y_ticks(y.low, y.high, static_cast<int>(std::max(height / 45, 2.0)), chart.y_scale);
  double label_width = 0;
  for (const double value : y_ticks.values)
    label_width = std::max(label_width, svg_letter * letters(y_ticks.text(value)));

  std::string text = svg_open(width, height, chart.title, description);
  const double left = 6 + label_width + 8, right = width - 14;
  double top = 8;
  if (curves.size() > 1) {
    double place = 6;
    for (std::size_t i = 0; i < curves.size(); ++i) {
      const double entry = 36 + svg_letter * letters(curves[i].name);
      if (place > 6 && place + entry > width) {
        place = 6;
        top += svg_font + 6;
      }
      const double level = top + 7;
      text += svg_line({place, level}, {place + 28, level},
                       "stroke=\"" + svg_colour(svg_series_colour(i)) + "\" stroke-width=\"2\"" + svg_dashes(i));
      text += svg_mark(i, {place + 14, level}) + svg_text(place + 34, level + 4.5, "start", curves[i].name) + '\n';
      place += entry + 18;
    }
    top += svg_font + 12;
  }
  if (!chart.y_label.empty()) {
    text += svg_text(6, top + 8, "start", chart.y_label);
    top += svg_font + 6;
  }
  const double bottom = height - 24 - (chart.x_label.empty() ? 0 : svg_font + 5);
  const Axis across{x, left, right}, up{y, bottom, top + 4};

  for (const double value : y_ticks.values) {
    text += svg_line({left, up.at(value)}, {right, up.at(value)}, svg_grid);
    text += svg_text(left - 7, up.at(value) + 4.5, "end", y_ticks.text(value)) + '\n';
  }
  for (const double value : x_ticks.values) {
    text += svg_line({across.at(value), bottom}, {across.at(value), bottom + 5}, svg_axis);
    const std::string label = x_ticks.text(value);
    const double last = width - 2 - 0.5 * svg_letter * letters(label);
    text += svg_text(std::min(across.at(value), last), bottom + 19, "middle", label) + '\n';
  }
  text += "<path d=\"M" + coordinate(left) + ' ' + coordinate(up.end) + 'V' + coordinate(bottom) + 'H' +
          coordinate(right) + "\" " + std::string(svg_axis) + "/>\n";
  if (!chart.x_label.empty()) text += svg_text(right, height - 5, "end", chart.x_label) + '\n';

  text += "<clipPath id=\"" + escape_html(id) + "-plot\"><rect x=\"" + coordinate(left - 5) + "\" y=\"" +
          coordinate(up.end - 5) + "\" width=\"" + coordinate(right - left + 10) + "\" height=\"" +
          coordinate(bottom - up.end + 10) + "\"/></clipPath><g clip-path=\"url(#" + escape_html(id) + "-plot)\">\n";
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const std::vector<Point>& points = curves[i].points;
    std::string path, dots;
    // A mark on every point of a long curve would hide it; those of neighbouring series stand apart.
    const std::size_t every = points.size() <= 20 ? 1 : (points.size() + 9) / 10;
    const std::size_t first = i % 5 * every / 5;
    for (std::size_t k = 0; k < points.size(); ++k) {
      if (!drawable(points[k])) continue;
      const Point at{across.at(points[k].x), up.at(points[k].y)};
      const bool joined = k > 0 && drawable(points[k - 1]);
      const bool joins = k + 1 < points.size() && drawable(points[k + 1]);
      path += (joined ? 'L' : 'M') + coordinate(at.x) + ' ' + coordinate(at.y);
      if (k % every == first || (!joined && !joins)) dots += svg_mark(i, at);
    }
    if (!path.empty()) {
      text += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + svg_colour(svg_series_colour(i)) +
              "\" stroke-width=\"2\" stroke-linejoin=\"round\"" + svg_dashes(i) + "/>";
    }
    text += dots + '\n';
  }
  return text + "</g></svg>\n";
}

/// A share with its interval, as a bar from 0.
struct Bar {
  std::string label{};
  double value = 0;
  double low = 0;          ///< of the interval; not finite: none is drawn
  double high = 0;         ///< of the interval
  std::size_t series = 0;  ///< whose colour and hatching
  std::string note{};      ///< written at the right, "8 of 9" say
};

/// Horizontal bars on an axis from 0 to 1 as an `svg` element, each with its interval as a line with ends. Bars of an
/// odd series are hatched.
/// @param id  unique in the page
[[nodiscard]] inline std::string svg_bars(std::string_view title, std::string_view id, const std::vector<Bar>& bars,
                                          std::string_view description = "", double width = 420) {
  using namespace detail;
  constexpr double row = 22;
  double label_width = 0, note_width = 0;
  for (const Bar& bar : bars) {
    label_width = std::max(label_width, svg_letter * letters(bar.label));
    note_width = std::max(note_width, svg_letter * letters(bar.note));
  }
  const double bottom = 6 + row * static_cast<double>(bars.size());
  const Axis across{{0, 1}, 6 + label_width + 8, width - 28 - note_width};
  std::string text = svg_open(width, bottom + 24, title, description);
  text += "<pattern id=\"" + escape_html(id) +
          "-hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
          "<path d=\"M0 0V5\" stroke=\"#fff\" stroke-width=\"2.4\"/></pattern>\n";
  for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    text += svg_line({across.at(tick), 4}, {across.at(tick), bottom}, svg_grid);
    text += svg_text(across.at(tick), bottom + 17, "middle", coordinate(100 * tick) + " %") + '\n';
  }
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double top = 6 + row * static_cast<double>(i), middle = top + 0.5 * row - 1;
    text += svg_text(6 + label_width, middle + 4.5, "end", bar.label);
    if (!bar.note.empty()) text += svg_text(width - 2, middle + 4.5, "end", bar.note);
    if (std::isfinite(bar.value)) {
      const double length = across.at(std::clamp(bar.value, 0.0, 1.0)) - across.begin;
      const std::string place = "<rect x=\"" + coordinate(across.begin) + "\" y=\"" + coordinate(top + 2) +
                                "\" width=\"" + coordinate(length) + "\" height=\"" + coordinate(row - 6) + '"';
      text += place + " fill=\"" + svg_colour(mix(white, svg_series_colour(bar.series), 0.75)) + "\"/>";
      if (bar.series % 2 == 1) text += place + " fill=\"url(#" + escape_html(id) + "-hatch)\"/>";
    }
    if (std::isfinite(bar.low) && std::isfinite(bar.high)) {
      const std::string low = coordinate(across.at(std::clamp(bar.low, 0.0, 1.0)));
      const std::string high = coordinate(across.at(std::clamp(bar.high, 0.0, 1.0)));
      const std::string up = coordinate(middle - 4), down = coordinate(middle + 4), at = coordinate(middle);
      text += "<path d=\"M" + low + ' ' + up + 'V' + down + 'M' + low + ' ' + at + 'H' + high + 'M' + high + ' ' + up +
              'V' + down + "\" stroke=\"#111827\" stroke-width=\"1.5\" fill=\"none\"/>";
    }
    text += '\n';
  }
  text += svg_line({across.begin, 4}, {across.begin, bottom}, svg_axis);
  return text + "</svg>\n";
}

}  // namespace saccade::report
