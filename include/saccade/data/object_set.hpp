#pragma once

#include <saccade/core/shape.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Small grey pictures of one object each on black, all of one size, with their classes.
struct ObjectSet {
  Index width = 0;                   ///< pixels
  Index height = 0;                  ///< pixels
  std::vector<std::uint8_t> pixels;  ///< (count, height, width), row-major
  std::vector<Index> labels;         ///< (count), from 0

  [[nodiscard]] Index count() const { return static_cast<Index>(labels.size()); }

  /// The pixels of object number `object`, (height, width).
  [[nodiscard]] std::span<const std::uint8_t> object(Index object) const {
    return std::span(pixels).subspan(static_cast<std::size_t>(object * width * height),
                                     static_cast<std::size_t>(width * height));
  }
};

}  // namespace saccade::data
