#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/training/golden_answer.hpp>
#include <saccade/training/safetensors.hpp>
#include <saccade/training/trainer.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Checkpoints: everything from which a run goes on as if it had never stopped. Opt-in: needs nlohmann/json.
///
/// A safetensors file with the parameters and running statistics by name, Adam's moments as `optimizer.first.<name>`
/// and `optimizer.second.<name>`, and a golden answer: `golden.image` (h, w, 3), `golden.locations` (T, 2) and
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
  std::vector<std::string> classes;                               ///< names, by index
  nlohmann::ordered_json run = nlohmann::ordered_json::object();  ///< free: belongs to whoever trains
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

[[nodiscard]] inline nlohmann::ordered_json checkpoint_json(const SafetensorsFile& file, std::string_view name,
                                                            const std::string& key) {
  auto json = nlohmann::ordered_json::parse(checkpoint_entry(file, name, key), nullptr, false);
  if (json.is_discarded()) throw checkpoint_error(name, "its metadata \"saccade." + key + "\" is not JSON");
  return json;
}

/// A name that is not UTF-8, of a folder say, must not cost a run its checkpoint: what is no character is replaced.
[[nodiscard]] inline std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

template <std::integral Number>
[[nodiscard]] Number checkpoint_number(const SafetensorsFile& file, std::string_view name, const std::string& key) {
  const std::string& text = checkpoint_entry(file, name, key);
  const char* const end = text.data() + text.size();
  Number number = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || std::cmp_less(number, 0))
    throw checkpoint_error(name, "its metadata \"saccade." + key + "\" must be a whole number, but is \"" + text + '"');
  return number;
}

/// "encoder.width is 16 and 8", the first field in which two configurations differ, or nothing.
[[nodiscard]] inline std::string first_difference(const HybridAttentionConfig& one, const HybridAttentionConfig& two) {
  const auto a = to_json(one).flatten(), b = to_json(two).flatten();
  for (const auto& [pointer, value] : a.items()) {
    if (value == b.at(pointer)) continue;
    std::string field = pointer.substr(1);
    std::replace(field.begin(), field.end(), '/', '.');
    return field + " is " + value.dump() + " and " + b.at(pointer).dump();
  }
  return {};
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

/// float32 for a backend of single precision, float64 for every other.
template <class B>
using StoredScalar = std::conditional_t<std::same_as<Scalar<B>, float>, float, double>;

template <class B>
[[nodiscard]] std::vector<std::int64_t> stored_shape(B& b, const Tensor<B>& tensor) {
  const Shape shape = b.shape(tensor);
  std::vector<std::int64_t> extents;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) extents.push_back(shape[axis]);
  return extents;
}

template <class B>
void store(B& b, const std::string& prefix, const std::vector<NamedTensor<Tensor<B>>>& list, SafetensorsFile& file) {
  for (const auto& named : list) {
    const auto values = to_vector(b, *named.tensor);
    const std::vector<StoredScalar<B>> stored(values.begin(), values.end());
    file.tensors.emplace_back(prefix + named.name, stored_shape(b, *named.tensor),
                              std::span<const StoredScalar<B>>(stored));
  }
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

inline void store(const GoldenAnswer& golden, const HybridAttentionConfig& model, SafetensorsFile& file) {
  const RgbImage& image = golden.image;
  file.tensors.emplace_back("golden.image", std::vector<std::int64_t>{image.height, image.width, image_channels},
                            std::span<const std::uint8_t>(image.pixels));
  file.tensors.emplace_back("golden.locations", std::vector<std::int64_t>{model.glimpses, 2},
                            std::span<const double>(golden.locations));
  file.tensors.emplace_back("golden.probabilities", std::vector<std::int64_t>{model.glimpses, model.classes},
                            std::span<const double>(golden.probabilities));
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
  golden.locations = numbers_of<double>(checkpoint_tensor(file, name, "golden.locations", {model.glimpses, 2}));
  golden.probabilities =
      numbers_of<double>(checkpoint_tensor(file, name, "golden.probabilities", {model.glimpses, model.classes}));
  return golden;
}

}  // namespace detail

/// Reads a whole file, which must carry a checksum that fits. @throws FileError
[[nodiscard]] inline SafetensorsFile read_checkpoint(const std::filesystem::path& path) {
  return read_safetensors(path, Checksum::required);
}

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

/// Writes a checkpoint, so that a crash or a full disk leaves the one that stood there before.
/// @param info  its `model` is the configuration of the trainer's model
/// @throws FileError where the disk refuses; ConfigError where `info` does not fit the model; NumericError where the
///         model's answer is not finite, and nothing is written
template <TrainableBackend B, class Model>
void save_checkpoint(const std::filesystem::path& path, Trainer<B, Model>& trainer, const CheckpointInfo& info) {
  B& b = trainer.backend();
  const HybridAttentionConfig& model = trainer.model().config();
  const std::string difference = detail::first_difference(model, info.model);
  expect_config(difference.empty(), "save_checkpoint: the trainer's model and info.model differ: " + difference);
  expect_config(std::cmp_equal(info.classes.size(), model.classes),
                "save_checkpoint: info.classes must hold " + std::to_string(model.classes) + " names, but holds " +
                    std::to_string(info.classes.size()));
  auto episode = trainer.model().make_episode(b, 1, Mode::evaluation);
  const GoldenAnswer golden = golden_answer(b, trainer.model(), trainer.parameters(), trainer.statistics(), episode,
                                            golden_image(smallest_side(model)));
  if (!std::isfinite(golden.probabilities.back()))
    throw NumericError("save_checkpoint: the model's answer is not finite; \"" + path.string() + "\" is not written");

  SafetensorsFile file;
  file.metadata = {{"saccade.checkpoint", std::string(detail::checkpoint_version)},
                   {"saccade.model", detail::json_text(to_json(model))},
                   {"saccade.classes", detail::json_text(info.classes)},
                   {"saccade.run", detail::json_text(info.run)},
                   {"saccade.steps", std::to_string(trainer.optimizer().steps())},
                   {"saccade.rollouts", std::to_string(trainer.rollouts())},
                   {"saccade.seed", std::to_string(trainer.seed())}};
  detail::store(b, "", named_tensors<B>(trainer.parameters()), file);
  detail::store(b, "", named_tensors<B>(trainer.statistics()), file);
  detail::store(b, "optimizer.", trainer.optimizer().state(), file);
  detail::store(golden, model, file);
  write_safetensors(file, path);
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

/// Brings a new trainer to where the checkpoint's was: the steps that follow are bit for bit those that would have
/// followed there.
/// @throws FileError where the checkpoint belongs to another configuration or seed, or does not reproduce its answer;
///         the trainer is then of no more use
template <TrainableBackend B, class Model, class L>
void restore_training(Trainer<B, Model, L>& trainer, const SafetensorsFile& file, std::string_view name) {
  B& b = trainer.backend();
  const std::string difference = detail::first_difference(checkpoint_info(file, name).model, trainer.model().config());
  if (!difference.empty()) {
    throw detail::checkpoint_error(name, "belongs to another configuration: there and here " + difference);
  }
  const auto seed = detail::checkpoint_number<std::uint64_t>(file, name, "seed");
  if (seed != trainer.seed()) {
    throw detail::checkpoint_error(name, "belongs to a run with seed " + std::to_string(seed) +
                                             ", but this one has seed " + std::to_string(trainer.seed()));
  }
  const auto steps = detail::checkpoint_number<std::int64_t>(file, name, "steps");
  restore_weights(b, trainer.parameters(), trainer.statistics(), file, name);
  detail::restore(b, "optimizer.", trainer.optimizer().state(), file, name);
  // Files of before knew one update for each batch of rollouts.
  const bool counted = file.metadata.contains("saccade.rollouts");
  trainer.resume(steps, counted ? detail::checkpoint_number<std::int64_t>(file, name, "rollouts") : steps);
  auto episode = trainer.model().make_episode(b, 1, Mode::evaluation);
  expect_golden_answer(b, trainer.model(), trainer.parameters(), trainer.statistics(), episode, file, name);
}

}  // namespace saccade
