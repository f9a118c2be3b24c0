#include <saccade/math/recurrent.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>

using namespace saccade;

namespace {

/// A loss of one step, from (i, f, g, o, c); written without the library.
double loss(const std::array<double, 5>& v, double weight_hidden, double weight_cell) {
  const auto squash = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const double cell = squash(v[1]) * v[4] + squash(v[0]) * std::tanh(v[2]);
  return weight_hidden * squash(v[3]) * std::tanh(cell) + weight_cell * cell;
}

}  // namespace

TEST_CASE("one step of a cell by hand", "[recurrent]") {
  // Gates after activation: c' = 0.5 * 2 + 0.25 * (-1) = 0.75, h' = 0.8 tanh 0.75.
  const auto next = math::lstm_step<double>({.input = 0.25, .forget = 0.5, .candidate = -1, .output = 0.8}, 2.0);
  CHECK(next.cell == Approx(0.75));
  CHECK(next.hidden == Approx(0.8 * 0.6351489524));

  const double third = std::log(0.5);  // sigmoid = 1/3
  const auto gates = math::lstm_gates<double>({third, 0.0, 0.5, -third});
  CHECK(gates.input == Approx(1.0 / 3.0));
  CHECK(gates.forget == Approx(0.5));
  CHECK(gates.candidate == Approx(0.4621171573));
  CHECK(gates.output == Approx(2.0 / 3.0));
}

TEST_CASE("the backward step is the slope of the forward step in all five arguments", "[recurrent]") {
  const std::array<double, 5> v{0.3, -0.8, 0.6, 1.1, -0.4};
  const double weight_hidden = 1.7, weight_cell = -0.6, h = 1e-6;
  const auto gates = math::lstm_gates<double>({v[0], v[1], v[2], v[3]});
  const auto next = math::lstm_step(gates, v[4]);
  const auto d = math::lstm_step_backward(gates, v[4], next.cell, {weight_hidden, weight_cell});
  const std::array<double, 5> found{d.preactivation.input, d.preactivation.forget, d.preactivation.candidate,
                                    d.preactivation.output, d.cell};
  for (std::size_t k = 0; k < v.size(); ++k) {
    std::array<double, 5> above = v, below = v;
    above[k] += h;
    below[k] -= h;
    const double slope = (loss(above, weight_hidden, weight_cell) - loss(below, weight_hidden, weight_cell)) / (2 * h);
    INFO("argument " << k);
    CHECK(found[k] == Approx(slope).epsilon(1e-7));
  }
}
