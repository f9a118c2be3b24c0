#include <saccade/backends/reference/reference_backend.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

using namespace saccade;

namespace {

using Reference = ReferenceBackend<double>;
using Values = std::vector<double>;
using HostTensor = Reference::Tensor;

HostTensor tensor(const Shape& shape, const Values& values) { return {shape, values}; }

HostTensor zeros(const Shape& shape) { return Reference{}.zeros(shape); }

/// Numbers without a pattern, between -1 and 1.
HostTensor scattered(const Shape& shape, double phase) {
  HostTensor result = zeros(shape);
  for (std::size_t i = 0; i < result.values.size(); ++i) result.values[i] = std::sin(1.7 * double(i * i) + phase);
  return result;
}

double dot(const HostTensor& a, const HostTensor& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
  return sum;
}

/// Largest difference between `gradient` and the central differences of `loss` in the elements of `x`.
double gradient_error(HostTensor& x, const HostTensor& gradient, const std::function<double()>& loss) {
  double worst = 0;
  const double h = 1e-5;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double value = x.values[i];
    x.values[i] = value + h;
    const double above = loss();
    x.values[i] = value - h;
    const double below = loss();
    x.values[i] = value;
    worst = std::max(worst, std::abs((above - below) / (2 * h) - gradient.values[i]));
  }
  return worst;
}

}  // namespace

TEST_CASE("a matrix product by hand, written and added", "[linear]") {
  const Reference b;
  const HostTensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6}), w = tensor({2, 3}, {1, 0, -1, 2, 1, 0});
  HostTensor y = tensor({2, 2}, {std::nan(""), std::nan(""), std::nan(""), std::nan("")});
  b.linear(x, w, y, Write::overwrite);
  CHECK(y.values == Values{-2, 4, -2, 13});
  b.linear(x, w, y, Write::accumulate);
  CHECK(y.values == Values{-4, 8, -4, 26});
  b.add_bias(tensor({2}, {10, 20}), y);
  CHECK(y.values == Values{6, 28, 6, 46});
}

TEST_CASE("a strided and padded cross-correlation by hand", "[convolution]") {
  const Reference b;
  // 3 x 3 pixels 1 to 9; the kernel takes the right neighbour once and the lower one ten times.
  const HostTensor x = tensor({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const HostTensor w = tensor({1, 3, 3, 1}, {0, 0, 0, 0, 0, 1, 0, 10, 0});
  HostTensor y = zeros({1, 2, 2, 1});
  b.convolve(x, w, {.stride = 2, .padding = 1}, y);
  CHECK(y.values == Values{42, 60, 8, 0});
}

TEST_CASE("batch normalisation by hand, running statistics included", "[normalization]") {
  const Reference b;
  // One channel 1, 3, 5, 7: mean 4, biased variance 5, unbiased 20 / 3.
  const HostTensor x = tensor({2, 1, 2, 1}, {1, 3, 5, 7}), gamma = tensor({1}, {2}), beta = tensor({1}, {1});
  HostTensor running_mean = tensor({1}, {10}), running_variance = tensor({1}, {1});
  HostTensor y = zeros({2, 1, 2, 1}), mean = zeros({1}), rstd = zeros({1});
  b.batch_norm_train(x, gamma, beta, {.epsilon = 4, .momentum = 0.25}, running_mean, running_variance, y, mean, rstd);
  CHECK(mean.values[0] == Approx(4));
  CHECK(rstd.values[0] == Approx(1.0 / 3.0));
  CHECK(y.values[0] == Approx(-1));
  CHECK(y.values[3] == Approx(3));
  CHECK(running_mean.values[0] == Approx(0.75 * 10 + 0.25 * 4));
  CHECK(running_variance.values[0] == Approx(0.75 + 0.25 * 20.0 / 3.0));

  b.batch_norm_infer(x, gamma, beta, tensor({1}, {3}), tensor({1}, {12}), 4, y);
  CHECK(y.values[0] == Approx(0));  // 2 * (1 - 3) / 4 + 1
}

TEST_CASE("group normalisation by hand: each sample and group has statistics of its own", "[normalization]") {
  const Reference b;
  // Channels 0, 1 form a group with values 0, 2 / 2, 4 (mean 2, variance 2); channels 2, 3 are constant.
  const HostTensor x = tensor({1, 1, 2, 4}, {0, 2, 7, 7, 2, 4, 7, 7});
  const HostTensor gamma = tensor({4}, {1, 10, 1, 1}), beta = tensor({4}, {0, 0, 5, 6});
  HostTensor y = zeros({1, 1, 2, 4}), mean = zeros({1, 2}), rstd = zeros({1, 2});
  b.group_norm(x, gamma, beta, 2, 2.0, y, mean, rstd);
  CHECK(mean.values == Values{2, 7});
  CHECK(rstd.values[0] == Approx(0.5));
  CHECK(y.values == Values{-1, 0, 5, 6, 0, 10, 5, 6});
}

TEST_CASE("the gradients of both normalisations are their slopes", "[normalization]") {
  const Reference b;
  const Shape shape{2, 2, 3, 4};
  HostTensor x = scattered(shape, 0.1), gamma = scattered({4}, 0.2), beta = scattered({4}, 0.3);
  const HostTensor d_y = scattered(shape, 0.4);
  HostTensor y = zeros(shape), d_x = zeros(shape), d_gamma = zeros({4}), d_beta = zeros({4});

  SECTION("batch") {
    HostTensor mean = zeros({4}), rstd = zeros({4}), running_mean = zeros({4}), running_variance = zeros({4});
    const auto loss = [&] {
      b.batch_norm_train(x, gamma, beta, {}, running_mean, running_variance, y, mean, rstd);
      return dot(y, d_y);
    };
    (void)loss();
    b.batch_norm_backward(d_y, x, gamma, mean, rstd, d_x, Write::overwrite, d_gamma, d_beta, Write::overwrite);
    CHECK(gradient_error(x, d_x, loss) < 1e-8);
    CHECK(gradient_error(gamma, d_gamma, loss) < 1e-8);
    CHECK(gradient_error(beta, d_beta, loss) < 1e-8);
  }
  SECTION("group") {
    HostTensor mean = zeros({2, 2}), rstd = zeros({2, 2});
    const auto loss = [&] {
      b.group_norm(x, gamma, beta, 2, 1e-5, y, mean, rstd);
      return dot(y, d_y);
    };
    (void)loss();
    b.group_norm_backward(d_y, x, gamma, 2, mean, rstd, d_x, Write::overwrite, d_gamma, d_beta, Write::overwrite);
    CHECK(gradient_error(x, d_x, loss) < 1e-8);
    CHECK(gradient_error(gamma, d_gamma, loss) < 1e-8);
    CHECK(gradient_error(beta, d_beta, loss) < 1e-8);
  }
}

TEST_CASE("pooling takes the first of equal values, and padding never wins", "[pooling]") {
  const Reference b;
  const HostTensor x = tensor({1, 2, 3, 1}, {-5, -1, -1, -7, -1, -2});
  HostTensor y = zeros({1, 1, 2, 1}), argmax = zeros({1, 1, 2, 1}), d_x = zeros({1, 2, 3, 1});
  b.max_pool(x, {}, y, argmax);  // windows of rows -1 to 1 and columns -1 to 1, 1 to 3
  CHECK(y.values == Values{-1, -1});
  CHECK(argmax.values == Values{5, 3});  // (1, 2) of the first window and (1, 0) of the second: the same pixel
  b.max_pool_backward(tensor({1, 1, 2, 1}, {10, 100}), argmax, {}, d_x, Write::overwrite);
  CHECK(d_x.values == Values{0, 110, 0, 0, 0, 0});
}

TEST_CASE("columns are read and written in place", "[pointwise]") {
  const Reference b;
  HostTensor matrix = tensor({2, 3}, {1, 2, 3, 4, 5, 6}), column = zeros({2});
  b.read_columns(matrix, 1, column, Write::overwrite);
  CHECK(column.values == Values{2, 5});
  b.write_columns(column, 2, matrix, Write::accumulate);
  CHECK(matrix.values == Values{1, 2, 5, 4, 5, 11});
}

TEST_CASE("softmax and cross-entropy of huge logits stay finite", "[loss]") {
  const Reference b;
  const HostTensor logits = tensor({2, 2}, {1000, 1000, -2000, 0}), labels = tensor({2}, {1, 0});
  HostTensor probabilities = zeros({2, 2}), loss = zeros({2}), d_logits = zeros({2, 2}), classes = zeros({2});
  b.softmax_cross_entropy(logits, labels, probabilities, loss);
  CHECK(probabilities.values == Values{0.5, 0.5, 0, 1});
  CHECK(loss.values[0] == Approx(std::log(2.0)));
  CHECK(loss.values[1] == Approx(2000));
  b.softmax_cross_entropy_backward(probabilities, labels, tensor({2}, {2, 1}), d_logits, Write::overwrite);
  CHECK(d_logits.values == Values{1, -1, -1, 1});
  b.most_probable(probabilities, classes);
  CHECK(classes.values == Values{0, 1});
  b.correct(classes, labels, loss);
  CHECK(loss.values == Values{0, 0});
}

TEST_CASE("sums do not lose small numbers in single precision", "[linear]") {
  // 2^24 + 1 + 1 - 2^24 is 2 in double, 0 in single precision.
  const ReferenceBackend<float> b;
  const ReferenceBackend<float>::Tensor x{{1, 4}, {16777216.0f, 1.0f, 1.0f, -16777216.0f}}, w{{1, 4}, {1, 1, 1, 1}};
  ReferenceBackend<float>::Tensor y = b.zeros({1, 1});
  b.linear(x, w, y, Write::overwrite);
  CHECK(y.values[0] == 2.0f);
}

TEST_CASE("an empty batch does nothing, and leaves parameters a gradient of 0", "[reference]") {
  const Reference b;
  const HostTensor nothing = zeros({0, 4, 4, 2}), rows = zeros({0, 2});
  const double nan = std::nan("");
  HostTensor d_w = tensor({1, 1, 1, 2}, {nan, nan}), d_bias = tensor({2}, {nan, nan}), d_gamma = d_bias;
  HostTensor d_nothing = nothing, y = zeros({0, 4, 4, 1});
  b.convolve_backward_weight(y, nothing, {}, d_w, Write::overwrite);
  CHECK(d_w.values == Values{0, 0});
  b.add_bias_backward(rows, d_bias, Write::overwrite);
  CHECK(d_bias.values == Values{0, 0});

  const HostTensor gamma = tensor({2}, {1, 1});
  HostTensor running_mean = tensor({2}, {3, 4}), running_variance = gamma, mean = gamma, rstd = gamma;
  b.batch_norm_train(nothing, gamma, gamma, {}, running_mean, running_variance, d_nothing, mean, rstd);
  CHECK(running_mean.values == Values{3, 4});
  CHECK(running_variance.values == Values{1, 1});
  b.batch_norm_backward(nothing, nothing, gamma, mean, rstd, d_nothing, Write::overwrite, d_gamma, d_bias,
                        Write::overwrite);
  CHECK(d_gamma.values == Values{0, 0});
}
