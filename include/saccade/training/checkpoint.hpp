#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/model/json.hpp>
#include <saccade/training/golden_answer.hpp>
#include <saccade/training/safetensors.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Checkpoints: everything from which a run goes on as if it had never stopped. Here is what a trained model needs of
/// them; training_checkpoint.hpp writes them and goes on with training. Opt-in: needs nlohmann/json.
///
/// A safetensors file with the parameters and running statistics by name, Adam's moments as `optimizer.first.<name>`
/// and `optimizer.second.<name>`, and a golden answer: `golden.image` (h, w, 3), `golden.locations` (T, L) and
/// `golden.probabilities` (T, K). Its metadata:
///
///     saccade.checkpoint  version of this list: 1
///     saccade.checksum    see safetensors.hpp
///     saccade.model       configuration of the model, JSON
///     saccade.classes     names of the classes by index, JSON
///     saccade.run         whatever the one who trains keeps there, JSON
///     saccade.steps       updates made so far: the counter of every random draw
///     saccade.seed        of the run
namespace saccade::inline SACCADE_NAMESPACE {

/// What a checkpoint says beside its tensors.
struct CheckpointInfo {
  HybridAttentionConfig model;
  std::vector<std::string> classes;  ///< names, by index
  Json run = Json::object();         ///< free: belongs to whoever trains
};

/// How far a loaded model's golden answer may be from the recorded one, in probability and in location: room for
/// another backend's rounding.
inline constexpr double golden_tolerance = 1e-3;

/// The same for a backend that multiplies in bf16: trained models were seen up to 0.016 off.
inline constexpr double golden_tolerance_bf16 = 0.1;

namespace detail {

inline constexpr std::string_view checkpoint_version = "1";

[[nodiscard]] inline FileError checkpoint_error(std::string_view name, const std::string& reason) {
  return FileError('"' + std::string(name) + "\": " + reason);
}

[[nodiscard]] inline const std::string& checkpoint_entry(const SafetensorsFile& file, std::string_view name,
                                                         const std::string& key) {
  const auto found = file.metadata.find("saccade." + key);
  if (found == file.metadata.end())
    throw checkpoint_error(name, "not a Saccade checkpoint: it lacks the metadata \"saccade." + key + '"');
  return found->second;
}

[[nodiscard]] inline Json checkpoint_json(const SafetensorsFile& file, std::string_view name, const std::string& key) {
  const std::string& text = checkpoint_entry(file, name, key);
  std::optional<Json> json = parse_json(text);
  if (!json) throw checkpoint_error(name, "its metadata \"saccade." + key + "\" " + json_problem(text));
  return std::move(*json);
}

[[nodiscard]] inline std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + ")";
}

/// A tensor of a file, of this shape and of floating point.
[[nodiscard]] inline const NamedArray& checkpoint_tensor(const SafetensorsFile& file, std::string_view name,
                                                         const std::string& tensor,
                                                         const std::vector<std::int64_t>& shape) {
  const NamedArray* const array = file.find(tensor);
  if (!array) throw checkpoint_error(name, "belongs to another configuration: there is no tensor " + tensor);
  if (array->shape != shape) {
    throw checkpoint_error(name, "belongs to another configuration: " + tensor + " must be " + shape_text(shape) +
                                     ", but is " + shape_text(array->shape));
  }
  if (array->dtype != DataType::float32 && array->dtype != DataType::float64) {
    throw checkpoint_error(name, tensor + " must be F32 or F64, but is " + std::string(safetensors_name(array->dtype)));
  }
  return *array;
}

template <std::floating_point Number>
[[nodiscard]] std::vector<Number> numbers_of(const NamedArray& array) {
  const auto converted = [](const auto& values) { return std::vector<Number>(values.begin(), values.end()); };
  return array.dtype == DataType::float32 ? converted(array.values<float>()) : converted(array.values<double>());
}

template <class B>
[[nodiscard]] std::vector<std::int64_t> stored_shape(B& b, const Tensor<B>& tensor) {
  const Shape shape = b.shape(tensor);
  std::vector<std::int64_t> extents;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) extents.push_back(shape[axis]);
  return extents;
}

/// Checks every tensor first: where it throws, none has changed.
template <class B>
void restore(B& b, const std::string& prefix, const std::vector<NamedTensor<Tensor<B>>>& list,
             const SafetensorsFile& file, std::string_view name) {
  std::vector<const NamedArray*> arrays;
  for (const auto& named : list)
    arrays.push_back(&checkpoint_tensor(file, name, prefix + named.name, stored_shape(b, *named.tensor)));
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto values = numbers_of<Scalar<B>>(*arrays[i]);
    b.upload(std::span<const Scalar<B>>(values), *list[i].tensor);
  }
}

[[nodiscard]] inline GoldenAnswer stored_golden_answer(const SafetensorsFile& file, std::string_view name,
                                                       const HybridAttentionConfig& model) {
  const NamedArray* const pixels = file.find("golden.image");
  if (!pixels || pixels->dtype != DataType::uint8 || pixels->shape.size() != 3 || pixels->shape[2] != image_channels)
    throw checkpoint_error(name, "it lacks golden.image, U8 of shape (h, w, 3)");
  GoldenAnswer golden{{}, {}, {}};
  golden.image.height = pixels->shape[0];
  golden.image.width = pixels->shape[1];
  golden.image.pixels = pixels->values<std::uint8_t>();
  golden.locations = numbers_of<double>(
      checkpoint_tensor(file, name, "golden.locations", {model.glimpses, model.sensor.location_size()}));
  golden.probabilities =
      numbers_of<double>(checkpoint_tensor(file, name, "golden.probabilities", {model.glimpses, model.classes}));
  return golden;
}

}  // namespace detail

/// Reads a whole file, which must carry a checksum that fits. @throws FileError
[[nodiscard]] inline SafetensorsFile read_checkpoint(const std::filesystem::path& path) {
  return read_safetensors(path, Checksum::required);
}

namespace detail {

/// Throws FileError for a configuration with a number that no model of so many weights has: it would be built before
/// the weights are missed, which takes for ever where there are 10^9 units.
inline void expect_no_more_than(Index most, const Json& config, const std::string& where, std::string_view name) {
  for (const auto& [key, value] : config.items()) {
    if (value.is_structured()) expect_no_more_than(most, value, where + "." + key, name);
    if (value.is_number_integer() && value.get<Index>() > most)
      throw checkpoint_error(name, "its configuration asks for more than the file holds: " + where + "." + key +
                                       " is " + json_text(value));
  }
}

/// What a number of a model's configuration is at most: no axis of a tensor has more elements than the file has bytes.
/// Of a small file a little more, for what is of the image and not of the weights.
[[nodiscard]] inline Index largest_extent(const SafetensorsFile& file) {
  std::size_t bytes = std::size_t{1} << 20;
  for (const NamedArray& tensor : file.tensors) bytes += tensor.bytes.size();
  return static_cast<Index>(bytes);
}

}  // namespace detail

/// The metadata of a checkpoint.
/// @param name  what the error sentences call the file
/// @throws FileError where it is no checkpoint, or of another version, or says what cannot be
[[nodiscard]] inline CheckpointInfo checkpoint_info(const SafetensorsFile& file, std::string_view name) {
  const std::string& version = detail::checkpoint_entry(file, name, "checkpoint");
  if (version != detail::checkpoint_version) {
    throw detail::checkpoint_error(name, "a checkpoint of version " + version + ", but this library reads version " +
                                             std::string(detail::checkpoint_version));
  }
  CheckpointInfo info;
  try {
    update_from_json(detail::checkpoint_json(file, name, "model"), info.model, "model");
    detail::expect_no_more_than(detail::largest_extent(file), to_json(info.model), "model", name);
    info.model = validated(info.model);
  } catch (const ConfigError& error) {
    throw detail::checkpoint_error(name, std::string("its configuration cannot be built: ") + error.what());
  }
  const auto classes = detail::checkpoint_json(file, name, "classes");
  if (!classes.is_array() || !std::all_of(classes.begin(), classes.end(), [](const auto& c) { return c.is_string(); }))
    throw detail::checkpoint_error(name, "its metadata \"saccade.classes\" must be a list of names");
  info.classes = classes.get<std::vector<std::string>>();
  if (!std::cmp_equal(info.classes.size(), info.model.classes)) {
    throw detail::checkpoint_error(name, "it names " + std::to_string(info.classes.size()) +
                                             " classes, but its model has " + std::to_string(info.model.classes));
  }
  info.run = detail::checkpoint_json(file, name, "run");
  return info;
}

/// Sets weights and running statistics by name. The file holds every one of them, of the same shape, and none besides.
/// @throws FileError that names the tensor, before anything has changed
template <Backend B, class Parameters, class Statistics>
void restore_weights(B& b, Parameters& parameters, Statistics& statistics, const SafetensorsFile& file,
                     std::string_view name) {
  auto list = named_tensors<B>(parameters);
  for (const auto& named : named_tensors<B>(statistics)) list.push_back(named);
  std::set<std::string_view> known;
  for (const auto& named : list) known.insert(named.name);
  for (const NamedArray& array : file.tensors) {
    if (array.name.starts_with("optimizer.") || array.name.starts_with("golden.") || known.contains(array.name))
      continue;
    throw detail::checkpoint_error(name, "belongs to another configuration: the model has no tensor " + array.name);
  }
  detail::restore(b, "", list, file, name);
}

/// Lets a model with restored weights answer once more what it answered when the checkpoint was written.
/// @param episode  memory of one image in evaluation mode, with whatever it holds
/// @throws FileError where it says something else
template <Backend B, class Model>
void expect_golden_answer(B& b, const Model& model, const typename Model::Parameters& parameters,
                          typename Model::Statistics& statistics, typename Model::Episode& episode,
                          const SafetensorsFile& file, std::string_view name, double tolerance = golden_tolerance) {
  const GoldenAnswer golden = detail::stored_golden_answer(file, name, model.config());
  const double distance = distance_from(golden, b, model, parameters, statistics, episode);
  if (distance <= tolerance) return;
  throw detail::checkpoint_error(name, "does not reproduce its recorded answer: a probability or location differs by " +
                                           std::to_string(distance) + ", more than " + std::to_string(tolerance));
}

}  // namespace saccade
