#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/run_config.hpp>

#include "common/options.hpp"
#include "evaluation_split.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// Options that every study has.
namespace bench {

/// Values in one word, divided by commas.
template <class Values>
CLI::Option* add_list(program::Options& options, const std::string& name, Values& values, const std::string& help) {
  return options.add_option(name, values, help)->delimiter(',')->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

/// Words in one word, divided by commas, each one of `known`.
template <class Names>
CLI::Option* add_words(program::Options& options, const std::string& name, std::vector<std::string>& words,
                       const Names& known, const std::string& help) {
  return add_list(options, name, words, help)
      ->check(CLI::IsMember(std::vector<std::string>(known.begin(), known.end())));
}

/// --set, a field of the model or of its training; may be repeated.
inline CLI::Option* add_fields(program::Options& options, std::vector<std::string>& fields) {
  return options.add_option("--set", fields, "a field: policy.sigma=0.3, training.decay=0.9; may be repeated")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

inline CLI::Option* add_evaluation_split(program::Options& options, EvaluationSplit& part, const std::string& help) {
  return options
      .add_option_function<std::string>(
          "--evaluation-split",
          [&part](const std::string& word) {
            part = word == "test" ? EvaluationSplit::test : EvaluationSplit::validation;
          },
          help)
      ->check(CLI::IsMember({"test", "validation"}))
      ->default_str(to_string(part));
}

/// --jobs, for parallel_map.
inline void add_jobs_option(program::Options& options, int& jobs) {
  options
      .add_option("--jobs", jobs,
                  "models that are trained at once, each on a stream of the GPU or --threads threads of its own; the "
                  "numbers do not depend on it")
      ->check(CLI::Range(1, 256));
}

/// Threads of one of `jobs` models. @param threads  0: those of the machine, shared by the models, but at least 1
[[nodiscard]] inline int threads_of_job(int threads, int jobs) {
  if (threads > 0) return threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / jobs);
}

/// Two models of one name would be trained into one folder, perhaps at once. @throws ConfigError
template <class Run, class NameOf>
void expect_each_once(const std::vector<Run>& runs, NameOf name_of) {
  std::set<std::string> names;
  for (const Run& run : runs)
    if (!names.insert(name_of(run)).second)
      throw saccade::ConfigError("the model " + name_of(run) + " is asked for twice");
}

/// "training.epochs=3" belongs to the training, "policy.sigma=0.3" to the model. @throws ConfigError
inline void set_fields(saccade::HybridAttentionConfig& model, saccade::TrainingConfig& training,
                       const std::vector<std::string>& fields) {
  constexpr std::string_view prefix = "training.";
  for (const std::string& field : fields) {
    if (field.starts_with(prefix)) {
      set_field(training, std::string_view(field).substr(prefix.size()), "training");
    } else {
      set_field(model, field);
    }
  }
}

/// "runs/learned-seed3.safetensors" of "runs/learned-seed{seed}.safetensors"; nothing of nothing.
[[nodiscard]] inline std::filesystem::path checkpoint_of_seed(std::string path, std::uint64_t seed) {
  constexpr std::string_view place = "{seed}";
  if (const std::size_t at = path.find(place); at != std::string::npos)
    path.replace(at, place.size(), std::to_string(seed));
  return path;
}

inline void add_start_from(program::Options& options, std::string& start_from) {
  options.add_option(
      "--start-from", start_from,
      "checkpoint of another run: begin with its weights, wherever they fit by name and shape; {seed} stands "
      "for the model's seed");
}

/// What a command line says of a study's models beside their preset.
struct TrainingChoice {
  std::optional<saccade::Index> epochs;            ///< without one: the preset's, as for batch and learning rate
  std::optional<saccade::Index> stretched_epochs;  ///< of one that sees all of an image; else half of the others'
  std::optional<saccade::Index> batch;
  std::optional<double> learning_rate;
  std::vector<std::string> fields;  ///< "policy.sigma=0.3", "training.decay=0.9"
  std::string start_from;           ///< a checkpoint, "{seed}" standing for the model's; empty: none
  bool quick = false;               ///< tiny models, two epochs

  /// @throws ConfigError
  void apply(saccade::RunConfig& config) const {
    saccade::HybridAttentionConfig& model = config.model;
    saccade::TrainingConfig& training = config.training;
    if (quick) {
      model.glimpses = 2;
      model.sensor.side = 16;
      model.sensor.scales = 2;
      model.encoder.width = 4;
      model.encoder.stem_kernel = 0;
      model.encoder.trunk_units = model.encoder.mask_depth = 1;
      model.fusion_width = model.hidden = 8;
      if (model.glance.side > 0) {  // covers as much as before
        model.glance.side /= 4;
        model.glance.reduction *= 4;
      }
      training.epochs = 2;
      training.random_epochs = std::min<saccade::Index>(training.random_epochs, 1);
    }
    training.epochs = epochs.value_or(training.epochs);
    training.batch = batch.value_or(training.batch);
    training.learning_rate = learning_rate.value_or(training.learning_rate);
    set_fields(model, training, fields);
    config.start_from = checkpoint_of_seed(start_from, config.seed);
    model = validated(model);
    validate(training, model);
  }

  /// A model that sees the whole image every time needs fewer epochs, and each costs more.
  [[nodiscard]] saccade::Index epochs_of_stretched(const saccade::RunConfig& config) const {
    return stretched_epochs.value_or((config.training.epochs + 1) / 2);
  }
};

inline void add_training_options(program::Options& options, TrainingChoice& choice) {
  options.add_option("--epochs", choice.epochs, "of a model; else the preset's")->check(CLI::Range(1, 1 << 24));
  options
      .add_option("--shrunk-epochs", choice.stretched_epochs,
                  "of a model of the shrunk or whole image; else half as many")
      ->check(CLI::Range(1, 1 << 24));
  options.add_option("--batch", choice.batch, "images in a step; else the preset's")->check(CLI::Range(1, 1 << 16));
  options.add_option("--learning-rate", choice.learning_rate, "of the first epoch; else the preset's")
      ->check(CLI::PositiveNumber);
  add_fields(options, choice.fields);
  add_start_from(options, choice.start_from);
}

/// The words of `names` that are in `chosen`, in the order of `names`, as positions.
template <class Enum, class Names>
[[nodiscard]] std::vector<Enum> chosen_of(const Names& names, const std::vector<std::string>& chosen) {
  std::vector<Enum> values;
  for (std::size_t i = 0; i < names.size(); ++i)
    for (const std::string& word : chosen)
      if (word == names[i]) {
        values.push_back(static_cast<Enum>(i));
        break;
      }
  return values;
}

}  // namespace bench
