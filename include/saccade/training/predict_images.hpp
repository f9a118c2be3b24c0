#pragma once

#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/box.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/listed_images.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// What a model said of one image of a list.
struct ImagePrediction {
  Index image = 0;  ///< position in the loader's list of paths
  Index width = 0;  ///< pixels
  Index height = 0;
  Prediction prediction;
};

/// Who looks, and at what.
struct PredictOptions {
  GlimpsePolicy policy = GlimpsePolicy::learned;
  std::uint64_t seed = 0;          ///< of the random policy
  std::span<const Box> regions{};  ///< of every image in the loader's list, for the oracle; else empty
  std::optional<Index> drawn{};    ///< number of a rollout of the learned policy that is drawn, not at the means
  Index first = 0;                 ///< number of the first image in a larger set, by which draws are keyed
};

/// Predictions for the images of `part`, in its order; bad images are left out, also those that turn out to be damaged
/// where a glimpse falls: the rest of their batch is then looked at again.
///
/// @param images  of the loader whose list `part` counts in
/// @param go_on  asked after every batch with the number of images done; false ends the work early, and the list is
///               then shorter
/// @throws FileError when there are more bad images than the loader allows
template <Backend B, class Model>
[[nodiscard]] std::vector<ImagePrediction> predict_images(B& b, Evaluator<B, Model>& evaluator,
                                                          const typename Model::Parameters& parameters,
                                                          typename Model::Statistics& statistics,
                                                          ListedImages<B>& images, std::span<const Index> part,
                                                          const PredictOptions& options,
                                                          const std::function<bool(Index)>& go_on) {
  std::vector<ImagePrediction> predictions;
  images.start({part.begin(), part.end()});
  while (true) {
    const std::span<const ListedImage<B>> batch = images.next(evaluator.batch());
    if (batch.empty()) break;
    std::vector<OrientedImage<B>> seen;
    std::vector<Box> regions;
    std::vector<Index> numbers;
    for (const ListedImage<B>& each : batch) {
      seen.push_back(each.image);
      numbers.push_back(each.index);
      if (!options.regions.empty()) regions.push_back(options.regions[static_cast<std::size_t>(each.index)]);
    }
    const Index first = options.first + static_cast<Index>(predictions.size());
    std::vector<Prediction> answers;
    while (!seen.empty()) {
      try {
        answers = options.drawn
                      ? evaluator.predict_drawn(parameters, statistics, seen, options.seed, *options.drawn, first)
                      : evaluator.predict(parameters, statistics, seen, options.policy, options.seed, regions, first);
        break;
      } catch (const BadRowsError& error) {
        // A short batch is filled up with its first image.
        std::vector<bool> bad(seen.size());
        for (const BadRow& each : error.rows()) {
          const std::size_t n = each.row < seen.size() ? each.row : 0;
          if (!bad[n]) images.leave_out(numbers[n], each.problem);
          bad[n] = true;
        }
        for (std::size_t n = bad.size(); n-- > 0;) {
          if (!bad[n]) continue;
          const auto at = static_cast<std::ptrdiff_t>(n);
          seen.erase(seen.begin() + at);
          numbers.erase(numbers.begin() + at);
          if (!regions.empty()) regions.erase(regions.begin() + at);
        }
      }
    }
    for (std::size_t n = 0; n < seen.size(); ++n) {
      const auto [width, height] = ops::stored_size(b, seen[n]);
      predictions.push_back({numbers[n], width, height, std::move(answers[n])});
    }
    if (!go_on(static_cast<Index>(predictions.size()))) break;
  }
  return predictions;
}

/// The same of images that are looked at this once.
template <Backend B, class Model>
[[nodiscard]] std::vector<ImagePrediction> predict_images(B& b, Evaluator<B, Model>& evaluator,
                                                          const typename Model::Parameters& parameters,
                                                          typename Model::Statistics& statistics, data::Loader& loader,
                                                          std::span<const Index> part, const PredictOptions& options,
                                                          const std::function<bool(Index)>& go_on) {
  ListedImages<B> images(b, loader);
  return predict_images(b, evaluator, parameters, statistics, images, part, options, go_on);
}

}  // namespace saccade
