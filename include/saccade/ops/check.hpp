#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/geometry.hpp>
#include <saccade/core/number_text.hpp>
#include <saccade/core/shape.hpp>

#include <string>
#include <string_view>

/// Checks shared by the front doors. None of them builds a string, so allocates, unless it throws.
namespace saccade::inline SACCADE_NAMESPACE::ops::detail {

/// Throws ConfigError unless `holds`: "sample_gaussian: sigma must be positive, but is 0".
inline void expect_argument(bool holds, std::string_view operation, std::string_view rule, double value) {
  if (holds) return;
  throw ConfigError(std::string(operation) + ": " + std::string(rule) + ", but is " + short_text(value));
}

/// Throws ShapeError unless `shape` has at least one axis, of channels.
inline void expect_channels(std::string_view operation, std::string_view operand, const Shape& shape) {
  if (shape.rank() >= 1) return;
  throw ShapeError(std::string(operation) + ": " + std::string(operand) + " must be (..., C), but is " +
                   to_string(shape));
}

/// Throws ShapeError unless `shape` is a (B, H, W, C) whose images have at least one pixel.
inline void expect_images(std::string_view operation, std::string_view operand, std::string_view symbols,
                          const Shape& shape) {
  expect_rank(operation, operand, symbols, 4, shape);
  if (shape[1] >= 1 && shape[2] >= 1) return;
  throw ShapeError(std::string(operation) + ": " + std::string(operand) + " " + std::string(symbols) +
                   " must have at least one pixel, but is " + to_string(shape));
}

/// Throws ShapeError unless a window of `width` x `height` fits into the padded image.
inline void expect_window_fits(std::string_view operation, Index width, Index height, const Padding& padding,
                               const Shape& image) {
  if (width <= image[2] + padding.left + padding.right && height <= image[1] + padding.top + padding.bottom) return;
  throw ShapeError(std::string(operation) + ": the window of " + std::to_string(width) + " x " +
                   std::to_string(height) + " is larger than the image " + to_string(image) + " with padding " +
                   to_string(padding));
}

/// Throws ConfigError unless `low` <= `high`.
inline void expect_ordered(std::string_view operation, double low, double high) {
  if (low <= high) return;
  throw ConfigError(std::string(operation) + ": low must not be above high, but they are " + short_text(low) +
                    " and " + short_text(high));
}

/// Throws ShapeError unless `shape` is a (B, K) of at least one class.
inline void expect_scores(std::string_view operation, std::string_view operand, const Shape& shape) {
  expect_rank(operation, operand, "(B, K)", 2, shape);
  if (shape[1] >= 1) return;
  throw ShapeError(std::string(operation) + ": " + std::string(operand) +
                   " (B, K) must have at least one class, but is " + to_string(shape));
}

}  // namespace saccade::ops::detail
