#include "training/trainer_fixture.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

using namespace saccade;
using namespace saccade_test;

namespace {
std::atomic<long> allocations{0};

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

// Replaced for the whole executable; the array forms call these. Out of line, or g++ takes free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

TEST_CASE("a training step allocates nothing once its batch size has been seen", "[trainer]") {
  const int threads = GENERATE(1, 2);
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  const auto keep = GENERATE(Keep::every_step, Keep::last_step);
  HybridAttentionConfig config = tiny_config();
  config.encoder.normalization.normalization = normalization;
  config.policy.context = 4;
  Cpu b(threads);
  const Tissue tissue(8);
  auto trainer = make_trainer(b, config, 1, {.clip_norm = 1}, keep);
  const ImageBatch<Cpu> all(tissue.oriented), some = all.first(5);
  const std::span<const Index> labels(tissue.labels);
  const auto epoch = [&](TrainingGlimpses glimpses) {
    trainer.step(all, labels, 1e-3, glimpses);
    trainer.step(some, labels.first(5), 1e-3, glimpses);
  };
  const long start = allocations;
  epoch(TrainingGlimpses::policy);
  CHECK(allocations - start > 100);  // the counter counts
  const long before = allocations;
  epoch(TrainingGlimpses::policy);
  epoch(TrainingGlimpses::random);
  const long after = allocations;
  CHECK(after - before == 0);
}
