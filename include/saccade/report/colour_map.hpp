#pragma once

#include <saccade/report/canvas.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

/// Colour maps whose brightness rises evenly, so that they read in grey and with any kind of colour blindness.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

/// Linear interpolation in a table of equidistant colours; `t` is clamped into [0, 1], NaN counts as 0.
template <std::size_t N>
Colour interpolate(const std::array<Colour, N>& table, double t) {
  const double place = (t > 0 ? std::min(t, 1.0) : 0.0) * static_cast<double>(N - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(place), N - 2);
  return mix(table[below], table[below + 1], place - static_cast<double>(below));
}

}  // namespace detail

/// Dark violet over blue and green to yellow, for time. `t` is clamped into [0, 1].
/// Source: "viridis" of van der Walt and Smith (matplotlib, CC0), sampled at nine places.
[[nodiscard]] inline Colour viridis(double t) {
  static constexpr std::array<Colour, 9> table{{{0x44, 0x01, 0x54},
                                                {0x47, 0x2D, 0x7B},
                                                {0x3B, 0x52, 0x8B},
                                                {0x2C, 0x72, 0x8E},
                                                {0x21, 0x91, 0x8C},
                                                {0x28, 0xAE, 0x80},
                                                {0x5E, 0xC9, 0x62},
                                                {0xAD, 0xDC, 0x30},
                                                {0xFD, 0xE7, 0x25}}};
  return detail::interpolate(table, t);
}

/// Black over violet, red and orange to pale yellow, for heat. `t` is clamped into [0, 1].
/// Source: "inferno" of van der Walt and Smith (matplotlib, CC0), sampled at nine places.
[[nodiscard]] inline Colour inferno(double t) {
  static constexpr std::array<Colour, 9> table{{{0x00, 0x00, 0x04},
                                                {0x21, 0x0C, 0x4A},
                                                {0x56, 0x10, 0x6E},
                                                {0x89, 0x22, 0x6A},
                                                {0xBB, 0x37, 0x54},
                                                {0xE3, 0x59, 0x33},
                                                {0xF9, 0x8C, 0x0A},
                                                {0xF9, 0xC9, 0x32},
                                                {0xFC, 0xFF, 0xA4}}};
  return detail::interpolate(table, t);
}

/// The colour of step `step` (from 0) of `steps`: the part of viridis, from blue-green to yellow, that neither the pink
/// and violet of a stained slide nor a dark outline swallows.
[[nodiscard]] inline Colour time_colour(std::size_t step, std::size_t steps) {
  const double t = steps > 1 ? static_cast<double>(step) / static_cast<double>(steps - 1) : 0.0;
  return viridis(0.45 + 0.55 * t);
}

/// Colours for series in one chart, told apart with any kind of colour blindness; repeats after seven.
/// Source: Okabe and Ito 2008, without the yellow, which is too pale for lines on white.
[[nodiscard]] inline Colour series_colour(std::size_t series) {
  static constexpr std::array<Colour, 7> table{
      {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}, {0, 0, 0}}};
  return table[series % table.size()];
}

}  // namespace saccade::report
