#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/components/backbone.hpp>
#include <saccade/core/crc32c.hpp>
#include <saccade/training/pretrained_weights.hpp>

#include "data/shared_location.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace saccade;

namespace {

using Plain = ReferenceBackend<float>;

struct Network {
  explicit Network(BackboneKind kind, Index stages = 0)
      : backbone(backbone_plan(kind, stages), 64),
        parameters(backbone.make_parameters(b)),
        statistics(backbone.make_statistics(b)) {}

  [[nodiscard]] std::vector<NamedTensor<Plain::Tensor>> tensors() {
    auto list = named_tensors<Plain>(parameters);
    for (const auto& named : named_tensors<Plain>(statistics)) list.push_back(named);
    return list;
  }

  Plain b;
  Backbone<Plain> backbone;
  Backbone<Plain>::Parameters parameters;
  Backbone<Plain>::Statistics statistics;
};

/// Number and checksum of the lines "NAME [shape]", sorted, of all tensors that a map wants from a file.
std::pair<std::size_t, std::uint32_t> wanted(BackboneKind kind, WeightNames names) {
  Network network(kind);
  const TensorMap map = backbone_map({.kind = kind}, names);
  std::set<std::string> lines;
  const auto tensors = network.tensors();
  CHECK(tensors.size() == map.entries.size());
  for (const TensorMap::Entry& entry : map.entries) {
    const auto found =
        std::find_if(tensors.begin(), tensors.end(), [&](const auto& named) { return named.name == entry.tensor; });
    INFO(entry.tensor);
    REQUIRE(found != tensors.end());
    const Shape s = network.b.shape(*found->tensor);
    std::vector<std::int64_t> shape;
    for (std::size_t axis = 0; axis < s.rank(); ++axis) shape.push_back(s[axis]);
    if (entry.layout == TensorLayout::channels_first) shape = {s[0], s[3], s[1], s[2]};
    lines.insert(entry.stored + " " + detail::list_text(shape) + "\n");
  }
  Crc32c sum;
  for (const std::string& line : lines) sum.update(std::as_bytes(std::span(line)));
  return {lines.size(), sum.value()};
}

}  // namespace

TEST_CASE("maps name the tensors of timm's and torchvision's ResNets", "[tensor_map]") {
  // From the state_dict of timm 1.0.31, without the classifier and the counts of batches.
  CHECK(wanted(BackboneKind::resnet18, WeightNames::torchvision) ==
        std::pair<std::size_t, std::uint32_t>(100, 0xe18671e9));
  CHECK(wanted(BackboneKind::resnet34, WeightNames::torchvision) ==
        std::pair<std::size_t, std::uint32_t>(180, 0x938abb89));
  CHECK(wanted(BackboneKind::resnet50, WeightNames::torchvision) ==
        std::pair<std::size_t, std::uint32_t>(265, 0xa3d78de2));
}

TEST_CASE("maps name the tensors of EfficientNet-Lite", "[tensor_map]") {
  // timm 1.0.31, tf_efficientnet_lite*, and efficientnet_lite_pytorch 0.1.0.
  const auto kind = [](int size) {
    return static_cast<BackboneKind>(static_cast<int>(BackboneKind::efficientnet_lite0) + size);
  };
  const std::size_t counts[] = {245, 320, 320, 365, 455};
  const std::uint32_t timm[] = {0x7ea2b7bc, 0x8626ab69, 0x07567730, 0xeba7c5e0, 0x5f832a93};
  const std::uint32_t other[] = {0x0b1d143b, 0x4ac402bf, 0x223f5955, 0x0ad6513e, 0xe6aaf691};
  for (const int size : {0, 1, 2, 3, 4}) {
    INFO("Lite" << size);
    CHECK(wanted(kind(size), WeightNames::timm) == std::pair(counts[size], timm[size]));
    CHECK(wanted(kind(size), WeightNames::efficientnet_lite_pytorch) == std::pair(counts[size], other[size]));
  }
}

TEST_CASE("the real file of EfficientNet-Lite0 fits, whole and cut after any stage", "[tensor_map]") {
  const auto path = shared_location("weights/efficientnet_lite0.safetensors");
  if (!std::filesystem::exists(path)) SKIP_TEST("there are no weights of EfficientNet-Lite0");
  const SafetensorsFile file = read_safetensors(path);
  for (const Index stages : {0, 1, 2, 3, 4, 5, 6, 7, 8}) {
    INFO("stages: " << stages);
    Network network(BackboneKind::efficientnet_lite0, stages);
    const BackboneConfig config{.kind = BackboneKind::efficientnet_lite0, .stages = stages};
    load_tensors(network.b, file, network.tensors(), backbone_map(config, weight_names(file, config.kind, "lite0")),
                 "lite0");
    CHECK(network.parameters.blocks[0].layers[0].weight.values[0] != 0);
  }
  Network other(BackboneKind::efficientnet_lite1);
  CHECK_THROWS_WITH(
      load_tensors(other.b, file, other.tensors(),
                   backbone_map({.kind = BackboneKind::efficientnet_lite1}, WeightNames::efficientnet_lite_pytorch),
                   "lite0"),
      contains("\"lite0\": does not fit: tensor _blocks."));
  CHECK_THROWS_WITH(weight_names(file, BackboneKind::resnet18, "lite0"),
                    "\"lite0\": no weights of resnet18: there is no tensor conv1.weight");
}

TEST_CASE("names of another network's package are refused", "[tensor_map]") {
  CHECK_THROWS_WITH(backbone_map({.kind = BackboneKind::resnet18}, WeightNames::timm),
                    "backbone_map: these are not the names of resnet18");
  CHECK_THROWS_WITH(weight_names({}, BackboneKind::efficientnet_lite2, "f"),
                    "\"f\": no weights of efficientnet_lite2: there is neither a tensor _conv_stem.weight nor "
                    "conv_stem.weight");
}
