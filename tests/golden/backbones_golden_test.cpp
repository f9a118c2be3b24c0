#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/components/backbone_encoder.hpp>
#include <saccade/training/pretrained_weights.hpp>

#include "data/shared_location.hpp"
#include "golden/golden_case.hpp"
#include "golden/golden_config.hpp"

#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// The networks that can be loaded, from files with the names of their packages, against PyTorch (twin_backbones.py).

using namespace saccade;
using namespace saccade_tests;

namespace {

using Backends = TestedBackends<ReferenceBackend<double>, ReferenceBackend<float>, EigenBackend<float>>;

/// As golden_backbones.py has them.
struct Case {
  BackbonePlan plan;
  BackbonePlan whole;
  WeightNames names;
};

Case case_of(const std::string& name) {
  const ResNetConfig resnet{.blocks = {1, 2, 1, 1}, .width = 2};
  if (name.starts_with("resnet")) {
    const bool bottleneck = name == "resnet, bottleneck";
    const BackbonePlan whole = resnet_plan({.blocks = resnet.blocks, .bottleneck = bottleneck, .width = 2});
    return {whole.cut(bottleneck ? 2 : 3), whole, WeightNames::torchvision};
  }
  const BackbonePlan whole =
      efficientnet_lite_plan({.width = 0.1, .depth = 0.6, .divisor = 2, .stem = 2, .head = 6});
  return {whole.cut(name == "efficientnet_lite, whole" ? 0 : 4), whole, WeightNames::efficientnet_lite_pytorch};
}

/// The tensors of a case whose operand begins with "weight:", by the rest of their names.
SafetensorsFile weights_of(const std::string& name) {
  const GoldenFile golden("backbones");
  const std::string beginning = name + "/weight:";
  SafetensorsFile file;
  for (NamedArray array : golden.content().tensors) {
    if (!array.name.starts_with(beginning)) continue;
    array.name = array.name.substr(beginning.size());
    file.tensors.push_back(std::move(array));
  }
  return file;
}

/// A picture by a formula, the same as in golden_backbones.py; normalised.
std::vector<double> picture() {
  std::vector<double> values;
  for (Index y = 0; y < 128; ++y)
    for (Index x = 0; x < 128; ++x)
      for (Index c = 0; c < 3; ++c)
        values.push_back((static_cast<double>((x * (3 + c) + y * (5 - c) + (x / 16) * (y / 16) * 7) % 256) - 127) / 128);
  return values;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: ResNet and EfficientNet-Lite", "[golden][backbone]", Backends) {
  const GoldenFile content("backbones");
  const SafetensorsFile& file = content.content();
  for_each_golden_case<TestType>("backbones", "", [&](TestType& b, auto& golden) {
    const double tolerance = network_tolerance<Scalar<TestType>>;
    const Case of = case_of(golden.name());
    const Shape in = golden.shape("patches");
    EncoderConfig config;
    config.side = in[1];
    config.mask = MaskUse::none;
    const BackboneEncoder<TestType> encoder(of.plan, config);
    auto p = encoder.make_parameters(b), d_p = encoder.make_parameters(b);
    auto statistics = encoder.make_statistics(b);
    auto tensors = named_tensors<TestType>(p.backbone);
    for (const auto& named : named_tensors<TestType>(statistics.backbone)) tensors.push_back(named);
    const TensorMap map = backbone_map(of.plan, of.whole, of.names);
    load_tensors(b, weights_of(golden.name()), tensors, map, "golden");
    std::map<std::string, std::string> theirs;
    for (const TensorMap::Entry& entry : map.entries) {
      theirs[entry.tensor] = entry.stored;
      static_cast<void>(golden.given("weight:" + entry.stored));
    }
    const auto patches = golden.given("patches");

    auto evaluation = encoder.make_cache(b, in[0], Mode::evaluation);
    auto features = golden.blank({in[0], encoder.features()});
    encoder.forward(b, p, statistics, patches, evaluation, features, Mode::evaluation);
    golden.check("map_evaluation", encoder.backbone().map(evaluation.backbone), tolerance);
    if (golden.name() == "efficientnet_lite, whole") return;

    auto cache = encoder.make_cache(b, in[0]);
    auto workspace = encoder.make_workspace(b, in[0]);
    const auto d_features = golden.given("d_features");
    encoder.forward(b, p, statistics, patches, cache, features, Mode::training);
    encoder.backward(b, p, patches, cache, d_features, workspace, d_p);
    golden.check("features", features, tolerance);
    for (const auto& named : named_tensors<TestType>(d_p.backbone)) {
      const std::string operand = "gradient:" + theirs.at(named.name);
      if (file.find(golden.name() + "/" + operand)) {
        golden.check(operand, *named.tensor, tolerance);
        continue;
      }
      INFO(operand << " is taken away by a later batch normalisation");
      CHECK(operand.ends_with("._bn2.bias"));
      for (const Scalar<TestType> value : to_vector(b, *named.tensor)) CHECK(std::abs(value) < 1e-5);
    }
    for (const auto& named : named_tensors<TestType>(statistics.backbone))
      golden.check("new_statistic:" + theirs.at(named.name), *named.tensor, tolerance);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: EfficientNet-Lite0 with its real weights", "[golden][backbone]", Backends) {
  const auto path = shared_location("weights/efficientnet_lite0.safetensors");
  if (!std::filesystem::exists(path)) SKIP_TEST("there are no weights of EfficientNet-Lite0");
  for_each_golden_case<TestType>("efficientnet_lite0", "", [&](TestType& b, auto& golden) {
    EncoderConfig config;
    config.side = 128;
    config.mask = MaskUse::none;
    config.backbone.kind = BackboneKind::efficientnet_lite0;
    const BackboneEncoder<TestType> encoder(config);
    auto p = encoder.make_parameters(b);
    auto statistics = encoder.make_statistics(b);
    auto tensors = named_tensors<TestType>(p.backbone);
    for (const auto& named : named_tensors<TestType>(statistics.backbone)) tensors.push_back(named);
    const SafetensorsFile file = read_safetensors(path);
    load_tensors(b, file, tensors, backbone_map(config.backbone, weight_names(file, config.backbone.kind, "lite0")),
                 "lite0");
    const std::vector<double> pixels = picture();
    const auto patches = make_tensor<TestType, double>(b, {1, 128, 128, 3}, pixels);
    auto cache = encoder.make_cache(b, 1, Mode::evaluation);
    auto features = golden.blank({1, 1280});
    encoder.forward(b, p, statistics, patches, cache, features, Mode::evaluation);
    const auto all = to_vector(b, features);
    std::vector<Scalar<TestType>> some;
    for (std::size_t i = 0; i < all.size(); i += 64) some.push_back(all[i]);
    golden.check("features", make_tensor<TestType, Scalar<TestType>>(b, {20}, some), 1e-4);
  });
}
