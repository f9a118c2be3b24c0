#include <saccade/components/residual_unit.hpp>

#include "support/fused_reference.hpp"
#include "support/gradient_check.hpp"

using namespace saccade;
using namespace saccade_test;

namespace {

using Fused = FusedReference<double>;

constexpr Index batch = 2, height = 4, width = 3;

template <class B>
struct UnitProblem {
  using Unit = ResidualUnit<B>;

  explicit UnitProblem(const ResidualUnitConfig& config)
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

  void backward() { unit.backward(b, parameters, x, cache, d_y, workspace, d_parameters, d_x); }

  B b;
  Unit unit;
  typename Unit::Parameters parameters, d_parameters;
  typename Unit::Statistics statistics;
  typename Unit::Cache cache;
  typename Unit::Workspace workspace;
  Array x, y, d_y, d_x;
};

}  // namespace

TEMPLATE_TEST_CASE("gradients of a residual unit are those of central differences", "[residual_unit]", Reference,
                   Fused) {
  const auto kind = GENERATE(UnitKind::bottleneck, UnitKind::basic);
  const Index inputs = GENERATE(3, 2);  // 3: identity; 2: projection
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  CAPTURE(inputs);
  UnitProblem<TestType> problem(
      {.inputs = inputs, .outputs = 3, .kind = kind, .normalization = {.normalization = normalization, .groups = 1}});
  CHECK(problem.parameters.stages.size() == (kind == UnitKind::bottleneck ? 3u : 2u));
  CHECK(problem.parameters.projection.size() == (inputs == 3 ? 0u : 1u));

  problem.forward();
  problem.backward();
  const auto loss = [&] { return problem.loss(); };
  check_gradients(problem.parameters, problem.d_parameters, loss);
  check_gradient("x", problem.x, problem.d_x, loss);

  problem.forward();
  check_accumulates(problem.d_parameters, [&] { problem.backward(); });
}

TEMPLATE_TEST_CASE("a residual unit whose last convolution is zero is its shortcut", "[residual_unit]", Reference,
                   Fused) {
  UnitProblem<TestType> identity({.inputs = 3, .outputs = 3});
  identity.parameters.stages.back().convolution.weight = filled({3, 1, 1, 3}, 0);
  identity.forward();
  CHECK(identity.y.values == identity.x.values);

  UnitProblem<TestType> projection({.inputs = 2, .outputs = 3});
  projection.parameters.stages.back().convolution.weight = filled({3, 1, 1, 3}, 0);
  projection.parameters.projection[0].weight = {{3, 1, 1, 2}, {1, 0, 0, 1, 1, 1}};
  projection.forward();
  const double first = projection.x.values[0], second = projection.x.values[1];
  CHECK(projection.y.values[0] == Approx(first));
  CHECK(projection.y.values[1] == Approx(second));
  CHECK(projection.y.values[2] == Approx(first + second));
}

TEMPLATE_TEST_CASE("a residual unit in evaluation looks at each image alone", "[residual_unit]", Reference, Fused) {
  UnitProblem<TestType> problem({.inputs = 2, .outputs = 3});
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
  auto parameters = ResidualUnit<Reference>({.inputs = 2, .outputs = 3, .kind = UnitKind::basic}).make_parameters(b);
  std::vector<std::string> names;
  for (const auto& named : named_tensors<Reference>(parameters, "entry.")) names.push_back(named.name);
  CHECK(names == std::vector<std::string>{"entry.norm1.gamma", "entry.norm1.beta", "entry.norm1.slope",
                                          "entry.conv1.weight", "entry.norm2.gamma", "entry.norm2.beta",
                                          "entry.norm2.slope", "entry.conv2.weight", "entry.projection.weight"});
}

TEST_CASE("a fused residual unit is a composed one that keeps less", "[residual_unit]") {
  const auto kind = GENERATE(UnitKind::bottleneck, UnitKind::basic);
  const Index inputs = GENERATE(3, 2);
  const ResidualUnitConfig config{.inputs = inputs, .outputs = 3, .kind = kind};
  UnitProblem<Reference> composed(config);
  UnitProblem<Fused> fused(config);
  for (const Mode mode : {Mode::training, Mode::evaluation}) {
    composed.forward(mode);
    fused.forward(mode);
    CHECK(worst_difference(fused.y, composed.y) < 1e-12);
  }
  composed.forward();
  fused.forward();
  composed.backward();
  fused.backward();
  CHECK(worst_difference(fused.d_x, composed.d_x) < 1e-12);
  const bool repeats = kind == UnitKind::bottleneck;
  CHECK(fused.cache.convolved[0].shape == (repeats ? Shape{0} : Shape{batch, height, width, 3}));
  CHECK(fused.cache.convolved.back().shape == Shape{batch, height, width, 3});
  CHECK(fused.cache.projected.shape == Shape{0});
  for (const auto& stage : fused.cache.stages) {
    CHECK(stage.norm.normalized.shape == Shape{0});
    CHECK(stage.activated.shape == Shape{0});
  }
  // Group normalisation is not fused.
  const ResidualUnit<Fused> grouped(
      {.inputs = inputs, .outputs = 3, .kind = kind, .normalization = {.normalization = Normalization::group}});
  CHECK(grouped.make_cache(fused.b, batch, height, width).stages[0].activated.shape ==
        Shape{batch, height, width, inputs});
}

TEST_CASE("a cache made for evaluation holds nothing that only backward needs, and gives the same", "[residual_unit]") {
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  UnitProblem<Reference> problem(
      {.inputs = 2, .outputs = 3, .normalization = {.normalization = normalization, .groups = 1}});
  problem.forward(Mode::training);
  problem.forward(Mode::evaluation);
  const Array expected = problem.y;
  problem.cache = problem.unit.make_cache(problem.b, batch, height, width, Mode::evaluation);
  for (const auto& stage : problem.cache.stages) CHECK(stage.norm.normalized.shape == Shape{0});
  problem.forward(Mode::evaluation);
  CHECK(problem.y.values == expected.values);
}
