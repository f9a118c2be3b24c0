#include <saccade/components/backbone_encoder.hpp>
#include <saccade/components/configured_encoder.hpp>
#include <saccade/model/parts.hpp>

#include "support/gradient_check.hpp"

#include <cmath>
#include <set>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade_test;

namespace {

using TestedEncoder = BackboneEncoder<Reference>;
static_assert(TrainableEncoder<TestedEncoder, Reference>);
static_assert(TrainableEncoder<ResNetEncoder<Reference>, Reference>);
static_assert(TrainableEncoder<EfficientNetLiteEncoder<Reference>, Reference>);
static_assert(TrainableEncoder<ConfiguredEncoder<Reference>, Reference>);

/// The smallest networks with every kind of block in them: all that ResNet-18 and ResNet-50 have up to stage 2, and
/// EfficientNet-Lite up to stage 4.
BackbonePlan resnet(bool bottleneck) {
  return resnet_plan({.blocks = {1, 2, 1, 1}, .bottleneck = bottleneck, .width = 2, .stages = 2});
}
BackbonePlan efficientnet_lite(Index stages = 4) {
  return efficientnet_lite_plan({.width = 0.1, .depth = 0.6, .divisor = 2, .stem = 2, .head = 4, .stages = stages});
}

EncoderConfig backbone_config(MaskUse mask, Index side = 16) {
  EncoderConfig c;
  c.side = side;
  c.mask = mask;
  c.mask_depth = 1;
  c.unit = UnitKind::basic;
  c.backbone.mask_width = 2;
  return c;
}

IsFrozen nothing() {
  return [](const std::string&) { return false; };
}
IsFrozen all_that_begins_with(const std::string& beginning) {
  return [=](const std::string& name) { return name.starts_with(beginning); };
}

struct BackboneProblem {
  explicit BackboneProblem(const BackbonePlan& plan, const EncoderConfig& c, const IsFrozen& is_frozen = nothing())
      : encoder(frozen(plan, c, is_frozen)),
        parameters(encoder.make_parameters(b)),
        d_parameters(encoder.make_parameters(b)),
        statistics(encoder.make_statistics(b)),
        cache(encoder.make_cache(b, 2)),
        workspace(encoder.make_workspace(b, 2)),
        patches(random_array({2, c.side, c.side, 3}, 1)),
        features(filled({2, encoder.features()}, not_a_number)),
        d_features(random_array(features.shape, 2)) {
    randomize_parameters(parameters, 3);
    for (const auto& named : named_tensors<Reference>(statistics))
      randomize(*named.tensor, 4, named.name.ends_with("variance") ? 0.5 : -0.5,
                named.name.ends_with("variance") ? 1.5 : 0.5);
  }

  static TestedEncoder frozen(const BackbonePlan& plan, const EncoderConfig& c, const IsFrozen& is_frozen) {
    Reference b;
    TestedEncoder encoder(plan, c);
    encoder.freeze(encoder.make_parameters(b), "encoder.", is_frozen);
    return encoder;
  }

  void forward() { encoder.forward(b, parameters, statistics, patches, cache, features, Mode::training); }

  double loss() {
    forward();
    return dot(d_features, features);
  }

  void backward() { encoder.backward(b, parameters, patches, cache, d_features, workspace, d_parameters); }

  Reference b;
  TestedEncoder encoder;
  TestedEncoder::Parameters parameters, d_parameters;
  TestedEncoder::Statistics statistics;
  TestedEncoder::Cache cache;
  TestedEncoder::Workspace workspace;
  Array patches, features, d_features;
};

void check_backbone(BackboneProblem&& problem) {
  problem.forward();
  problem.backward();
  check_gradients(problem.parameters, problem.d_parameters, [&] { return problem.loss(); });
}

}  // namespace

TEST_CASE("gradients of ResNet encoders are those of central differences", "[backbone_encoder]") {
  SECTION("basic blocks") { check_backbone(BackboneProblem(resnet(false), backbone_config(MaskUse::none))); }
  SECTION("bottlenecks") { check_backbone(BackboneProblem(resnet(true), backbone_config(MaskUse::none))); }
  SECTION("with soft attention") { check_backbone(BackboneProblem(resnet(false), backbone_config(MaskUse::attend))); }
}

TEST_CASE("gradients of EfficientNet-Lite encoders are those of central differences", "[backbone_encoder]") {
  // Small maps: with many numbers some are so close to a corner of ReLU6 that a difference goes across it.
  SECTION("as it is") { check_backbone(BackboneProblem(efficientnet_lite(3), backbone_config(MaskUse::none, 12))); }
  SECTION("an odd side") { check_backbone(BackboneProblem(efficientnet_lite(2), backbone_config(MaskUse::none, 9))); }
  SECTION("with a head") {
    BackbonePlan plan = efficientnet_lite(1);
    plan.blocks.push_back({"head", 2, {{.inputs = 2, .outputs = 3, .rectifier = Rectifier::relu6}}});
    check_backbone(BackboneProblem(plan, backbone_config(MaskUse::none, 8)));
  }
  SECTION("with soft attention") {
    check_backbone(BackboneProblem(efficientnet_lite(2), backbone_config(MaskUse::attend, 12)));
  }
}

TEST_CASE("blocks take turns with the maps of gradients, and none uses a map twice", "[backbone_encoder]") {
  Reference b;
  const Backbone<Reference> network(efficientnet_lite_plan({}), 32);
  const auto workspace = network.make_workspace(b, 1);
  const auto& scratch = *workspace.scratch;
  std::set<const Array*> all;
  std::size_t wanted = scratch.outputs.size();
  for (std::size_t turn = 0; turn < scratch.inner.size(); ++turn) {
    std::vector<const Array*> own(scratch.inner[turn].begin(), scratch.inner[turn].end());
    wanted += own.size();
    if (turn > 0) own.push_back(scratch.outputs[turn - 1]);                   // the gradient that it reads
    if (turn < scratch.outputs.size()) own.push_back(scratch.outputs[turn]);  // and the one that it writes
    CHECK(std::set<const Array*>(own.begin(), own.end()).size() == own.size());
    all.insert(own.begin(), own.end());
  }
  CHECK(all.size() == scratch.maps.size());
  CHECK(wanted == 57);
  CHECK(all.size() < 40);
}

TEST_CASE("what is frozen is evaluated in training, and keeps nothing for the way back", "[backbone_encoder]") {
  const MaskUse mask = GENERATE(MaskUse::none, MaskUse::attend);
  BackboneProblem problem(efficientnet_lite(2), backbone_config(mask), all_that_begins_with("encoder.backbone."));
  CHECK_FALSE(problem.encoder.backbone().trains());
  CHECK(problem.cache.backbone.trained.empty());
  CHECK(problem.workspace.backbone.scratch->maps.empty());
  const auto before = problem.statistics.backbone.blocks;
  problem.forward();
  for (std::size_t i = 0; i < before.size(); ++i)
    for (std::size_t layer = 0; layer < before[i].layers.size(); ++layer)
      CHECK(problem.statistics.backbone.blocks[i].layers[layer].running_mean.values ==
            before[i].layers[layer].running_mean.values);
  if (mask == MaskUse::none) {
    auto evaluation = problem.encoder.make_cache(problem.b, 2, Mode::evaluation);
    Array features = filled(problem.features.shape, not_a_number);
    problem.encoder.forward(problem.b, problem.parameters, problem.statistics, problem.patches, evaluation, features,
                            Mode::evaluation);
    CHECK(features.values == problem.features.values);
  }
  problem.backward();
  for (const auto& named : named_tensors<Reference>(problem.d_parameters)) {
    INFO(named.name);
    CHECK((norm(*named.tensor) > 0) == named.name.starts_with("mask."));
  }
  const auto values = named_tensors<Reference>(problem.parameters);
  const auto gradients = named_tensors<Reference>(problem.d_parameters);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i].name.starts_with("mask."))
      check_gradient(values[i].name, *values[i].tensor, *gradients[i].tensor, [&] { return problem.loss(); });
}

TEST_CASE("the last parts alone are trained where the first are frozen", "[backbone_encoder]") {
  const IsFrozen but_the_last_two = [](const std::string& name) {
    return !name.starts_with("encoder.backbone.stage2.") && !name.starts_with("encoder.backbone.stage3.");
  };
  BackboneProblem problem(efficientnet_lite(3), backbone_config(MaskUse::none), but_the_last_two);
  CHECK(problem.encoder.backbone().trains());
  CHECK(problem.encoder.backbone().freezes());
  problem.forward();
  problem.backward();
  const auto values = named_tensors<Reference>(problem.parameters);
  const auto gradients = named_tensors<Reference>(problem.d_parameters);
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO(values[i].name);
    if (but_the_last_two("encoder." + values[i].name)) {
      CHECK(norm(*gradients[i].tensor) == 0);
    } else {
      check_gradient(values[i].name, *values[i].tensor, *gradients[i].tensor, [&] { return problem.loss(); });
    }
  }
}

TEST_CASE("caches of one episode share what is thrown away", "[backbone_encoder]") {
  BackboneProblem problem(efficientnet_lite(), backbone_config(MaskUse::none),
                          all_that_begins_with("encoder.backbone."));
  auto sibling = problem.encoder.make_cache(problem.b, 2, Mode::training, &problem.cache);
  CHECK(sibling.backbone.scratch == problem.cache.backbone.scratch);
  problem.forward();
  const Array first = problem.encoder.backbone().map(problem.cache.backbone), features = problem.features;
  const Array other = random_array(problem.patches.shape, 9);
  problem.encoder.forward(problem.b, problem.parameters, problem.statistics, other, sibling, problem.features,
                          Mode::training);
  CHECK(problem.encoder.backbone().map(problem.cache.backbone).values == first.values);
  CHECK(worst_difference(problem.features, features) > 0);
}

TEST_CASE("networks have the shapes that their papers give", "[backbone_encoder]") {
  // Output sides and channels of a 224 x 224 image: He et al., table 1; Tan and Le, table 1.
  const auto map_of = [](BackboneKind kind, Index stages, Index side) {
    const Backbone<Reference> network(backbone_plan(kind, stages), side);
    return std::pair(network.map_side(), network.channels());
  };
  CHECK(map_of(BackboneKind::resnet18, 1, 224) == std::pair<Index, Index>(56, 64));
  CHECK(map_of(BackboneKind::resnet34, 0, 224) == std::pair<Index, Index>(7, 512));
  CHECK(map_of(BackboneKind::resnet50, 3, 224) == std::pair<Index, Index>(14, 1024));
  CHECK(map_of(BackboneKind::resnet50, 4, 224) == std::pair<Index, Index>(7, 2048));
  CHECK(map_of(BackboneKind::efficientnet_lite0, 1, 224) == std::pair<Index, Index>(112, 16));
  CHECK(map_of(BackboneKind::efficientnet_lite0, 5, 224) == std::pair<Index, Index>(14, 112));
  CHECK(map_of(BackboneKind::efficientnet_lite0, 7, 224) == std::pair<Index, Index>(7, 320));
  CHECK(map_of(BackboneKind::efficientnet_lite0, 0, 224) == std::pair<Index, Index>(7, 1280));
  CHECK(map_of(BackboneKind::efficientnet_lite4, 7, 300) == std::pair<Index, Index>(10, 448));
}

TEST_CASE("a backbone says what it cannot be", "[backbone_encoder]") {
  CHECK_THROWS_WITH(backbone_plan(BackboneKind::resnet18, 5),
                    "backbone: stages must be from 1 to 4, or 0 for all, but is 5");
  CHECK_THROWS_WITH(backbone_plan(BackboneKind::none), "backbone: kind none has no layers");
  EncoderConfig two_scales = backbone_config(MaskUse::none);
  two_scales.inputs = 6;
  two_scales.backbone.kind = BackboneKind::resnet18;
  CHECK_THROWS_WITH(TestedEncoder(two_scales),
                    "BackboneEncoder: a patch must have 3 channels, of one scale, but has 6");
  EncoderConfig no_width = backbone_config(MaskUse::attend);
  no_width.backbone.mask_width = 0;
  CHECK_THROWS_WITH(TestedEncoder(resnet(false), no_width), "BackboneEncoder: mask_width must be at least 1, but is 0");
}

TEST_CASE("a configuration chooses between SA-Net and a backbone", "[backbone_encoder]") {
  Reference b;
  EncoderConfig c = backbone_config(MaskUse::none, 32);
  c.width = 4;
  const ConfiguredEncoder<Reference> own(c);
  CHECK(own.attention() != nullptr);
  CHECK(own.features() == 4);
  c.backbone = {.kind = BackboneKind::efficientnet_lite0, .stages = 1};
  const ConfiguredEncoder<Reference> other(c);
  CHECK(other.pretrained() != nullptr);
  CHECK(other.features() == 16);
  auto p = other.make_parameters(b);
  CHECK(named_tensors<Reference>(p, "encoder.").front().name == "encoder.backbone.stem.conv1.weight");
}
