#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/cuda.hpp>
#include <saccade/training/trained_classifier.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "training/checkpoint_fixture.hpp"

#include <array>
#include <filesystem>
#include <type_traits>

/// A checkpoint moves freely between backends: what one wrote the other reads, with the golden answer, and trains on.

namespace {

using Gpu = saccade::CudaBackend<float>;
using Cpu = saccade::EigenBackend<float>;

template <class B>
B make_backend() {
  if constexpr (std::is_same_v<B, Gpu>) {
    return Gpu({.precision = saccade::Precision::single});
  } else {
    return B();
  }
}

template <class B>
void make_steps(saccade::Trainer<B>& trainer, int count) {
  const saccade::RgbImage pixels = saccade::golden_image(11);
  const auto image = trainer.backend().make_image(pixels.view());
  const std::array<saccade::OrientedImage<B>, 2> batch{{{&image}, {&image, saccade::Symmetry::rotate_90}}};
  const std::array<saccade::Index, 2> labels{0, 2};
  for (int i = 0; i < count; ++i) static_cast<void>(trainer.step(batch, labels, 1e-2));
}

/// Three steps on `From`, a checkpoint, its classifier on `To`, and one more step there.
template <class From, class To>
void moves() {
  using saccade_test::small_config;
  const ScratchFolder folder;
  const std::filesystem::path path = folder / "a.safetensors";
  From from = make_backend<From>();
  To to = make_backend<To>();
  saccade::Trainer<From> trainer(from, saccade::HybridAttentionClassifier<From>(small_config()), {.clip_norm = 1}, 7);
  make_steps(trainer, 3);
  saccade::save_checkpoint(path, trainer, saccade_test::small_info());

  const auto classifier = saccade::TrainedClassifier<To>::load(to, path);
  CHECK(classifier.info().classes == saccade_test::small_info().classes);

  saccade::Trainer<To> other(to, saccade::HybridAttentionClassifier<To>(small_config()), {.clip_norm = 1}, 7);
  saccade::restore_training(other, saccade::read_checkpoint(path), path.string());
  CHECK(saccade_test::state_of(other) == saccade_test::state_of(trainer));
  make_steps(other, 1);
  CHECK(other.optimizer().steps() == 4);
}

}  // namespace

TEST_CASE("CudaBackend: a checkpoint of the GPU is read on the CPU") { moves<Gpu, Cpu>(); }
TEST_CASE("CudaBackend: a checkpoint of the CPU is read on the GPU") { moves<Cpu, Gpu>(); }
TEST_CASE("CudaBackend: a checkpoint of the GPU is read on the GPU") { moves<Gpu, Gpu>(); }
