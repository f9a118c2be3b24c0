// Weights from files that others have made, by load_tensors.
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/training/load_tensors.hpp>

#include "target.hpp"

using namespace saccade;

namespace {

using B = ReferenceBackend<float>;

const TensorMap& map() {
  static const TensorMap of_two{{{"conv.weight", "weight", TensorLayout::channels_first}, {"bn.bias", "beta"}},
                                {"fc.*", "*.num_batches_tracked"}};
  return of_two;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  const auto file = fuzz::accepted([&] { return parse_safetensors(input, "input"); });
  if (!file) return 0;
  B b;
  constexpr float untouched = -123;
  auto weight = b.zeros({2, 1, 2, 3}), beta = b.zeros({2});
  b.fill(untouched, weight);
  b.fill(untouched, beta);
  const std::vector<NamedTensor<Tensor<B>>> tensors{{"weight", &weight, {}}, {"beta", &beta, {}}};
  const bool loaded = fuzz::accepted([&] { return load_tensors(b, *file, tensors, map(), "input"), true; }).has_value();
  const std::vector<float> ours = to_vector(b, weight), biases = to_vector(b, beta);
  if (!loaded) {
    for (const float value : ours) fuzz::expect(value == untouched, "a file that is refused changes nothing");
    for (const float value : biases) fuzz::expect(value == untouched, "a file that is refused changes nothing");
    return 0;
  }
  // (O, I, kh, kw) = (2, 3, 1, 2) as (O, kh, kw, I), element by element.
  const std::vector<float> theirs = detail::floating_numbers<float>(file->at("conv.weight"));
  for (std::size_t o = 0; o < 2; ++o)
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t x = 0; x < 2; ++x)
        fuzz::expect(ours[(o * 2 + x) * 3 + i] == theirs[(o * 3 + i) * 2 + x], "an element is where it belongs");
  fuzz::expect(biases == detail::floating_numbers<float>(file->at("bn.bias")), "a bias is the file's");
  for (const float value : ours) fuzz::expect(std::isfinite(value), "weights are finite");
  return 0;
}
