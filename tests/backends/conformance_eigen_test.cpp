#include <saccade/backends/eigen/eigen_backend.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "backends/conformance.hpp"

using namespace saccade;

namespace {
std::atomic<Index> allocations{0};

void* count_and_allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, size) != 0) throw std::bad_alloc();
  return memory;
}
}  // namespace

// Replaced for the whole program, so that the cases can count. Not inlined: g++ would warn where it sees a `free` of
// what it knows to come from a `new`.
[[gnu::noinline]] void* operator new(std::size_t size) { return count_and_allocate(size, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return count_and_allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return count_and_allocate(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

TEST_CASE("the Eigen backend conforms with every instruction set, allocates nothing, and does not mind the threads") {
  for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!supports(set)) {
      WARN("this processor cannot run " << name(set) << ": not tested");
      continue;
    }
    INFO(name(set));
    check_conformance<EigenBackend<float>>(
        [set] { return EigenBackend<float>({.threads = 1, .instruction_set = set}); },
        {.make_another = [set] { return EigenBackend<float>({.threads = 3, .instruction_set = set}); },
         .allocations = [] { return allocations.load(); }});
  }
}

TEST_CASE("the Eigen backend conforms in bf16 with every unit, allocates nothing, and does not mind the threads") {
  for (const Bf16Unit unit : {Bf16Unit::portable, Bf16Unit::avx512_bf16, Bf16Unit::amx}) {
    if (!supports(unit)) {
      WARN("this processor has no " << name(unit) << ": not tested");
      continue;
    }
    INFO(name(unit));
    const auto make = [unit](int threads) {
      return EigenBackend<float>({.threads = threads, .precision = Precision::bf16, .bf16_unit = unit});
    };
    check_conformance<EigenBackend<float>>([=] { return make(1); }, {.make_another = [=] { return make(3); },
                                                                     .allocations = [] { return allocations.load(); },
                                                                     .epsilon = 1.0 / 128});
  }
}
