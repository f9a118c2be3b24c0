#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/training/load_tensors.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

using namespace saccade;

namespace {

using Plain = ReferenceBackend<float>;

/// A convolution (2, 1, 2, 3) in our layout, from 3 input channels, and a bias (2).
struct Layer {
  explicit Layer(Plain& b) : weight(b.zeros({2, 1, 2, 3})), bias(b.zeros({2})) {}
  [[nodiscard]] std::vector<NamedTensor<Plain::Tensor>> tensors() {
    return {{"conv.weight", &weight, {}}, {"conv.bias", &bias, {}}};
  }
  Plain::Tensor weight, bias;
};

const TensorMap& layer_map() {
  static const TensorMap map{
      {{"theirs.weight", "conv.weight", TensorLayout::channels_first}, {"theirs.bias", "conv.bias"}},
      {"fc.*", "*.num_batches_tracked"}};
  return map;
}

std::vector<float> counted(std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i));
  return values;
}

NamedArray of_halves(const std::string& name, DataType type, std::vector<std::int64_t> shape,
                     const std::vector<std::uint16_t>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {name, type, std::move(shape), {bytes.begin(), bytes.end()}};
}

SafetensorsFile file_of(std::vector<NamedArray> tensors) { return {{}, std::move(tensors)}; }

NamedArray weight() {
  const std::vector<float> values = counted(12);
  return {"theirs.weight", {2, 3, 1, 2}, std::span<const float>(values)};
}
NamedArray bias() {
  const std::vector<float> values{5, 6};
  return {"theirs.bias", {2}, std::span<const float>(values)};
}

std::string refusal_of(const SafetensorsFile& file) {
  Plain b;
  Layer layer(b);
  try {
    load_tensors(b, file, layer.tensors(), layer_map(), "w.safetensors");
  } catch (const FileError& error) {
    for (const float value : layer.weight.values) CHECK(value == 0);
    for (const float value : layer.bias.values) CHECK(value == 0);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("convolutions are turned, other tensors stay as they are, and what the map ignores is left",
          "[load_tensors]") {
  Plain b;
  Layer layer(b);
  const std::vector<std::int64_t> count{7};
  const std::vector<float> unused{1, 2, 3};
  load_tensors(b,
               file_of({weight(),
                        bias(),
                        {"bn.num_batches_tracked", {}, std::span<const std::int64_t>(count)},
                        {"fc.weight", {3}, std::span<const float>(unused)}}),
               layer.tensors(), layer_map(), "w.safetensors");
  // Of output 0 the file holds channel by channel {0, 1}, {2, 3}, {4, 5}; ours is pixel by pixel.
  CHECK(layer.weight.values == std::vector<float>{0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11});
  CHECK(layer.bias.values == std::vector<float>{5, 6});
}

TEST_CASE("numbers of 16 bits are read exactly", "[load_tensors]") {
  CHECK(from_float16(0x3c00) == 1.0f);
  CHECK(from_float16(0xc000) == -2.0f);
  CHECK(from_float16(0x7bff) == 65504.0f);
  CHECK(from_float16(0x0001) == 5.9604644775390625e-8f);  // the smallest, 2^-24
  CHECK(from_float16(0x03ff) == 6.097555160522461e-05f);  // the largest subnormal, 1023 * 2^-24
  CHECK(std::isinf(from_float16(0x7c00)));
  CHECK(std::isnan(from_float16(0x7e00)));
  CHECK(from_bfloat16(0x3f80) == 1.0f);
  CHECK(from_bfloat16(0xc049) == -3.140625f);
  Plain b;
  Layer layer(b);
  const auto file = [&](DataType type, std::uint16_t one, std::uint16_t half) {
    return file_of({weight(), of_halves("theirs.bias", type, {2}, {one, half})});
  };
  load_tensors(b, file(DataType::float16, 0x3c00, 0x3800), layer.tensors(), layer_map(), "w");
  CHECK(layer.bias.values == std::vector<float>{1, 0.5f});
  load_tensors(b, file(DataType::bfloat16, 0x3f80, 0x3f00), layer.tensors(), layer_map(), "w");
  CHECK(layer.bias.values == std::vector<float>{1, 0.5f});
}

TEST_CASE("files of 16-bit numbers are read back from disk", "[load_tensors]") {
  const ScratchFolder folder;
  Plain b;
  Layer layer(b);
  write_safetensors(file_of({weight(), of_halves("theirs.bias", DataType::bfloat16, {2}, {0x4000, 0xbf80})}),
                    folder / "w.safetensors");
  load_tensors(b, folder / "w.safetensors", layer.tensors(), layer_map());
  CHECK(layer.bias.values == std::vector<float>{2, -1});
}

TEST_CASE("a file that does not fit is refused with a sentence, and nothing changes", "[load_tensors]") {
  const std::vector<float> values = counted(3);
  const std::vector<std::int64_t> whole{1, 2};
  CHECK(refusal_of(file_of({weight()})) ==
        "\"w.safetensors\": does not fit: tensor theirs.bias (here conv.bias) is missing");
  CHECK(refusal_of(file_of({weight(), {"theirs.bias", {3}, std::span<const float>(values)}})) ==
        "\"w.safetensors\": does not fit: tensor theirs.bias (here conv.bias) must be [2], but is [3]");
  CHECK(refusal_of(file_of({weight(), bias(), {"more.bias", {3}, std::span<const float>(values)}})) ==
        "\"w.safetensors\": does not fit: tensor more.bias is left over");
  CHECK(
      refusal_of(file_of({weight(), {"theirs.bias", {2}, std::span<const std::int64_t>(whole)}})) ==
      "\"w.safetensors\": does not fit: tensor theirs.bias (here conv.bias) must be F32, F64, F16 or BF16, but is I64");
  CHECK(refusal_of(file_of({weight(), of_halves("theirs.bias", DataType::float16, {2}, {0x7c00, 0})})) ==
        "\"w.safetensors\": does not fit: tensor theirs.bias (here conv.bias) has numbers that are not finite");
  std::vector<NamedArray> many;
  for (const char* name : {"a", "b", "c", "d"}) many.push_back({name, {3}, std::span<const float>(values)});
  CHECK_THAT(refusal_of(file_of(many)),
             contains("tensor theirs.weight (here conv.weight) is missing; tensor theirs.bias (here conv.bias) is "
                      "missing; tensor a is left over; tensor b is left over; and 2 more"));
}

TEST_CASE("a map that does not fit the model is refused", "[load_tensors]") {
  Plain b;
  Layer layer(b);
  TensorMap map = layer_map();
  map.entries.push_back({"x", "conv.slope"});
  CHECK_THROWS_WITH(load_tensors(b, file_of({weight(), bias()}), layer.tensors(), map, "w"),
                    "load_tensors: there is no tensor conv.slope, which the map names");
  map.entries = {layer_map().entries[0]};
  CHECK_THROWS_WITH(load_tensors(b, file_of({weight(), bias()}), layer.tensors(), map, "w"),
                    "load_tensors: the map says nothing of the tensor conv.bias");
}

TEST_CASE("a file that is missing or damaged is named", "[load_tensors]") {
  const ScratchFolder folder;
  Plain b;
  Layer layer(b);
  CHECK_THROWS_WITH(load_tensors(b, folder / "none.safetensors", layer.tensors(), layer_map()),
                    contains("none.safetensors"));
  std::ofstream(folder / "short.safetensors") << "abc";
  CHECK_THROWS_WITH(load_tensors(b, folder / "short.safetensors", layer.tensors(), layer_map()),
                    contains("short.safetensors\": not a valid safetensors file: it has 3 bytes, fewer than 8"));
}
