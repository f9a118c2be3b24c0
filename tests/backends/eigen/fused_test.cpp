#include "support/catch.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/testing/random_tensor.hpp>

#include <cmath>

using namespace saccade;

namespace {

using B = EigenBackend<double>;

Tensor<B> random_tensor(B& b, const char* name, const Shape& shape) {
  return make_tensor<B, double>(b, shape, testing::random_values(name, shape));
}

void check_close(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(1e-13));
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("attention_pool is the mask followed by the average", "[eigen][fused]") {
  for (const Shape shape : {Shape{3, 5, 7, 6}, Shape{2, 40, 33, 19}, Shape{2, 3, 3, 700}, Shape{0, 5, 7, 6}}) {
    B b(2);
    const auto trunk = random_tensor(b, "trunk", shape);
    const auto logits = random_tensor(b, "logits", shape);
    const auto d_features = random_tensor(b, "d_features", {shape[0], shape[3]});
    auto attended = b.zeros(shape), d_attended = b.zeros(shape);
    auto features = b.zeros({shape[0], shape[3]}), composed = b.zeros({shape[0], shape[3]});
    b.apply_mask(trunk, logits, attended);
    b.global_average_pool(attended, composed);
    b.attention_pool(trunk, logits, features);
    check_close(to_vector(b, features), to_vector(b, composed));

    b.global_average_pool_backward(d_features, d_attended, Write::overwrite);
    for (const Write write_trunk : {Write::overwrite, Write::accumulate}) {
      for (const Write write_logits : {Write::overwrite, Write::accumulate}) {
        auto d_trunk = random_tensor(b, "d_trunk", shape), d_logits = random_tensor(b, "d_logits", shape);
        auto composed_trunk = random_tensor(b, "d_trunk", shape), composed_logits = random_tensor(b, "d_logits", shape);
        b.attention_pool_backward(trunk, logits, d_features, d_trunk, write_trunk, d_logits, write_logits);
        b.apply_mask_backward(trunk, logits, d_attended, composed_trunk, write_trunk, composed_logits, write_logits);
        check_close(to_vector(b, d_trunk), to_vector(b, composed_trunk));
        check_close(to_vector(b, d_logits), to_vector(b, composed_logits));
      }
    }
  }
}

TEST_CASE("lstm_cell gives the equations, and its backward their derivatives", "[eigen][fused]") {
  const Index batch = 3, hidden = 5;
  B b(2);
  const std::vector<double> pre = testing::random_values("pre", {batch, 4 * hidden});
  const std::vector<double> cell = testing::random_values("cell", {batch, hidden});
  const std::vector<double> d_h = testing::random_values("d_h", {batch, hidden});
  const std::vector<double> d_c = testing::random_values("d_c", {batch, hidden});

  // <d_h, h'> + <d_c, c'> as a function of what the step was given.
  const auto loss = [&](const std::vector<double>& gates_pre, const std::vector<double>& c) {
    double sum = 0;
    for (Index r = 0; r < batch; ++r) {
      for (Index k = 0; k < hidden; ++k) {
        const auto gate = [&](Index g) { return gates_pre[static_cast<std::size_t>((r * 4 + g) * hidden + k)]; };
        const auto unit = static_cast<std::size_t>(r * hidden + k);
        const double next = logistic(gate(1)) * c[unit] + logistic(gate(0)) * std::tanh(gate(2));
        sum += d_h[unit] * logistic(gate(3)) * std::tanh(next) + d_c[unit] * next;
      }
    }
    return sum;
  };

  const auto tensor = [&](const std::vector<double>& values, Index columns) {
    return make_tensor<B, double>(b, {batch, columns}, values);
  };
  auto gates = b.zeros({batch, 4 * hidden}), d_pre = b.zeros({batch, 4 * hidden});
  auto c_next = b.zeros({batch, hidden}), tanh_c = b.zeros({batch, hidden}), h = b.zeros({batch, hidden});
  auto d_c_prev = b.zeros({batch, hidden});
  b.lstm_cell(tensor(pre, 4 * hidden), tensor(cell, hidden), gates, c_next, tanh_c, h);
  const auto c_values = to_vector(b, c_next), h_values = to_vector(b, h);
  double sum = 0;
  for (std::size_t i = 0; i < c_values.size(); ++i) sum += d_h[i] * h_values[i] + d_c[i] * c_values[i];
  CHECK(sum == Approx(loss(pre, cell)).epsilon(1e-13));

  b.lstm_cell_backward(gates, tensor(cell, hidden), tanh_c, tensor(d_h, hidden), tensor(d_c, hidden), d_pre, d_c_prev);
  const double step = 1e-6;
  const auto difference = [&](std::vector<double> gates_pre, std::vector<double> c, bool of_cell, std::size_t i) {
    double& moved = of_cell ? c[i] : gates_pre[i];
    const double at = moved;
    moved = at + step;
    const double above = loss(gates_pre, c);
    moved = at - step;
    return (above - loss(gates_pre, c)) / (2 * step);
  };
  const auto d_pre_values = to_vector(b, d_pre), d_c_values = to_vector(b, d_c_prev);
  for (std::size_t i = 0; i < pre.size(); ++i)
    CHECK(d_pre_values[i] == Approx(difference(pre, cell, false, i)).margin(1e-8));
  for (std::size_t i = 0; i < cell.size(); ++i)
    CHECK(d_c_values[i] == Approx(difference(pre, cell, true, i)).margin(1e-8));
}
