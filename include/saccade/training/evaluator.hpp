#pragma once

#include <saccade/core/box.hpp>
#include <saccade/math/glimpse.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/model/feature_store.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/model/kept_features.hpp>
#include <saccade/model/tissue_locations.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/step.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// What a glance at a whole image has read.
struct Thumbnail {
  Box window{};    ///< pixels of the image that it shows, and what is around them
  Index side = 0;  ///< its own pixels
};

/// What a model said of one image, and where it looked: places in the image as it is seen, through its symmetry.
struct Prediction {
  std::vector<std::vector<double>> probabilities;  ///< of each class, after each glimpse
  std::vector<Location> locations;                 ///< of each glimpse
  std::vector<std::vector<Box>> windows;           ///< of each glimpse, at each scale, finest first; may reach outside
  std::vector<double> values{};                    ///< by a ValueHead, of the state after each glimpse, or none
  std::vector<Thumbnail> thumbnails{};             ///< that the locations were chosen by: one a rollout, or none

  /// The class of the last answer; the first of equals.
  [[nodiscard]] Index answer() const {
    const auto& last = probabilities.back();
    return std::max_element(last.begin(), last.end()) - last.begin();
  }
};

/// Runs a model in evaluation mode over images in batches of one size: the memory is sized once, and an image's answer
/// does not depend on the batch that it is in. The parts are passed in each time and belong to the caller; their
/// tensors are filled anew, not replaced, for a backend that is ops::RecordedStep knows where they were. A batch with a
/// streamed image in it has the same answers and is not recorded.
template <Backend B, class Model = HybridAttentionClassifier<B>>
class Evaluator {
 public:
  using Episode = typename Model::Episode;

  /// @param keep  every_step to look at each glimpse's activations, its mask say, in the observer
  Evaluator(B& b, const Model& model, Index batch, Activations keep = Activations::last_step);

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] Index batch() const { return episode_.batch; }

  /// The last batch's activations.
  [[nodiscard]] Episode& episode() { return episode_; }

  /// Takes what the encoder's backbone makes of glimpses from `store` from now on, and puts it there, whenever these
  /// parameters and statistics are asked for: of the backbone's they must stay as they are. The answers are the same.
  /// @throws ConfigError as KeptFeatures does
  void keep_features(std::shared_ptr<FeatureStore<Scalar<B>>> store, const typename Model::Parameters& parameters,
                     typename Model::Statistics& statistics) requires has_partly_frozen_encoder<Model, B> {
    kept_features_ = std::make_unique<KeptFeatures<B, Model>>(*b_, *model_, parameters, statistics, std::move(store),
                                                              Mode::evaluation);
    kept_for_ = &parameters;
  }

  /// Predictions for at most `batch()` images, resident or streamed.
  ///
  /// @param regions   the region of each image as it is seen, for the oracle; else empty
  /// @param first  number of the first image in the whole set: a random glimpse depends on (seed, image, step) alone
  [[nodiscard]] std::vector<Prediction> predict(const typename Model::Parameters& parameters,
                                                typename Model::Statistics& statistics, ImageBatch<B> images,
                                                GlimpsePolicy policy, std::uint64_t seed = 0,
                                                std::span<const Box> regions = {}, Index first = 0);

  /// The same for one rollout whose locations are drawn around the policy's means, as in training.
  /// @param rollout  its number; with `first` and the seed it decides the draws, whatever batch an image is in
  [[nodiscard]] std::vector<Prediction> predict_drawn(const typename Model::Parameters& parameters,
                                                      typename Model::Statistics& statistics, ImageBatch<B> images,
                                                      std::uint64_t seed, Index rollout, Index first);

 private:
  /// A short batch is filled up with its first image; the answers for the filling are dropped.
  void fill_up(ImageBatch<B> images);

  /// Locations of a control policy; what fills up a batch of `count` images looks where its first image does.
  void give(GlimpsePolicy policy, std::uint64_t seed, std::span<const Box> regions, Index first, std::size_t count);

  /// The next rollout takes the features that are kept, if they are of these parameters.
  void recall_for(const typename Model::Parameters& parameters) {
    episode_.frozen_features = kept_for_ == &parameters ? kept_features_.get() : nullptr;
  }

  /// What a ValueHead says of the state after step t, (B, 1); null without one.
  [[nodiscard]] const Tensor<B>* value_after(std::size_t t) const {
    if constexpr (requires { episode_.decisions[t + 1].value->column; }) {
      if (episode_.decisions[t + 1].value) return &episode_.decisions[t + 1].value->column;
    }
    return nullptr;
  }

  /// Puts probabilities, locations and values of all steps side by side, so that the host asks once.
  void gather();

  /// @param chosen  whether the locations are the policy's: the others looked at no thumbnail
  [[nodiscard]] std::vector<Prediction> collect(ImageBatch<B> images, bool chosen);

  B* b_;
  const Model* model_;
  Episode episode_;
  Index classes_;
  Index columns_;                  ///< numbers that the host is told of a step
  Tensor<B> answers_;              // (B, T columns)
  std::vector<Scalar<B>> values_;  ///< `answers_` on the host
  std::vector<OrientedImage<B>> oriented_;
  const typename Model::Parameters* parameters_ = nullptr;  ///< of the recorded rollouts
  const typename Model::Statistics* statistics_ = nullptr;
  std::unique_ptr<FrozenFeatures<B>> kept_features_{};
  const typename Model::Parameters* kept_for_ = nullptr;
  std::array<ops::StepGraph<B>, 2> graphs_{};  ///< of the policy's own glimpses, and of given ones
};

template <Backend B, class Model>
Evaluator<B, Model>::Evaluator(B& b, const Model& model, Index batch, Activations keep)
    : b_(&b),
      model_(&model),
      episode_(model.make_evaluation_episode(b, batch, keep)),
      classes_(b.shape(episode_.last().probabilities)[1]),
      columns_(classes_ + model.config().sensor.location_size() + (value_after(0) ? 1 : 0)),
      answers_(b.zeros({batch, episode_.size() * columns_})),
      values_(static_cast<std::size_t>(b.shape(answers_).size())) {}

template <Backend B, class Model>
std::vector<Prediction> Evaluator<B, Model>::predict(const typename Model::Parameters& parameters,
                                                     typename Model::Statistics& statistics, ImageBatch<B> images,
                                                     GlimpsePolicy policy, std::uint64_t seed,
                                                     std::span<const Box> regions, Index first) {
  B& b = *b_;
  const auto count = images.size();
  fill_up(images);
  expect_config(policy != GlimpsePolicy::oracle || regions.size() == count,
                "Evaluator: the oracle needs the region of every image");
  model_->stage(b, ImageBatch<B>(oriented_), episode_);
  RolloutOptions options{.locations = Locations::mode, .seed = seed};
  if (policy != GlimpsePolicy::learned) {
    options.locations = Locations::given;
    give(policy, seed, regions, first, count);
  }
  if (parameters_ != &parameters || statistics_ != &statistics) graphs_ = {};
  parameters_ = &parameters;
  statistics_ = &statistics;
  recall_for(parameters);
  const auto look = [&] {
    model_->rollout(b, parameters, statistics, ImageBatch<B>(oriented_), options, episode_);
    gather();
  };
  if (episode_.frozen_features) {
    look();
  } else {
    ops::run_step(b, graphs_[options.locations == Locations::given ? 1 : 0], StepCount{.stride = 0},
                  ImageBatch<B>(oriented_), look);
  }
  return collect(images, policy == GlimpsePolicy::learned);
}

template <Backend B, class Model>
std::vector<Prediction> Evaluator<B, Model>::predict_drawn(const typename Model::Parameters& parameters,
                                                           typename Model::Statistics& statistics, ImageBatch<B> images,
                                                           std::uint64_t seed, Index rollout, Index first) {
  fill_up(images);
  const RolloutOptions options{.locations = Locations::sample,
                               .seed = seed,
                               .counter = static_cast<std::uint64_t>(rollout),
                               .first = static_cast<std::uint32_t>(first),
                               .first_given = begins_on_tissue(model_->config())};
  if (options.first_given) {
    std::vector<Scalar<B>> places;
    place_on_tissue(*b_, ImageBatch<B>(oriented_), rollout_key(options, RandomStream::first_location, 0),
                    model_->config().sensor, true, places, episode_.given(0));
  }
  recall_for(parameters);
  // Not recorded: a repetition could not draw for another first image.
  model_->rollout(*b_, parameters, statistics, ImageBatch<B>(oriented_), options, episode_);
  gather();
  return collect(images, true);
}

template <Backend B, class Model>
void Evaluator<B, Model>::fill_up(ImageBatch<B> images) {
  const auto count = images.size();
  expect_config(
      count > 0 && static_cast<Index>(count) <= batch(),
      "Evaluator: a batch must hold 1 to " + std::to_string(batch()) + " images, but holds " + std::to_string(count));
  oriented_.clear();
  for (Index n = 0; n < batch(); ++n)
    oriented_.push_back(images[static_cast<std::size_t>(n) < count ? static_cast<std::size_t>(n) : 0]);
}

template <Backend B, class Model>
void Evaluator<B, Model>::give(GlimpsePolicy policy, std::uint64_t seed, std::span<const Box> regions, Index first,
                               std::size_t count) {
  const auto steps = episode_.steps.size();
  const GlimpseGeometry& sensor = model_->config().sensor;
  std::vector<std::vector<Scalar<B>>> values(steps);
  for (std::size_t n = 0; n < oriented_.size(); ++n) {
    const std::size_t image = n < count ? n : 0;
    const auto [width, height] = ops::seen_size(*b_, oriented_[n]);
    const RandomKey key{seed, RandomStream::control_policy, static_cast<std::uint64_t>(first) + image};
    std::vector<Location> places;
    if (policy == GlimpsePolicy::random && model_->config().random_locations == RandomLocations::tissue) {
      for (std::size_t t = 0; t < steps; ++t)
        places.push_back(tissue_location<B>(oriented_[n], key, static_cast<std::uint32_t>(t), sensor.zooms));
    } else {
      places = control_locations(policy, static_cast<Index>(steps), sensor, width, height,
                                 image < regions.size() ? regions[image] : Box{}, key);
    }
    for (std::size_t t = 0; t < steps; ++t) append_location(values[t], places[t], sensor);
  }
  for (std::size_t t = 0; t < steps; ++t)
    model_->set_locations(*b_, episode_, static_cast<Index>(t), std::span<const Scalar<B>>(values[t]));
}

template <Backend B, class Model>
void Evaluator<B, Model>::gather() {
  Index column = 0;
  for (std::size_t t = 0; t < episode_.steps.size(); ++t, column += columns_) {
    const auto& step = episode_.steps[t];
    ops::write_columns(*b_, step.probabilities, column, answers_, Write::overwrite);
    ops::write_columns(*b_, step.location, column + classes_, answers_, Write::overwrite);
    if (const auto* value = value_after(t))
      ops::write_columns(*b_, *value, column + columns_ - 1, answers_, Write::overwrite);
  }
}

template <Backend B, class Model>
std::vector<Prediction> Evaluator<B, Model>::collect(ImageBatch<B> images, bool chosen) {
  ops::download(*b_, answers_, std::span<Scalar<B>>(values_));
  std::vector<Prediction> predictions(images.size());
  const GlimpseGeometry& sensor = model_->config().sensor;
  const Index steps = episode_.size();
  for (std::size_t n = 0; n < images.size(); ++n) {
    Prediction& prediction = predictions[n];
    const auto [seen_width, seen_height] = ops::seen_size(*b_, images[n]);
    for (Index t = 0; t < steps; ++t) {
      const auto answer = values_.begin() + (static_cast<Index>(n) * steps + t) * columns_;
      prediction.probabilities.emplace_back(answer, answer + classes_);
      const Scalar<B>* const location = &answer[classes_];
      prediction.locations.push_back({static_cast<double>(location[0]), static_cast<double>(location[1]),
                                      sensor.zooms > 1 ? math::glimpse_zoom(location[2], sensor.zooms) : 0});
      if (value_after(static_cast<std::size_t>(t)))
        prediction.values.push_back(static_cast<double>(answer[columns_ - 1]));
      std::vector<Box>& windows = prediction.windows.emplace_back();
      for (Index scale = 0; scale < sensor.scales; ++scale) {
        const auto w = math::glimpse_window(sensor, scale, location, seen_width, seen_height);
        windows.push_back({w.x, w.y, w.size, w.size});
      }
    }
    if (!chosen) continue;
    if constexpr (requires { model_->glance(); }) {
      if (const auto* glance = model_->glance()) {
        prediction.thumbnails.push_back({glance->window(seen_width, seen_height), glance->config().side});
      }
    }
  }
  return predictions;
}

}  // namespace saccade

#if !SACCADE_HEADER_ONLY
#include <saccade/compiled/evaluator.hpp>
#endif
