// Checkpoints behind their checksum: what their metadata and tensors say. An input is a safetensors file without
// checksum, which only others write; with one, no changed byte would come as far as this.
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/training/checkpoint.hpp>
#include <saccade/training/run_state.hpp>

#include "target.hpp"

using namespace saccade;

namespace {

using B = ReferenceBackend<float>;

/// Sets two tensors of our own to those of the file that have their names.
void restore(const SafetensorsFile& file) {
  B b;
  auto weight = b.zeros({2, 3}), bias = b.zeros({3});
  const std::vector<NamedTensor<Tensor<B>>> list{{"core.weight", &weight, {}}, {"core.bias", &bias, {}}};
  detail::restore(b, "", list, file, "input");
  for (const auto& named : list) {
    const NamedArray& stored = file.at(named.name);
    if (stored.dtype != DataType::float32) continue;
    const std::vector<float> values = to_vector(b, *named.tensor);
    fuzz::expect(std::memcmp(values.data(), stored.bytes.data(), stored.bytes.size()) == 0, "weights are the file's");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  const auto file = fuzz::accepted([&] { return parse_safetensors(input, "input"); });
  if (!file) return 0;
  const auto info = fuzz::accepted([&] { return checkpoint_info(*file, "input"); });
  static_cast<void>(fuzz::accepted([&] { return restore(*file), 0; }));
  if (!info) return 0;
  HybridAttentionConfig again;
  update_from_json(to_json(info->model), again, "written");
  fuzz::expect(to_json(validated(again)) == to_json(info->model), "a configuration is written and read back");
  fuzz::expect(std::cmp_equal(info->classes.size(), info->model.classes), "each class has a name");
  static_cast<void>(fuzz::accepted([&] {
    const GoldenAnswer golden = detail::stored_golden_answer(*file, "input", info->model);
    fuzz::expect(std::cmp_equal(golden.image.pixels.size(), 3 * golden.image.width * golden.image.height),
                 "an image has its pixels");
    const Index numbers = info->model.glimpses * info->model.sensor.location_size();
    fuzz::expect(std::cmp_equal(golden.locations.size(), numbers), "each glimpse has its place");
    return 0;
  }));
  if (const auto state = fuzz::accepted([&] { return run_state_from_json(info->run, "input"); })) {
    const RunState copy = run_state_from_json(to_json(*state), "written");
    // As text, in which a figure that is not defined is null.
    fuzz::expect(json_text(to_json(copy)) == json_text(to_json(*state)), "where a run stands is written and read back");
  }
  return 0;
}
