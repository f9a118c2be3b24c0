#pragma once

#include <saccade/math/glimpse.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/ops/step.hpp>
#include <saccade/training/trainer.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "network.hpp"
#include "procedural_image.hpp"

namespace bench {

/// A HybridAttentionClassifier on the backend B, with images to look at. Weights are those of a model at its start.
template <saccade::TrainableBackend B>
class ModelNetwork : public Network {
  using Model = saccade::HybridAttentionClassifier<B>;
  static constexpr std::uint64_t seed = 1;

 public:
  ModelNetwork(std::unique_ptr<B> backend, const NetworkSpec& spec)
      : spec_(spec), backend_(std::move(backend)), model_(spec.config) {
    const Index side = spec.config.sensor.side;
    for (const ImageSize& size : spec.sizes) {
      saccade::expect_config(size.width >= side && size.height >= side,
                             "an image of " + std::to_string(size.width) + " x " + std::to_string(size.height) +
                                 " pixels is smaller than the glimpse of " + std::to_string(side) + " x " +
                                 std::to_string(side));
      for (Index n = 0; n < spec.batch; ++n)
        sources_.emplace_back(size.width, size.height, static_cast<std::uint32_t>(n + 1));
    }
    spec.streamed ? stream_all() : materialize_all();
    for (Index n = 0; n < spec.batch; ++n) labels_.push_back(n % spec.config.classes);
    if (spec.training) {
      trainer_.emplace(*backend_, model_, saccade::AdamConfig{}, seed);
    } else {
      make_classifier();
    }
  }

  void train() override { trainer_.value().step(batch(0), labels_, learning_rate); }

  void infer(std::size_t size) override {
    B& b = *backend_;
    Classifier& c = classifier_.value();
    size_ = size;
    const auto images = batch(size);
    const auto rollout = [&] { model_.rollout(b, c.parameters, c.statistics, images, {}, c.episode); };
    model_.stage(b, images, c.episode);
    saccade::ops::run_step(b, recordings_[size], {0, 0}, images, rollout);  // which draws nothing
    b.download(c.episode.last().probabilities, std::span<saccade::Scalar<B>>(answers_));
  }

  [[nodiscard]] std::vector<saccade::Box> windows() override {
    const saccade::GlimpseGeometry& sensor = spec_.config.sensor;
    const ImageSize size = spec_.sizes[size_];
    std::vector<saccade::Box> boxes;
    if (const auto* glance = model_.glance()) boxes.push_back(glance->window(size.width, size.height));
    for (const auto& step : classifier_.value().episode.steps) {
      const auto location = saccade::to_vector(*backend_, step.location);
      for (Index scale = 0; scale < sensor.scales; ++scale) {
        const auto w = saccade::math::glimpse_window(sensor, scale, location.data(), size.width, size.height);
        boxes.push_back({w.x, w.y, w.size, w.size});
      }
    }
    return boxes;
  }

  [[nodiscard]] Profile take_profile() override {
    if constexpr (requires { backend_->take_profile(); }) return backend_->take_profile();
    return {};
  }

 private:
  static constexpr double learning_rate = 1e-4;

  /// What inference needs, and no more: its memory is measured.
  struct Classifier {
    typename Model::Parameters parameters;
    typename Model::Statistics statistics;
    typename Model::Episode episode;
  };

  void make_classifier() {
    B& b = *backend_;
    classifier_.emplace(Classifier{model_.make_parameters(b), model_.make_statistics(b),
                                   model_.make_episode(b, spec_.batch, saccade::Mode::evaluation)});
    saccade::initialize(b, classifier_->parameters, seed);
    saccade::initialize(b, classifier_->statistics, seed);
    recordings_.resize(spec_.sizes.size());
    answers_.resize(static_cast<std::size_t>(spec_.batch * spec_.config.classes));
  }

  void stream_all() {
    for (const ProceduralImage& source : sources_) streams_.emplace_back(source);
    for (const saccade::StreamedImage& stream : streams_) oriented_.push_back({.source = &stream});
  }

  void materialize_all() {
    for (const ProceduralImage& source : sources_) pictures_.push_back(materialize(source));
    for (const saccade::RgbImage& picture : pictures_) images_.push_back(backend_->make_image(picture.view()));
    for (const saccade::Image<B>& image : images_) oriented_.push_back({&image});
  }

  /// The images of one size.
  [[nodiscard]] saccade::ImageBatch<B> batch(std::size_t size) const {
    const auto count = static_cast<std::size_t>(spec_.batch);
    return saccade::ImageBatch<B>(oriented_).subspan(size * count, count);
  }

  NetworkSpec spec_;
  std::unique_ptr<B> backend_;
  Model model_;
  std::vector<ProceduralImage> sources_;
  std::vector<saccade::StreamedImage> streams_;
  std::vector<saccade::RgbImage> pictures_;
  std::vector<saccade::Image<B>> images_;
  std::vector<saccade::OrientedImage<B>> oriented_;
  std::vector<Index> labels_;
  std::optional<saccade::Trainer<B>> trainer_;          ///< for training
  std::optional<Classifier> classifier_;                ///< for inference
  std::vector<saccade::ops::StepGraph<B>> recordings_;  ///< of the inference of each size
  std::vector<saccade::Scalar<B>> answers_;
  std::size_t size_ = 0;
};

}  // namespace bench
