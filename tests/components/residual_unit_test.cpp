#include <saccade/components/residual_unit.hpp>

#include "support/gradient_check.hpp"

using namespace saccade;
using namespace saccade_test;

namespace {

using Unit = ResidualUnit<Reference>;

constexpr Index batch = 2, height = 4, width = 3;

struct Problem {
  explicit Problem(const ResidualUnitConfig& config)
      : unit(config),
        parameters(unit.make_parameters(b)),
        d_parameters(unit.make_parameters(b)),
        statistics(unit.make_statistics(b)),
        cache(unit.make_cache(b, batch, height, width)),
        workspace(unit.make_workspace(b, batch, height, width)),
        x(random_array({batch, height, width, config.inputs}, 1)),
        y(filled({batch, height, width, config.outputs}, not_a_number)),
        d_y(random_array(y.shape, 2)),
        d_x(filled(x.shape, not_a_number)) {
    randomize_parameters(parameters, 3);
    initialize(b, statistics, 0);
  }

  void forward(Mode mode = Mode::training) { unit.forward(b, parameters, statistics, x, cache, y, mode); }

  double loss() {
    forward();
    return dot(d_y, y);
  }

  void backward(Write write) { unit.backward(b, parameters, x, cache, d_y, workspace, d_parameters, d_x, write); }

  Reference b;
  Unit unit;
  Unit::Parameters parameters, d_parameters;
  Unit::Statistics statistics;
  Unit::Cache cache;
  Unit::Workspace workspace;
  Array x, y, d_y, d_x;
};

}  // namespace

TEST_CASE("gradients of a residual unit are those of central differences", "[residual_unit]") {
  const auto kind = GENERATE(UnitKind::bottleneck, UnitKind::basic);
  const Index inputs = GENERATE(3, 2);  // 3: identity; 2: projection
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  CAPTURE(inputs);
  Problem problem(
      {.inputs = inputs, .outputs = 3, .kind = kind, .normalization = {.normalization = normalization, .groups = 1}});
  CHECK(problem.parameters.stages.size() == (kind == UnitKind::bottleneck ? 3u : 2u));
  CHECK(problem.parameters.projection.size() == (inputs == 3 ? 0u : 1u));

  problem.forward();
  problem.backward(Write::overwrite);
  const auto loss = [&] { return problem.loss(); };
  check_gradients(problem.parameters, problem.d_parameters, loss);
  check_gradient("x", problem.x, problem.d_x, loss);

  problem.forward();
  check_accumulates(problem.d_parameters, [&] { problem.backward(Write::overwrite); });
  Array expected = problem.d_x;
  for (double& value : expected.values) value -= 2;
  problem.d_x = filled(problem.d_x.shape, -2);
  problem.backward(Write::accumulate);
  CHECK(worst_difference(problem.d_x, expected) < 1e-12);
}

TEST_CASE("a residual unit whose last convolution is zero is its shortcut", "[residual_unit]") {
  Problem identity({.inputs = 3, .outputs = 3});
  identity.parameters.stages.back().convolution.weight = filled({3, 1, 1, 3}, 0);
  identity.forward();
  CHECK(identity.y.values == identity.x.values);

  Problem projection({.inputs = 2, .outputs = 3});
  projection.parameters.stages.back().convolution.weight = filled({3, 1, 1, 3}, 0);
  projection.parameters.projection[0].weight = {{3, 1, 1, 2}, {1, 0, 0, 1, 1, 1}};
  projection.forward();
  const double first = projection.x.values[0], second = projection.x.values[1];
  CHECK(projection.y.values[0] == Approx(first));
  CHECK(projection.y.values[1] == Approx(second));
  CHECK(projection.y.values[2] == Approx(first + second));
}

TEST_CASE("a residual unit in evaluation looks at each image alone", "[residual_unit]") {
  Problem problem({.inputs = 2, .outputs = 3});
  problem.forward(Mode::training);
  problem.forward(Mode::evaluation);
  const Array together = problem.y;
  const std::size_t half = problem.x.values.size() / 2;
  for (std::size_t i = half; i < 2 * half; ++i) problem.x.values[i] *= 5;
  problem.forward(Mode::evaluation);
  const auto image = static_cast<std::ptrdiff_t>(together.values.size() / 2);
  CHECK(std::equal(together.values.begin(), together.values.begin() + image, problem.y.values.begin()));
  CHECK_FALSE(together.values == problem.y.values);
}

TEST_CASE("the tensors of a residual unit have their full names", "[residual_unit]") {
  Reference b;
  auto parameters = Unit({.inputs = 2, .outputs = 3, .kind = UnitKind::basic}).make_parameters(b);
  std::vector<std::string> names;
  for (const auto& named : named_tensors<Reference>(parameters, "entry.")) names.push_back(named.name);
  CHECK(names == std::vector<std::string>{"entry.norm1.gamma", "entry.norm1.beta", "entry.norm1.slope",
                                          "entry.conv1.weight", "entry.norm2.gamma", "entry.norm2.beta",
                                          "entry.norm2.slope", "entry.conv2.weight", "entry.projection.weight"});
}
