#pragma once

#include <saccade/model/glimpse_policy.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/policy.hpp>

#include <cstddef>

namespace saccade::inline SACCADE_NAMESPACE {

/// Puts the locations of every step where Locations::given expects them: drawn evenly over the image, or its centre.
/// @param glimpses  random or centre
template <class B, class Episode>
void give_locations(B& b, const RolloutOptions& options, GlimpsePolicy glimpses, Episode& episode) {
  for (std::size_t t = 0; t < episode.steps.size(); ++t) {
    auto& place = episode.given(t);  // (B, 2)
    if (glimpses == GlimpsePolicy::centre) {
      b.fill(Scalar<B>(0), place);
      continue;
    }
    ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), rollout_key(options, RandomStream::first_location, t), place);
  }
}

}  // namespace saccade
