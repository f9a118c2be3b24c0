#include <saccade/training/memory.hpp>

#include "support/catch.hpp"
#include "support/fused_reference.hpp"
#include "support/recording_backend.hpp"
#include "training/trainer_fixture.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

using namespace saccade;
using namespace saccade_test;

namespace {

/// What the program has from the heap.
struct Heap {
  std::atomic<long> allocations = 0;
  std::atomic<Index> bytes = 0, peak = 0;
  std::atomic<Index> aligned =
      0;  ///< bytes of what is aligned to a cache line: tensors of EigenBackend, and its scratch
} heap;

/// Stands in front of what is given out, in as many bytes as it is aligned to.
struct Header {
  std::size_t size;
};

void count(Index bytes, std::size_t alignment) {
  if (alignment == 64) heap.aligned += bytes;
  const Index now = heap.bytes += bytes;
  Index peak = heap.peak;
  while (now > peak && !heap.peak.compare_exchange_weak(peak, now)) {
  }
}

void* allocate(std::size_t size, std::size_t alignment) {
  const std::size_t rounded = (size + 2 * alignment - 1) / alignment * alignment;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  ++heap.allocations;
  count(static_cast<Index>(size), alignment);
  *reinterpret_cast<Header*>(memory) = {size};
  return memory + alignment;
}

void release(void* memory, std::size_t alignment) {
  if (memory == nullptr) return;
  auto* start = static_cast<std::byte*>(memory) - alignment;
  count(-static_cast<Index>(reinterpret_cast<const Header*>(start)->size), alignment);
  std::free(start);
}

constexpr std::size_t usual = alignof(std::max_align_t);
static_assert(sizeof(Header) <= usual);

}  // namespace

// Replaced for the whole executable; the array forms call these. Out of line, or g++ takes free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size, usual); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, usual); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory, usual); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { release(memory, usual); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { release(memory, usual); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t alignment) noexcept {
  release(memory, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
  release(memory, static_cast<std::size_t>(alignment));
}

TEST_CASE("a training step allocates nothing once its batch size has been seen", "[trainer]") {
  const int threads = GENERATE(1, 2);
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  const auto keep = GENERATE(Activations::every_step, Activations::last_step);
  HybridAttentionConfig config = tiny_config();
  config.encoder.normalization.normalization = normalization;
  config.policy.patch = 4;
  config.glance = {.side = 16, .reduction = 8, .outputs = 4};
  config.policy.learn_sigma = true;
  config.policy.entropy = 0.01;
  Cpu b(threads);
  const Tissue tissue(8);
  auto trainer = make_trainer(b, config, 1, {.clip_norm = 1}, keep);
  const ImageBatch<Cpu> all(tissue.oriented), some = all.first(5);
  const std::span<const Index> labels(tissue.labels);
  const auto epoch = [&](GlimpsePolicy glimpses) {
    trainer.step(all, labels, 1e-3, glimpses);
    trainer.step(some, labels.first(5), 1e-3, glimpses);
  };
  const long start = heap.allocations;
  epoch(GlimpsePolicy::learned);
  CHECK(heap.allocations - start > 100);  // the counter counts
  const long before = heap.allocations;
  epoch(GlimpsePolicy::learned);
  epoch(GlimpsePolicy::random);
  const long after = heap.allocations;
  CHECK(after - before == 0);
}

namespace {

/// A preset, small: the same parts in the same places.
HybridAttentionConfig small(const std::string& name) {
  HybridAttentionConfig config = preset(name);
  config.sensor.side = name == "paper" ? 20 : 32;
  config.encoder.width = 8;
  config.fusion_width = 16;
  config.hidden = 16;
  return validated(config);
}

}  // namespace

TEST_CASE("a training step has the memory that the formula says, to the byte", "[trainer]") {
  const std::string name = GENERATE("paper", "large", "compact");
  const auto keep = GENERATE(Activations::every_step, Activations::last_step);
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  HybridAttentionConfig config = small(name);
  if (name != "paper") {
    config.glance = {.side = 12, .reduction = 8, .outputs = 5};
    config.policy.learn_sigma = true;
  }
  config.encoder.normalization.normalization = normalization;
  if (name == "large") config.learner.baseline = Baseline::self_critical;
  CAPTURE(name, keep == Activations::last_step, normalization == Normalization::group);
  Cpu b(1);
  const Tissue tissue(6);
  // The scratch of the backend grows to what it needs in the steps of a trainer that is not counted.
  make_trainer(b, config, 1, {}, keep).step(tissue.oriented, tissue.labels, 1e-3);

  const Index aligned = heap.aligned, bytes = heap.bytes;
  heap.peak = bytes;
  auto trainer = make_trainer(b, config, 1, {}, keep);
  for (int i = 0; i < 2; ++i) trainer.step(tissue.oriented, tissue.labels, 1e-3);
  const TrainingMemory memory = training_memory<Cpu>(config, 6, keep);
  const Index tensors = heap.aligned - aligned, peak = heap.peak - bytes;
  CHECK(tensors == memory.total());
  CHECK(peak >= memory.total());
  CHECK(peak < memory.total() + 512 * 1024);  // names, lists and the like
}

TEST_CASE("an evaluation has the memory that the formula says, to the byte", "[trainer]") {
  const auto keep = GENERATE(Activations::every_step, Activations::last_step);
  HybridAttentionConfig config = small("large");
  config.glance.side = GENERATE(0, 12);
  config.policy.learn_sigma = config.glance.side > 0;
  Cpu b(1);
  const HybridAttentionClassifier<Cpu> model(config);
  const Index before = heap.aligned;
  const auto episode = model.make_episode(b, 3, Mode::evaluation, keep);
  const Index tensors = heap.aligned - before;
  CHECK(tensors == evaluation_memory<Cpu>(config, 3, keep));
}

TEST_CASE("activations are computed again, fused and kept for backward at their known prices", "[trainer]") {
  const HybridAttentionConfig config = small("paper");
  const auto composed = training_memory<ReferenceBackend<float>>(config, 8);
  const auto fused = training_memory<FusedReference<float>>(config, 8);
  const auto again = training_memory<FusedReference<float>>(config, 8, Activations::last_step);
  CHECK(fused.parameters == composed.parameters);
  CHECK(fused.optimizer == 2 * fused.parameters + 10 * 4);  // two moments, and a tensor of 8 numbers, two of 1
  CHECK(2 * fused.activations < composed.activations);
  CHECK(3 * again.activations < fused.activations);
  CHECK(again.workspace - fused.workspace == again.statistics);

  // Five glimpses, a fifth of an episode each, but for what the steps have of their own.
  HybridAttentionConfig one = config;
  one.glimpses = 1;
  const Index interior = training_memory<FusedReference<float>>(one, 8).activations;
  CHECK(static_cast<double>(again.activations) < 1.3 * static_cast<double>(interior));

  // In double, twice as much.
  CHECK(training_memory<FusedReference<double>>(config, 8).total() == 2 * fused.total());
}

TEST_CASE("a feature map may have bytes of its own", "[trainer]") {
  // Half of what is shaped like an image, patches included, and nothing else.
  using Recording = RecordingBackend<float>;
  const HybridAttentionConfig config = small("paper");
  const auto whole = training_memory<Recording>(config, 8),
             half = training_memory<Recording>(config, 8, Activations::every_step, 2);
  CHECK(whole.activations == training_memory<ReferenceBackend<float>>(config, 8).activations);
  CHECK(half.parameters == whole.parameters);
  CHECK(half.optimizer == whole.optimizer);
  Recording b;
  const HybridAttentionClassifier<Recording> model(config);
  static_cast<void>(model.make_workspace(b, 8, Activations::every_step));
  CHECK(whole.workspace - half.workspace == 2 * b.map_elements);
  static_cast<void>(model.make_episode(b, 8, Mode::training, Activations::every_step));
  // An episode for training has a workspace of its own.
  const Index maps = b.map_elements - (whole.workspace - half.workspace) / 2;
  CHECK(whole.activations - half.activations == 2 * (maps - (whole.workspace - half.workspace) / 2));
  CHECK(10 * (whole.activations - half.activations) > 4 * whole.activations);

  b.map_elements = 0;
  static_cast<void>(model.make_episode(b, 3, Mode::evaluation, Activations::last_step));
  CHECK(evaluation_memory<Recording>(config, 3) - evaluation_memory<Recording>(config, 3, Activations::last_step, 2) ==
        2 * b.map_elements);
}

TEST_CASE("the memory of a training step is told in one line", "[trainer]") {
  const TrainingMemory memory{.parameters = 1 << 20,
                              .gradients = 1 << 20,
                              .optimizer = 2 << 20,
                              .statistics = 1 << 19,
                              .activations = 100 << 20,
                              .workspace = 10 << 20};
  CHECK(memory.total() == (114 << 20) + (1 << 19));
  CHECK(describe(memory) ==
        "memory of a training step: 114.5 MiB (weights and optimiser 4.5 MiB, activations 100.0 MiB, workspace 10.0 "
        "MiB)");
}
