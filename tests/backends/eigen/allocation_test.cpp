#include "all_operations.hpp"

#include "support/catch.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/eigen/gemm.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// Counts what this program takes from the heap, Eigen's temporaries included: glibc lets a program define malloc and
// keeps its own under another name. Sanitizers have their own malloc, so the count is left out with them.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__GLIBC__) && !defined(SANITIZED) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1

namespace {
std::atomic<long> allocations{0};
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  *memory = memalign(alignment, size);
  return 0;
}
}
#endif

TEST_CASE("the second call of an operation allocates nothing", "[eigen][allocation]") {
#ifndef COUNTS_ALLOCATIONS
  SKIP_TEST("allocations can be counted with glibc and without sanitizers only");
#else
  using B = saccade::EigenBackend<>;
  const typename AllOperations<B>::Sizes sizes[] = {
      {.batch = 5,
       .height = 29,
       .width = 27,
       .channels = 6,
       .outputs = 5,
       .kernel = 3,
       .stride = 1,
       .padding = 1,
       .groups = 3},
      {.batch = 2,
       .height = 11,
       .width = 14,
       .channels = 300,
       .outputs = 260,
       .kernel = 3,
       .stride = 2,
       .padding = 1,
       .groups = 2},
  };
  {
    // The counter counts.
    const long before = allocations;
    ::operator delete(::operator new(8));
    const saccade::eigen::AlignedBuffer<float> buffer(100);
    const long made = allocations - before;
    CHECK(made == 2);

    const saccade::eigen::AlignedBuffer<float> large(600000);  // lies in large pages, where there are any
    std::fill_n(large.data(), large.size(), 1.0f);
    CHECK(reinterpret_cast<std::uintptr_t>(large.data()) % (std::uintptr_t{1} << 21) == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0);
  }
  for (const auto& size : sizes) {
    for (const int threads : {1, 2}) {
      B b(threads);
      AllOperations<B> operations(b, size);
      operations.run();
      const long before = allocations;
      operations.run();
      const long made = allocations - before;
      CHECK(made == 0);
    }
  }
#endif
}

TEST_CASE("products of any size stay off the heap", "[eigen][allocation]") {
#ifndef COUNTS_ALLOCATIONS
  SKIP_TEST("allocations can be counted with glibc and without sanitizers only");
#else
  using saccade::Index;
  const auto check = [](auto zero) {
    using Number = decltype(zero);
    using saccade::eigen::Layout;
    for (const Index m : {1, 7, 128, 300}) {
      for (const Index n : {1, 5, 129, 400}) {
        for (const Index k : {1, 17, 256, 1000}) {
          std::vector<Number> a(static_cast<std::size_t>(m * k), Number(1)),
              b(static_cast<std::size_t>(k * n), Number(2)), c(static_cast<std::size_t>(m * n));
          const long before = allocations;
          saccade::eigen::gemm<Layout::plain>(m, n, k, a.data(), k, b.data(), n, c.data(), n,
                                              saccade::Write::overwrite);
          saccade::eigen::gemm<Layout::transposed>(m, n, k, a.data(), m, b.data(), n, c.data(), n,
                                                   saccade::Write::accumulate);
          const long made = allocations - before;
          CHECK(made == 0);
          CHECK(c.back() == static_cast<Number>(4 * k));
        }
      }
    }
  };
  check(0.0f);
  check(0.0);
#endif
}
