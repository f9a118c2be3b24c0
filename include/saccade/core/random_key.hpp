#pragma once

#include <saccade/core/config.hpp>

#include <cstdint>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// Names of the independent random streams of a run, so that no two uses ever share a draw.
enum class RandomStream : std::uint32_t {
  initialization = 1,
  shuffle = 2,
  augmentation = 3,
  first_location = 4,
  location = 5,
  category = 6,
  split = 7,
  synthetic = 8,
  control_policy = 9,
  bootstrap = 10,
  clutter = 11,
  stain = 12,
  cell = 13,
  first_cell = 14,
  zoom = 15,
  first_zoom = 16,
  user = 1000,
};

/// Randomness as a value. Element i of a draw is a pure function of (seed, stream, counter, first + i): the same on
/// every backend, for any number of threads, and for any division of a batch over processes.
///
/// See math/philox.hpp for the generator.
struct RandomKey {
  std::uint64_t seed = 0;
  RandomStream stream = RandomStream::user;
  std::uint64_t counter = 0;  ///< which draw of the stream: step of the training and of the rollout, say
  std::uint32_t first = 0;    ///< index of element 0, where this process holds only a part of the batch
};

/// Of the zooms that are drawn beside places, for which an image draws two numbers of `key`.
[[nodiscard]] constexpr RandomKey zoom_key(RandomKey key) {
  key.stream = key.stream == RandomStream::first_location ? RandomStream::first_zoom : RandomStream::zoom;
  key.first /= 2;
  return key;
}

/// Where a body of work that is repeated stands in its random streams. Every key that the body draws with has a counter
/// that is `counter` plus something that stays the same from one repetition to the next.
struct StepCount {
  std::uint64_t counter = 0;
  std::uint64_t stride = 1;  ///< how far the next repetition's `counter` usually is; 0 where nothing is drawn
};

}  // namespace saccade
