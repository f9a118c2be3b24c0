#pragma once

#include <saccade/core/random_key.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace saccade::inline SACCADE_NAMESPACE {

/// How a rollout takes its locations from the policy's distributions.
enum class Locations {
  sample,  ///< drawn, as in training
  mode,    ///< the most probable ones: the deterministic rollout that results are reported with
  given,   ///< those that stand in the episode already: of control policies, of a rollout before, of tests
};

struct RolloutOptions {
  Locations locations = Locations::mode;
  std::uint64_t seed = 0;     ///< of every draw
  std::uint64_t counter = 0;  ///< which rollout of the run: the same counter draws the same
  std::uint32_t first = 0;  ///< number of the batch's first image in a larger set: an image draws the same in any batch
  std::optional<double> sigma{};  ///< of the policy's draws; without it that of its configuration
  bool first_given = false;       ///< the first location stands in the episode already, as with Locations::given
  /// Whether the episode was rolled out over the same images and locations before: an encoder that never changes is
  /// then not asked again.
  bool repeated = false;
};

/// Draw number t of a stream in a rollout.
[[nodiscard]] constexpr RandomKey rollout_key(const RolloutOptions& options, RandomStream stream, std::size_t t) {
  return {options.seed, stream, (options.counter << 8) | t, 2 * options.first};  // two numbers an image at most
}

/// Where a rollout stands in its streams, for ops::run_step: that of the next counter has other draws at the same
/// places.
[[nodiscard]] constexpr StepCount step_count(const RolloutOptions& options) { return {options.counter << 8, 1 << 8}; }

/// Which part of a model learns from a batch of rollouts.
enum class LearnedPart {
  all,
  classifier,  ///< all but the policy, whose glimpses these were not, or which is held as it is
  policy,      ///< the policy alone; nothing is sent back into the rest
};

}  // namespace saccade
