#pragma once

#include <saccade/data/image_decode.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/training/checkpoint.hpp>
#include <saccade/training/evaluator.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE {

/// What a trained model says of one image.
struct Classification {
  Index class_index = 0;
  std::string class_name;
  std::vector<double> probabilities;  ///< (K)  after the last glimpse
  Prediction prediction;              ///< after each glimpse, and where it looked
};

/// A model with the weights of a checkpoint, ready to answer. Movable; the backend outlives it.
template <Backend B, std::constructible_from<HybridAttentionConfig> Model = HybridAttentionClassifier<B>>
class TrainedClassifier {
 public:
  /// Reads a checkpoint, checks it, and lets it reproduce its golden answer.
  /// @param batch      how many images are looked at together; it changes the speed and the memory, never an answer
  /// @param tolerance  how far the golden answer may be from the recorded one; more for a backend that rounds coarsely
  /// @throws FileError
  [[nodiscard]] static TrainedClassifier load(B& b, const std::filesystem::path& path, Index batch = 1,
                                              double tolerance = golden_tolerance);

  [[nodiscard]] B& backend() { return *b_; }
  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const CheckpointInfo& info() const { return info_; }
  [[nodiscard]] const std::string& checksum() const { return checksum_; }  ///< of the checkpoint
  [[nodiscard]] const typename Model::Parameters& parameters() const { return parameters_; }
  [[nodiscard]] typename Model::Statistics& statistics() { return statistics_; }

  /// One answer for each image, resident or streamed, of any sizes not below the glimpse. The glimpses are those of the
  /// policy's means.
  /// @throws ConfigError
  [[nodiscard]] std::vector<Classification> classify(ImageBatch<B> images);

  /// The same for pixels.
  [[nodiscard]] std::vector<Classification> classify(std::span<const ImageView> images);

  [[nodiscard]] Classification classify(const ImageView& image);

  /// Decoded pixels, or an open source, of which only the glimpses are read.
  [[nodiscard]] Classification classify(AnyImage image);

  /// Decodes a PNG or JPEG file and classifies it. @throws FileError, ConfigError
  [[nodiscard]] Classification classify(const std::filesystem::path& path);

 private:
  /// `batch_of` makes the images of a part of `images`.
  template <class T, class BatchOf>
  std::vector<Classification> by_batches(std::span<const T> images, BatchOf batch_of) {
    std::vector<Classification> answers;
    const auto batch = static_cast<std::size_t>(evaluator_.batch());
    for (std::size_t first = 0; first < images.size(); first += batch) {
      const ImageBatch<B> part = batch_of(images.subspan(first, std::min(batch, images.size() - first)));
      for (Prediction& prediction : evaluator_.predict(parameters_, statistics_, part, GlimpsePolicy::learned)) {
        const Index answer = prediction.answer();
        answers.push_back({answer, info_.classes[static_cast<std::size_t>(answer)], prediction.probabilities.back(),
                           std::move(prediction)});
      }
    }
    return answers;
  }

  TrainedClassifier(B& b, CheckpointInfo info, Index batch, const std::string& name);

  static std::unique_ptr<const Model> make_model(const HybridAttentionConfig& config, const std::string& name);

  B* b_;
  CheckpointInfo info_;
  std::string checksum_;
  std::unique_ptr<const Model> model_;  // the evaluator points at it, so it stays where it is
  typename Model::Parameters parameters_;
  typename Model::Statistics statistics_;
  Evaluator<B, Model> evaluator_;
};

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
TrainedClassifier<B, Model> TrainedClassifier<B, Model>::load(B& b, const std::filesystem::path& path, Index batch,
                                                              double tolerance) {
  const SafetensorsFile file = read_checkpoint(path);
  TrainedClassifier loaded(b, checkpoint_info(file, path.string()), batch, path.string());
  loaded.checksum_ = detail::content_checksum(file);
  restore_weights(b, loaded.parameters_, loaded.statistics_, file, path.string());
  const auto check = [&](typename Model::Episode& episode) {
    expect_golden_answer(b, *loaded.model_, loaded.parameters_, loaded.statistics_, episode, file, path.string(),
                         tolerance);
  };
  if (batch == 1) {  // the memory that will be used anyway: to touch it first takes as long as to look at a glimpse
    check(loaded.evaluator_.episode());
  } else {
    auto episode = loaded.model_->make_evaluation_episode(b, 1);
    check(episode);
  }
  return loaded;
}

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
std::vector<Classification> TrainedClassifier<B, Model>::classify(ImageBatch<B> images) {
  return by_batches(images, [](ImageBatch<B> part) { return part; });
}

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
std::vector<Classification> TrainedClassifier<B, Model>::classify(std::span<const ImageView> images) {
  std::vector<Image<B>> handles;
  std::vector<OrientedImage<B>> seen;
  return by_batches(images, [&](std::span<const ImageView> part) {
    handles.clear();
    seen.clear();
    for (const ImageView& image : part) handles.push_back(ops::make_image(*b_, image));
    for (const Image<B>& handle : handles) seen.push_back({&handle});
    return ImageBatch<B>(seen);
  });
}

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
Classification TrainedClassifier<B, Model>::classify(const ImageView& image) {
  return std::move(classify(std::span<const ImageView>(&image, 1)).front());
}

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
Classification TrainedClassifier<B, Model>::classify(AnyImage image) {
  const ops::ImageHandle<B> handle(*b_, std::move(image));
  const OrientedImage<B> seen = handle.seen();
  return std::move(classify(ImageBatch<B>(&seen, 1)).front());
}

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
Classification TrainedClassifier<B, Model>::classify(const std::filesystem::path& path) {
  return classify(data::load_image(path));
}

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
TrainedClassifier<B, Model>::TrainedClassifier(B& b, CheckpointInfo info, Index batch, const std::string& name)
    : b_(&b),
      info_(std::move(info)),
      model_(make_model(info_.model, name)),
      parameters_(model_->make_parameters(b)),
      statistics_(model_->make_statistics(b)),
      evaluator_(b, *model_, batch) {}

template <Backend B, std::constructible_from<HybridAttentionConfig> Model>
std::unique_ptr<const Model> TrainedClassifier<B, Model>::make_model(const HybridAttentionConfig& config,
                                                                     const std::string& name) {
  try {
    return std::make_unique<const Model>(config);
  } catch (const ConfigError& error) {
    throw detail::checkpoint_error(name, std::string("its configuration cannot be built: ") + error.what());
  }
}

}  // namespace saccade

#if !SACCADE_HEADER_ONLY
#include <saccade/compiled/trained_classifier.hpp>
#endif
