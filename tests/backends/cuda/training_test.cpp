#include <saccade/cuda.hpp>
#include <saccade/ops/forwarding_backend.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "training/trainer_fixture.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

#if defined(SACCADE_CUDA_EMULATION)
#include "emulation/grid.hpp"
#include "emulation/machine.hpp"
#endif

/// Training on CudaBackend: a captured step is the same as one that is not, bit for bit, and so is a second run.

namespace {

using saccade::Index;

/// Never captures.
class Uncaptured : public saccade::ForwardingBackend<Uncaptured, saccade::CudaBackend<float>> {
 public:
  using ForwardingBackend::ForwardingBackend;

  void run_step(StepGraph&, saccade::StepCount, const std::function<void()>& body) { body(); }
};
static_assert(saccade::TrainableBackend<Uncaptured> && saccade::ops::RecordedStep<Uncaptured>);

/// What a run was at each step, and what it made.
struct Run {
  std::vector<double> losses;
  std::vector<float> weights;
  std::vector<float> statistics;

  friend bool operator==(const Run&, const Run&) = default;
};

/// Seven steps over changing images, sizes and symmetries, with a shorter batch in between, another learning rate from
/// the fourth step on, and random glimpses in the sixth.
template <class B>
Run train(B& b, saccade::Activations keep = saccade::Activations::every_step,
          const saccade::HybridAttentionConfig& config = saccade_test::tiny_config()) {
  const saccade_test::Tissue tissue(6);
  std::vector<typename B::Image> images;
  for (const saccade::ImageView& view : tissue.views) images.push_back(b.make_image(view));
  saccade::Trainer<B> trainer(b, saccade::HybridAttentionClassifier<B>(config), {.clip_norm = 1}, 11, keep);
  Run run;
  for (std::size_t step = 0; step < 7; ++step) {
    const std::size_t batch = step == 4 ? 2 : 3;
    std::vector<saccade::OrientedImage<B>> oriented;
    std::vector<Index> labels;
    for (std::size_t i = 0; i < batch; ++i) {
      const std::size_t image = (3 * step + i) % images.size();
      oriented.push_back({&images[image], static_cast<saccade::Symmetry>((step + i) % saccade::symmetry_count)});
      labels.push_back(tissue.labels[image]);
    }
    const auto glimpses = step == 5 ? saccade::GlimpsePolicy::random : saccade::GlimpsePolicy::learned;
    run.losses.push_back(trainer.step(oriented, labels, step < 3 ? 1e-2 : 2e-3, glimpses).loss);
  }
  run.weights = saccade_test::numbers(b, trainer.parameters());
  run.statistics = saccade_test::numbers(b, trainer.statistics());
  return run;
}

template <class B>
Run train(saccade::Precision precision) {
  B b(saccade::CudaOptions{.precision = precision});
  return train(b);
}

using Backend = saccade::CudaBackend<float>;

}  // namespace

TEST_CASE("CudaBackend: captured training has the bits of uncaptured training") {
  for (const auto precision : {saccade::Precision::single, saccade::Precision::bf16}) {
    INFO(saccade::name(precision));
    const Run captured = train<Backend>(precision), uncaptured = train<Uncaptured>(precision);
    CHECK(captured.losses == uncaptured.losses);
    CHECK(captured.weights == uncaptured.weights);
    CHECK(captured.statistics == uncaptured.statistics);
  }
}

TEST_CASE("CudaBackend: captured training with a glance and a learned sigma has the bits of uncaptured training") {
  saccade::HybridAttentionConfig config = saccade_test::tiny_config();
  config.glance = {.side = 12, .reduction = 8, .outputs = 4};
  config.policy.learn_sigma = true;
  config.policy.entropy = 0.05;
  config.lattice = 5;
  config.learner.baseline = saccade::Baseline::self_critical;
  for (const auto precision : {saccade::Precision::single, saccade::Precision::bf16}) {
    INFO(saccade::name(precision));
    Backend capturing({.precision = precision});
    Uncaptured plain(saccade::CudaOptions{.precision = precision});
    const Run captured = train(capturing, saccade::Activations::every_step, config),
              uncaptured = train(plain, saccade::Activations::every_step, config);
    CHECK(captured.losses == uncaptured.losses);
    CHECK(captured.weights == uncaptured.weights);
    CHECK(captured.statistics == uncaptured.statistics);
  }
}

TEST_CASE("CudaBackend: a second run of training gives the same weights") {
  const Run first = train<Backend>(saccade::Precision::tf32);
#if defined(SACCADE_CUDA_EMULATION)
  saccade_test::emulation::set_thread_order(3);
#endif
  CHECK(train<Backend>(saccade::Precision::tf32) == first);
#if defined(SACCADE_CUDA_EMULATION)
  saccade_test::emulation::set_thread_order(0);
#endif
}

TEST_CASE("CudaBackend: what is not kept but computed again has the same bits") {
  Backend all({.precision = saccade::Precision::single}), last({.precision = saccade::Precision::single});
  CHECK(train(all) == train(last, saccade::Activations::last_step));
}

#if defined(SACCADE_CUDA_EMULATION)
TEST_CASE("CudaBackend: training allocates nothing once it has captured its step, and then launches graphs only") {
  Backend b({.precision = saccade::Precision::bf16});
  const saccade_test::Tissue tissue(2);
  const std::array images{b.make_image(tissue.views[0]), b.make_image(tissue.views[1])};
  saccade::Trainer<Backend> trainer(b, saccade::HybridAttentionClassifier<Backend>(saccade_test::tiny_config()), {}, 5);
  const auto step = [&](std::size_t first) {
    const std::array<saccade::OrientedImage<Backend>, 2> batch{{{&images[first]}, {&images[1 - first]}}};
    const std::array<Index, 2> labels{tissue.labels[first], tissue.labels[1 - first]};
    static_cast<void>(trainer.step(batch, labels, 1e-3));
  };
  for (int warm = 0; warm < 3; ++warm) step(0);
  const std::int64_t before = saccade_test::emulation::allocations();
  const std::int64_t bytes = saccade_test::emulation::allocated_bytes();
  for (std::size_t i = 0; i < 3; ++i) step(i % 2);
  CHECK(saccade_test::emulation::allocations() == before);
  CHECK(saccade_test::emulation::allocated_bytes() == bytes);
}
#endif
