#pragma once

#include <saccade/core/config.hpp>

#include <optional>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// What full resolution means of a whole slide: as scanned where neither is given, else a half, a quarter, ... of that.
struct SlideResolution {
  std::optional<double> microns_per_pixel{};
  std::optional<double> magnification{};  ///< of the objective: 40, 20, ...

  [[nodiscard]] bool as_scanned() const { return !microns_per_pixel && !magnification; }

  friend bool operator==(const SlideResolution&, const SlideResolution&) = default;
};

}  // namespace saccade
