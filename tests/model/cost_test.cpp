#include <saccade/model/hybrid_attention_classifier.hpp>

#include "support/catch.hpp"
#include "support/shape_backend.hpp"

#include <vector>

using namespace saccade;
using saccade_test::ShapeBackend;

namespace {

/// What one forward pass of a glimpse through SA-Net asks of a backend.
ShapeBackend look_once(const SoftAttentionConfig& config) {
  ShapeBackend b;
  const SoftAttentionBlock<ShapeBackend> block(config);
  const auto parameters = block.make_parameters(b);
  auto statistics = block.make_statistics(b);
  auto cache = block.make_cache(b, 1);
  auto features = b.zeros({1, config.width});
  block.forward(b, parameters, statistics, b.zeros({1, config.side, config.side, config.inputs}), cache, features,
                Mode::evaluation);
  return b;
}

Index parameter_count(const HybridAttentionConfig& config) {
  ShapeBackend b;
  auto parameters = HybridAttentionClassifier<ShapeBackend>(config).make_parameters(b);
  Index count = 0;
  for (const auto& named : named_tensors<ShapeBackend>(parameters)) count += named.tensor->shape.size();
  return count;
}

}  // namespace

TEST_CASE("SA-Net of the paper halves 112 x 112 four times and comes back", "[cost]") {
  const ShapeBackend b = look_once(paper_preset().encoder);
  CHECK(b.pooled == std::vector<Shape>{{1, 56, 56, 64}, {1, 28, 28, 64}, {1, 14, 14, 64}, {1, 7, 7, 64}});
  CHECK(b.upsampled == std::vector<Shape>{{1, 14, 14, 64}, {1, 28, 28, 64}, {1, 56, 56, 64}, {1, 112, 112, 64}});
}

TEST_CASE("a glimpse costs the multiply-adds of the layer table", "[cost]") {
  SoftAttentionConfig config = paper_preset().encoder;
  // Full resolution, 12544 pixels: entry, two trunk units, two 1x1 convolutions of the head. Below, 3136 + 784 + 196 +
  // 49 pixels with three units each: down, skip, up; at the bottom down and the two bottom units.
  const Index full = 112 * 112, lower = 56 * 56 + 28 * 28 + 14 * 14 + 7 * 7;
  const Index wide = 64 * 64;
  SECTION("bottleneck: 2.31 G") {
    const Index unit = (1 + 9 + 1) * wide, entry = 3 * 64 + (9 + 1) * wide + 3 * 64;
    const Index cost = look_once(config).multiply_adds;
    CHECK(cost == full * (entry + 2 * unit + 2 * wide) + lower * 3 * unit);
    CHECK(static_cast<double>(cost) == Approx(2.31e9).epsilon(0.003));
  }
  SECTION("basic: 3.36 G") {
    config.unit = UnitKind::basic;
    const Index unit = 2 * 9 * wide, entry = 9 * 3 * 64 + 9 * wide + 3 * 64;
    const Index cost = look_once(config).multiply_adds;
    CHECK(cost == full * (entry + 2 * unit + 2 * wide) + lower * 3 * unit);
    CHECK(static_cast<double>(cost) == Approx(3.36e9).epsilon(0.003));
  }
  SECTION("a stem of stride 4 and depth 2: a fifteenth") {
    config.stem_kernel = 7;
    config.stem_stride = 4;
    config.mask_depth = 2;
    const Index unit = (1 + 9 + 1) * wide;
    CHECK(look_once(config).multiply_adds ==
          28 * 28 * (7 * 7 * 3 * 64 + 3 * unit + 2 * wide) + (14 * 14 + 7 * 7) * 3 * unit);
  }
}

TEST_CASE("the paper's model has 1.23 million parameters", "[cost]") {
  // A unit: three convolutions, and scale, shift and slope of 64 channels before each.
  const Index unit = 11 * 64 * 64 + 3 * 3 * 64;
  const Index entry = (3 * 64 + 10 * 64 * 64 + 3 * 64) + (3 * 3 + 2 * 3 * 64);
  const Index head = 2 * (64 * 64 + 3 * 64);
  const Index encoder = entry + (2 + 4 + 2 + 3 + 3) * unit + head;  // trunk, down, bottom, skip, up
  const Index fusion = (64 + 2) * 256 + 256, core = 4 * 256 * (256 + 256) + 4 * 256;
  const Index classifier = 2 * 256 + 2, locator = 2 * 256 + 2;
  CHECK(parameter_count(paper_preset()) == encoder + fusion + core + classifier + locator);
  CHECK(parameter_count(paper_preset()) == 1232653);

  HybridAttentionConfig with_baseline = paper_preset();
  with_baseline.learner.baseline = Baseline::learned;
  CHECK(parameter_count(with_baseline) == 1232653 + 256 + 1);
}

TEST_CASE("a backend that cannot train classifies, and says why it does not train", "[cost]") {
  ShapeBackend b;
  const HybridAttentionClassifier<ShapeBackend> model(compact_preset());
  auto parameters = model.make_parameters(b);
  auto statistics = model.make_statistics(b);
  auto episode = model.make_episode(b, 1, Mode::evaluation);
  const ImageView image{nullptr, 700, 460, 2100};
  const OrientedImage<ShapeBackend> oriented{&image};
  model.rollout(b, parameters, statistics, {&oriented, 1}, {}, episode);
  CHECK(b.multiply_adds > 0);
  CHECK_THROWS_WITH(model.make_episode(b, 1, Mode::training),
                    "HybridAttentionClassifier: training needs a TrainableBackend, a TrainableEncoder and a TrainablePolicy");
}
