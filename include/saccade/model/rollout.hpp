#pragma once

#include <saccade/core/random_key.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace saccade::inline SACCADE_NAMESPACE {

/// Where the glimpses of a rollout come from.
enum class Locations {
  sample,  ///< drawn around the policy's means, as in training
  mean,    ///< the policy's means: the deterministic rollout that results are reported with
  given,   ///< those that set_locations has put into the episode: control policies, tests
};

struct RolloutOptions {
  Locations locations = Locations::mean;
  std::uint64_t seed = 0;     ///< of every draw
  std::uint64_t counter = 0;  ///< which rollout of the run: the same counter draws the same
  std::uint32_t first = 0;  ///< number of the batch's first image in a larger set: an image draws the same in any batch
  std::optional<double> sigma{};  ///< of the draws around the means; without it that of the policy's configuration
};

/// Draw number t of a stream in a rollout.
[[nodiscard]] constexpr RandomKey rollout_key(const RolloutOptions& options, RandomStream stream, std::size_t t) {
  return {options.seed, stream, (options.counter << 8) | t, 2 * options.first};  // two numbers an image at most
}

/// Where a rollout stands in its streams, for ops::run_step: that of the next counter has other draws at the same
/// places.
[[nodiscard]] constexpr StepCount step_count(const RolloutOptions& options) { return {options.counter << 8, 1 << 8}; }

/// Which terms backpropagation follows: all; all but the policy's, where the glimpses did not come from the policy; or
/// the policy's only, and those into the policy's own parameters only.
enum class PolicyTerms { included, excluded, only };

}  // namespace saccade
