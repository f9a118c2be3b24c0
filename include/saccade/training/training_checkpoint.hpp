#pragma once

#include <saccade/training/checkpoint.hpp>
#include <saccade/training/golden_answer.hpp>
#include <saccade/training/trainer.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

/// A trainer's checkpoints: writing them, and going on from them. See checkpoint.hpp. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {

/// More steps than any run makes, and few enough that one more is still a number.
inline constexpr std::int64_t most_steps = std::int64_t{1} << 53;

template <std::integral Number>
[[nodiscard]] Number checkpoint_number(const SafetensorsFile& file, std::string_view name, const std::string& key,
                                       Number most = std::numeric_limits<Number>::max()) {
  const std::string& text = checkpoint_entry(file, name, key);
  const char* const end = text.data() + text.size();
  Number number = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || std::cmp_less(number, 0) || number > most)
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
    return field + " is " + json_text(value) + " and " + json_text(b.at(pointer));
  }
  return {};
}

/// float32 for a backend of single precision, float64 for every other.
template <class B>
using StoredScalar = std::conditional_t<std::same_as<Scalar<B>, float>, float, double>;

template <class B>
void store(B& b, const std::string& prefix, const std::vector<NamedTensor<Tensor<B>>>& list, SafetensorsFile& file) {
  for (const auto& named : list) {
    const auto values = to_vector(b, *named.tensor);
    const std::vector<StoredScalar<B>> stored(values.begin(), values.end());
    file.tensors.emplace_back(prefix + named.name, stored_shape(b, *named.tensor),
                              std::span<const StoredScalar<B>>(stored));
  }
}

inline void store(const GoldenAnswer& golden, const HybridAttentionConfig& model, SafetensorsFile& file) {
  const RgbImage& image = golden.image;
  file.tensors.emplace_back("golden.image", std::vector<std::int64_t>{image.height, image.width, image_channels},
                            std::span<const std::uint8_t>(image.pixels));
  const std::vector<std::int64_t> locations{model.glimpses, model.sensor.location_size()};
  file.tensors.emplace_back("golden.locations", locations, std::span<const double>(golden.locations));
  file.tensors.emplace_back("golden.probabilities", std::vector<std::int64_t>{model.glimpses, model.classes},
                            std::span<const double>(golden.probabilities));
}

}  // namespace detail

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
                   {"saccade.model", json_text(to_json(model))},
                   {"saccade.classes", json_text(info.classes)},
                   {"saccade.run", json_text(info.run)},
                   {"saccade.steps", std::to_string(trainer.optimizer().steps())},
                   {"saccade.rollouts", std::to_string(trainer.rollouts())},
                   {"saccade.seed", std::to_string(trainer.seed())}};
  detail::store(b, "", named_tensors<B>(trainer.parameters()), file);
  detail::store(b, "", named_tensors<B>(trainer.statistics()), file);
  detail::store(b, "optimizer.", trainer.optimizer().state(), file);
  detail::store(golden, model, file);
  write_safetensors(file, path);
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
  const auto steps = detail::checkpoint_number<std::int64_t>(file, name, "steps", detail::most_steps);
  restore_weights(b, trainer.parameters(), trainer.statistics(), file, name);
  detail::restore(b, "optimizer.", trainer.optimizer().state(), file, name);
  // Files of before knew one update for each batch of rollouts.
  const bool counted = file.metadata.contains("saccade.rollouts");
  trainer.resume(steps, counted ? detail::checkpoint_number(file, name, "rollouts", detail::most_steps) : steps);
  auto episode = trainer.model().make_episode(b, 1, Mode::evaluation);
  expect_golden_answer(b, trainer.model(), trainer.parameters(), trainer.statistics(), episode, file, name);
}

}  // namespace saccade
