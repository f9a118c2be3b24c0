#include <saccade/cuda.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <thread>
#include <vector>

/// Backends of several threads on one device. Only on a device: the emulator has one thread.

using namespace saccade;

namespace {

using B = CudaBackend<float>;

TEST_CASE("steps are captured while other threads make and destroy backends") {
  std::atomic<bool> done = false;
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i)
    others.emplace_back([&] {
      while (!done) {
        B b;
        auto x = b.zeros({1000});
        b.fill(1, x);
      }
    });
  B b({.precision = Precision::single});
  auto x = b.zeros({1000}), one = b.zeros({1000});
  b.fill(1, one);
  constexpr int captures = 50, repetitions = 4;
  for (int i = 0; i < captures; ++i) {
    B::StepGraph graph;
    for (int k = 0; k < repetitions; ++k) b.run_step(graph, {}, [&] { b.axpy(1, one, x); });
  }
  done = true;
  for (std::thread& other : others) other.join();
  CHECK(to_vector(b, x)[999] == captures * repetitions);
}

}  // namespace
