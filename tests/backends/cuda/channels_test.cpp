#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/cuda.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/mask.hpp>
#include <saccade/ops/normalization.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/pooling.hpp>
#include <saccade/testing/random_tensor.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

/// Every number of channels from 1 to 17, and a few larger ones: the tails of vectors of 16 bytes in all kernels that
/// go along channels, in both formats.

namespace {

using saccade::Index;
using saccade::Shape;
using saccade::Write;

/// Makes operands by name and collects results.
template <class B>
class Bench {
 public:
  explicit Bench(B& b) : b_(b) {}

  auto vector(const std::string& name, const Shape& shape) { return given(name, shape, b_.zeros(shape)); }
  auto map(const std::string& name, const Shape& shape) { return given(name, shape, saccade::make_map(b_, shape)); }
  auto blank_vector(const Shape& shape) { return blank(b_.zeros(shape)); }
  auto blank_map(const Shape& shape) { return blank(saccade::make_map(b_, shape)); }
  void keep(const std::string& name, const saccade::Tensor<B>& tensor) {
    results.emplace_back(name, saccade::to_vector(b_, tensor));
  }

  std::vector<std::pair<std::string, std::vector<float>>> results;

 private:
  auto given(const std::string& name, const Shape& shape, saccade::Tensor<B> tensor) {
    const std::vector<double> values = saccade::testing::random_values(name, shape);
    const std::vector<float> converted(values.begin(), values.end());
    b_.upload(std::span<const float>(converted), tensor);
    return tensor;
  }
  auto blank(saccade::Tensor<B> tensor) {
    b_.fill(std::numeric_limits<float>::quiet_NaN(), tensor);
    return tensor;
  }

  B& b_;
};

template <class B>
auto run(B& b, Index batch, Index height, Index channels) {
  const Shape shape{batch, height, 2, channels}, c{channels}, pooled{batch, channels}, positions{batch, 2 * channels};
  Bench<B> bench(b);
  const auto x = bench.map("x", shape), d_y = bench.map("d_y", shape), trunk = bench.map("trunk", shape);
  const auto gamma = bench.vector("gamma", c), beta = bench.vector("beta", c), slope = bench.vector("slope", c);
  const auto d_pooled = bench.vector("d_pooled", pooled), d_position = bench.vector("d_position", positions);
  auto y = bench.blank_map(shape), d_x = bench.blank_map(shape), d_mask = bench.blank_map(shape);
  auto mean = bench.blank_vector(c), rstd = bench.blank_vector(c), d_gamma = bench.blank_vector(c),
       d_beta = bench.blank_vector(c), d_slope = bench.blank_vector(c), features = bench.blank_vector(pooled),
       log_sum = bench.blank_vector(pooled), position = bench.blank_vector(positions);
  auto running_mean = bench.vector("running_mean", c), running_variance = bench.vector("running_variance", c);
  namespace ops = saccade::ops;

  ops::prelu(b, x, slope, y);
  bench.keep("prelu", y);
  ops::prelu_backward(b, x, slope, d_y, d_x, Write::overwrite, d_slope, Write::overwrite);
  bench.keep("prelu_backward: d_x", d_x);
  bench.keep("prelu_backward: d_slope", d_slope);
  ops::add_bias(b, beta, y);
  bench.keep("add_bias", y);
  ops::add_bias_backward(b, d_y, d_beta, Write::overwrite);
  bench.keep("add_bias_backward", d_beta);
  ops::multiply(b, x, trunk, y, Write::overwrite);
  bench.keep("multiply", y);
  ops::sigmoid(b, x, y);
  bench.keep("sigmoid", y);
  ops::batch_norm_train(b, x, gamma, beta, {}, running_mean, running_variance, y, mean, rstd);
  bench.keep("batch_norm_train: y", y);
  bench.keep("batch_norm_train: running_mean", running_mean);
  bench.keep("batch_norm_train: running_variance", running_variance);
  ops::batch_norm_backward(b, d_y, x, gamma, mean, rstd, d_x, Write::overwrite, d_gamma, d_beta, Write::overwrite);
  bench.keep("batch_norm_backward: d_x", d_x);
  bench.keep("batch_norm_backward: d_gamma", d_gamma);
  ops::global_average_pool(b, x, features);
  bench.keep("global_average_pool", features);
  ops::global_average_pool_backward(b, d_pooled, d_x, Write::overwrite);
  bench.keep("global_average_pool_backward", d_x);
  ops::spatial_softmax(b, x, log_sum, position);
  bench.keep("spatial_softmax: log_sum", log_sum);
  bench.keep("spatial_softmax: position", position);
  ops::spatial_softmax_backward(b, x, log_sum, position, d_position, d_x, Write::overwrite);
  bench.keep("spatial_softmax_backward", d_x);
  ops::apply_mask(b, trunk, x, y);
  bench.keep("apply_mask", y);
  ops::apply_mask_backward(b, trunk, x, d_y, d_x, Write::overwrite, d_mask, Write::overwrite);
  bench.keep("apply_mask_backward: d_trunk", d_x);
  bench.keep("apply_mask_backward: d_mask_logits", d_mask);
  return bench.results;
}

/// @param epsilon  spacing of the numbers of a map
void agrees(saccade::Precision precision, double epsilon) {
  saccade::CudaBackend<float> gpu({.precision = precision});
  saccade::ReferenceBackend<float> reference;
  std::vector<Index> all_channels = {24, 31, 32, 40, 65};
  for (Index channels = 1; channels <= 17; ++channels) all_channels.push_back(channels);
  for (const Index channels : all_channels) {
    for (const Index height : {2, 5}) {
      const auto actual = run(gpu, 2, height, channels), expected = run(reference, 2, height, channels);
      for (std::size_t k = 0; k < expected.size(); ++k) {
        INFO(channels << " channels, height " << height << ": " << expected[k].first);
        double largest = 1;
        for (const float value : expected[k].second) largest = std::max(largest, std::abs(double{value}));
        for (std::size_t i = 0; i < expected[k].second.size(); ++i) {
          if (std::abs(actual[k].second[i] - expected[k].second[i]) <= 32 * epsilon * largest) continue;
          FAIL_CHECK("element " << i << " is " << actual[k].second[i] << ", but must be " << expected[k].second[i]);
          break;
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("CudaBackend: any number of channels in single precision") {
  agrees(saccade::Precision::single, std::ldexp(1.0, -21));
}

TEST_CASE("CudaBackend: any number of channels in bf16") { agrees(saccade::Precision::bf16, std::ldexp(1.0, -8)); }
