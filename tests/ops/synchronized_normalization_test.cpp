#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/activated_convolution.hpp>
#include <saccade/ops/forwarding_backend.hpp>

#include "support/catch.hpp"
#include "support/fused_reference.hpp"
#include "support/in_ranks.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// What several processes make of their parts of a batch is what one makes of the whole.

using namespace saccade;
using saccade_test::in_ranks;

namespace {

constexpr Index channels = 3;
constexpr Index pixels = 4;
constexpr BatchNormHyper hyper{.epsilon = 1e-3, .momentum = 0.2};

using Numbers = std::vector<double>;

/// A batch, and what stood in the tensors before.
struct Given {
  Numbers x, d_y, gamma{0.5, -1.5, 2}, beta{0.1, 0.2, -0.3}, mean{1, 2, 3}, variance{4, 5, 6}, slope{0.25};
  Numbers sums{10, 20, 30};
  explicit Given(Index images) {
    for (Index i = 0; i < images * pixels * channels; ++i) {
      const auto n = static_cast<double>(i);
      x.push_back(std::sin(n * n) * (1 + n / 40) + 3 * static_cast<double>(i % channels));
      d_y.push_back(std::cos(3 * n) + 0.1 * n);
    }
  }
};

/// What is made of images `first` to `end` - 1.
struct Made {
  Numbers y, mean, rstd, running_mean, running_variance, d_x, d_gamma, d_beta, d_slope;
};

template <class B>
Tensor<B> tensor(B& b, const Shape& shape, std::span<const double> values) {
  Tensor<B> x = b.zeros(shape);
  const std::vector<Scalar<B>> converted(values.begin(), values.end());
  b.upload(std::span<const Scalar<B>>(converted), x);
  return x;
}

template <class B>
Numbers numbers(B& b, const Tensor<B>& x) {
  const auto values = to_vector(b, x);
  return {values.begin(), values.end()};
}

/// @param fused  by the operations that activate what a convolution reads
template <class B>
Made normalize(B& b, const Given& given, Index first, Index end, bool fused, Write write) {
  const Shape shape{end - first, 1, pixels, channels};
  const auto of = [&](const Numbers& all) {
    return tensor(b, shape,
                  std::span(all).subspan(static_cast<std::size_t>(first * pixels * channels),
                                         static_cast<std::size_t>(shape.size())));
  };
  const auto of_channels = [&](const Numbers& values) { return tensor(b, {channels}, values); };
  const Tensor<B> x = of(given.x), d_y = of(given.d_y), gamma = of_channels(given.gamma),
                  beta = of_channels(given.beta);
  Tensor<B> mean = b.zeros({channels}), rstd = b.zeros({channels}), y = b.zeros(shape), d_x = of(given.d_y);
  Tensor<B> running_mean = of_channels(given.mean), running_variance = of_channels(given.variance);
  Tensor<B> d_gamma = of_channels(given.sums), d_beta = of_channels(given.sums);
  const Tensor<B> slope = tensor(b, {1}, given.slope);
  Tensor<B> d_slope = tensor(b, {1}, std::span(given.sums).first(1));
  if (fused) {
    if constexpr (ops::TrainableFusedActivation<B>) {
      ops::batch_norm_statistics(b, x, hyper, running_mean, running_variance, mean, rstd);
      ops::activation_backward(b, d_y, x, {gamma, beta, mean, rstd, slope}, &y, d_x, write, d_gamma, d_beta, d_slope,
                               write);
    }
  } else {
    ops::batch_norm_train(b, x, gamma, beta, hyper, running_mean, running_variance, y, mean, rstd);
    ops::batch_norm_backward(b, d_y, x, gamma, mean, rstd, d_x, write, d_gamma, d_beta, write);
  }
  return {
      numbers(b, y),   numbers(b, mean),    numbers(b, rstd),   numbers(b, running_mean), numbers(b, running_variance),
      numbers(b, d_x), numbers(b, d_gamma), numbers(b, d_beta), numbers(b, d_slope)};
}

void expect_near(const Numbers& found, const Numbers& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(tolerance));
}

/// Three parts of different sizes, against the whole.
template <class B>
void check_parts(bool fused, Write write, double tolerance) {
  const std::vector<Index> bounds{0, 3, 4, 9};
  const Index images = bounds.back();
  const Given given(images);
  B alone{};
  const Made whole = normalize(alone, given, 0, images, fused, write);
  std::vector<Made> parts(3);
  const auto sentences = in_ranks(3, [&](const ProcessGroup& group) {
    B b{};
    const auto rank = static_cast<std::size_t>(group.rank());
    const SynchronizedBatches<B> synchronized(b, group);
    // The loss of a part is the mean over its images: its gradient is so much larger than its share of the whole's.
    Given own = given;
    const auto count = static_cast<double>(bounds[rank + 1] - bounds[rank]);
    for (double& value : own.d_y) value *= static_cast<double>(images) / count;
    parts[rank] = normalize(b, own, bounds[rank], bounds[rank + 1], fused, write);
  });
  for (const std::string& sentence : sentences) CHECK(sentence == "");
  Numbers y, d_x, d_gamma(channels), d_beta(channels), d_slope(1);
  for (std::size_t rank = 0; rank < 3; ++rank) {
    const Made& part = parts[rank];
    CHECK(part.mean == parts[0].mean);  // to the bit
    CHECK(part.rstd == parts[0].rstd);
    CHECK(part.running_variance == parts[0].running_variance);
    y.insert(y.end(), part.y.begin(), part.y.end());
    const double share = static_cast<double>(bounds[rank + 1] - bounds[rank]) / static_cast<double>(images);
    for (const double value : part.d_x) d_x.push_back(share * value);
    for (std::size_t c = 0; c < channels; ++c) {
      const double before = write == Write::accumulate ? given.sums[c] : 0;
      d_gamma[c] += share * (part.d_gamma[c] - before) + (rank == 0 ? before : 0);
      d_beta[c] += share * (part.d_beta[c] - before) + (rank == 0 ? before : 0);
      if (c == 0) d_slope[0] += share * (part.d_slope[0] - before) + (rank == 0 ? before : 0);
    }
  }
  expect_near(parts[0].mean, whole.mean, tolerance);
  expect_near(parts[0].rstd, whole.rstd, tolerance);
  expect_near(parts[0].running_mean, whole.running_mean, tolerance);
  expect_near(parts[0].running_variance, whole.running_variance, tolerance);
  expect_near(y, whole.y, tolerance);
  expect_near(d_x, whole.d_x, tolerance);
  expect_near(d_gamma, whole.d_gamma, 10 * tolerance);
  expect_near(d_beta, whole.d_beta, 10 * tolerance);
  if (fused) expect_near(d_slope, whole.d_slope, 10 * tolerance);
}

}  // namespace

TEST_CASE("synchronized parts are normalised as the whole batch, forwards and backwards", "[ranks]") {
  const Write write = GENERATE(Write::overwrite, Write::accumulate);
  check_parts<ReferenceBackend<double>>(false, write, 1e-12);
  check_parts<EigenBackend<double>>(false, write, 1e-12);
  check_parts<EigenBackend<double>>(true, write, 1e-12);
  check_parts<saccade_test::FusedReference<double>>(true, write, 1e-12);
  check_parts<EigenBackend<float>>(false, write, 1e-4);
}

TEST_CASE("a backend is synchronized as long as it is told, through one that forwards, too", "[ranks]") {
  struct Forwarding : ForwardingBackend<Forwarding, ReferenceBackend<double>> {};
  const auto sentences = in_ranks(2, [](const ProcessGroup& group) {
    Forwarding b;
    {
      const SynchronizedBatches<Forwarding> synchronized(b, group);
      saccade_test::expect(is_synchronized(b) && is_synchronized(b.inner()), "synchronized");
    }
    saccade_test::expect(!is_synchronized(b), "no longer");
  });
  CHECK(sentences == std::vector<std::string>(2));
  struct Plain {};
  Plain plain;
  CHECK_FALSE(is_synchronized(plain));
}
