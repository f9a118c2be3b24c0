#include <saccade/cuda.hpp>
#include <saccade/ops/convolution.hpp>

#include "emulation/machine.hpp"
#include "support/catch.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// CudaBackend on machines of other kinds: without a GPU, with several, and with too little memory.

namespace {

namespace emulation = saccade_test::emulation;
using Backend = saccade::CudaBackend<float>;

/// A machine with `count` devices until the end of the scope.
struct Devices {
  explicit Devices(int count) { emulation::set_device_count(count); }
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;
  ~Devices() { emulation::set_device_count(1); }
};

/// A convolution and a sum of squares: cuDNN, kernels and a workspace.
std::vector<float> work(Backend& b) {
  const std::vector<float> numbers(2 * 5 * 5 * 3, 0.5f), weights(4 * 3 * 3 * 3, 0.25f);
  const auto x = saccade::make_tensor(b, {2, 5, 5, 3}, std::span<const float>(numbers));
  const auto w = saccade::make_tensor(b, {4, 3, 3, 3}, std::span<const float>(weights));
  auto y = b.zeros({2, 5, 5, 4}), sum = b.zeros({1});
  saccade::ops::convolve(b, x, w, {.stride = 1, .padding = 1}, y);
  b.sum_of_squares(y, sum, saccade::Write::overwrite);
  return saccade::to_vector(b, sum);
}

}  // namespace

TEST_CASE("CudaBackend: without a GPU it is one sentence") {
  const Devices none(0);
  CHECK_THROWS_WITH(Backend(), "CudaBackend: no CUDA device: no CUDA-capable device is detected");
}

TEST_CASE("CudaBackend: backends on several devices do not disturb each other") {
  const Devices two(2);
  Backend first({.device = 0, .precision = saccade::Precision::single});
  Backend second({.device = 1, .precision = saccade::Precision::single});
  Backend third({.device = 1, .precision = saccade::Precision::single});
  const std::vector<float> expected = work(first);
  CHECK(work(second) == expected);
  CHECK(work(third) == expected);
  CHECK(work(first) == expected);
  // The device of the calling thread is the one it chose.
  int device = -1;
  CHECK(cudaGetDevice(&device) == cudaSuccess);
  CHECK(device == 0);
  CHECK_THROWS_WITH(Backend({.device = 2}), "CudaBackend: there is no CUDA device 2; expected 0 to 1");
}

TEST_CASE("CudaBackend: all memory is given back, also when a backend cannot be made") {
  const std::int64_t before = emulation::allocated_bytes();
  {
    Backend b;
    static_cast<void>(work(b));
    CHECK(emulation::allocated_bytes() > before);
  }
  CHECK(emulation::allocated_bytes() == before);
  for (std::int64_t failing = 1;; ++failing) {
    emulation::fail_allocation(failing);
    std::optional<std::string> error;
    try {
      Backend b;
      static_cast<void>(work(b));
    } catch (const saccade::CudaError& thrown) {
      error = thrown.what();
    }
    CHECK(emulation::allocated_bytes() == before);
    if (!error) break;  // it needs fewer allocations than that
    CHECK_THAT(*error, contains("out of memory"));
    REQUIRE(failing < 100);
  }
  emulation::fail_allocation(0);
}

TEST_CASE("CudaBackend: too little memory is reported with the call and its size, and the backend goes on") {
  Backend b({.precision = saccade::Precision::single});
  const std::vector<float> expected = work(b);
  emulation::fail_allocation(1);
  CHECK_THROWS_WITH(b.zeros({1000, 3}), contains("zeros: ") && contains("12000 bytes") && contains("out of memory"));
  CHECK(work(b) == expected);
}
