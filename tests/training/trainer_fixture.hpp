#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/training/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

/// A small run of training over synthetic tissue, for the tests of the trainer.
namespace saccade_test {

using Cpu = saccade::EigenBackend<float>;

inline saccade::HybridAttentionConfig tiny_config() {
  saccade::HybridAttentionConfig config;
  config.glimpses = 3;
  config.sensor = {.side = 16, .scales = 2};
  config.encoder.width = 8;
  config.encoder.stem_kernel = 3;
  config.encoder.stem_stride = 2;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.fusion_width = 32;
  config.hidden = 32;
  config.supervised_steps = saccade::SupervisedSteps::every;
  return config;
}

/// `count` images of 96 x 64, half of them of either class.
struct Tissue {
  explicit Tissue(saccade::Index count) {
    const saccade::data::SyntheticTissueOptions options{
        .width = 96, .height = 64, .region_area = 0.3, .patients_per_class = count / 2, .images_per_patient = 1};
    for (saccade::Index patient = 0; patient < count; ++patient) {
      auto drawn = saccade::data::synthesize(options, patient, 0);
      images.push_back(std::move(drawn.image));
      labels.push_back(drawn.label);
    }
    for (const auto& image : images) views.push_back(image.view());
    for (const auto& view : views) oriented.push_back({&view});
  }

  std::vector<saccade::RgbImage> images;
  std::vector<saccade::ImageView> views;
  std::vector<saccade::OrientedImage<Cpu>> oriented;
  std::vector<saccade::Index> labels;
};

using CpuTrainer = saccade::Trainer<Cpu>;

inline CpuTrainer make_trainer(Cpu& b, const saccade::HybridAttentionConfig& config, std::uint64_t seed,
                               const saccade::AdamConfig& adam = {},
                               saccade::Activations keep = saccade::Activations::every_step) {
  return CpuTrainer(b, saccade::HybridAttentionClassifier<Cpu>(config), adam, seed, keep);
}

inline bool same(const saccade::StepReport& x, const saccade::StepReport& y) {
  return x.cross_entropy == y.cross_entropy && x.reward == y.reward && x.loss == y.loss && x.accuracy == y.accuracy &&
         x.gradient_norm == y.gradient_norm;
}

/// Of two lists of as many numbers; infinite where there are not as many.
inline double largest_difference(const auto& x, const auto& y) {
  double largest = x.size() == y.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  return largest;
}

/// Every number of a list of tensors with names, one tensor after another.
template <class B>
std::vector<saccade::Scalar<B>> numbers_in(B& b, const auto& list) {
  std::vector<saccade::Scalar<B>> all;
  for (const auto& named : list) {
    const auto values = saccade::to_vector(b, *named.tensor);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// Every number of `owner`.
template <class B, class Owner>
std::vector<saccade::Scalar<B>> numbers(B& b, Owner& owner) {
  return numbers_in(b, saccade::named_tensors<B>(owner));
}

/// Weights, running statistics and moments: every tensor that a checkpoint holds.
template <class B>
std::vector<saccade::Scalar<B>> state_numbers(saccade::Trainer<B>& trainer) {
  B& b = trainer.backend();
  std::vector<saccade::Scalar<B>> all = numbers(b, trainer.parameters());
  for (const auto& more : {numbers(b, trainer.statistics()), numbers_in(b, trainer.optimizer().state())})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace saccade_test
