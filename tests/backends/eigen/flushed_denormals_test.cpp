#include <saccade/backends/eigen/flushed_denormals.hpp>

#include "support/catch.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/eigen/thread_pool.hpp>
#include <saccade/ops/linear.hpp>

#include <limits>
#include <stdexcept>
#include <vector>

using namespace saccade;

namespace {

/// Whether this thread multiplies denormal numbers; nothing that a compiler could compute.
bool multiplies_denormals() {
  const volatile float tiny = std::numeric_limits<float>::min() / 4;
  const volatile float product = tiny * 2;
  return product != 0;
}

#if defined(__SSE__)
constexpr bool flushes = true;
#else
constexpr bool flushes = false;
#endif

}  // namespace

TEST_CASE("denormal numbers are zeros in blocks, on every thread, and numbers again behind them", "[eigen]") {
  REQUIRE(multiplies_denormals());
  for (const int threads : {1, 3}) {
    eigen::ThreadPool pool(threads);
    for (const Index blocks : {1, 64}) {
      std::vector<char> seen(static_cast<std::size_t>(blocks), 2);
      pool.parallel_for(blocks,
                        [&](Index block, int) { seen[static_cast<std::size_t>(block)] = multiplies_denormals(); });
      for (const char each : seen) CHECK(each == (flushes ? 0 : 1));
      CHECK(multiplies_denormals());
      CHECK_THROWS_AS(pool.parallel_for(blocks, [](Index, int) { throw std::runtime_error("a block"); }),
                      std::runtime_error);
      CHECK(multiplies_denormals());
    }
  }
}

TEST_CASE("a program that flushes denormals itself goes on doing so", "[eigen]") {
  const eigen::FlushedDenormals own;
  CHECK(multiplies_denormals() == !flushes);
  { const eigen::FlushedDenormals ours; }
  CHECK(multiplies_denormals() == !flushes);
}

TEST_CASE("a layer of denormal numbers gives zeros, and one beside it what it always did", "[eigen]") {
  EigenBackend<float> b(1);
  const auto product = [&](float value) {
    auto x = b.zeros({16, 32}), w = b.zeros({16, 32}), y = b.zeros({16, 16});
    b.upload(std::vector<float>(16 * 32, value), x);
    b.upload(std::vector<float>(16 * 32, 0.5F), w);
    ops::linear(b, x, w, y, Write::overwrite);
    return y.values()[0];
  };
  CHECK(product(std::numeric_limits<float>::min() / 64) == (flushes ? 0 : std::numeric_limits<float>::min() / 4));
  CHECK(product(std::numeric_limits<float>::min() * 2) == std::numeric_limits<float>::min() * 32);
}
