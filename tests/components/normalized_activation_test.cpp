#include <saccade/components/normalized_activation.hpp>

#include "support/gradient_check.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

using Norm = NormalizedActivation<Reference>;

const Shape shape{3, 2, 5, 4};

/// One layer with everything that a forward and a backward pass need; loss = <d_y, y>.
struct NormProblem {
  explicit NormProblem(const NormalizedActivationConfig& config)
      : layer(config),
        parameters(layer.make_parameters(b)),
        d_parameters(layer.make_parameters(b)),
        statistics(layer.make_statistics(b)),
        cache(layer.make_cache(b, shape)) {
    randomize_parameters(parameters, 7);
    initialize(b, statistics, 0);
  }

  void forward(Mode mode = Mode::training) { layer.forward(b, parameters, statistics, x, cache, y, mode); }

  double loss() {
    forward();
    return dot(d_y, y);
  }

  void backward(Write write) {
    Array scratch = d_y;
    layer.backward(b, parameters, x, cache, scratch, d_parameters, d_x, write);
  }

  Reference b;
  Norm layer;
  Norm::Parameters parameters, d_parameters;
  Norm::Statistics statistics;
  Norm::Cache cache;
  Array x = random_array(shape, 1, -2, 3);
  Array y = filled(shape, not_a_number);
  Array d_y = random_array(shape, 2);
  Array d_x = filled(shape, not_a_number);
};

}  // namespace

TEST_CASE("gradients of normalisation and activation are those of central differences", "[normalized_activation]") {
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  const auto sharing = GENERATE(SlopeSharing::shared, SlopeSharing::per_channel);
  NormProblem problem({.channels = 4, .normalization = normalization, .groups = 2, .slope_sharing = sharing});
  CHECK(problem.parameters.slope.shape.size() == (sharing == SlopeSharing::shared ? 1 : 4));

  problem.forward();
  problem.backward(Write::overwrite);
  const auto loss = [&] { return problem.loss(); };
  check_gradients(problem.parameters, problem.d_parameters, loss);
  check_gradient("x", problem.x, problem.d_x, loss);

  problem.forward();
  check_accumulates(problem.d_parameters, [&] { problem.backward(Write::overwrite); });
  const Array overwritten = problem.d_x;
  Array expected = overwritten;
  for (double& value : expected.values) value += 0.5;
  problem.d_x = filled(shape, 0.5);
  problem.backward(Write::accumulate);
  CHECK(worst_difference(problem.d_x, expected) < 1e-12);
}

TEST_CASE("training normalises by the batch, evaluation by the running statistics", "[normalized_activation]") {
  NormProblem problem({.channels = 4, .batch_norm = {.epsilon = 1e-3, .momentum = 0.25}});
  problem.forward(Mode::training);

  // By hand: moments of each channel over the 3 * 2 * 5 values.
  double mean[4] = {}, square[4] = {};
  for (std::size_t i = 0; i < problem.x.values.size(); ++i) {
    mean[i % 4] += problem.x.values[i] / 30;
    square[i % 4] += problem.x.values[i] * problem.x.values[i] / 30;
  }
  const auto& p = problem.parameters;
  const auto& s = problem.statistics;
  const auto expected = [&](std::size_t i, double m, double v) {
    const std::size_t c = i % 4;
    const double normal = p.gamma.values[c] * (problem.x.values[i] - m) / std::sqrt(v + 1e-3) + p.beta.values[c];
    return normal > 0 ? normal : p.slope.values[c] * normal;
  };
  for (std::size_t i = 0; i < problem.x.values.size(); ++i) {
    const std::size_t c = i % 4;
    CHECK(problem.y.values[i] == Approx(expected(i, mean[c], square[c] - mean[c] * mean[c])));
  }
  for (std::size_t c = 0; c < 4; ++c) {
    const double unbiased = (square[c] - mean[c] * mean[c]) * 30 / 29;
    CHECK(s.running_mean.values[c] == Approx(0.25 * mean[c]));
    CHECK(s.running_variance.values[c] == Approx(0.75 + 0.25 * unbiased));
  }

  const auto before = s.running_mean.values;
  problem.forward(Mode::evaluation);
  CHECK(s.running_mean.values == before);
  for (std::size_t i = 0; i < problem.x.values.size(); ++i)
    CHECK(problem.y.values[i] == Approx(expected(i, s.running_mean.values[i % 4], s.running_variance.values[i % 4])));
}

TEST_CASE("group normalisation keeps no statistics and is the same in both modes", "[normalized_activation]") {
  NormProblem problem({.channels = 4, .normalization = Normalization::group, .groups = 2});
  CHECK(problem.statistics.running_mean.shape == Shape{0});
  problem.forward(Mode::training);
  const Array trained = problem.y;
  problem.forward(Mode::evaluation);
  CHECK(problem.y.values == trained.values);
}

TEST_CASE("the number of groups is the largest that divides the channels", "[normalized_activation]") {
  const auto groups = [](Index channels, Index wanted) {
    return Norm({.channels = channels, .normalization = Normalization::group, .groups = wanted}).config().groups;
  };
  CHECK(groups(64, 8) == 8);
  CHECK(groups(12, 8) == 6);
  CHECK(groups(3, 8) == 3);
  CHECK(groups(7, 4) == 1);
  CHECK_THROWS_WITH(Norm({.channels = 0}), "NormalizedActivation: channels and groups must be at least 1");
}
