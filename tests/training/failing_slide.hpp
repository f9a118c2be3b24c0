#pragma once

#include <saccade/core/unreadable_error.hpp>

#include "support/slide.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace saccade_test {

/// Fails from read number `sound` on, where that is at least 0.
struct FailingSlide {
  Slide slide;
  std::string name;
  int sound = -1;
  int reason = 0;  ///< errno of an UnreadableError; 0: a plain FileError
  std::shared_ptr<std::atomic<int>> reads = std::make_shared<std::atomic<int>>(0);

  [[nodiscard]] saccade::Index width() const { return slide.width(); }
  [[nodiscard]] saccade::Index height() const { return slide.height(); }
  void read_region(saccade::Index x, saccade::Index y, saccade::Index width, saccade::Index height,
                   saccade::Index reduction, std::span<std::uint8_t> pixels) const {
    if (const int read = (*reads)++; sound >= 0 && read >= sound) {
      if (reason != 0) throw saccade::UnreadableError(name + ": out of reach", reason);
      throw saccade::FileError(name + ": a tile is damaged");
    }
    slide.read_region(x, y, width, height, reduction, pixels);
  }
};

}  // namespace saccade_test
