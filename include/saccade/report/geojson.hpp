#pragma once

// Opt-in: needs nlohmann/json.

#include <saccade/core/utf8.hpp>
#include <saccade/report/colour_map.hpp>
#include <saccade/report/explanation.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <utility>

/// What a classifier looked at, as programs that show slides read it: GeoJSON (RFC 7946) with the properties of QuPath.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// A rectangle, closed, its corners in pixels of the slide as scanned.
[[nodiscard]] inline nlohmann::ordered_json rectangle(double left, double top, double right, double bottom) {
  const nlohmann::ordered_json ring = {{left, top}, {right, top}, {right, bottom}, {left, bottom}, {left, top}};
  return {{"type", "Polygon"}, {"coordinates", nlohmann::ordered_json::array({ring})}};
}

[[nodiscard]] inline nlohmann::ordered_json feature(nlohmann::ordered_json geometry,
                                                    nlohmann::ordered_json properties) {
  return {{"type", "Feature"}, {"geometry", std::move(geometry)}, {"properties", std::move(properties)}};
}

}  // namespace detail

/// A FeatureCollection: for each glimpse an annotation, a rectangle with the step, the probability of each class and
/// the mean of its soft mask as measurements; and for each place of its mask a tile with the mask's value there.
/// @param base  pixels as scanned for one of the image that was looked at, on each axis
[[nodiscard]] inline nlohmann::ordered_json to_geojson(const Explanation& explanation, Index base = 1) {
  nlohmann::ordered_json features = nlohmann::ordered_json::array();
  const auto scale = static_cast<double>(base);
  for (std::size_t t = 0; t < explanation.steps.size(); ++t) {
    const GlimpseStep& step = explanation.steps[t];
    const double left = scale * static_cast<double>(step.window.x), top = scale * static_cast<double>(step.window.y);
    const double width = scale * static_cast<double>(step.window.width);
    const double height = scale * static_cast<double>(step.window.height);
    const Colour colour = time_colour(t, explanation.steps.size());
    nlohmann::ordered_json measurements{{"step", t + 1}};
    for (std::size_t k = 0; k < step.class_probabilities.size(); ++k)
      measurements["probability " + to_utf8(detail::class_name(explanation, k))] = step.class_probabilities[k];
    double sum = 0;
    for (const float value : step.mask.values) sum += static_cast<double>(value);
    if (!step.mask.values.empty()) measurements["mask mean"] = sum / static_cast<double>(step.mask.values.size());
    nlohmann::ordered_json properties{{"objectType", "annotation"}, {"name", "glimpse " + std::to_string(t + 1)}};
    if (const auto predicted = detail::predicted_class(step)) {
      properties["classification"] = {{"name", to_utf8(detail::class_name(explanation, *predicted))},
                                      {"color", {colour.red, colour.green, colour.blue}}};
    }
    properties["measurements"] = measurements;
    features.push_back(detail::feature(detail::rectangle(left, top, left + width, top + height), properties));
    for (Index row = 0; row < step.mask.height; ++row) {
      for (Index column = 0; column < step.mask.width; ++column) {
        const auto x = [&](Index i) {
          return left + width * static_cast<double>(i) / static_cast<double>(step.mask.width);
        };
        const auto y = [&](Index i) {
          return top + height * static_cast<double>(i) / static_cast<double>(step.mask.height);
        };
        const float value = step.mask.values[static_cast<std::size_t>(row * step.mask.width + column)];
        features.push_back(
            detail::feature(detail::rectangle(x(column), y(row), x(column + 1), y(row + 1)),
                            {{"objectType", "tile"}, {"measurements", {{"step", t + 1}, {"mask", value}}}}));
      }
    }
  }
  return {{"type", "FeatureCollection"}, {"features", std::move(features)}};
}

}  // namespace saccade::report
