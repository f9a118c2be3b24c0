#include <saccade/components/context_network.hpp>

#include "support/gradient_check.hpp"

using namespace saccade;
using namespace saccade_test;

namespace {

using Network = ContextNetwork<Reference>;

struct Problem {
  explicit Problem(const ContextNetworkConfig& config)
      : network(config),
        parameters(network.make_parameters(b)),
        d_parameters(network.make_parameters(b)),
        statistics(network.make_statistics(b)),
        cache(network.make_cache(b, 3)),
        workspace(network.make_workspace(b, 3)),
        patches(random_array({3, config.side, config.side, config.inputs}, 1)),
        context(filled({3, config.outputs}, not_a_number)),
        d_context(random_array(context.shape, 2)) {
    randomize_parameters(parameters, 3);
    initialize(b, statistics, 0);
  }

  double loss(Mode mode = Mode::training) {
    network.forward(b, parameters, statistics, patches, cache, context, mode);
    return dot(d_context, context);
  }

  void backward() { network.backward(b, parameters, patches, cache, d_context, workspace, d_parameters); }

  Reference b;
  Network network;
  Network::Parameters parameters, d_parameters;
  Network::Statistics statistics;
  Network::Cache cache;
  Network::Workspace workspace;
  Array patches, context, d_context;
};

}  // namespace

TEST_CASE("gradients of the context network are those of central differences", "[context_network]") {
  ContextNetworkConfig config{.inputs = 3, .side = 17, .width = 2, .outputs = 3};
  SECTION("two halvings: 17, 9, 5") { CHECK(Problem(config).cache.stages.size() == 2); }
  SECTION("one halving") { config.side = 10; }
  SECTION("a patch that is small already") { config.side = 5; }
  SECTION("group normalisation, one slope") {
    config.normalization.normalization = Normalization::group;
    config.normalization.slope_sharing = SlopeSharing::shared;
  }
  Problem problem(config);
  problem.loss();
  problem.backward();
  check_gradients(problem.parameters, problem.d_parameters, [&] { return problem.loss(); });
  problem.loss();
  check_accumulates(problem.d_parameters, [&] { problem.backward(); });
}

TEST_CASE("the context tells where in a patch something is", "[context_network]") {
  // Without a halving the network is one convolution as large as the patch: a weight of 1 at row 4, column 1 of the
  // green channel reads that pixel.
  Problem problem({.inputs = 3, .side = 6, .outputs = 2});
  Array& weight = problem.parameters.readout.weight;
  REQUIRE(weight.shape == Shape{2, 6, 6, 3});
  weight = filled(weight.shape, 0);
  weight.values[(4 * 6 + 1) * 3 + 1] = 1;
  problem.loss();
  for (std::size_t n = 0; n < 3; ++n) {
    CHECK(problem.context.values[2 * n] == Approx(problem.patches.values[n * 108 + (4 * 6 + 1) * 3 + 1]));
    CHECK(problem.context.values[2 * n + 1] == 0);
  }
}

TEST_CASE("in evaluation the context of a patch does not depend on its neighbours", "[context_network]") {
  Problem problem({.inputs = 3, .side = 12, .width = 2, .outputs = 2});
  problem.loss();
  problem.loss(Mode::evaluation);
  const std::vector<double> before(problem.context.values.begin(), problem.context.values.begin() + 2);
  for (std::size_t i = problem.patches.values.size() / 3; i < problem.patches.values.size(); ++i)
    problem.patches.values[i] *= 4;
  problem.loss(Mode::evaluation);
  CHECK(std::equal(before.begin(), before.end(), problem.context.values.begin()));
  problem.loss(Mode::training);
  CHECK_FALSE(std::equal(before.begin(), before.end(), problem.context.values.begin()));
}

TEST_CASE("the context network says when it cannot be built", "[context_network]") {
  CHECK_THROWS_WITH(Network({.width = 0}), "ContextNetwork: inputs, side, width and outputs must be at least 1");
}
