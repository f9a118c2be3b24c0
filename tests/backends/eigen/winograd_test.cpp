#include <saccade/backends/eigen/winograd.hpp>
#include <saccade/math/random_sequence.hpp>

#include <cmath>
#include <cstring>
#include <vector>

#include "support/catch.hpp"

using namespace saccade;
using eigen::HostTensor;

namespace {

HostTensor<float> random_tensor(const Shape& shape, std::uint64_t seed) {
  HostTensor<float> tensor(shape);
  math::RandomSequence random(RandomKey{.seed = seed});
  for (Index i = 0; i < tensor.size(); ++i)
    tensor.data()[i] = static_cast<float>(random.below(20001)) / 10000.0f - 1.0f;
  return tensor;
}

/// d_w by its definition, for stride 1.
std::vector<double> weight_gradient(const HostTensor<float>& d_y, const HostTensor<float>& x, Index padding) {
  const Index batch = x.shape()[0], height = x.shape()[1], width = x.shape()[2], channels = x.shape()[3];
  const Index rows = d_y.shape()[1], columns = d_y.shape()[2], outputs = d_y.shape()[3];
  std::vector<double> d_w(static_cast<std::size_t>(outputs * 9 * channels));
  for (Index b = 0; b < batch; ++b)
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < columns; ++j)
        for (Index tap = 0; tap < 9; ++tap) {
          const Index row = i + tap / 3 - padding, column = j + tap % 3 - padding;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const float* const pixel = x.data() + ((b * height + row) * width + column) * channels;
          const float* const gradient = d_y.data() + ((b * rows + i) * columns + j) * outputs;
          for (Index o = 0; o < outputs; ++o)
            for (Index c = 0; c < channels; ++c)
              d_w[static_cast<std::size_t>((o * 9 + tap) * channels + c)] += double{gradient[o]} * double{pixel[c]};
        }
  return d_w;
}

}  // namespace

TEST_CASE("gradients of weights have the same bits however the threads share segments and rounds of tiles", "[winograd]") {
  // 1250 tiles of 8 + 8 channels, three segments: of one thread each, or four threads together in one after the other.
  // 190 tiles of 72 + 40: one segment, several rounds for one thread, fewer for more threads.
  struct Size {
    Shape x;
    Index outputs, padding;
  };
  for (const Size& size : {Size{{2, 100, 99, 8}, 8, 1}, Size{{5, 23, 24, 72}, 40, 0}, Size{{1, 3, 5, 9}, 11, 2}}) {
    INFO("x " << to_string(size.x));
    const Index grown = 2 * size.padding - 2;
    const auto x = random_tensor(size.x, 1);
    const auto d_y = random_tensor({size.x[0], size.x[1] + grown, size.x[2] + grown, size.outputs}, 2);
    const auto gradient = [&](int threads) {
      eigen::Engine engine(threads);
      HostTensor<float> d_w(Shape{size.outputs, 3, 3, size.x[3]});
      eigen::winograd_backward_weight(engine, d_y, {eigen::image_block(x)}, {.stride = 1, .padding = size.padding}, d_w,
                                      Write::overwrite);
      return d_w;
    };
    const auto one = gradient(1);
    for (const int threads : {2, 3, 4})
      CHECK(std::memcmp(gradient(threads).data(), one.data(), static_cast<std::size_t>(one.size()) * sizeof(float)) ==
            0);

    const auto expected = weight_gradient(d_y, x, size.padding);
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      error += std::pow(expected[i] - double{one.data()[i]}, 2);
      norm += std::pow(expected[i], 2);
    }
    CHECK(std::sqrt(error / norm) <= 5e-6);
  }
}
