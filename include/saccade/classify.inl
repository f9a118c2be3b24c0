// What a Classifier does, function by function, as they stand in classify.hpp.
#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/classify.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/report/explain_image.hpp>
#include <saccade/training/trained_classifier.hpp>

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_LIBRARY_NAMESPACE {

struct Classifier::State {
  using Backend = EigenBackend<float>;

  State(const std::filesystem::path& checkpoint, int threads)
      : backend(threads), classifier(TrainedClassifier<Backend>::load(backend, checkpoint)) {}

  [[nodiscard]] Answer answer(const Prediction& prediction) const {
    Answer answer;
    answer.class_index = prediction.answer();
    answer.class_name = classifier.info().classes[static_cast<std::size_t>(answer.class_index)];
    answer.probability = prediction.probabilities.back()[static_cast<std::size_t>(answer.class_index)];
    for (std::size_t t = 0; t < prediction.locations.size(); ++t) {
      const Location& at = prediction.locations[t];
      answer.glimpses.push_back({at.x, at.y, prediction.windows[t].front(), prediction.probabilities[t], {}});
    }
    return answer;
  }

  Backend backend;
  TrainedClassifier<Backend> classifier;
  std::optional<Evaluator<Backend>> observer;  ///< keeps the masks
};

SACCADE_FUNCTION Classifier::Classifier(const std::filesystem::path& checkpoint, int threads)
    : state_(std::make_unique<State>(checkpoint, threads)) {}
SACCADE_FUNCTION Classifier::Classifier(Classifier&&) noexcept = default;
SACCADE_FUNCTION Classifier& Classifier::operator=(Classifier&&) noexcept = default;
SACCADE_FUNCTION Classifier::~Classifier() = default;

SACCADE_FUNCTION const std::vector<std::string>& Classifier::classes() const {
  return state_->classifier.info().classes;
}

SACCADE_FUNCTION Classifier::Answer Classifier::classify(const std::filesystem::path& image) {
  return classify(data::load_image(image).view());
}

SACCADE_FUNCTION Classifier::Answer Classifier::classify(const ImageView& image) {
  return state_->answer(state_->classifier.classify(image).prediction);
}

SACCADE_FUNCTION Classifier::Answer Classifier::explain(const std::filesystem::path& image) {
  return explain(data::load_image(image).view());
}

SACCADE_FUNCTION Classifier::Answer Classifier::explain(const ImageView& image) {
  State& s = *state_;
  if (!s.observer) s.observer.emplace(s.backend, s.classifier.model(), 1, Activations::every_step);
  const ImageView handle = s.backend.make_image(image);
  const std::array<OrientedImage<State::Backend>, 1> batch{{{&handle}}};
  const Prediction prediction =
      s.observer->predict(s.classifier.parameters(), s.classifier.statistics(), batch, GlimpsePolicy::learned).front();
  Answer answer = s.answer(prediction);
  for (std::size_t t = 0; t < answer.glimpses.size(); ++t) {
    report::Mask mask = report::mean_mask(s.backend, s.observer->episode().glimpses[t].encoder.mask_logits());
    answer.glimpses[t].mask = {mask.width, mask.height, std::move(mask.values)};
  }
  return answer;
}

}  // namespace saccade::inline SACCADE_LIBRARY_NAMESPACE
