#pragma once

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "sample.hpp"

/// What the machine can do at most, measured: the denominator of every "share of peak".
namespace bench {

struct Peak {
  double flops = 0;      ///< fp32 operations a second; a multiply-add is two
  double bandwidth = 0;  ///< bytes a second of a[i] = b[i] + s c[i] in DRAM, three arrays counted
};

namespace detail {

#if defined(__GNUC__)
template <int Bytes>
struct Vector {
  typedef float type __attribute__((vector_size(Bytes)));
};
#define SACCADE_BENCHMARK_INLINE __attribute__((always_inline)) inline
#else
template <int Bytes>
struct Vector {
  using type = float;
};
#define SACCADE_BENCHMARK_INLINE inline
#endif

/// Ten independent chains a = a b + c, more than the latency of a multiply-add times the number of its units asks for.
/// @returns the operations done
template <int Bytes>
SACCADE_BENCHMARK_INLINE double multiply_add(std::size_t rounds, float factor, volatile float* sink) {
  using V = typename Vector<Bytes>::type;
  const V b = V{} + factor, c = V{} + 1e-3f;
  V a0 = V{} + 0.1f, a1 = a0 + a0, a2 = a1 + a0, a3 = a2 + a0, a4 = a3 + a0;
  V a5 = a4 + a0, a6 = a5 + a0, a7 = a6 + a0, a8 = a7 + a0, a9 = a8 + a0;
  for (std::size_t round = 0; round < rounds; ++round) {
    a0 = a0 * b + c;
    a1 = a1 * b + c;
    a2 = a2 * b + c;
    a3 = a3 * b + c;
    a4 = a4 * b + c;
    a5 = a5 * b + c;
    a6 = a6 * b + c;
    a7 = a7 * b + c;
    a8 = a8 * b + c;
    a9 = a9 * b + c;
  }
  const V sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9;
  float first;
  static_assert(sizeof sum >= sizeof first);
  std::copy_n(reinterpret_cast<const float*>(&sum), 1, &first);
  *sink = first;
  return static_cast<double>(rounds) * 10.0 * 2.0 * static_cast<double>(sizeof(V) / sizeof(float));
}

using MultiplyAdd = double (*)(std::size_t rounds, float factor, volatile float* sink);

inline double portable_multiply_add(std::size_t rounds, float factor, volatile float* sink) {
  return multiply_add<16>(rounds, factor, sink);
}
#if defined(__GNUC__) && defined(__x86_64__)
__attribute__((target("avx2,fma"))) inline double avx2_multiply_add(std::size_t rounds, float factor,
                                                                    volatile float* sink) {
  return multiply_add<32>(rounds, factor, sink);
}
__attribute__((target("avx512f"))) inline double avx512_multiply_add(std::size_t rounds, float factor,
                                                                     volatile float* sink) {
  return multiply_add<64>(rounds, factor, sink);
}
#endif

/// The loops that this processor can run.
inline std::vector<MultiplyAdd> multiply_adds() {
  std::vector<MultiplyAdd> loops{portable_multiply_add};
#if defined(__GNUC__) && defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) loops.push_back(avx2_multiply_add);
  if (__builtin_cpu_supports("avx512f")) loops.push_back(avx512_multiply_add);
#endif
  return loops;
}

/// Seconds from the moment when `threads` threads have started until each has run `body(thread)`.
template <class Body>
double seconds_together(int threads, const Body& body) {
  std::barrier start(threads), end(threads);
  double seconds = 0;
  std::vector<std::jthread> workers;
  const auto work = [&](int thread) {
    start.arrive_and_wait();
    body(thread);
    end.arrive_and_wait();
  };
  for (int thread = 1; thread < threads; ++thread) workers.emplace_back(work, thread);
  start.arrive_and_wait();
  seconds = seconds_of([&] {
    body(0);
    end.arrive_and_wait();
  });
  return seconds;
}

inline double measure_flops(int threads) {
  constexpr std::size_t rounds = 2'000'000;
  std::vector<float> sinks(static_cast<std::size_t>(threads) * 16);  // a cache line each
  double best = 0;
  for (const MultiplyAdd loop : multiply_adds()) {
    for (int repeat = 0; repeat < 7; ++repeat) {
      double operations = 0;
      const double seconds = seconds_together(threads, [&](int thread) {
        const double mine = loop(rounds, 0.999f, &sinks[static_cast<std::size_t>(thread) * 16]);
        if (thread == 0) operations = mine * threads;
      });
      best = std::max(best, operations / seconds);
    }
  }
  return best;
}

inline double measure_bandwidth(int threads) {
  constexpr std::size_t length = std::size_t{32} << 20;  // 128 MiB an array: beyond the caches
  const auto part = length / static_cast<std::size_t>(threads);
  std::unique_ptr<float[]> a(new float[length]), b(new float[length]), c(new float[length]);
  double best = 0;
  for (int repeat = 0; repeat < 6; ++repeat) {
    const double seconds = seconds_together(threads, [&](int thread) {
      const std::size_t first = static_cast<std::size_t>(thread) * part;
      float *x = a.get() + first, *y = b.get() + first, *z = c.get() + first;
      if (repeat == 0) {  // first touch, by the thread that will use it
        for (std::size_t i = 0; i < part; ++i) x[i] = y[i] = z[i] = 1;
      } else {
        for (std::size_t i = 0; i < part; ++i) x[i] = y[i] + 3.0f * z[i];
      }
    });
    if (repeat > 0) best = std::max(best, 3.0 * sizeof(float) * static_cast<double>(part) * threads / seconds);
  }
  return best;
}

}  // namespace detail

/// The best of several runs, on `threads` threads; takes about a second.
[[nodiscard]] inline Peak measure_peak(int threads) {
  return {detail::measure_flops(threads), detail::measure_bandwidth(threads)};
}

}  // namespace bench
