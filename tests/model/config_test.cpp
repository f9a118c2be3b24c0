#include <saccade/model/config.hpp>

#include "support/catch.hpp"

using namespace saccade;

TEST_CASE("the preset `paper` is the paper", "[config]") {
  const HybridAttentionConfig config = preset("paper");
  CHECK(config.classes == 2);
  CHECK(config.glimpses == 5);
  CHECK(config.sensor.side == 112);
  CHECK(config.sensor.scales == 1);
  CHECK(config.encoder.inputs == 3);
  CHECK(config.encoder.side == 112);
  CHECK(config.encoder.width == 64);
  CHECK(config.encoder.stem_kernel == 0);
  CHECK(config.encoder.trunk_units == 2);
  CHECK(config.encoder.mask == MaskUse::attend);
  CHECK(config.encoder.mask_depth == 4);
  CHECK(config.encoder.mask_skips);
  CHECK(config.encoder.unit == UnitKind::bottleneck);
  CHECK(config.encoder.normalization.normalization == Normalization::batch);
  CHECK(config.learner.baseline == Baseline::none);
  CHECK(config.learner.reward == RewardClass::sampled);
  CHECK(config.learner.class_term);
  CHECK(config.learner.weight == 1.0);
  CHECK(config.policy.movement_penalty == 0);
  CHECK(config.policy.patch == 0);
  CHECK(config.first_location == GlimpsePolicy::random);
  CHECK(config.supervised_steps == SupervisedSteps::last);
}

TEST_CASE("the other presets reward every answer against a baseline, by location terms only", "[config]") {
  const auto name = GENERATE("large", "compact");
  const HybridAttentionConfig config = preset(name);
  CHECK(config.learner.baseline == Baseline::learned);
  CHECK(config.learner.reward == RewardClass::expected);
  CHECK(config.learner.rewarded_steps == RewardedSteps::every);
  CHECK(config.learner.discount == 0);
  CHECK(config.policy.movement_penalty > 0);
  CHECK(config.glance.side > 0);
  CHECK(config.glance.readout == Readout::positions);
  CHECK(config.glance.covers() >= 700);  // an image of BreakHis
  CHECK_FALSE(config.learner.class_term);
  CHECK(config.first_location == GlimpsePolicy::centre);
  CHECK(config.encoder.stem_kernel > 0);
  CHECK(config.encoder.inputs == 3 * config.sensor.scales);
  CHECK(config.encoder.side == config.sensor.side);
  CHECK(config.policy.hidden == config.hidden);
}

TEST_CASE("a thumbnail is made to show all of an image, and no coarser than that needs", "[config]") {
  const HybridAttentionConfig compact = compact_preset();
  const auto glance = [&](Index width, Index height) { return with_thumbnail_over(compact, width, height).glance; };
  CHECK(glance(700, 460).reduction == 8);
  CHECK(glance(350, 230).reduction == 4);
  CHECK(glance(20000, 300).reduction == 256);
  CHECK(glance(350, 230).side == 88);
  CHECK(glance(96, 80).side == 80);
  CHECK(glance(96, 80).reduction == 2);
  CHECK(with_thumbnail_over(paper_preset(), 700, 460).glance.side == 0);
}

TEST_CASE("an unknown preset is named, with those that there are", "[config]") {
  CHECK_THROWS_WITH(preset("tiny"), "unknown preset \"tiny\"; expected paper, large, compact or pretrained");
  CHECK_THROWS_AS(preset(""), ConfigError);
}

TEST_CASE("what follows from other fields is filled in", "[config]") {
  HybridAttentionConfig config;
  config.sensor.side = 48;
  config.sensor.scales = 3;
  config.hidden = 17;
  config.encoder.side = 1;
  config.encoder.inputs = 1;
  config.policy.hidden = 1;
  const HybridAttentionConfig complete = validated(config);
  CHECK(complete.encoder.side == 48);
  CHECK(complete.encoder.inputs == 9);
  CHECK(complete.policy.hidden == 17);
}

TEST_CASE("a model that cannot be built is refused with a sentence", "[config]") {
  const auto refuse = [](auto change, const char* sentence) {
    HybridAttentionConfig config;
    change(config);
    CHECK_THROWS_WITH(validated(config), sentence);
  };
  refuse([](auto& c) { c.classes = 1; }, "model: classes must be at least 2, but is 1");
  refuse([](auto& c) { c.glimpses = 0; }, "model: glimpses must be from 1 to 255, but is 0");
  refuse([](auto& c) { c.glimpses = 256; }, "model: glimpses must be from 1 to 255, but is 256");
  refuse([](auto& c) { c.hidden = 0; }, "model: fusion_width and hidden must be at least 1");
  refuse([](auto& c) { c.fusion_width = -1; }, "model: fusion_width and hidden must be at least 1");
}
