#pragma once

#include <saccade/metrics/early_stopping.hpp>
#include <saccade/report/curves.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::report {

/// The curve of one glimpse policy; points at which nothing changes are left out.
[[nodiscard]] inline Series stopping_series(std::string name, std::span<const metrics::StoppingPoint> curve) {
  Series series{.name = std::move(name), .points = {}};
  for (const metrics::StoppingPoint& point : curve) {
    if (!series.points.empty() && series.points.back().x == point.glimpses) continue;
    series.points.push_back({point.glimpses, point.accuracy});
  }
  return series;
}

/// Accuracy against the mean number of glimpses, where a sequence ends as soon as its answer is sure enough.
[[nodiscard]] inline Chart stopping_chart(std::vector<Series> curves) {
  return {.title = "Early stopping",
          .x_label = "mean glimpses of an image",
          .y_label = "accuracy of images",
          .series = std::move(curves),
          .y_low = 0,
          .y_high = 1};
}

}  // namespace saccade::report
