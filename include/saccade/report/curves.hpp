#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/report/colour_map.hpp>
#include <saccade/report/text.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

/// A line chart for the curves of a training run.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// One line of a chart. Points that are not finite, or beyond 1e150, leave a gap.
struct Series {
  std::string name{};
  std::vector<Point> points{};
};

/// How an axis is divided. A logarithmic one has its marks at powers of ten; a number that is not positive has no place
/// on it and leaves a gap.
enum class AxisScale { linear, logarithmic };

struct Chart {
  std::string title{};
  std::string x_label{};
  std::string y_label{};
  std::vector<Series> series{};
  AxisScale x_scale = AxisScale::linear;
  AxisScale y_scale = AxisScale::linear;
  std::optional<double> y_low{};   ///< end of the vertical axis; without it the data decide
  std::optional<double> y_high{};  ///< end of the vertical axis; without it the data decide
  Index width = 800;               ///< pixels of the picture
  Index height = 480;              ///< pixels of the picture
};

namespace detail {

/// The marks of an axis: multiples of 1, 2 or 5 times a power of ten that lie in [low, high].
struct Ticks {
  std::vector<double> values;
  double step = 1;
  AxisScale scale = AxisScale::linear;

  /// On a logarithmic axis `low`, `high` and the values are decimal logarithms: of powers of ten, and over few decades
  /// also of 2 and 5 times those.
  Ticks(double low, double high, int wanted, AxisScale scale_ = AxisScale::linear) : scale(scale_) {
    if (scale == AxisScale::logarithmic && high - low < 2.5) {
      for (double decade = std::floor(low); decade <= high; ++decade) {
        for (const double digit : {1.0, 2.0, 5.0}) {
          const double value = decade + std::log10(digit);
          if (value >= low - 1e-9 && value <= high + 1e-9) values.push_back(value);
        }
      }
      return;
    }
    const double raw = std::max((high - low) / wanted, scale == AxisScale::logarithmic ? 1.0 : 0.0);
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    const double ratio = raw / power;
    step = power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
    const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
    for (double k = first; k <= last; ++k) values.push_back(k == 0 ? 0 : k * step);
  }

  /// The value with as many digits as the step needs.
  [[nodiscard]] std::string text(double value) const {
    const double exponent = std::floor(std::log10(step) + 1e-9);
    if (scale == AxisScale::logarithmic) return short_text(std::pow(10.0, value));
    if (exponent < -4 || std::abs(value) >= 1e6) return short_text(value, 3);
    return fixed_text(value, exponent < 0 ? static_cast<int>(-exponent) : 0);
  }
};

/// Where a number stands on an axis.
[[nodiscard]] inline double scaled(double value, AxisScale scale) {
  return scale == AxisScale::logarithmic ? std::log10(value) : value;
}

struct Limits {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }

  /// Makes the interval one of positive length, [0, 1] where nothing was included.
  void make_proper() {
    if (!(low <= high)) *this = {0, 1};
    const double least = 1e-9 * std::max({std::abs(low), std::abs(high), 1e-3});
    if (high - low >= least) return;
    const double room = low == 0 ? 0.5 : 0.5 * std::abs(low);
    *this = {low - room, high + room};
  }
};

}  // namespace detail

namespace detail {

/// Whether a point can be drawn: differences of what is shown must be finite too.
[[nodiscard]] inline bool drawable(Point p) { return std::abs(p.x) < 1e150 && std::abs(p.y) < 1e150; }

/// A chart's curves on the scales of its axes, and what the axes show.
struct Frame {
  std::vector<Series> curves;
  Limits x;
  Limits y;
};

[[nodiscard]] inline Frame frame(const Chart& chart) {
  Frame frame{chart.series, {}, {}};
  for (Series& series : frame.curves) {
    for (Point& point : series.points) {
      point = {scaled(point.x, chart.x_scale), scaled(point.y, chart.y_scale)};
      if (!drawable(point)) continue;
      frame.x.include(point.x);
      frame.y.include(point.y);
    }
  }
  frame.x.make_proper();
  frame.y.make_proper();
  const double air = 0.05 * (frame.y.high - frame.y.low);
  frame.y = {chart.y_low ? scaled(*chart.y_low, chart.y_scale) : frame.y.low - air,
             chart.y_high ? scaled(*chart.y_high, chart.y_scale) : frame.y.high + air};
  frame.y.make_proper();
  return frame;
}

}  // namespace detail

/// Draws the chart: a title, axes with marks and grid lines, a legend above the plot where there are several series,
/// a dot for a point without neighbours.
[[nodiscard]] inline RgbImage draw_chart(const Chart& chart) {
  constexpr Colour ink{50, 50, 58}, faint{226, 226, 230}, axis{120, 120, 128};
  const detail::Frame framed = detail::frame(chart);
  const detail::Limits &x = framed.x, &y = framed.y;
  RgbImage image(chart.width, chart.height);
  fill_rectangle(image, {0, 0, image.width, image.height}, white);
  const detail::Ticks x_ticks(x.low, x.high, static_cast<int>(std::max<Index>(chart.width / 110, 2)), chart.x_scale);
  const detail::Ticks y_ticks(y.low, y.high, static_cast<int>(std::max<Index>(chart.height / 70, 2)), chart.y_scale);
  Index label_width = 0;
  for (const double value : y_ticks.values) label_width = std::max(label_width, text_width(y_ticks.text(value), 2));

  constexpr Index margin = 14;
  const Index left = margin + label_width + 8, right = chart.width - margin - 12;
  draw_text(image, margin, margin, fit_text(chart.title, 3, chart.width - 2 * margin), {.scale = 3, .colour = black});
  Index top = margin + (chart.title.empty() ? 0 : text_height(3) + 8);

  if (chart.series.size() > 1) {
    Index entry_left = margin;
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const Index entry_width = 28 + text_width(chart.series[i].name, 2);
      if (entry_left > margin && entry_left + entry_width > right) {
        entry_left = margin;
        top += text_height(2) + 4;
      }
      const double level = static_cast<double>(top) + 0.5 * static_cast<double>(capital_height(2));
      const auto start = static_cast<double>(entry_left);
      draw_line(image, {start + 2, level}, {start + 18, level}, 4, series_colour(i));
      draw_text(image, entry_left + 28, top, chart.series[i].name, {.scale = 2, .colour = ink});
      entry_left += entry_width + 24;
    }
    top += text_height(2) + 8;
  }
  // The label of the vertical axis stands level above it, so that nobody has to turn the head.
  draw_text(image, margin, top, chart.y_label, {.scale = 2, .colour = ink});
  if (!chart.y_label.empty()) top += text_height(2) + 12;
  const Index bottom = chart.height - margin - text_height(2) - 8 - (chart.x_label.empty() ? 0 : text_height(2) + 4);

  const auto place = [&](Point p) {
    return Point{static_cast<double>(left) + (p.x - x.low) / (x.high - x.low) * static_cast<double>(right - left),
                 static_cast<double>(bottom) - (p.y - y.low) / (y.high - y.low) * static_cast<double>(bottom - top)};
  };
  const TextStyle label{.scale = 2, .colour = ink};
  for (const double value : y_ticks.values) {
    const Index row = std::lround(place({x.low, value}).y);
    fill_rectangle(image, {left, row, right - left, 1}, faint);
    const std::string text = y_ticks.text(value);
    draw_text(image, left - 8 - text_width(text, 2), row - capital_height(2) / 2, text, label);
  }
  for (const double value : x_ticks.values) {
    const Index column = std::lround(place({value, y.low}).x);
    fill_rectangle(image, {column, bottom, 1, 6}, axis);
    const std::string text = x_ticks.text(value);
    const Index start = std::min(column - text_width(text, 2) / 2, chart.width - 4 - text_width(text, 2));
    draw_text(image, start, bottom + 10, text, label);
  }
  fill_rectangle(image, {left, top, 1, bottom - top}, axis);
  fill_rectangle(image, {left, bottom, right - left, 1}, axis);
  draw_text(image, right - text_width(chart.x_label, 2), bottom + 10 + text_height(2) + 2, chart.x_label, label);

  // Curves are drawn on a picture of their own that is cut at the plot, so that fixed limits hide what is beyond.
  const Box plot{left + 1, top, right - left + 6, bottom - top};
  RgbImage canvas = crop(image, plot);
  const auto within = [&](Point p) {
    const Point at = place(p);
    return Point{at.x - static_cast<double>(plot.x), at.y - static_cast<double>(plot.y)};
  };
  for (std::size_t i = 0; i < framed.curves.size(); ++i) {
    const std::vector<Point>& points = framed.curves[i].points;
    for (std::size_t k = 0; k < points.size(); ++k) {
      if (!detail::drawable(points[k])) continue;
      const bool joined = k > 0 && detail::drawable(points[k - 1]);
      const bool joins = k + 1 < points.size() && detail::drawable(points[k + 1]);
      if (joined) draw_line(canvas, within(points[k - 1]), within(points[k]), 2.5, series_colour(i));
      if (!joined && !joins) fill_disc(canvas, within(points[k]), 4, series_colour(i));
    }
  }
  paste(image, plot.x, plot.y, canvas);
  return image;
}

}  // namespace saccade::report
