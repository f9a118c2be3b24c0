#include <saccade/components/recurrent_core.hpp>

#include "support/gradient_check.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

using Core = RecurrentCore<Reference>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("one unit of the LSTM, by hand", "[recurrent_core]") {
  Reference b;
  const Core core({.inputs = 1, .hidden = 1});
  auto parameters = core.make_parameters(b);
  parameters.input_weight = {{4, 1}, {0.1, 0.2, 0.3, 0.4}};  // i, f, g, o
  parameters.hidden_weight = {{4, 1}, {-0.5, 0.6, -0.7, 0.8}};
  parameters.bias = {{4}, {0.01, 1.0, -0.02, 0.03}};
  auto cache = core.make_cache(b, 1);
  auto workspace = core.make_workspace(b, 1);
  Array h_next = filled({1, 1}, not_a_number), c_next = h_next;
  const double x = 2, h = 0.5, c = -0.25;
  core.forward(b, parameters, {{1, 1}, {x}}, {{1, 1}, {h}}, {{1, 1}, {c}}, cache, workspace, h_next, c_next);
  const double i = sigmoid(0.1 * x - 0.5 * h + 0.01), f = sigmoid(0.2 * x + 0.6 * h + 1.0);
  const double g = std::tanh(0.3 * x - 0.7 * h - 0.02), o = sigmoid(0.4 * x + 0.8 * h + 0.03);
  CHECK(c_next.values[0] == Approx(f * c + i * g));
  CHECK(h_next.values[0] == Approx(o * std::tanh(f * c + i * g)));
}

TEST_CASE("gradients of the LSTM through two steps are those of central differences", "[recurrent_core]") {
  Reference b;
  const Index batch = 3, inputs = 2, hidden = 4;
  const Core core({.inputs = inputs, .hidden = hidden});
  auto parameters = core.make_parameters(b), d_parameters = core.make_parameters(b);
  randomize_parameters(parameters, 1);
  auto first = core.make_cache(b, batch), second = core.make_cache(b, batch);
  auto workspace = core.make_workspace(b, batch);
  Array x1 = random_array({batch, inputs}, 2), x2 = random_array({batch, inputs}, 3);
  Array h0 = random_array({batch, hidden}, 4), c0 = random_array({batch, hidden}, 5);
  Array h1 = filled({batch, hidden}, not_a_number), c1 = h1, h2 = h1, c2 = h1;
  const Array d_h1 = random_array(h1.shape, 6), d_h2 = random_array(h1.shape, 7), d_c2 = random_array(h1.shape, 8);

  const auto loss = [&] {
    core.forward(b, parameters, x1, h0, c0, first, workspace, h1, c1);
    core.forward(b, parameters, x2, h1, c1, second, workspace, h2, c2);
    return dot(d_h1, h1) + dot(d_h2, h2) + dot(d_c2, c2);
  };
  Array d_x1 = filled(x1.shape, not_a_number), d_x2 = d_x1, d_h = filled(h1.shape, not_a_number), d_c = d_h;
  Array d_h0 = d_h, d_c0 = d_h;
  const auto backward = [&] {
    core.backward(b, parameters, x2, h1, c1, second, d_h2, d_c2, workspace, d_parameters, d_x2, d_h, d_c);
    b.axpy(1.0, d_h1, d_h);  // what the heads of step 1 send
    core.backward(b, parameters, x1, h0, c0, first, d_h, d_c, workspace, d_parameters, d_x1, d_h0, d_c0);
  };
  loss();
  backward();
  check_gradients(parameters, d_parameters, loss);
  check_gradient("x1", x1, d_x1, loss);
  check_gradient("x2", x2, d_x2, loss);
  check_gradient("h0", h0, d_h0, loss);
  check_gradient("c0", c0, d_c0, loss);
  loss();
  check_accumulates(d_parameters, backward);
}

TEST_CASE("the LSTM starts by remembering", "[recurrent_core]") {
  Reference b;
  const Core core({.inputs = 2, .hidden = 3});
  auto parameters = core.make_parameters(b);
  initialize(b, parameters, 1);
  CHECK(parameters.bias.values == std::vector<double>{0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0});
  CHECK_THROWS_WITH(Core({.inputs = 2, .hidden = 0}), "RecurrentCore: inputs and hidden must be at least 1");
}
