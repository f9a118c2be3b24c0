#pragma once

#include <saccade/report/canvas.hpp>
#include <saccade/report/colour_map.hpp>
#include <saccade/report/text.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// A share in percent, with its interval and what else there is to say of it.
struct Bar {
  std::string label;
  double value = 0;
  double low = 0;   ///< of the interval
  double high = 0;  ///< not finite: no interval
  std::string note;
  bool pale = false;  ///< stands behind the others
};

/// Bars from 0 to 100 %, one below the other, on white: labels on the left, notes on the right.
[[nodiscard]] inline saccade::RgbImage draw_bars(const std::string& title, const std::vector<Bar>& bars) {
  using namespace saccade::report;
  using saccade::Index;
  constexpr Colour ink{50, 50, 58}, faint{226, 226, 230};
  constexpr Index width = 1520, margin = 14, pitch = 34, thickness = 20, gap = 16;
  Index labels = 0, notes = 0;
  for (const Bar& bar : bars) {
    labels = std::max(labels, text_width(bar.label, 2));
    notes = std::max(notes, text_width(bar.note, 2));
  }
  const Index left = margin + labels + gap, right = std::max(left + 100, width - margin - notes - gap);
  const Index top = margin + text_height(3) + gap, bottom = top + pitch * static_cast<Index>(bars.size());
  saccade::RgbImage image(width, bottom + text_height(2) + gap + margin);
  fill_rectangle(image, {0, 0, image.width, image.height}, white);
  draw_text(image, margin, margin, title, {.scale = 3, .colour = black});
  const auto place = [&](double percent) {
    return static_cast<double>(left) + percent / 100 * static_cast<double>(right - left);
  };
  for (int percent = 0; percent <= 100; percent += 20) {
    const double x = place(percent);
    const std::string text = std::to_string(percent) + (percent == 100 ? " %" : "");
    draw_line(image, {x, static_cast<double>(top)}, {x, static_cast<double>(bottom)}, 1, faint);
    draw_text(image, static_cast<Index>(x) - text_width(text, 2) / 2, bottom + gap / 2, text,
              {.scale = 2, .colour = ink});
  }
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const Index y = top + pitch * static_cast<Index>(i), text_y = y + (pitch - capital_height(2)) / 2;
    const double middle = static_cast<double>(y) + 0.5 * static_cast<double>(pitch);
    const Colour colour = bar.pale ? mix(white, series_colour(0), 0.45) : series_colour(0);
    draw_text(image, left - gap - text_width(bar.label, 2), text_y, bar.label, {.scale = 2, .colour = ink});
    draw_text(image, right + gap, text_y, bar.note, {.scale = 2, .colour = ink});
    if (!std::isfinite(bar.value)) continue;
    fill_rectangle(image, {left, y + (pitch - thickness) / 2, static_cast<Index>(place(bar.value)) - left, thickness},
                   colour);
    if (!std::isfinite(bar.low) || !std::isfinite(bar.high)) continue;
    draw_line(image, {place(bar.low), middle}, {place(bar.high), middle}, 2, ink);
    for (const double end : {bar.low, bar.high})
      draw_line(image, {place(end), middle - 5}, {place(end), middle + 5}, 2, ink);
  }
  return image;
}

}  // namespace bench
