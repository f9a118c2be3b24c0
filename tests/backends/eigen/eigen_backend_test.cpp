#include "all_operations.hpp"

#include "support/catch.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>

#include <cmath>
#include <cstddef>

using namespace saccade;

namespace {

template <class B>
std::vector<typename AllOperations<B>::Sizes> sizes() {
  return {
      {.batch = 5,
       .height = 9,
       .width = 7,
       .channels = 6,
       .outputs = 5,
       .kernel = 3,
       .stride = 1,
       .padding = 1,
       .groups = 3},
      {.batch = 3,
       .height = 11,
       .width = 14,
       .channels = 3,
       .outputs = 17,
       .kernel = 7,
       .stride = 4,
       .padding = 3,
       .groups = 1},
      {.batch = 2,
       .height = 13,
       .width = 10,
       .channels = 16,
       .outputs = 8,
       .kernel = 1,
       .stride = 1,
       .padding = 0,
       .groups = 4},
      {.batch = 2,
       .height = 12,
       .width = 9,
       .channels = 7,
       .outputs = 4,
       .kernel = 1,
       .stride = 2,
       .padding = 0,
       .groups = 7},
      {.batch = 1,
       .height = 8,
       .width = 15,
       .channels = 5,
       .outputs = 3,
       .kernel = 3,
       .stride = 2,
       .padding = 0,
       .groups = 5},
      {.batch = 2,
       .height = 6,
       .width = 5,
       .channels = 4,
       .outputs = 3,
       .kernel = 2,
       .stride = 3,
       .padding = 2,
       .groups = 2},
      {.batch = 2,
       .height = 6,
       .width = 7,
       .channels = 600,
       .outputs = 2,
       .kernel = 3,
       .stride = 1,
       .padding = 2,
       .groups = 20},
      {.batch = 7,
       .height = 37,
       .width = 41,
       .channels = 20,
       .outputs = 24,
       .kernel = 3,
       .stride = 1,
       .padding = 1,
       .groups = 5},
      {.batch = 1,
       .height = 3,
       .width = 3,
       .channels = 1,
       .outputs = 1,
       .kernel = 3,
       .stride = 1,
       .padding = 1,
       .groups = 1},
      {.batch = 0,
       .height = 9,
       .width = 7,
       .channels = 6,
       .outputs = 5,
       .kernel = 3,
       .stride = 2,
       .padding = 1,
       .groups = 2},
  };
}

template <class B>
std::map<std::string, std::vector<double>> results(B b, std::size_t which) {
  AllOperations<B> operations(b, sizes<B>()[which]);
  operations.run();
  return operations.results();
}

/// Root of the mean square, for errors relative to a whole tensor.
double magnitude(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

template <class Number>
void check_agreement(double tolerance) {
  for (std::size_t which = 0; which < sizes<EigenBackend<Number>>().size(); ++which) {
    const auto actual = results(EigenBackend<Number>(2), which);
    const auto expected = results(ReferenceBackend<double>(), which);
    REQUIRE(actual.size() == expected.size());
    for (const auto& [name, values] : expected) {
      INFO("sizes " << which << ", " << name);
      const std::vector<double>& found = actual.at(name);
      REQUIRE(found.size() == values.size());
      double worst = 0;
      bool finite = true;
      for (std::size_t i = 0; i < values.size(); ++i) {
        worst = std::max(worst, std::abs(found[i] - values[i]));
        finite = finite && std::isfinite(found[i]);
      }
      CHECK(finite);
      CHECK(worst <= tolerance * (magnitude(values) + 1));
    }
  }
}

}  // namespace

TEST_CASE("every operation agrees with the reference in double", "[eigen]") {
  check_agreement<float>(1e-4);
  check_agreement<double>(1e-12);
}

TEST_CASE("results have the same bits for any number of threads", "[eigen]") {
  for (std::size_t which = 0; which < sizes<EigenBackend<>>().size(); ++which) {
    const auto one = results(EigenBackend<>(1), which);
    for (const int threads : {2, 4}) {
      const auto several = results(EigenBackend<>(threads), which);
      for (const auto& [name, values] : one) {
        INFO("sizes " << which << ", " << threads << " threads, " << name);
        CHECK((several.at(name) == values));
      }
    }
  }
}

TEST_CASE("elementwise operations may be done in place", "[eigen]") {
  EigenBackend<> b(2);
  const Shape shape{3, 700};
  const std::vector<double> values = testing::random_values("x", shape);
  const auto x = make_tensor<EigenBackend<>, double>(b, shape, values);
  const auto other = make_tensor<EigenBackend<>, double>(b, shape, testing::random_values("other", shape));
  auto y = b.zeros(shape);
  auto in_place = b.zeros(shape);
  const auto same = [&](auto operation) {
    b.copy(x, in_place);
    operation(x, y);
    operation(in_place, in_place);
    return to_vector(b, y) == to_vector(b, in_place);
  };
  CHECK(same([&](const auto& from, auto& to) { b.relu(from, to); }));
  CHECK(same([&](const auto& from, auto& to) { b.sigmoid(from, to); }));
  CHECK(same([&](const auto& from, auto& to) { b.add(from, other, to); }));
  CHECK(same([&](const auto& from, auto& to) { b.multiply(from, from, to, Write::overwrite); }));
  CHECK(same([&](const auto& from, auto& to) { b.tanh_backward(other, from, to, Write::overwrite); }));
}

TEST_CASE("variance survives a mean that is large beside it", "[eigen]") {
  // Values 4096 +- 1/2, alternating: mean 4096, variance 1/4, in any order and number.
  EigenBackend<> b(2);
  const Index rows = 40000, channels = 3;
  std::vector<float> values(static_cast<std::size_t>(rows * channels));
  for (Index i = 0; i < rows * channels; ++i)
    values[static_cast<std::size_t>(i)] = i / channels % 2 == 0 ? 4095.5f : 4096.5f;
  auto x = b.zeros({1, 200, 200, channels});
  b.upload(values, x);
  const auto channel = [&](float value) {
    auto tensor = b.zeros({channels});
    b.fill(value, tensor);
    return tensor;
  };
  auto mean = channel(0), rstd = channel(0), running_mean = channel(0), running_variance = channel(1);
  auto y = b.zeros({1, 200, 200, channels});
  b.batch_norm_train(x, channel(1), channel(0), {.epsilon = 0}, running_mean, running_variance, y, mean, rstd);
  CHECK(to_vector(b, mean) == std::vector<float>(3, 4096.0f));
  for (const float value : to_vector(b, rstd)) CHECK(value == Approx(2.0f).epsilon(1e-6));
  CHECK(std::abs(to_vector(b, y)[0]) == Approx(1.0f).epsilon(1e-6));
}

TEST_CASE("a sum of many numbers keeps its precision", "[eigen]") {
  // 0.1f summed naively in single precision two million times is off by several percent.
  EigenBackend<> b(2);
  auto x = b.zeros({2000, 1000, 1, 1});
  b.fill(0.1f, x);
  auto sum = b.zeros({1});
  b.add_bias_backward(x, sum, Write::overwrite);
  CHECK(to_vector(b, sum)[0] == Approx(2e6 * static_cast<double>(0.1f)).epsilon(1e-6));
  b.sum_of_squares(x, sum, Write::overwrite);
  CHECK(to_vector(b, sum)[0] == Approx(2e6 * static_cast<double>(0.1f * 0.1f)).epsilon(1e-6));
}

TEST_CASE("NaN passes through the activations", "[eigen]") {
  EigenBackend<> b(1);
  auto x = b.zeros({3});
  b.fill(std::nanf(""), x);
  auto y = b.zeros({3});
  const auto all_nan = [&] {
    for (const float value : to_vector(b, y))
      if (!std::isnan(value)) return false;
    return true;
  };
  b.sigmoid(x, y);
  CHECK(all_nan());
  b.tanh(x, y);
  CHECK(all_nan());
  b.relu(x, y);
  CHECK(all_nan());
}

TEST_CASE("a backend can be moved, with its threads", "[eigen]") {
  EigenBackend<> first(3);
  auto x = first.zeros({100000});
  EigenBackend<> second = std::move(first);
  CHECK(second.threads() == 3);
  second.fill(2.0f, x);
  CHECK(to_vector(second, x) == std::vector<float>(100000, 2.0f));
  CHECK(EigenBackend<>().threads() >= 1);
  CHECK_THROWS_AS(EigenBackend<>(-1), ConfigError);
}
