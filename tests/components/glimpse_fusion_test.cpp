#include <saccade/components/convolution_layer.hpp>
#include <saccade/components/glimpse_fusion.hpp>

#include "support/gradient_check.hpp"

using namespace saccade;
using namespace saccade_test;

TEST_CASE("fusion is ReLU of a linear layer of features and location", "[glimpse_fusion]") {
  Reference b;
  const GlimpseFusion<Reference> fusion({.features = 1, .outputs = 2});
  auto parameters = fusion.make_parameters(b);
  auto cache = fusion.make_cache(b, 1);
  parameters.weight = {{2, 3}, {1, 2, 3, -1, -2, -3}};
  parameters.bias = {{2}, {0.5, 0.25}};
  Array glimpse = filled({1, 2}, not_a_number);
  fusion.forward(b, parameters, {{1, 1}, {10}}, {{1, 2}, {0.5, -1}}, cache, glimpse);
  CHECK(glimpse.values[0] == Approx(10 + 2 * 0.5 - 3 + 0.5));
  CHECK(glimpse.values[1] == 0);
}

TEST_CASE("gradients of fusion are those of central differences, and none leaves for the location",
          "[glimpse_fusion]") {
  Reference b;
  const GlimpseFusion<Reference> fusion({.features = 3, .outputs = 5});
  auto parameters = fusion.make_parameters(b), d_parameters = fusion.make_parameters(b);
  auto cache = fusion.make_cache(b, 4);
  auto workspace = fusion.make_workspace(b, 4);
  randomize_parameters(parameters, 1);
  Array features = random_array({4, 3}, 2), d_features = filled({4, 3}, not_a_number);
  const Array location = random_array({4, 2}, 3), d_glimpse = random_array({4, 5}, 4);
  Array glimpse = filled({4, 5}, not_a_number);
  const auto loss = [&] {
    fusion.forward(b, parameters, features, location, cache, glimpse);
    return dot(d_glimpse, glimpse);
  };
  const auto backward = [&] {
    fusion.backward(b, parameters, glimpse, cache, d_glimpse, workspace, d_parameters, d_features);
  };
  loss();
  backward();
  check_gradients(parameters, d_parameters, loss);
  check_gradient("features", features, d_features, loss);
  loss();
  check_accumulates(d_parameters, backward);
}

TEST_CASE("gradients of a linear and of a convolution layer are those of central differences", "[glimpse_fusion]") {
  Reference b;
  const auto check = [&](const auto& layer, Array x, Array y) {
    auto parameters = layer.make_parameters(b), d_parameters = layer.make_parameters(b);
    randomize_parameters(parameters, 1);
    const Array d_y = random_array(y.shape, 2);
    Array d_x = filled(x.shape, not_a_number);
    const auto loss = [&] {
      layer.forward(b, parameters, x, y);
      return dot(d_y, y);
    };
    layer.backward_parameters(b, x, d_y, d_parameters);
    layer.backward_input(b, parameters, d_y, d_x, Write::overwrite);
    check_gradients(parameters, d_parameters, loss);
    check_gradient("x", x, d_x, loss);
    check_accumulates(d_parameters, [&] { layer.backward_parameters(b, x, d_y, d_parameters); });
    Array twice = d_x;
    layer.backward_input(b, parameters, d_y, twice, Write::accumulate);
    for (double& value : d_x.values) value *= 2;
    CHECK(worst_difference(twice, d_x) < 1e-12);
  };
  check(LinearLayer<Reference>({.inputs = 3, .outputs = 2}), random_array({5, 3}, 3), filled({5, 2}, 0));
  const ConvolutionLayer<Reference> strided(
      {.inputs = 2, .outputs = 3, .kernel = 3, .geometry = {.stride = 2, .padding = 1}});
  CHECK(strided.output_extent(7) == 4);
  check(strided, random_array({2, 7, 5, 2}, 3), filled({2, 4, 3, 3}, 0));
  check(ConvolutionLayer<Reference>(
            {.inputs = 2, .outputs = 4, .kernel = 3, .geometry = {.stride = 2, .padding = {0, 1, 1, 0}, .groups = 2}}),
        random_array({5, 7, 5, 2}, 3), filled({5, 3, 2, 4}, 0));
  CHECK_THROWS_WITH(LinearLayer<Reference>({.inputs = 0}), "LinearLayer: inputs and outputs must be at least 1");
  CHECK_THROWS_WITH(ConvolutionLayer<Reference>({.kernel = 0}),
                    "ConvolutionLayer: inputs, outputs and kernel must be at least 1");
  CHECK_THROWS_WITH(ConvolutionLayer<Reference>({.inputs = 4, .outputs = 6, .geometry = {.groups = 4}}),
                    "ConvolutionLayer: 4 inputs and 6 outputs cannot be divided into 4 groups");
}
