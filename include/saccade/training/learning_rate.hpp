#pragma once

#include <saccade/core/config.hpp>

#include <cmath>
#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE {

/// Exponential decay by epoch: rate(e) = initial * decay^e, never below `floor`. Source: Xu et al. 2019, section 3.
struct ExponentialDecay {
  double initial = 0.01;
  double decay = 0.98;
  double floor = 0.0;

  [[nodiscard]] double at(std::int64_t epoch) const {
    const double rate = initial * std::pow(decay, static_cast<double>(epoch));
    return rate > floor ? rate : floor;
  }
};

}  // namespace saccade
