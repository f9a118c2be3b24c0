#pragma once

#include <saccade/core/any_image.hpp>
#include <saccade/core/box.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/report/explanation.hpp>
#include <saccade/report/overview.hpp>
#include <saccade/training/evaluator.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// From a trained model and an image to an Explanation.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// The soft mask of the glimpse: sigmoid of the logits (1, h, w, C), averaged over channels. Empty where the encoder
/// has none.
template <Backend B>
[[nodiscard]] Mask mean_mask(B& b, const Tensor<B>& mask_logits) {
  const Shape shape = b.shape(mask_logits);
  if (shape.size() == 0) return {};
  const auto logits = to_vector(b, mask_logits);
  const auto channels = static_cast<std::size_t>(shape[3]);
  Mask mask{.width = shape[2], .height = shape[1], .values = {}};
  for (std::size_t first = 0; first < logits.size(); first += channels) {
    double sum = 0;
    for (std::size_t c = 0; c < channels; ++c) sum += 1 / (1 + std::exp(-static_cast<double>(logits[first + c])));
    mask.values.push_back(static_cast<float>(sum / static_cast<double>(channels)));
  }
  return mask;
}

/// Whose glimpses to explain.
struct ExplainOptions {
  GlimpsePolicy policy = GlimpsePolicy::learned;
  std::uint64_t seed = 0;  ///< of the random policy
  Index number = 0;        ///< of the image in the whole set, which random glimpses depend on
  Box region{};            ///< for the oracle
};

/// Classifies `image` and keeps all that the model looked at; of a streamed one an overview, and the glimpses as
/// the model saw their finest scale.
/// @param evaluator  of batch 1, made with Activations::every_step
template <Backend B, class Model>
[[nodiscard]] Explanation explain_image(B& b, Evaluator<B, Model>& evaluator,
                                        const typename Model::Parameters& parameters,
                                        typename Model::Statistics& statistics, const AnyImage& image,
                                        std::vector<std::string> class_names, const ExplainOptions& options = {}) {
  const ops::ImageHandle<B> handle(b, image);
  const std::array<OrientedImage<B>, 1> batch{handle.seen()};
  const std::array<Box, 1> regions{options.region};
  const Prediction prediction =
      evaluator.predict(parameters, statistics, batch, options.policy, options.seed, regions, options.number).front();
  Explanation explanation;
  if (image.source()) {
    Overview overview = read_overview(*image.source());
    explanation.image = std::move(overview.image);
    explanation.reduction = overview.reduction;
  } else {
    explanation.image = *image.pixels();
  }
  const Index glimpse_side = evaluator.model().config().sensor.side;
  for (std::size_t t = 0; t < prediction.windows.size(); ++t) {
    const std::vector<Box>& windows = prediction.windows[t];
    const std::vector<double>& probabilities = prediction.probabilities[t];
    GlimpseStep step;
    step.window = windows.front();
    if (image.source()) step.patch = read_box(*image.source(), step.window, step.window.width / glimpse_side);
    step.box = in_overview(step.window, explanation.reduction);
    for (std::size_t s = 1; s < windows.size(); ++s)
      step.coarser.push_back(in_overview(windows[s], explanation.reduction));
    step.class_probabilities.assign(probabilities.begin(), probabilities.end());
    // Only an encoder with soft attention has a mask to show.
    const auto& encoder = evaluator.episode().glimpses[t].encoder;
    if constexpr (requires { encoder.mask_logits(); }) {
      step.mask = mean_mask(b, encoder.mask_logits());
    } else if constexpr (requires { encoder.mask_logits; }) {
      step.mask = mean_mask(b, encoder.mask_logits);
    }
    explanation.steps.push_back(std::move(step));
  }
  explanation.class_names = std::move(class_names);
  return explanation;
}

}  // namespace saccade::report
