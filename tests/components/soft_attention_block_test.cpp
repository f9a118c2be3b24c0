#include <saccade/components/soft_attention_block.hpp>

#include "support/fused_reference.hpp"
#include "support/gradient_check.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

using Fused = FusedReference<double>;

template <class B>
struct BlockProblem {
  using Block = SoftAttentionBlock<B>;

  explicit BlockProblem(const SoftAttentionConfig& config)
      : block(config),
        parameters(block.make_parameters(b)),
        d_parameters(block.make_parameters(b)),
        statistics(block.make_statistics(b)),
        cache(block.make_cache(b, 2)),
        workspace(block.make_workspace(b, 2)),
        patches(random_array({2, config.side, config.side, config.inputs}, 1)),
        features(filled({2, block.features()}, not_a_number)),
        d_features(random_array(features.shape, 2)) {
    randomize_parameters(parameters, 3);
    initialize(b, statistics, 0);
  }

  void forward(Mode mode = Mode::training) { block.forward(b, parameters, statistics, patches, cache, features, mode); }

  double loss() {
    forward();
    return dot(d_features, features);
  }

  void backward() { block.backward(b, parameters, patches, cache, d_features, workspace, d_parameters); }

  B b;
  Block block;
  typename Block::Parameters parameters, d_parameters;
  typename Block::Statistics statistics;
  typename Block::Cache cache;
  typename Block::Workspace workspace;
  Array patches, features, d_features;
};

/// The smallest block with everything in it.
SoftAttentionConfig small() {
  return {.inputs = 3, .side = 6, .width = 2, .trunk_units = 2, .mask_depth = 1, .unit = UnitKind::basic};
}

template <class B>
void check_block(const SoftAttentionConfig& config) {
  BlockProblem<B> problem(config);
  problem.forward();
  problem.backward();
  check_gradients(problem.parameters, problem.d_parameters, [&] { return problem.loss(); });
  for (const auto& named : named_tensors<Reference>(problem.d_parameters)) {
    INFO(named.name << " has a gradient");
    CHECK(norm(*named.tensor) > 0);
  }
  problem.forward();
  check_accumulates(problem.d_parameters, [&] { problem.backward(); });
}

}  // namespace

TEMPLATE_TEST_CASE("gradients of the soft attention block are those of central differences", "[soft_attention_block]",
                   Reference, Fused) {
  SoftAttentionConfig config = small();
  SECTION("as it is") {}
  SECTION("one channel more") { config.width = 3; }
  SECTION("one trunk unit") { config.trunk_units = 1; }
  SECTION("three trunk units") { config.trunk_units = 3; }
  SECTION("bottleneck units") { config.unit = UnitKind::bottleneck; }
  SECTION("mask depth 2, on an odd side") {
    config.mask_depth = 2;
    config.side = 7;
  }
  SECTION("mask depth 3 without skips") {
    config.mask_depth = 3;
    config.mask_skips = false;
    config.side = 9;
  }
  SECTION("mask depth 4, bottleneck") {
    config.mask_depth = 4;
    config.unit = UnitKind::bottleneck;
    config.side = 16;
    config.trunk_units = 1;
  }
  SECTION("a strided stem, two scales") {
    config.inputs = 6;
    config.side = 13;
    config.stem_kernel = 3;
    config.stem_stride = 2;
  }
  SECTION("no mask") { config.mask = MaskUse::none; }
  SECTION("no mask and a stem") {
    config.mask = MaskUse::none;
    config.stem_kernel = 3;
  }
  SECTION("half-pixel corners") { config.corners = Corners::half_pixel; }
  SECTION("group normalisation, one slope") {
    config.normalization.normalization = Normalization::group;
    config.normalization.groups = 2;
    config.normalization.slope_sharing = SlopeSharing::shared;
  }
  SECTION("width of the input: no projection on the entry") { config.width = 3; }
  check_block<TestType>(config);
}

TEST_CASE("features are the mean over the map of (1 + M) * T", "[soft_attention_block]") {
  BlockProblem<Reference> problem(small());
  problem.forward();
  const Array& trunk = problem.cache.trunk.back();
  const Array& logits = problem.cache.mask_logits;
  REQUIRE(trunk.shape == Shape{2, 6, 6, 2});
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t c = 0; c < 2; ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < 36; ++i) {
        const std::size_t at = (n * 36 + i) * 2 + c;
        sum += (1 + 1 / (1 + std::exp(-logits.values[at]))) * trunk.values[at];
      }
      CHECK(problem.features.values[n * 2 + c] == Approx(sum / 36));
    }
  }
}

TEST_CASE("without the mask the features are the mean of the trunk, and the mask has no parameters",
          "[soft_attention_block]") {
  SoftAttentionConfig config = small();
  config.mask = MaskUse::none;
  BlockProblem<Reference> problem(config);
  problem.forward();
  double sum = 0;
  for (std::size_t i = 0; i < 36; ++i) sum += problem.cache.trunk.back().values[2 * i];
  CHECK(problem.features.values[0] == Approx(sum / 36));
  for (const auto& named : named_tensors<Reference>(problem.parameters))
    CHECK(named.name.find("mask") == std::string::npos);
}

TEMPLATE_TEST_CASE("in evaluation the features of a patch do not depend on its neighbours", "[soft_attention_block]",
                   Reference, Fused) {
  BlockProblem<TestType> problem(small());
  problem.forward(Mode::training);
  const auto features_of_first = [&](Mode mode) {
    problem.forward(mode);
    return std::vector<double>(problem.features.values.begin(), problem.features.values.begin() + 2);
  };
  const auto change_second = [&] {
    for (std::size_t i = problem.patches.values.size() / 2; i < problem.patches.values.size(); ++i)
      problem.patches.values[i] = 3 - problem.patches.values[i];
  };
  const auto evaluated = features_of_first(Mode::evaluation);
  change_second();
  CHECK(features_of_first(Mode::evaluation) == evaluated);
  const auto trained = features_of_first(Mode::training);
  change_second();
  CHECK(features_of_first(Mode::training) != trained);
}

TEST_CASE("a stem shrinks the maps", "[soft_attention_block]") {
  SoftAttentionConfig config = small();
  config.stem_kernel = 3;
  config.stem_stride = 2;
  BlockProblem<Reference> problem(config);
  CHECK(problem.block.map_side() == 3);
  CHECK(problem.cache.trunk.back().shape == Shape{2, 3, 3, 2});
  CHECK(problem.cache.mask_logits.shape == Shape{2, 3, 3, 2});
}

TEST_CASE("a cache made for evaluation serves all units of the trunk in turn, and gives the same",
          "[soft_attention_block]") {
  SoftAttentionConfig config = small();
  config.trunk_units = GENERATE(1, 2, 3, 4);
  const auto check_evaluation = [&](auto problem) {
    problem.forward(Mode::training);
    problem.forward(Mode::evaluation);
    const Array expected = problem.features;
    problem.cache = problem.block.make_cache(problem.b, 2, Mode::evaluation);
    CHECK(problem.cache.trunk_units.size() == 1);
    CHECK(problem.cache.trunk.size() == (config.trunk_units == 1 ? 1u : 2u));
    problem.forward(Mode::evaluation);
    CHECK(problem.features.values == expected.values);
  };
  check_evaluation(BlockProblem<Reference>(config));
  check_evaluation(BlockProblem<Fused>(config));
}

TEST_CASE("the soft attention block says when it cannot be built", "[soft_attention_block]") {
  using Block = SoftAttentionBlock<Reference>;
  SoftAttentionConfig config = small();
  SECTION("width") {
    config.width = 0;
    CHECK_THROWS_WITH(Block(config), "SoftAttentionBlock: side, width and inputs must be at least 1");
  }
  SECTION("trunk") {
    config.trunk_units = 0;
    CHECK_THROWS_WITH(Block(config), "SoftAttentionBlock: trunk_units must be at least 1");
  }
  SECTION("stem") {
    config.stem_kernel = 2;
    config.stem_stride = 4;
    CHECK_THROWS_WITH(Block(config), contains("stem_kernel must be 0 or at least stem_stride"));
  }
  SECTION("depth") {
    Reference b;
    config.mask_depth = 5;
    CHECK_THROWS_WITH(Block(config).make_cache(b, 1), "MaskBranch: a map of 6 x 6 cannot be halved 5 times");
  }
}
