#pragma once

#include <saccade/report/curves.hpp>

#include <cstddef>
#include <vector>

namespace bench {

/// Charts side by side, two in a row, on white.
[[nodiscard]] inline saccade::RgbImage draw_charts(std::vector<saccade::report::Chart> charts) {
  constexpr saccade::Index width = 760, height = 460, columns = 2;
  const auto rows = (static_cast<saccade::Index>(charts.size()) + columns - 1) / columns;
  saccade::RgbImage page(columns * width, rows * height);
  saccade::report::fill_rectangle(page, {0, 0, page.width, page.height}, saccade::report::white);
  for (std::size_t i = 0; i < charts.size(); ++i) {
    charts[i].width = width;
    charts[i].height = height;
    const auto place = static_cast<saccade::Index>(i);
    saccade::report::paste(page, place % columns * width, place / columns * height, draw_chart(charts[i]));
  }
  return page;
}

}  // namespace bench
