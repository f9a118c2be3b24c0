#pragma once

#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/math/random_sequence.hpp>
#include <saccade/training/training_checkpoint.hpp>

#include "support/scratch_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

/// A small model and its checkpoints, for the tests of loading and saving.
namespace saccade_test {

inline saccade::HybridAttentionConfig small_config() {
  saccade::HybridAttentionConfig config;
  config.classes = 3;
  config.glimpses = 3;
  config.sensor = {.side = 8, .scales = 2};
  config.encoder.width = 4;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.encoder.unit = saccade::UnitKind::basic;
  config.fusion_width = 6;
  config.hidden = 5;
  config.running_statistics = saccade::RunningStatistics::per_step;
  return saccade::validated(config);
}

inline saccade::CheckpointInfo small_info() {
  return {.model = small_config(),
          .classes = {"adenosis", "ductal", "naïve"},
          .run = {{"epoch", 3}, {"history", {0.5, 0.25}}}};
}

inline saccade::RgbImage noise(saccade::Index width, saccade::Index height, std::uint64_t seed) {
  saccade::RgbImage image(width, height);
  saccade::math::RandomSequence random({.seed = seed});
  for (auto& byte : image.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  return image;
}

/// A trainer that has made `steps` updates on one image of noise.
template <class B>
struct SmallRun {
  using Trainer = saccade::Trainer<B>;

  explicit SmallRun(B& b, int steps = 2, std::uint64_t seed = 7)
      : trainer(b, saccade::HybridAttentionClassifier<B>(small_config()), {.clip_norm = 1}, seed),
        image(saccade::golden_image(11)) {
    const saccade::ImageView view = image.view();
    const std::vector<saccade::OrientedImage<B>> batch(2, {&view});
    const std::vector<saccade::Index> labels{0, 2};
    for (int i = 0; i < steps; ++i) trainer.step(batch, labels, 1e-2);
  }

  Trainer trainer;
  saccade::RgbImage image;
};

/// Every tensor that a checkpoint of this trainer must hold, by its name in the file.
template <class B>
std::vector<std::pair<std::string, std::vector<saccade::Scalar<B>>>> state_of(saccade::Trainer<B>& trainer) {
  std::vector<std::pair<std::string, std::vector<saccade::Scalar<B>>>> state;
  const auto add = [&](const std::string& prefix, const auto& list) {
    for (const auto& named : list)
      state.emplace_back(prefix + named.name, saccade::to_vector(trainer.backend(), *named.tensor));
  };
  add("", saccade::named_tensors<B>(trainer.parameters()));
  add("", saccade::named_tensors<B>(trainer.statistics()));
  add("optimizer.", trainer.optimizer().state());
  return state;
}

/// A checkpoint in memory.
template <class B>
saccade::SafetensorsFile checkpoint_of(saccade::Trainer<B>& trainer) {
  const ScratchFolder folder;
  saccade::save_checkpoint(folder / "a.safetensors", trainer, small_info());
  return saccade::read_checkpoint(folder / "a.safetensors");
}

}  // namespace saccade_test
