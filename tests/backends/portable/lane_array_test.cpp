// A program of its own: what other compilers get, where vectors are plain arrays. From headers alone, for
// saccade::compiled has the vectors of this one.
#undef SACCADE_LIBRARY_FOR
#define SACCADE_NO_VECTOR_EXTENSIONS

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/ops.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace saccade;

namespace {

std::vector<double> numbers(const Shape& shape, std::uint64_t seed) {
  ReferenceBackend<double> b;
  auto tensor = b.zeros(shape);
  b.sample_uniform(-1.0, 1.0, {.seed = seed}, tensor);
  return to_vector(b, tensor);
}

/// What a network asks of the kernels: convolutions by Winograd and by windows, fused activations, pooling.
template <class B>
std::vector<std::vector<double>> results(B& b, const Shape& xs, const Shape& ws, ConvolutionGeometry geometry) {
  const Shape ys = ops::convolution_shape(xs, ws, geometry);
  const auto tensor = [&](const Shape& shape, std::uint64_t seed) {
    const auto values = numbers(shape, seed);
    return make_tensor(b, shape, std::span<const double>(values));
  };
  const auto x = tensor(xs, 1), w = tensor(ws, 2), d_y = tensor(ys, 3);
  const PoolingGeometry pooling{.window = 3, .stride = 2, .padding = 1};
  auto y = b.zeros(ys), d_x = tensor(xs, 4), d_w = b.zeros(ws), mean = b.zeros({xs[3]}), rstd = b.zeros({xs[3]});
  const Shape pooled{xs[0], sliding_extent(xs[1], 3, 2, 1), sliding_extent(xs[2], 3, 2, 1), xs[3]};
  auto largest = b.zeros(pooled), argmax = b.zeros(pooled), d_pooled_x = b.zeros(xs);
  auto running_mean = b.zeros({xs[3]}), running_variance = b.zeros({xs[3]}), normalized = b.zeros(xs);
  const auto gamma = tensor({xs[3]}, 5), beta = tensor({xs[3]}, 6);
  ops::convolve(b, x, w, geometry, y);
  auto finished = b.zeros(ys);
  const auto bias = tensor({ws[0]}, 7);
  ops::convolve(b, x, w, geometry, {.bias = &bias, .residual = &d_y, .rectifier = Rectifier::relu6}, finished);
  ops::convolve_backward_input(b, d_y, w, geometry, d_x, Write::accumulate);
  ops::convolve_backward_weight(b, d_y, x, geometry, d_w, Write::overwrite);
  ops::max_pool(b, x, pooling, largest, argmax);
  ops::max_pool_backward(b, largest, argmax, pooling, d_pooled_x, Write::overwrite);
  ops::batch_norm_train(b, x, gamma, beta, {}, running_mean, running_variance, normalized, mean, rstd);
  std::vector<std::vector<double>> all;
  for (const auto* result : {&y, &finished, &d_x, &d_w, &largest, &argmax, &d_pooled_x, &mean, &rstd, &normalized}) {
    const auto values = to_vector(b, *result);
    all.emplace_back(values.begin(), values.end());
  }
  return all;
}

}  // namespace

TEST_CASE("kernels without the compiler's vectors agree with the reference", "[kernels]") {
  EigenBackend<float> eigen(EigenOptions{.threads = 2, .instruction_set = InstructionSet::portable});
  ReferenceBackend<double> reference;
  struct Size {
    Shape x, w;
    ConvolutionGeometry geometry;
  };
  for (const Size& size : {Size{{2, 9, 6, 11}, {10, 3, 3, 11}, {1, 1}}, Size{{1, 5, 7, 3}, {5, 3, 3, 3}, {2, 1}},
                           Size{{2, 4, 5, 12}, {8, 1, 1, 12}, {1, 0}}, Size{{2, 9, 13, 11}, {11, 3, 3, 1}, {1, 1, 11}},
                           Size{{1, 9, 8, 9}, {9, 5, 5, 1}, {2, {1, 2, 2, 1}, 9}}}) {
    const auto found = results(eigen, size.x, size.w, size.geometry);
    const auto expected = results(reference, size.x, size.w, size.geometry);
    for (std::size_t i = 0; i < found.size(); ++i) {
      double largest = 0, error = 0;
      for (std::size_t j = 0; j < found[i].size(); ++j) {
        largest = std::max(largest, std::abs(expected[i][j]));
        error = std::max(error, std::abs(found[i][j] - expected[i][j]));
      }
      INFO("result " << i << " of x " << to_string(size.x));
      CHECK(error <= 1e-5 * largest);
    }
  }
}

TEST_CASE("without the compiler's vectors there is one set of kernels", "[kernels]") {
  for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
    CHECK(&eigen::kernels_for<float>(set) == &eigen::portable::kernels<float>);
    CHECK(&eigen::gradient_kernels_for<float>(set) == &eigen::portable::gradient_kernels<float>);
  }
}
