#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/cuda.hpp>
#include <saccade/ops/upsample.hpp>
#include <saccade/testing/random_tensor.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

/// Every extent of an axis up to 24 stretched, or shrunk, to every one up to 48: the gathering backward finds all that
/// read a pixel, and nothing else.

namespace {

using saccade::Index;

struct Both {
  std::vector<float> y, d_x;
};

template <class B>
Both upsample(B& b, const saccade::Shape& small, const saccade::Shape& large, saccade::Corners corners) {
  using saccade::Write;
  const auto x = saccade::make_tensor(b, small, std::span<const double>(saccade::testing::random_values("x", small)));
  const auto d_y =
      saccade::make_tensor(b, large, std::span<const double>(saccade::testing::random_values("d_y", large)));
  auto y = b.zeros(large), d_x = b.zeros(small);
  b.fill(std::numeric_limits<float>::quiet_NaN(), y);
  b.fill(std::numeric_limits<float>::quiet_NaN(), d_x);
  saccade::ops::upsample_bilinear(b, x, corners, y);
  saccade::ops::upsample_bilinear_backward(b, d_y, corners, d_x, Write::overwrite);
  return {saccade::to_vector(b, y), saccade::to_vector(b, d_x)};
}

/// At most 49 terms of a size of about 1.
void near(const std::vector<float>& actual, const std::vector<float>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (std::abs(actual[i] - expected[i]) <= 1e-4f) continue;  // not so for NaN
    FAIL_CHECK("element " << i << " is " << actual[i] << ", but must be " << expected[i]);
    return;
  }
}

}  // namespace

TEST_CASE("CudaBackend: upsampling and its backward agree with the reference for every pair of extents") {
  saccade::CudaBackend<float> gpu({.precision = saccade::Precision::single});
  saccade::ReferenceBackend<float> reference;
  for (const auto corners : {saccade::Corners::aligned, saccade::Corners::half_pixel}) {
    for (Index in = 1; in <= 24; ++in) {
      for (Index out = 1; out <= 48; ++out) {
        INFO(in << " to " << out << (corners == saccade::Corners::aligned ? ", aligned" : ", half pixel"));
        // The rows have these extents, the columns another pair, and the channels a tail.
        const Index width = out % 5 + 1, y_width = in % 7 + 1, channels = (in + out) % 3 == 0 ? 4 : 3;
        const saccade::Shape small{1, in, width, channels}, large{1, out, y_width, channels};
        const Both actual = upsample(gpu, small, large, corners), expected = upsample(reference, small, large, corners);
        near(actual.y, expected.y);
        near(actual.d_x, expected.d_x);
        const saccade::Shape turned_small{1, width, in, channels}, turned_large{1, y_width, out, channels};
        const Both turned = upsample(gpu, turned_small, turned_large, corners),
                   turned_expected = upsample(reference, turned_small, turned_large, corners);
        near(turned.y, turned_expected.y);
        near(turned.d_x, turned_expected.d_x);
      }
    }
  }
}
