#pragma once

#include <saccade/core/error.hpp>
#include <saccade/report/colour_map.hpp>
#include <saccade/report/text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// Where a classifier looked, drawn over its image. The types are plain data, so that any model can fill them.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// A soft attention mask: row-major values (height, width), in [0, 1] for a sigmoid. Empty: none.
struct Mask {
  Index width = 0;
  Index height = 0;
  std::vector<float> values{};  ///< (height, width)
};

/// One look of a classifier at an image.
struct GlimpseStep {
  Box box{};                                 ///< pixels of the image at the finest scale
  std::vector<Box> coarser{};                ///< the same place at the coarser scales; may be empty
  RgbImage patch{};                          ///< what was seen at the finest scale; empty: cut from the image
  Mask mask{};                               ///< over `box`; may be empty
  std::vector<float> class_probabilities{};  ///< after this step; may be empty
  Box window{};                              ///< the box at full resolution, where the image is an overview
};

/// Values of a mask that get the first and the last colour of the map.
struct MaskRange {
  double low = 0;
  double high = 1;
};

/// The mask at (u, v) in [0, 1] x [0, 1], the outer edges of the box that it covers: bilinear between the centres of
/// its cells, constant beyond the outermost ones.
[[nodiscard]] inline double sample_mask(const Mask& mask, double u, double v) {
  struct Side {
    std::size_t low, high;
    double t;
  };
  const auto side = [](double place, Index extent) {
    const double last = static_cast<double>(extent - 1);
    const double position = std::clamp(place * static_cast<double>(extent) - 0.5, 0.0, last);
    const double low = std::floor(position);
    return Side{static_cast<std::size_t>(low), static_cast<std::size_t>(std::min(low + 1, last)), position - low};
  };
  const Side x = side(u, mask.width), y = side(v, mask.height);
  const auto at = [&](std::size_t row, std::size_t column) {
    return static_cast<double>(mask.values[row * static_cast<std::size_t>(mask.width) + column]);
  };
  return (1 - y.t) * ((1 - x.t) * at(y.low, x.low) + x.t * at(y.low, x.high)) +
         y.t * ((1 - x.t) * at(y.high, x.low) + x.t * at(y.high, x.high));
}

/// Lays `mask` over `box` of the image as a heat map (`inferno` from `range.low` to `range.high`) of opacity `alpha`.
/// Pixels of the box beyond the image are skipped.
/// @throws ShapeError where the number of values is not height * width, or there are none
inline void draw_mask_heat(RgbImage& image, const Box& box, const Mask& mask, double alpha = 0.5,
                           MaskRange range = {}) {
  if (mask.width <= 0 || mask.height <= 0 || mask.values.size() != static_cast<std::size_t>(mask.width * mask.height)) {
    throw ShapeError("draw_mask_heat: mask must be (h, w) with h * w values, but is (" + std::to_string(mask.height) +
                     ", " + std::to_string(mask.width) + ") with " + std::to_string(mask.values.size()));
  }
  const double scale = range.high > range.low ? 1 / (range.high - range.low) : 1;
  const Box visible = box.intersection({0, 0, image.width, image.height});
  for (Index y = visible.y; y < visible.y + visible.height; ++y) {
    const double v = (static_cast<double>(y - box.y) + 0.5) / static_cast<double>(box.height);
    for (Index x = visible.x; x < visible.x + visible.width; ++x) {
      const double u = (static_cast<double>(x - box.x) + 0.5) / static_cast<double>(box.width);
      blend_pixel(image, x, y, inferno((sample_mask(mask, u, v) - range.low) * scale), alpha);
    }
  }
}

namespace detail {

inline constexpr Colour outline{24, 20, 32};  // dark lines below every coloured one, legible on pink and on white

/// A round badge with a number in the colour of its step. The first one carries a white ring.
inline void draw_badge(RgbImage& image, Point middle, double radius, std::size_t step, std::size_t steps) {
  const Colour colour = time_colour(step, steps);
  if (step == 0) fill_disc(image, middle, radius + 4, outline);
  fill_disc(image, middle, radius + (step == 0 ? 2.5 : 1.5), step == 0 ? white : outline);
  fill_disc(image, middle, radius, colour);
  const std::string number = std::to_string(step + 1);
  const Index scale = number.size() < 2 ? 2 : 1;
  draw_text(image, std::lround(middle.x - 0.5 * static_cast<double>(text_width(number, scale))),
            std::lround(middle.y - 0.5 * static_cast<double>(capital_height(scale))), number,
            {.scale = scale, .colour = luma(colour) > 0.38 ? black : white});
}

/// A place for the badge of `box`: the first of its corners and edge middles that lies in the image and clear of the
/// badges already `taken`; the first corner inside the image where all are taken.
inline Point badge_place(const RgbImage& image, const Box& box, double radius, const std::vector<Point>& taken) {
  const double left = static_cast<double>(box.x), right = left + static_cast<double>(box.width);
  const double top = static_cast<double>(box.y), bottom = top + static_cast<double>(box.height);
  const Point middle = centre(box);
  const std::array<Point, 8> places{{{left, top},
                                     {right, top},
                                     {right, bottom},
                                     {left, bottom},
                                     {middle.x, top},
                                     {right, middle.y},
                                     {middle.x, bottom},
                                     {left, middle.y}}};
  const double margin = radius + 4;
  const auto inside = [&](Point p) {
    return Point{std::clamp(p.x, margin, std::max(margin, static_cast<double>(image.width) - margin)),
                 std::clamp(p.y, margin, std::max(margin, static_cast<double>(image.height) - margin))};
  };
  for (const Point& place : places) {
    const Point p = inside(place);
    const auto clear = [&](Point other) { return std::hypot(other.x - p.x, other.y - p.y) > 2 * radius + 4; };
    if (std::all_of(taken.begin(), taken.end(), clear)) return p;
  }
  return inside(places[0]);
}

/// A line from one glimpse to the next with an arrow head in its middle.
inline void draw_arrow(RgbImage& image, Point from, Point to, double thickness, double widen, Colour colour) {
  draw_line(image, from, to, thickness + widen, colour);
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (length < 24) return;
  const double dx = (to.x - from.x) / length, dy = (to.y - from.y) / length;
  const Point tip{0.5 * (from.x + to.x) + 5 * dx, 0.5 * (from.y + to.y) + 5 * dy};
  for (const double side : {-1.0, 1.0}) {
    const Point wing{tip.x - 9 * dx - side * 6 * dy, tip.y - 9 * dy + side * 6 * dx};
    draw_line(image, tip, wing, thickness + widen, colour);
  }
}

}  // namespace detail

/// Draws the glimpses over the image in their order: boxes coloured by time (thin ones for the coarser scales), a path
/// with arrows between their centres, a numbered badge at each box, a white ring around the first one and around the
/// place where the path begins. All lines have a dark outline.
inline void draw_glimpse_path(RgbImage& image, std::span<const GlimpseStep> steps) {
  constexpr double badge_radius = 10;
  const std::size_t count = steps.size();
  for (std::size_t step = 0; step < count; ++step) {
    for (const Box& box : steps[step].coarser) draw_rectangle(image, box, 4, detail::outline, 0.5);
    for (const Box& box : steps[step].coarser) draw_rectangle(image, box, 2, time_colour(step, count), 0.8);
  }
  for (std::size_t step = 0; step < count; ++step) {
    draw_rectangle(image, steps[step].box, 6, detail::outline);
    draw_rectangle(image, steps[step].box, 3, time_colour(step, count));
  }
  for (const bool dark : {true, false}) {
    for (std::size_t step = 1; step < count; ++step) {
      detail::draw_arrow(image, centre(steps[step - 1].box), centre(steps[step].box), 2.5, dark ? 3 : 0,
                         dark ? detail::outline : time_colour(step, count));
    }
  }
  for (std::size_t step = 0; step < count; ++step) {
    const Point middle = centre(steps[step].box);
    fill_disc(image, middle, step == 0 ? 7.5 : 5.5, detail::outline);
    if (step == 0) fill_disc(image, middle, 6, white);
    fill_disc(image, middle, 4, time_colour(step, count));
  }
  std::vector<Point> taken;
  for (std::size_t step = 0; step < count; ++step) {
    taken.push_back(detail::badge_place(image, steps[step].box, badge_radius, taken));
    detail::draw_badge(image, taken.back(), badge_radius, step, count);
  }
}

/// A dashed white box with a dark outline around a region that is known to matter.
inline void draw_region_box(RgbImage& image, const Box& box) {
  draw_rectangle(image, box, 5, detail::outline);
  const Point low{static_cast<double>(box.x), static_cast<double>(box.y)};
  const Point high{low.x + static_cast<double>(box.width), low.y + static_cast<double>(box.height)};
  const auto dashes = [&](Point from, Point to) {
    constexpr double period = 12;
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    const double dx = (to.x - from.x) / length, dy = (to.y - from.y) / length;
    for (double start = 0; start < length; start += period) {
      const double end = std::min(start + 0.5 * period, length);
      draw_line(image, {from.x + start * dx, from.y + start * dy}, {from.x + end * dx, from.y + end * dy}, 2, white);
    }
  };
  if (box.area() == 0) return;
  dashes(low, {high.x, low.y});
  dashes({high.x, low.y}, high);
  dashes(high, {low.x, high.y});
  dashes({low.x, high.y}, low);
}

}  // namespace saccade::report
