#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/image.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

/// Drawing on an RgbImage. Nothing here throws for things outside the image: they are clipped.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// An opaque sRGB colour.
struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend constexpr bool operator==(const Colour&, const Colour&) = default;
};

inline constexpr Colour black{0, 0, 0};
inline constexpr Colour white{255, 255, 255};

/// A place in the plane of the image: pixel (i, j) covers [i, i + 1) x [j, j + 1), its centre is (i + 0.5, j + 0.5).
struct Point {
  double x = 0;
  double y = 0;
};

/// The centre of a box of whole pixels.
[[nodiscard]] inline Point centre(const Box& box) {
  return {static_cast<double>(box.x) + 0.5 * static_cast<double>(box.width),
          static_cast<double>(box.y) + 0.5 * static_cast<double>(box.height)};
}

/// (1 - t) * from + t * to by channel, rounded; `t` in [0, 1].
[[nodiscard]] inline Colour mix(Colour from, Colour to, double t) {
  const auto channel = [t](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>((1 - t) * a + t * b + 0.5);
  };
  return {channel(from.red, to.red), channel(from.green, to.green), channel(from.blue, to.blue)};
}

/// Relative brightness in [0, 1], on gamma-encoded values (Rec. 601).
[[nodiscard]] inline double luma(Colour colour) {
  return (0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue) / 255;
}

/// The colour of the pixel (x, y), which must lie in the image.
[[nodiscard]] inline Colour pixel(const RgbImage& image, Index x, Index y) {
  const std::uint8_t* p = image.at(x, y);
  return {p[0], p[1], p[2]};
}

/// Lays `colour` with opacity `alpha` in [0, 1] over the pixel (x, y).
inline void blend_pixel(RgbImage& image, Index x, Index y, Colour colour, double alpha) {
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
  const Colour mixed = mix(pixel(image, x, y), colour, alpha);
  std::uint8_t* p = image.at(x, y);
  p[0] = mixed.red;
  p[1] = mixed.green;
  p[2] = mixed.blue;
}

namespace detail {

/// floor(value) clamped into [0, limit]; 0 for NaN, so that no coordinate can overflow the conversion.
inline Index clip(double value, Index limit) {
  if (!(value > 0)) return 0;
  return value >= static_cast<double>(limit) ? limit : static_cast<Index>(value);
}

/// Fills the shape whose signed distance (pixels, negative inside) is `distance(point)`, anti-aliased by the distance
/// of the pixel centre; only pixels that touch the rectangle from `low` to `high` are visited.
template <class Distance>
void fill_shape(RgbImage& image, Point low, Point high, Colour colour, double alpha, const Distance& distance) {
  const Index left = clip(low.x, image.width), right = clip(high.x + 1, image.width);
  const Index top = clip(low.y, image.height), bottom = clip(high.y + 1, image.height);
  for (Index y = top; y < bottom; ++y) {
    for (Index x = left; x < right; ++x) {
      const double inside = 0.5 - distance(Point{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5});
      if (inside > 0) blend_pixel(image, x, y, colour, alpha * std::min(inside, 1.0));
    }
  }
}

/// Distance from `point` to the segment from `a` to `b`, which may be one point.
inline double segment_distance(Point point, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double px = point.x - a.x, py = point.y - a.y;
  const double length_squared = dx * dx + dy * dy;
  const double t = length_squared > 0 ? std::clamp((px * dx + py * dy) / length_squared, 0.0, 1.0) : 0.0;
  return std::sqrt((px - t * dx) * (px - t * dx) + (py - t * dy) * (py - t * dy));
}

}  // namespace detail

/// A straight line with round ends, `thickness` pixels wide.
inline void draw_line(RgbImage& image, Point from, Point to, double thickness, Colour colour, double alpha = 1) {
  const double radius = 0.5 * thickness;
  detail::fill_shape(image, {std::min(from.x, to.x) - radius - 1, std::min(from.y, to.y) - radius - 1},
                     {std::max(from.x, to.x) + radius + 1, std::max(from.y, to.y) + radius + 1}, colour, alpha,
                     [=](Point p) { return detail::segment_distance(p, from, to) - radius; });
}

/// A filled disc.
inline void fill_disc(RgbImage& image, Point middle, double radius, Colour colour, double alpha = 1) {
  draw_line(image, middle, middle, 2 * radius, colour, alpha);
}

/// A circle line, `thickness` pixels wide, centred on `radius`.
inline void draw_circle(RgbImage& image, Point middle, double radius, double thickness, Colour colour,
                        double alpha = 1) {
  const double reach = radius + 0.5 * thickness + 1;
  detail::fill_shape(
      image, {middle.x - reach, middle.y - reach}, {middle.x + reach, middle.y + reach}, colour, alpha,
      [=](Point p) { return std::abs(std::hypot(p.x - middle.x, p.y - middle.y) - radius) - 0.5 * thickness; });
}

/// Every pixel of `box`.
inline void fill_rectangle(RgbImage& image, const Box& box, Colour colour, double alpha = 1) {
  const Box visible = box.intersection({0, 0, image.width, image.height});
  for (Index y = visible.y; y < visible.y + visible.height; ++y) {
    for (Index x = visible.x; x < visible.x + visible.width; ++x) blend_pixel(image, x, y, colour, alpha);
  }
}

/// The border line of `box`, `thickness` pixels wide, half of it inside and half outside, corners rounded outside.
inline void draw_rectangle(RgbImage& image, const Box& box, double thickness, Colour colour, double alpha = 1) {
  if (box.area() == 0) return;
  const Point middle = centre(box);
  const double half_width = 0.5 * static_cast<double>(box.width), half_height = 0.5 * static_cast<double>(box.height);
  const double radius = 0.5 * thickness;
  const auto distance = [=](Point p) {
    const double dx = std::abs(p.x - middle.x) - half_width, dy = std::abs(p.y - middle.y) - half_height;
    const double outside = std::hypot(std::max(dx, 0.0), std::max(dy, 0.0));
    return std::abs(outside + std::min(std::max(dx, dy), 0.0)) - radius;
  };
  // Four strips that do not overlap, so that a large box does not cost its whole area and alpha is laid on once.
  const double reach = std::ceil(radius + 1);
  const double left = middle.x - half_width, right = middle.x + half_width;
  const double top = middle.y - half_height, bottom = middle.y + half_height;
  const double split_low = std::min(top + reach, std::floor(middle.y));
  const double split_high = std::max(bottom - reach, split_low);
  const double side_low = std::min(left + reach, std::floor(middle.x));
  const double side_high = std::max(right - reach, side_low);
  detail::fill_shape(image, {left - reach, top - reach}, {right + reach, split_low - 1}, colour, alpha, distance);
  detail::fill_shape(image, {left - reach, split_high}, {right + reach, bottom + reach}, colour, alpha, distance);
  detail::fill_shape(image, {left - reach, split_low}, {side_low - 1, split_high - 1}, colour, alpha, distance);
  detail::fill_shape(image, {side_high, split_low}, {right + reach, split_high - 1}, colour, alpha, distance);
}

/// Copies `source` with its top left pixel at (x, y).
inline void paste(RgbImage& image, Index x, Index y, const RgbImage& source) {
  const Box visible = Box{x, y, source.width, source.height}.intersection({0, 0, image.width, image.height});
  if (visible.area() == 0) return;
  for (Index row = visible.y; row < visible.y + visible.height; ++row) {
    std::memcpy(image.at(visible.x, row), source.at(visible.x - x, row - y),
                static_cast<std::size_t>(visible.width * image_channels));
  }
}

/// The pixels of `box`; black where it reaches beyond the image.
[[nodiscard]] inline RgbImage crop(const RgbImage& image, const Box& box) {
  RgbImage result(std::max<Index>(box.width, 0), std::max<Index>(box.height, 0));
  paste(result, -box.x, -box.y, image);
  return result;
}

/// Every channel replaced by the luma of the pixel.
[[nodiscard]] inline RgbImage to_grey(RgbImage image) {
  for (Index y = 0; y < image.height; ++y) {
    for (Index x = 0; x < image.width; ++x) {
      std::fill_n(image.at(x, y), image_channels,
                  static_cast<std::uint8_t>(std::lround(255 * luma(pixel(image, x, y)))));
    }
  }
  return image;
}

/// A view of the image at another size: bilinear interpolation where it grows, the matching triangle filter where it
/// shrinks, so that fine texture is averaged instead of aliased. Both sides of both images must be positive.
[[nodiscard]] inline RgbImage resize(const RgbImage& image, Index width, Index height) {
  if (width == image.width && height == image.height) return image;
  struct Taps {
    Index first;
    std::vector<float> weights;
  };
  const auto taps_of = [](Index from, Index to) {
    const double step = static_cast<double>(from) / static_cast<double>(to);
    const double support = std::max(step, 1.0);
    std::vector<Taps> taps(static_cast<std::size_t>(to));
    for (Index i = 0; i < to; ++i) {
      const double middle = (static_cast<double>(i) + 0.5) * step - 0.5;
      const Index low = std::max<Index>(static_cast<Index>(std::ceil(middle - support)), 0);
      const Index high = std::min(static_cast<Index>(std::floor(middle + support)), from - 1);
      Taps& tap = taps[static_cast<std::size_t>(i)];
      tap.first = low;
      double total = 0;
      for (Index k = low; k <= high; ++k) {
        const double weight = 1 - std::abs(static_cast<double>(k) - middle) / support;
        tap.weights.push_back(static_cast<float>(weight));
        total += weight;
      }
      for (float& weight : tap.weights) weight = static_cast<float>(static_cast<double>(weight) / total);
    }
    return taps;
  };
  const std::vector<Taps> columns = taps_of(image.width, width), rows = taps_of(image.height, height);

  std::vector<float> wide(static_cast<std::size_t>(image.height * width * image_channels));  // (H, width, 3)
  float* out = wide.data();
  for (Index y = 0; y < image.height; ++y) {
    for (const Taps& tap : columns) {
      std::array<float, image_channels> sum{};
      const std::uint8_t* in = image.at(tap.first, y);
      for (const float weight : tap.weights) {
        for (float& channel : sum) channel += weight * static_cast<float>(*in++);
      }
      out = std::copy(sum.begin(), sum.end(), out);
    }
  }

  RgbImage result(width, height);
  const Index stride = width * image_channels;
  std::vector<float> sum(static_cast<std::size_t>(stride));
  for (Index y = 0; y < height; ++y) {
    const Taps& tap = rows[static_cast<std::size_t>(y)];
    std::fill(sum.begin(), sum.end(), 0.5F);
    const float* in = wide.data() + tap.first * stride;
    for (const float weight : tap.weights) {
      for (float& channel : sum) channel += weight * *in++;
    }
    std::transform(sum.begin(), sum.end(), result.at(0, y),
                   [](float value) { return static_cast<std::uint8_t>(std::min(value, 255.0F)); });
  }
  return result;
}

}  // namespace saccade::report
