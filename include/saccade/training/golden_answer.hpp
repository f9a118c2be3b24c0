#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/core/image.hpp>
#include <saccade/math/random_sequence.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// An image and what a model makes of it in evaluation mode. Kept beside the weights and compared when they are loaded,
/// it finds whatever changes a model's answer: a wrong backend, another rounding of coordinates, an edited file.
struct GoldenAnswer {
  RgbImage image;
  std::vector<double> locations;      ///< (T, 2)  the places looked at, or that would be looked at
  std::vector<double> probabilities;  ///< (T, K)  of each class, after each glimpse
};

/// Noise, the same for ever; wider than high, and larger than a glimpse of `side` pixels.
[[nodiscard]] inline RgbImage golden_image(Index side) {
  RgbImage image(2 * side, 2 * side - side / 2);
  math::RandomSequence random(RandomKey{});
  for (std::uint8_t& byte : image.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  return image;
}

/// The answer for one image. With `given`, (T, L), the model looks there, and `locations` are those that its policy
/// would have chosen; otherwise it goes where its policy says.
///
/// @param episode  memory of one image in evaluation mode, with whatever it holds
template <Backend B, class Model>
[[nodiscard]] GoldenAnswer golden_answer(B& b, const Model& model, const typename Model::Parameters& parameters,
                                         typename Model::Statistics& statistics, typename Model::Episode& episode,
                                         RgbImage image, std::span<const double> given = {}) {
  const auto size = static_cast<std::size_t>(model.config().sensor.location_size());
  for (std::size_t t = 0; t * size < given.size(); ++t) {
    std::vector<Scalar<B>> place;
    for (const double number : given.subspan(t * size, size)) place.push_back(static_cast<Scalar<B>>(number));
    model.set_locations(b, episode, static_cast<Index>(t), std::span<const Scalar<B>>(place));
  }
  const Image<B> handle = b.make_image(image.view());
  const std::array<OrientedImage<B>, 1> batch{{{&handle}}};
  const RolloutOptions options{.locations = given.empty() ? Locations::mode : Locations::given};
  model.rollout(b, parameters, statistics, ImageBatch<B>(batch), options, episode);

  GoldenAnswer answer{std::move(image), {}, {}};
  for (std::size_t t = 0; t < episode.steps.size(); ++t) {
    const auto place = to_vector(b, episode.mode_of(t));
    for (std::size_t i = 0; i < place.size(); ++i) {
      const auto number = static_cast<double>(place[i]);
      answer.locations.push_back(i < 2 ? std::clamp(number, -1.0, 1.0) : number);
    }
    const auto probabilities = to_vector(b, episode.steps[t].probabilities);
    answer.probabilities.insert(answer.probabilities.end(), probabilities.begin(), probabilities.end());
  }
  return answer;
}

/// How far a model's answer is from a recorded one of the same shape: the largest difference of a probability or of a
/// coordinate of the policy's choice. Infinite where a number is not finite.
///
/// The model looks where it looked then: a coordinate that rounds to the next pixel on another backend moves the whole
/// glimpse, and the answer would say more about the rounding than about the weights.
template <Backend B, class Model>
[[nodiscard]] double distance_from(const GoldenAnswer& recorded, B& b, const Model& model,
                                   const typename Model::Parameters& parameters, typename Model::Statistics& statistics,
                                   typename Model::Episode& episode) {
  const GoldenAnswer now = golden_answer(b, model, parameters, statistics, episode, recorded.image, recorded.locations);
  double largest = 0;
  const auto compare = [&](const std::vector<double>& then, const std::vector<double>& values) {
    for (std::size_t i = 0; i < then.size(); ++i) {
      const double difference = std::abs(then[i] - values[i]);
      largest = std::isfinite(difference) ? std::max(largest, difference) : HUGE_VAL;
    }
  };
  compare(recorded.locations, now.locations);
  compare(recorded.probabilities, now.probabilities);
  return largest;
}

}  // namespace saccade
