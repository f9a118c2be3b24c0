#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/geometry.hpp>
#include <saccade/math/philox.hpp>
#include <saccade/model/glimpse_policy.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// A place in an image: x to the right, y down, -1 and +1 the outer edges; and the zoom it is looked at with.
struct Location {
  double x = 0;
  double y = 0;
  Index zoom = 0;
};

/// Appends the numbers that a location has for `sensor` to a row-major list.
template <class Scalar>
void append_location(std::vector<Scalar>& values, const Location& location, const GlimpseGeometry& sensor) {
  values.push_back(static_cast<Scalar>(location.x));
  values.push_back(static_cast<Scalar>(location.y));
  if (sensor.zooms > 1) values.push_back(static_cast<Scalar>(location.zoom));
}

namespace detail {

/// The location, on one axis, whose window of `side` pixels begins at `corner`.
inline double location_of_corner(double corner, Index side, Index extent) {
  return 2.0 * (corner + 0.5 * static_cast<double>(side)) / static_cast<double>(extent) - 1.0;
}

/// Corner of cell `cell` of `cells`: evenly spread, the first and the last at equal distances from the edges.
inline double grid_corner(Index cell, Index cells, Index side, Index extent) {
  const double room = static_cast<double>(std::max<Index>(extent - side, 0));
  return room * (static_cast<double>(cell) + 0.5) / static_cast<double>(cells);
}

/// Every zoom as likely, by the last of a draw's numbers.
inline Index drawn_zoom(const math::PhiloxBlock& block, Index zooms) {
  return std::min(static_cast<Index>(math::unit_interval(block.word[3]) * static_cast<double>(zooms)), zooms - 1);
}

}  // namespace detail

/// `count` places that cover the image evenly: the rows and columns of cells as square as its shape allows, the unused
/// cells left out at the end.
[[nodiscard]] inline std::vector<Location> grid_locations(Index count, Index side, Index width, Index height) {
  Index columns = 1;
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  while (static_cast<double>(columns * columns) < static_cast<double>(count) * aspect && columns < count) ++columns;
  const Index rows = (count + columns - 1) / columns;
  columns = (count + rows - 1) / rows;
  std::vector<Location> places;
  for (Index i = 0; i < count; ++i) {
    const Index row = i / columns, in_row = std::min(columns, count - row * columns);
    places.push_back({detail::location_of_corner(detail::grid_corner(i % columns, in_row, side, width), side, width),
                      detail::location_of_corner(detail::grid_corner(row, rows, side, height), side, height)});
  }
  return places;
}

/// The places at which a control policy looks, one for each glimpse: `random` with any zoom, `centre` with the widest,
/// the others at full resolution.
///
/// @param width, height  of the image, in pixels
/// @param region          where to look; only the oracle asks
/// @param key            only `random` draws; element i belongs to glimpse i
[[nodiscard]] inline std::vector<Location> control_locations(GlimpsePolicy policy, Index glimpses,
                                                             const GlimpseGeometry& sensor, Index width, Index height,
                                                             const Box& region, const RandomKey& key) {
  const Index side = sensor.side;
  std::vector<Location> places(static_cast<std::size_t>(glimpses));
  switch (policy) {
    case GlimpsePolicy::random:
      for (std::size_t i = 0; i < places.size(); ++i) {
        const math::PhiloxBlock block = math::random_block(key, static_cast<std::uint32_t>(i));
        const auto corner = [&](int word, Index extent) {
          const auto windows = static_cast<double>(std::max<Index>(extent - side, 0) + 1);
          return std::floor(math::unit_interval(block.word[word]) * windows);
        };
        places[i] = {detail::location_of_corner(corner(0, width), side, width),
                     detail::location_of_corner(corner(1, height), side, height),
                     detail::drawn_zoom(block, sensor.zooms)};
      }
      break;
    case GlimpsePolicy::grid:
      places = grid_locations(glimpses, side, width, height);
      break;
    case GlimpsePolicy::oracle:
      for (Location& place : places) {
        place.x =
            (2.0 * static_cast<double>(region.x) + static_cast<double>(region.width)) / static_cast<double>(width) -
            1.0;
        place.y =
            (2.0 * static_cast<double>(region.y) + static_cast<double>(region.height)) / static_cast<double>(height) -
            1.0;
      }
      break;
    case GlimpsePolicy::centre:
      for (Location& place : places) place.zoom = sensor.zooms - 1;
      break;
    case GlimpsePolicy::learned:
      throw ConfigError("control_locations: the learned policy is the model's own");
  }
  return places;
}

}  // namespace saccade
