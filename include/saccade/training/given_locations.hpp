#pragma once

#include <saccade/model/glimpse_policy.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/model/tissue_locations.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/policy.hpp>

#include <cstddef>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Puts the locations of every step where Locations::given expects them: drawn evenly over the image, with any zoom, or
/// its centre, with the widest.
/// @param glimpses  random or centre
template <class B, class Episode>
void give_locations(B& b, const RolloutOptions& options, GlimpsePolicy glimpses, Episode& episode) {
  for (std::size_t t = 0; t < episode.steps.size(); ++t) {
    auto& location = episode.given(t);  // (B, L)
    auto& place = episode.zoomed ? episode.zoomed->place : location;
    const RandomKey key = rollout_key(options, RandomStream::first_location, t);
    if (glimpses == GlimpsePolicy::centre) {
      b.fill(Scalar<B>(0), place);
      if (episode.zoomed) episode.zoomed->widest(b);
    } else {
      ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), key, place);
      if (episode.zoomed) episode.zoomed->draw(b, key);
    }
    if (episode.zoomed) episode.zoomed->put(b, location);
  }
}

/// Whether the random glimpses of every step are drawn on tissue: then give_on_tissue gives them, before a recorded
/// body.
[[nodiscard]] constexpr bool draws_on_tissue(const HybridAttentionConfig& config, GlimpsePolicy glimpses) {
  return glimpses == GlimpsePolicy::random && config.random_locations == RandomLocations::tissue;
}

/// Puts the locations that a rollout of training draws on tissue where it expects them: of every step with random
/// glimpses, the first one of the policy's. @returns options of a rollout that finds them there
/// @param values  scratch
/// @throws ConfigError as tissue_location does
template <class B, class Episode>
[[nodiscard]] RolloutOptions give_on_tissue(B& b, const HybridAttentionConfig& config, ImageBatch<B> images,
                                            GlimpsePolicy glimpses, RolloutOptions options,
                                            std::vector<Scalar<B>>& values, Episode& episode) {
  const bool learned = glimpses == GlimpsePolicy::learned;
  const auto place = [&](std::size_t t) {
    place_on_tissue(b, images, rollout_key(options, RandomStream::first_location, t), config.sensor, learned, values,
                    episode.given(t));
  };
  if (draws_on_tissue(config, glimpses)) {
    for (std::size_t t = 0; t < episode.steps.size(); ++t) place(t);
  } else if (learned && begins_on_tissue(config)) {
    place(0);
    options.first_given = true;
  }
  return options;
}

}  // namespace saccade
