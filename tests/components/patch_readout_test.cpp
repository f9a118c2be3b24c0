#include <saccade/components/patch_readout.hpp>

#include "support/fused_reference.hpp"
#include "support/gradient_check.hpp"

using namespace saccade;
using namespace saccade_test;

namespace {

using Fused = FusedReference<double>;

template <class B>
struct ReadoutProblem {
  using Network = PatchReadout<B>;

  explicit ReadoutProblem(const PatchReadoutConfig& config)
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

  B b;
  Network network;
  typename Network::Parameters parameters, d_parameters;
  typename Network::Statistics statistics;
  typename Network::Cache cache;
  typename Network::Workspace workspace;
  Array patches, context, d_context;
};

}  // namespace

TEMPLATE_TEST_CASE("gradients of the patch readout are those of central differences", "[patch_readout]", Reference,
                   Fused) {
  PatchReadoutConfig config{.inputs = 3, .side = 17, .width = 2, .outputs = 3};
  SECTION("two halvings: 17, 9, 5") { CHECK(ReadoutProblem<TestType>(config).cache.stages.size() == 2); }
  SECTION("down to three cells: 17, 9, 5, 3") {
    config.widest = 3;
    CHECK(ReadoutProblem<TestType>(config).parameters.stages.back().convolution.weight.shape == Shape{3, 3, 3, 2});
  }
  SECTION("one halving") { config.side = 10; }
  SECTION("a patch that is small already") { config.side = 5; }
  SECTION("group normalisation, one slope") {
    config.normalization.normalization = Normalization::group;
    config.normalization.slope_sharing = SlopeSharing::shared;
  }
  SECTION("positions in a map that is small already") {
    config = {.inputs = 3, .side = 9, .width = 2, .outputs = 4, .readout = Readout::positions};
    CHECK(ReadoutProblem<TestType>(config).cache.convolved.back().shape == Shape{3, 9, 9, 2});
  }
  SECTION("positions after a halving, group normalisation") {
    config = {.inputs = 3, .side = 25, .width = 2, .outputs = 2, .readout = Readout::positions};
    config.normalization.normalization = Normalization::group;
    CHECK(ReadoutProblem<TestType>(config).cache.convolved.back().shape == Shape{3, 13, 13, 1});
  }
  ReadoutProblem<TestType> problem(config);
  problem.loss();
  problem.backward();
  check_gradients(problem.parameters, problem.d_parameters, [&] { return problem.loss(); });
  problem.loss();
  check_accumulates(problem.d_parameters, [&] { problem.backward(); });
}

TEST_CASE("the context tells where in a patch something is", "[patch_readout]") {
  // Without a halving the network is one convolution as large as the patch: a weight of 1 at row 4, column 1 of the
  // green channel reads that pixel.
  ReadoutProblem<Reference> problem({.inputs = 3, .side = 6, .outputs = 2});
  Array& weight = problem.parameters.first.weight;
  REQUIRE(weight.shape == Shape{2, 6, 6, 3});
  weight = filled(weight.shape, 0);
  weight.values[(4 * 6 + 1) * 3 + 1] = 1;
  problem.loss();
  for (std::size_t n = 0; n < 3; ++n) {
    CHECK(problem.context.values[2 * n] == Approx(problem.patches.values[n * 108 + (4 * 6 + 1) * 3 + 1]));
    CHECK(problem.context.values[2 * n + 1] == 0);
  }
}

TEST_CASE("the position that is read out follows what is bright", "[patch_readout]") {
  // Three convolutions copy the green channel by their middle weights, and the readout is large beside ln of the number
  // of pixels: the position is the middle of the brightest pixel's.
  const auto check_follows = [](Index side, Index halved, Index last_side) {
    INFO("side " << side);
    ReadoutProblem<Reference> problem(
        {.inputs = 3, .side = side, .width = 2, .outputs = 4, .readout = Readout::positions});
    auto& p = problem.parameters;
    for (const auto& named : named_tensors<Reference>(p)) {
      const bool one = named.name.ends_with("gamma") || named.name.ends_with("slope");
      *named.tensor = filled(named.tensor->shape, one ? 1 : 0);
    }
    REQUIRE(p.first.weight.shape == Shape{2, 3, 3, 3});
    p.first.weight.values[4 * 3 + 1] = 1;
    REQUIRE(p.stages.size() == 3);
    for (std::size_t i = 0; i < 2; ++i) p.stages[i].convolution.weight.values[4 * 2] = 1;
    REQUIRE(p.stages[2].convolution.weight.shape == Shape{2, 1, 1, 2});
    p.stages[2].convolution.weight.values[0] = 100;

    // In three patches of a batch at once; each step is one pixel of the last map.
    const Index step = Index{1} << halved;
    const Index columns[] = {1, 2, 5}, rows[] = {3, 3, 1};
    problem.patches = filled(problem.patches.shape, 0);
    for (Index n = 0; n < 3; ++n) {
      const Index pixel = (n * side + rows[n] * step) * side + columns[n] * step;
      problem.patches.values[static_cast<std::size_t>(pixel * 3 + 1)] = 1;
    }
    problem.loss(Mode::evaluation);
    const auto middle = [=](Index i) { return static_cast<double>(2 * i + 1) / static_cast<double>(last_side) - 1; };
    for (std::size_t n = 0; n < 3; ++n) {
      const double* position = &problem.context.values[4 * n];
      CHECK(position[0] == Approx(middle(columns[n])));
      CHECK(position[1] == Approx(middle(rows[n])));
      // The other filter sees the same everywhere.
      CHECK(std::abs(position[2]) < 1e-12);
      CHECK(std::abs(position[3]) < 1e-12);
    }
  };
  check_follows(12, 0, 12);
  check_follows(49, 2, 13);  // 49, 25, 13, 13
}

TEMPLATE_TEST_CASE("in evaluation the context of a patch does not depend on its neighbours", "[patch_readout]",
                   Reference, Fused) {
  const auto readout = GENERATE(Readout::convolution, Readout::positions);
  ReadoutProblem<TestType> problem({.inputs = 3, .side = 12, .width = 2, .outputs = 2, .readout = readout});
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

TEST_CASE("the patch readout says when it cannot be built", "[patch_readout]") {
  CHECK_THROWS_WITH(PatchReadout<Reference>({.width = 0}),
                    "PatchReadout: inputs, side, width, outputs and widest must be at least 1");
  CHECK_THROWS_WITH(PatchReadout<Reference>({.outputs = 3, .readout = Readout::positions}),
                    "PatchReadout: outputs must be even where they are positions, but are 3");
  CHECK_NOTHROW(PatchReadout<Reference>({.outputs = 3}));
}

TEST_CASE("the convolutions of the patch readout are numbered, and the last is the readout", "[patch_readout]") {
  const auto names = [](Index side, Readout readout = Readout::convolution) {
    Reference b;
    auto parameters = PatchReadout<Reference>({.inputs = 3, .side = side, .readout = readout}).make_parameters(b);
    std::string text;
    for (const auto& named : named_tensors<Reference>(parameters)) text += named.name + " ";
    return text;
  };
  CHECK(names(16) == "conv1.weight norm1.gamma norm1.beta norm1.slope readout.weight ");
  CHECK(names(17) ==
        "conv1.weight norm1.gamma norm1.beta norm1.slope "
        "conv2.weight norm2.gamma norm2.beta norm2.slope readout.weight ");
  CHECK(names(5) == "readout.weight ");
  CHECK(names(5, Readout::positions) ==
        "conv1.weight norm1.gamma norm1.beta norm1.slope "
        "conv2.weight norm2.gamma norm2.beta norm2.slope "
        "conv3.weight norm3.gamma norm3.beta norm3.slope readout.weight ");
}
