#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/cuda.hpp>
#include <saccade/ops/pooling.hpp>
#include <saccade/testing/random_tensor.hpp>

#include "support/catch.hpp"

#include <limits>
#include <vector>

/// Every window up to 4, stride up to 3 and padding over small images: all numbers are exact, and equal.

namespace {

using saccade::Index;

struct Pooled {
  std::vector<float> y, argmax, d_x;

  friend bool operator==(const Pooled&, const Pooled&) = default;
};

template <class B>
Pooled pool(B& b, const saccade::Shape& shape, const saccade::PoolingGeometry& geometry) {
  const saccade::Shape small{
      shape[0], saccade::sliding_extent(shape[1], geometry.window, geometry.stride, geometry.padding),
      saccade::sliding_extent(shape[2], geometry.window, geometry.stride, geometry.padding), shape[3]};
  const auto x = saccade::make_tensor(b, shape, std::span<const double>(saccade::testing::random_values("x", shape)));
  const auto d_y =
      saccade::make_tensor(b, small, std::span<const double>(saccade::testing::random_values("d_y", small)));
  auto y = b.zeros(small), argmax = b.zeros(small), d_x = b.zeros(shape);
  b.fill(std::numeric_limits<float>::quiet_NaN(), d_x);
  saccade::ops::max_pool(b, x, geometry, y, argmax);
  saccade::ops::max_pool_backward(b, d_y, argmax, geometry, d_x, saccade::Write::overwrite);
  return {saccade::to_vector(b, y), saccade::to_vector(b, argmax), saccade::to_vector(b, d_x)};
}

}  // namespace

TEST_CASE("CudaBackend: max-pooling and its backward equal the reference for every small geometry") {
  saccade::CudaBackend<float> gpu({.precision = saccade::Precision::single});
  saccade::ReferenceBackend<float> reference;
  for (Index window = 1; window <= 4; ++window) {
    for (Index stride = 1; stride <= 3; ++stride) {
      for (Index padding = 0; padding <= window / 2; ++padding) {
        for (Index height = 1; height <= 8; ++height) {
          const Index width = 9 - height, channels = height % 3 + 3;
          if (height + 2 * padding < window || width + 2 * padding < window) continue;
          INFO("window " << window << ", stride " << stride << ", padding " << padding << ", height " << height);
          const saccade::PoolingGeometry geometry{.window = window, .stride = stride, .padding = padding};
          const saccade::Shape shape{2, height, width, channels};
          CHECK(pool(gpu, shape, geometry) == pool(reference, shape, geometry));
        }
      }
    }
  }
}
