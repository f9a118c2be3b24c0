#pragma once

#include <saccade/core/box.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/training/evaluator.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline v0 {

/// What a model said of one image of a list.
struct ImagePrediction {
  Index image = 0;  ///< position in the loader's list of paths
  Index width = 0;  ///< pixels
  Index height = 0;
  Prediction prediction;
};

/// A batch of loaded images behind the backend's handles. Keeps the pixels alive.
template <Backend B>
class BatchImages {
 public:
  void assign(B& b, std::vector<data::LoadedImage> loaded) {
    handles_.clear();
    loaded_ = std::move(loaded);
    for (const data::LoadedImage& each : loaded_) handles_.push_back(ops::make_image(b, each.image->view()));
  }

  [[nodiscard]] const std::vector<data::LoadedImage>& loaded() const { return loaded_; }
  [[nodiscard]] const std::vector<Image<B>>& handles() const { return handles_; }

 private:
  std::vector<data::LoadedImage> loaded_;
  std::vector<Image<B>> handles_;
};

/// Who looks, and at what.
struct PredictOptions {
  GlimpsePolicy policy = GlimpsePolicy::learned;
  std::uint64_t seed = 0;       ///< of the random policy
  std::span<const Box> foci{};  ///< of every image in the loader's list, for the oracle; else empty
};

/// Predictions for the images of `part`, in its order; bad images are left out.
///
/// @param go_on  asked after every batch with the number of images done; false ends the work early, and the list is
///               then shorter
/// @throws FileError when there are more bad images than the loader allows
template <Backend B, class Model>
[[nodiscard]] std::vector<ImagePrediction> predict_images(B& b, Evaluator<B, Model>& evaluator,
                                                          const typename Model::Parameters& parameters,
                                                          typename Model::Statistics& statistics, data::Loader& loader,
                                                          std::span<const Index> part, const PredictOptions& options,
                                                          const std::function<bool(Index)>& go_on) {
  std::vector<ImagePrediction> predictions;
  BatchImages<B> batch;
  loader.start({part.begin(), part.end()});
  while (true) {
    batch.assign(b, loader.next(evaluator.batch()));
    if (batch.loaded().empty()) break;
    std::vector<const Image<B>*> images;
    std::vector<Box> foci;
    for (const Image<B>& handle : batch.handles()) images.push_back(&handle);
    if (!options.foci.empty()) {
      for (const data::LoadedImage& each : batch.loaded())
        foci.push_back(options.foci[static_cast<std::size_t>(each.index)]);
    }
    std::vector<Prediction> answers =
        evaluator.predict(parameters, statistics, std::span<const Image<B>* const>(images), options.policy,
                          options.seed, foci, static_cast<Index>(predictions.size()));
    for (std::size_t n = 0; n < answers.size(); ++n) {
      const data::LoadedImage& each = batch.loaded()[n];
      predictions.push_back({each.index, each.image->width, each.image->height, std::move(answers[n])});
    }
    if (!go_on(static_cast<Index>(predictions.size()))) break;
  }
  return predictions;
}

}  // namespace saccade::inline v0
