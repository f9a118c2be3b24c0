#pragma once

#include <saccade/core/shape.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// Base of everything that the library throws. The text is one sentence: what was wrong, and what was expected.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A tensor has another shape than its operation needs.
struct ShapeError : Error {
  using Error::Error;
};

/// A configuration that cannot be built, or an option out of its range.
struct ConfigError : Error {
  using Error::Error;
};

/// A file or folder that is missing, unreadable, unwritable or corrupt. The text names it.
struct FileError : Error {
  using Error::Error;
};

/// A loss, gradient or parameter that is not finite.
struct NumericError : Error {
  using Error::Error;
};

}  // namespace saccade

namespace saccade::inline SACCADE_NAMESPACE {

/// Throws ShapeError unless `actual == expected`; the sentence reads
/// "crop_glimpses: patches must be (B, g, g, S*C) = (8, 112, 112, 3), but is (8, 112, 96, 3)".
inline void expect_shape(std::string_view operation, std::string_view operand, std::string_view symbols,
                         const Shape& expected, const Shape& actual) {
  if (actual == expected) return;
  throw ShapeError(std::string(operation) + ": " + std::string(operand) + " must be " + std::string(symbols) + " = " +
                   to_string(expected) + ", but is " + to_string(actual));
}

/// Throws ShapeError unless `actual` has the rank that `symbols` spells: "linear: x must be (M, K), but is (3)".
inline void expect_rank(std::string_view operation, std::string_view operand, std::string_view symbols,
                        std::size_t rank, const Shape& actual) {
  if (actual.rank() == rank) return;
  throw ShapeError(std::string(operation) + ": " + std::string(operand) + " must be " + std::string(symbols) +
                   ", but is " + to_string(actual));
}

/// Throws ConfigError with `sentence` unless `condition` holds.
inline void expect_config(bool condition, const std::string& sentence) {
  if (!condition) throw ConfigError(sentence);
}

}  // namespace saccade
