#include <saccade/components/mask_branch.hpp>

#include "support/fused_reference.hpp"
#include "support/gradient_check.hpp"

using namespace saccade;
using namespace saccade_test;

namespace {

using Fused = FusedReference<double>;

template <class B>
struct MaskProblem {
  using Mask = MaskBranch<B>;

  MaskProblem(const MaskBranchConfig& config, Index height, Index width)
      : mask(config),
        parameters(mask.make_parameters(b)),
        d_parameters(mask.make_parameters(b)),
        statistics(mask.make_statistics(b)),
        cache(mask.make_cache(b, 2, height, width)),
        workspace(mask.make_workspace(b, 2, height, width)),
        x(random_array({2, height, width, config.width}, 1)),
        logits(filled(x.shape, not_a_number)),
        d_logits(random_array(x.shape, 2)),
        d_x(filled(x.shape, not_a_number)),
        full(d_x),
        d_convolved(d_x) {
    randomize_parameters(parameters, 3);
    initialize(b, statistics, 0);
  }

  void forward(Mode mode = Mode::training) { mask.forward(b, parameters, statistics, x, cache, logits, mode); }

  double loss() {
    forward();
    return dot(d_logits, logits);
  }

  void backward(Write write) {
    Array scratch = d_logits;
    mask.backward(b, parameters, cache, scratch, full, d_convolved, workspace, d_parameters, d_x, write);
  }

  B b;
  Mask mask;
  typename Mask::Parameters parameters, d_parameters;
  typename Mask::Statistics statistics;
  typename Mask::Cache cache;
  typename Mask::Workspace workspace;
  Array x, logits, d_logits, d_x, full, d_convolved;
};

template <class B>
void check_mask(MaskProblem<B> problem) {
  problem.forward();
  problem.backward(Write::overwrite);
  const auto loss = [&] { return problem.loss(); };
  check_gradients(problem.parameters, problem.d_parameters, loss);
  check_gradient("x", problem.x, problem.d_x, loss);

  problem.forward();
  check_accumulates(problem.d_parameters, [&] { problem.backward(Write::overwrite); });
  Array expected = problem.d_x;
  for (double& value : expected.values) value += 1;
  problem.d_x = filled(problem.d_x.shape, 1);
  problem.backward(Write::accumulate);
  CHECK(worst_difference(problem.d_x, expected) < 1e-12);
}

}  // namespace

TEMPLATE_TEST_CASE("gradients of the mask branch are those of central differences", "[mask_branch]", Reference, Fused) {
  const Index depth = GENERATE(1, 2, 3);
  const bool skips = GENERATE(true, false);
  CAPTURE(depth, skips);
  check_mask(MaskProblem<TestType>({.width = 2, .depth = depth, .skips = skips, .unit = UnitKind::basic}, 9, 7));
}

TEMPLATE_TEST_CASE("the mask branch has right gradients with every kind of unit, norm and corner", "[mask_branch]",
                   Reference, Fused) {
  SECTION("bottleneck") {
    check_mask(MaskProblem<TestType>({.width = 2, .depth = 2, .unit = UnitKind::bottleneck}, 6, 8));
  }
  SECTION("half-pixel corners") {
    check_mask(MaskProblem<TestType>({.width = 2, .depth = 2, .corners = Corners::half_pixel}, 5, 6));
  }
  SECTION("group normalisation") {
    check_mask(MaskProblem<TestType>(
        {.width = 2, .depth = 2, .normalization = {.normalization = Normalization::group, .groups = 1}}, 6, 6));
  }
  SECTION("one slope for all channels") {
    check_mask(MaskProblem<TestType>({.width = 2, .depth = 1, .normalization = {.slope_sharing = SlopeSharing::shared}},
                                     4, 4));
  }
}

TEST_CASE("the mask branch halves its maps and comes back up", "[mask_branch]") {
  MaskProblem<Reference> problem({.width = 2, .depth = 3}, 20, 13);
  REQUIRE(problem.cache.levels.size() == 3);
  CHECK(problem.cache.levels[0].down.shape == Shape{2, 10, 7, 2});
  CHECK(problem.cache.levels[1].down.shape == Shape{2, 5, 4, 2});
  CHECK(problem.cache.levels[2].down.shape == Shape{2, 3, 2, 2});
  CHECK(problem.cache.levels[1].up.shape == Shape{2, 5, 4, 2});
  CHECK(problem.cache.convolved.shape == Shape{2, 20, 13, 2});
}

TEST_CASE("a cache made for evaluation serves all units of a level in turn, and gives the same", "[mask_branch]") {
  const bool skips = GENERATE(true, false);
  const auto check_evaluation = [&](auto problem) {
    problem.forward(Mode::training);
    problem.forward(Mode::evaluation);
    const Array expected = problem.logits;
    problem.cache = problem.mask.make_cache(problem.b, 2, 9, 7, Mode::evaluation);
    for (const auto& level : problem.cache.levels) CHECK(level.units.size() == 1);
    problem.forward(Mode::evaluation);
    CHECK(problem.logits.values == expected.values);
  };
  check_evaluation(MaskProblem<Reference>({.width = 2, .depth = 3, .skips = skips}, 9, 7));
  check_evaluation(MaskProblem<Fused>({.width = 2, .depth = 3, .skips = skips}, 9, 7));
}

TEST_CASE("the mask branch says when it cannot be built", "[mask_branch]") {
  using Mask = MaskBranch<Reference>;
  Reference b;
  CHECK_THROWS_WITH(Mask({.depth = 0}), "MaskBranch: depth must be at least 1, but is 0");
  CHECK_THROWS_WITH(Mask({.width = 2, .depth = 4}).make_cache(b, 1, 8, 5),
                    "MaskBranch: a map of 8 x 5 cannot be halved 4 times");
}
