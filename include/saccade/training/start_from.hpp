#pragma once

#include <saccade/training/checkpoint.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Beginning with what another model has learned. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// Names of a model's tensors: those that began as another's, and those that the other has not, or of another shape.
struct StartingTensors {
  std::vector<std::string> taken;
  std::vector<std::string> left;
};

/// Sets weights and running statistics to those of a checkpoint wherever it has a tensor of the same name and shape;
/// the others stay as they are. The other model may differ in classes, glimpses, policy, or whatever else.
/// @param name  what the error sentences call the file
/// @throws FileError where none of its tensors fits; nothing has changed then
template <Backend B, class Parameters, class Statistics>
StartingTensors start_from(B& b, const SafetensorsFile& file, Parameters& parameters, Statistics& statistics,
                           std::string_view name) {
  auto list = named_tensors<B>(parameters);
  for (const auto& named : named_tensors<B>(statistics)) list.push_back(named);
  StartingTensors tensors;
  std::vector<NamedTensor<Tensor<B>>> fitting;
  for (const auto& named : list) {
    const NamedArray* const array = file.find(named.name);
    const bool real = array && (array->dtype == DataType::float32 || array->dtype == DataType::float64);
    const bool fits = real && array->shape == detail::stored_shape(b, *named.tensor);
    (fits ? tensors.taken : tensors.left).push_back(named.name);
    if (fits) fitting.push_back(named);
  }
  if (fitting.empty()) throw detail::checkpoint_error(name, "has no tensor that fits the model, by name and shape");
  detail::restore(b, "", fitting, file, name);
  return tensors;
}

/// "58 of 61 tensors, not classifier.weight, classifier.bias and 1 more".
[[nodiscard]] inline std::string to_string(const StartingTensors& tensors) {
  constexpr std::size_t most = 4;
  const std::size_t count = tensors.taken.size() + tensors.left.size(), left = tensors.left.size();
  std::string text = std::to_string(tensors.taken.size()) + " of " + std::to_string(count) + " tensors";
  for (std::size_t i = 0; i < std::min(left, most); ++i) text += (i == 0 ? ", not " : ", ") + tensors.left[i];
  if (left > most) text += " and " + std::to_string(left - most) + " more";
  return text;
}

}  // namespace saccade
