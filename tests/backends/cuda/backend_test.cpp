#include <saccade/cuda.hpp>

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

/// What CudaBackend promises beside the contract.

using namespace saccade;

namespace {

using B = CudaBackend<float>;
using Tensor = B::Tensor;
using Catch::Matchers::StartsWith;

TEST_CASE("a device that is not there is refused with a sentence") {
  CHECK_THROWS_WITH(B({.device = 99}), StartsWith("CudaBackend: there is no CUDA device 99; expected 0"));
  CHECK_THROWS_WITH(B({.device = -1}), StartsWith("CudaBackend: there is no CUDA device -1; expected 0"));
}

TEST_CASE("an upload has taken its numbers when it returns") {
  B b;
  const std::size_t n = 300'000;  // more than one staging buffer
  std::vector<float> numbers(n);
  std::vector<Tensor> tensors;
  for (int i = 0; i < 20; ++i) {  // more than there are staging buffers
    tensors.push_back(b.zeros({static_cast<Index>(n)}));
    std::fill(numbers.begin(), numbers.end(), static_cast<float>(i));
    numbers.back() = -1;
    b.upload(numbers, tensors.back());
  }
  for (int i = 0; i < 20; ++i) {
    b.download(tensors[static_cast<std::size_t>(i)], numbers);
    CHECK(numbers[0] == static_cast<float>(i));
    CHECK(numbers[n - 2] == static_cast<float>(i));
    CHECK(numbers[n - 1] == -1);
  }
}

TEST_CASE("feature maps keep 8 significant bits in bf16, and all of them otherwise") {
  const float third = 1.0f / 3, bf16_third = 0.333984375f;  // 171 / 512
  const std::vector<float> numbers{1, 1 + std::ldexp(1.0f, -9), third, -third, 0};
  for (const Precision precision : {Precision::single, Precision::tf32, Precision::bf16}) {
    B b({.precision = precision});
    CHECK(b.precision() == precision);
    Tensor map = b.feature_map({1, 1, 1, 5}), plain = b.zeros({1, 1, 1, 5});
    b.upload(numbers, map);
    const std::vector<float> rounded{1, 1, bf16_third, -bf16_third, 0};
    CHECK(to_vector(b, map) == (precision == Precision::bf16 ? rounded : numbers));
    b.copy(map, plain);
    CHECK(to_vector(b, plain) == (precision == Precision::bf16 ? rounded : numbers));
    b.upload(numbers, plain);
    CHECK(to_vector(b, plain) == numbers);
    b.copy(plain, map);
    CHECK(to_vector(b, map) == (precision == Precision::bf16 ? rounded : numbers));
  }
}

TEST_CASE("operands whose formats do not go together are named") {
  B b({.precision = Precision::bf16});
  const Shape shape{1, 2, 2, 4};
  Tensor map = b.feature_map(shape), plain = b.zeros(shape), weights = b.zeros({4, 3, 3, 4}), pooled = b.zeros({1, 4}),
         short_pooled = b.feature_map({1, 4});
  CHECK_THROWS_WITH(b.apply_mask(map, map, plain),
                    "apply_mask: its maps must have one format, but trunk is in bf16 and attended in fp32");
  CHECK_THROWS_WITH(b.convolve(plain, weights, {.padding = 1}, map),
                    "convolve: its maps must have one format, but x is in fp32 and y in bf16");
  CHECK_THROWS_WITH(b.global_average_pool(map, short_pooled),
                    "global_average_pool: y (1, 4) must be in single precision, but is a feature map in bf16");
  CHECK_NOTHROW(b.global_average_pool(map, pooled));
  CHECK_NOTHROW(b.convolve(map, weights, {.padding = 1}, map = b.feature_map(shape)));
}

TEST_CASE("backends work side by side, and what they made may outlive them") {
  std::optional<Tensor> survivor;
  {
    B first, second({.precision = Precision::single});
    Tensor x = first.zeros({1000}), y = second.zeros({1000});
    for (int i = 0; i < 10; ++i) {
      first.fill(static_cast<float>(i), x);
      second.fill(static_cast<float>(-i), y);
      second.axpy(2, y, y);
      first.axpy(1, x, x);
    }
    CHECK(to_vector(first, x)[999] == 18);
    CHECK(to_vector(second, y)[999] == -27);
    B moved = std::move(first);
    moved.fill(7, x);
    CHECK(to_vector(moved, x)[0] == 7);
    survivor = std::move(x);
  }
  CHECK(survivor->shape() == Shape{1000});
}

TEST_CASE("a residual is added in each of a convolution's ways") {
  for (const Precision precision : {Precision::single, Precision::bf16}) {
    B b({.precision = precision});
    for (const Index kernel : {1, 3}) {
      const Shape shape{1, 3, 3, 2};
      Tensor x = b.feature_map(shape), y = b.feature_map(shape), other = b.feature_map(shape);
      Tensor w = b.zeros({2, kernel, kernel, 2}), ones = b.zeros({2}), zeros = b.zeros({2}), slope = b.zeros({1});
      b.fill(1, ones);
      b.fill(1, slope);
      b.fill(0.5f, w);
      const ActivationView<B> identity{ones, zeros, zeros, ones, slope};
      const auto centre = [&](const Tensor* residual) {
        b.fill(1, x);
        b.fill(4, other);
        if (residual == &y) b.fill(16, y);
        b.convolve_activated(x, identity, w, {.padding = kernel / 2}, residual, y);
        return to_vector(b, y)[8];
      };
      const float sum = static_cast<float>(kernel * kernel);
      CHECK(centre(nullptr) == sum);
      CHECK(centre(&other) == sum + 4);
      CHECK(centre(&x) == sum + 1);
      CHECK(centre(&y) == sum + 16);
    }
  }
}

}  // namespace
