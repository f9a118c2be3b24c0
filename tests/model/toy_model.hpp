#pragma once

#include <saccade/math/random_sequence.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/training/policy_gradient.hpp>

#include "support/gradient_check.hpp"

#include <cstdint>
#include <vector>

/// A whole model over the reference backend in double precision, small enough to differentiate number by number.
namespace saccade_test {

using saccade::Index;

inline saccade::RgbImage noise_image(Index width, Index height, std::uint64_t seed) {
  saccade::RgbImage image(width, height);
  saccade::math::RandomSequence random({.seed = seed});
  const int brightness = random.between(0, 127);
  for (auto& byte : image.pixels) byte = static_cast<std::uint8_t>(brightness + random.between(0, 128));
  return image;
}

inline saccade::HybridAttentionConfig toy_config() {
  saccade::HybridAttentionConfig config;
  config.classes = 3;
  config.glimpses = 3;
  config.sensor = {.side = 6, .scales = 2};
  config.encoder.width = 2;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.encoder.unit = saccade::UnitKind::basic;
  config.fusion_width = 5;
  config.hidden = 4;
  config.policy.sigma = 0.6;
  config.learner.weight = 0.7;
  return config;
}

template <class B>
struct ToyModelOn {
  using Model = saccade::HybridAttentionClassifier<B>;

  explicit ToyModelOn(const saccade::HybridAttentionConfig& config, Index batch = 4,
                      saccade::Mode mode = saccade::Mode::training)
      : model(config),
        parameters(model.make_parameters(b)),
        d_parameters(model.make_parameters(b)),
        statistics(model.make_statistics(b)),
        episode(model.make_episode(b, batch, mode)),
        learner(model.config().learner) {
    randomize_parameters(parameters, 11);
    saccade::initialize(b, statistics, 0);
    for (Index n = 0; n < batch; ++n) images.push_back(noise_image(30 + 4 * n, 20 + n, static_cast<std::uint64_t>(n)));
    for (const auto& image : images) views.push_back(image.view());
    for (const auto& view : views) oriented.push_back({&view});
    labels.assign(static_cast<std::size_t>(batch), 0);
  }
  ToyModelOn(const ToyModelOn&) = delete;
  ToyModelOn& operator=(const ToyModelOn&) = delete;

  void roll(const saccade::RolloutOptions& options) {
    model.rollout(b, parameters, statistics, oriented, options, episode);
  }

  /// Judges the answers, and what the policy has chosen, `rollouts` of each image.
  void score(const saccade::RolloutOptions& options, Index rollouts = 1) {
    model.score(b, std::span<const double>(labels), options, episode);
    judge(rollouts);
  }

  void judge(Index rollouts = 1) {
    auto work = learner.make_work(b, model, episode.batch / rollouts, rollouts);
    learner.judge(b, {model, parameters, statistics, oriented, episode}, work);
  }

  void backward(saccade::LearnedPart part = saccade::LearnedPart::all) {
    saccade::set_zero(b, d_parameters);
    model.backpropagate(b, parameters, episode, d_parameters, part);
  }

  /// Labels that make every other image right, by the most probable class of a rollout with these locations.
  void choose_labels(const saccade::RolloutOptions& options) {
    roll(options);
    Array classes = filled(episode.classes.shape, 0);
    b.most_probable(episode.last().probabilities, classes);
    for (std::size_t n = 0; n < labels.size(); ++n)
      labels[n] = n % 2 == 0 ? classes.values[n] : classes.values[n] == 0 ? 1 : 0;
  }

  /// Samples for every step, a third of them beyond the edges; zooms in turn.
  void give_locations(std::uint64_t seed) {
    const Index numbers = model.config().sensor.location_size(), zooms = model.config().sensor.zooms;
    for (Index t = 0; t < episode.size(); ++t) {
      Array sample = random_array({episode.batch, numbers}, seed + static_cast<std::uint64_t>(t), -1.5, 1.5);
      for (Index n = 0; numbers == 3 && n < episode.batch; ++n)
        sample.values[static_cast<std::size_t>(3 * n + 2)] = static_cast<double>((n + t) % zooms);
      model.set_locations(b, episode, t, std::span<const double>(sample.values));
    }
  }

  B b;
  Model model;
  typename Model::Parameters parameters, d_parameters;
  typename Model::Statistics statistics;
  typename Model::Episode episode;
  saccade::PolicyGradient<B, Model> learner;
  std::vector<saccade::RgbImage> images;
  std::vector<saccade::ImageView> views;
  std::vector<saccade::OrientedImage<B>> oriented;
  std::vector<double> labels;
};

using ToyModel = ToyModelOn<Reference>;

inline constexpr saccade::RolloutOptions given{.locations = saccade::Locations::given, .seed = 5};

/// Cross-entropy of the last answer - sum over decisions of advantage * ln pi, by the policy's own density, the
/// advantages held constant.
inline double density_surrogate(ToyModel& toy) {
  toy.roll(given);
  toy.model.score(toy.b, given, toy.episode);
  double loss = 0;
  for (const double value : toy.episode.last().loss.values) loss += value / static_cast<double>(toy.labels.size());
  Array density = filled({toy.episode.batch}, 0);
  for (std::size_t t = 0; t < toy.episode.steps.size(); ++t) {
    const auto& decision = toy.episode.decisions[t];
    if (!decision.policy) continue;
    toy.model.policy().log_density(toy.b, *decision.policy, toy.episode.workspace->policy, density);
    loss -= dot(decision.advantage, density);
  }
  return loss;
}

/// Draws a rollout, judges it and goes back through it: every parameter receives a gradient.
inline void check_all_receive_gradients(ToyModel& toy) {
  const saccade::RolloutOptions drawn{.locations = saccade::Locations::sample, .seed = 9};
  toy.choose_labels(drawn);
  toy.score(drawn);
  toy.backward();
  for (const auto& named : saccade::named_tensors<Reference>(toy.d_parameters)) {
    INFO(named.name << " receives a gradient");
    CHECK(norm(*named.tensor) > 1e-8);
  }
}

}  // namespace saccade_test
