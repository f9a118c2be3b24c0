#include <saccade/components/activated_convolution.hpp>

#include "support/fused_reference.hpp"
#include "support/gradient_check.hpp"

using namespace saccade;
using namespace saccade_test;

namespace {

using Fused = FusedReference<double>;

/// The parameters as a list of named tensors, of a layer that is the first of its owner.
template <class Layer>
struct Listed {
  typename Layer::Parameters tensors;

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    Layer::Parameters::for_each(self.tensors, prefix, 1, visit);
  }
};

/// One layer with everything that a forward and a backward pass need; loss = <d_y, y>.
template <class B>
struct ConvolutionProblem {
  using Layer = ActivatedConvolution<B>;

  explicit ConvolutionProblem(const ActivatedConvolutionConfig& config, bool with_residual = false)
      : layer(config),
        parameters{layer.make_parameters(b)},
        d_parameters{layer.make_parameters(b)},
        statistics(layer.make_statistics(b)),
        cache(layer.make_cache(b, 2, 5, 4, Mode::training)),
        scratch(layer.make_scratch(b, 2, 5, 4)),
        x(random_array({2, 5, 4, config.inputs}, 1)),
        y(filled(ops::convolution_shape(x.shape, parameters.tensors.convolution.weight.shape, config.geometry),
                 not_a_number)),
        d_y(random_array(y.shape, 2)),
        residual(random_array(y.shape, 4)),
        d_x(filled(x.shape, not_a_number)),
        d_residual(random_array(x.shape, 5)),
        adds(with_residual) {
    randomize_parameters(parameters, 3);
    initialize(b, statistics, 0);
  }

  void forward(Mode mode = Mode::training) {
    layer.forward(b, parameters.tensors, statistics, x, cache, adds ? &residual : nullptr, y, mode);
  }

  /// Of y and, where there is a residual, of what else is made of x.
  double loss() {
    forward();
    return dot(d_y, y) + (adds ? dot(d_residual, x) : 0);
  }

  void backward() {
    layer.backward(b, parameters.tensors, x, cache, d_y, adds ? &d_residual : nullptr, scratch, d_parameters.tensors,
                   d_x);
  }

  B b;
  Layer layer;
  Listed<Layer> parameters, d_parameters;
  typename Layer::Statistics statistics;
  typename Layer::Cache cache;
  Array scratch, x, y, d_y, residual, d_x, d_residual;
  bool adds;
};

}  // namespace

TEMPLATE_TEST_CASE("gradients of an activated convolution are those of central differences", "[activated_convolution]",
                   Reference, Fused) {
  const auto normalization = GENERATE(Normalization::batch, Normalization::group);
  const auto sharing = GENERATE(SlopeSharing::shared, SlopeSharing::per_channel);
  const bool residual = GENERATE(false, true);
  ActivatedConvolutionConfig config{
      .inputs = 4,
      .outputs = 3,
      .normalization = {.normalization = normalization, .groups = 2, .slope_sharing = sharing}};
  SECTION("1 x 1") {}
  SECTION("3 x 3") {
    config.kernel = 3;
    config.geometry.padding = 1;
  }
  SECTION("3 x 3, every second pixel") {
    config.kernel = 3;
    config.geometry = {.stride = 2, .padding = 1};
  }
  ConvolutionProblem<TestType> problem(config, residual);
  problem.forward();
  problem.backward();
  const auto loss = [&] { return problem.loss(); };
  check_gradients(problem.parameters, problem.d_parameters, loss);
  check_gradient("x", problem.x, problem.d_x, loss);

  problem.forward();
  check_accumulates(problem.d_parameters, [&] { problem.backward(); });
}

TEST_CASE("fused or composed, an activated convolution gives the same in both modes", "[activated_convolution]") {
  const ActivatedConvolutionConfig config{.inputs = 4,
                                          .outputs = 3,
                                          .kernel = 3,
                                          .geometry = {.stride = 1, .padding = 1},
                                          .normalization = {.batch_norm = {.epsilon = 1e-3, .momentum = 0.25}}};
  const bool residual = GENERATE(false, true);
  ConvolutionProblem<Reference> composed(config, residual);
  ConvolutionProblem<Fused> fused(config, residual);
  CHECK_FALSE(composed.layer.fused());
  CHECK(fused.layer.fused());
  composed.forward();
  fused.forward();
  CHECK(worst_difference(fused.y, composed.y) < 1e-13);
  CHECK(worst_difference(fused.statistics.running_mean, composed.statistics.running_mean) < 1e-14);
  CHECK(worst_difference(fused.statistics.running_variance, composed.statistics.running_variance) < 1e-14);

  const auto before = fused.statistics.running_variance.values;
  composed.forward(Mode::evaluation);
  fused.forward(Mode::evaluation);
  CHECK(worst_difference(fused.y, composed.y) < 1e-13);
  CHECK(fused.statistics.running_variance.values == before);
}

TEST_CASE("a fused activated convolution adds to what y holds, and keeps nothing of the size of x",
          "[activated_convolution]") {
  ConvolutionProblem<Fused> problem({.inputs = 4, .outputs = 3});
  problem.forward();
  const Array convolved = problem.y;
  problem.y = problem.residual;
  problem.layer.forward(problem.b, problem.parameters.tensors, problem.statistics, problem.x, problem.cache, &problem.y,
                        problem.y, Mode::training);
  for (std::size_t i = 0; i < convolved.values.size(); ++i)
    CHECK(problem.y.values[i] == Approx(convolved.values[i] + problem.residual.values[i]));
  CHECK(problem.cache.norm.normalized.shape == Shape{0});
  CHECK(problem.cache.activated.shape == Shape{0});
  CHECK(problem.scratch.shape == Shape{0});
  CHECK(problem.cache.norm.mean.shape == Shape{4});
}
