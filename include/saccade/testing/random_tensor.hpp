#pragma once

#include <saccade/core/image.hpp>
#include <saccade/core/random_key.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/math/random_sequence.hpp>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

/// Test data: the same on every machine, and exact in every format down to 16 bits, so that a backend and its reference
/// see the same numbers. `name` and shape choose the draw.
namespace saccade::inline SACCADE_NAMESPACE::testing {

/// A stream of random words that belongs to a name.
[[nodiscard]] inline math::RandomSequence random_sequence(std::string_view name, std::uint64_t counter = 0) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211u;
  return math::RandomSequence({.seed = hash, .stream = RandomStream::user, .counter = counter});
}

/// Multiples of 1/64 in [-2, 2].
[[nodiscard]] inline std::vector<double> random_values(std::string_view name, const Shape& shape) {
  math::RandomSequence random = random_sequence(name, static_cast<std::uint64_t>(shape.size()));
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (double& value : values) value = random.between(-128, 128) / 64.0;
  return values;
}

/// Multiples of 1/64 in [1/2, 2]: variances, weights.
[[nodiscard]] inline std::vector<double> random_positive_values(std::string_view name, const Shape& shape) {
  math::RandomSequence random = random_sequence(name, static_cast<std::uint64_t>(shape.size()));
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (double& value : values) value = random.between(32, 128) / 64.0;
  return values;
}

/// All different and none near 0, so that a small step changes no sign and no order: inputs of functions with kinks.
[[nodiscard]] inline std::vector<double> random_distinct_values(std::string_view name, const Shape& shape) {
  const Index count = shape.size();
  std::vector<double> values(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) {
    values[static_cast<std::size_t>(i)] = (i < count / 2 ? -0.125 : 0.125) + static_cast<double>(i - count / 2) / 16;
  }
  math::RandomSequence random = random_sequence(name, static_cast<std::uint64_t>(count));
  math::shuffle(values, random);
  return values;
}

/// Rows of positive numbers that sum to 1, (B, K).
[[nodiscard]] inline std::vector<double> random_probabilities(std::string_view name, const Shape& shape) {
  std::vector<double> values = random_positive_values(name, shape);
  for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(shape.last())) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i), last = first + shape.last();
    const double sum = std::accumulate(first, last, 0.0);
    for (auto value = first; value != last; ++value) *value /= sum;
  }
  return values;
}

/// Whole numbers in [0, bound): labels.
[[nodiscard]] inline std::vector<double> random_indices(std::string_view name, const Shape& shape, Index bound) {
  math::RandomSequence random = random_sequence(name, static_cast<std::uint64_t>(shape.size()));
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (double& value : values) value = random.below(static_cast<std::uint64_t>(bound));
  return values;
}

/// An image of noise.
[[nodiscard]] inline RgbImage random_image(std::string_view name, Index width, Index height) {
  math::RandomSequence random = random_sequence(name, static_cast<std::uint64_t>(width * 65536 + height));
  RgbImage image(width, height);
  for (std::uint8_t& byte : image.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  return image;
}

}  // namespace saccade::testing
