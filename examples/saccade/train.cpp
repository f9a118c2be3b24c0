#include <saccade/model/config_json.hpp>
#include <saccade/report/event_file.hpp>
#include <saccade/report/progress.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/training/memory.hpp>
#include <saccade/training/training_run.hpp>

#include "common/backend_choice.hpp"
#include "common/dataset_options.hpp"
#include "common/interruption.hpp"
#include "common/program.hpp"
#include "common/report.hpp"

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace saccade;

/// What the command line says. What it leaves open comes from the preset.
struct TrainOptions {
  DataChoice data;
  program::LoaderChoice loader;
  program::BackendChoice backend;
  std::string preset = "stable";
  std::vector<std::string> fields;
  std::optional<Index> epochs;
  std::optional<Index> batch;
  std::optional<double> learning_rate;
  std::optional<GlimpsePolicy> glimpses;
  bool no_augmentation = false;
  std::uint64_t seed = 1;
  std::filesystem::path out;
  bool resume = false;
  Index checkpoint_every = 0;
  bool recompute = false;
  bool tensorboard = false;

  [[nodiscard]] Keep keep() const { return recompute ? Keep::last_step : Keep::every_step; }
};

/// "encoder.width=32" is a field of the model, "training.decay=0.9" one of its training. @throws ConfigError
void set_any_field(const std::string& assignment, HybridAttentionConfig& model, TrainingConfig& training) {
  const std::string prefix = "training.";
  if (assignment.starts_with(prefix)) {
    set_field(training, assignment.substr(prefix.size()), "training");
  } else {
    set_field(model, assignment);
  }
}

/// The preset's thumbnail covers the images, unless a field says what it covers.
RunConfig run_config(const TrainOptions& options, const data::Dataset& dataset) {
  RunConfig config{.preset = options.preset,
                   .model = preset(options.preset),
                   .training = training_preset(options.preset),
                   .seed = options.seed,
                   .backend = options.backend.arithmetic()};
  config.model.classes = dataset.class_count();
  // What the fields leave open of the thumbnail follows from the images.
  const auto set_fields = [&] {
    for (const std::string& field : options.fields) set_any_field(field, config.model, config.training);
  };
  set_fields();
  config.model = with_thumbnail_over(config.model, dataset);
  set_fields();
  config.model = validated(config.model);
  TrainingConfig& training = config.training;
  training.epochs = options.epochs.value_or(training.epochs);
  training.batch = options.batch.value_or(training.batch);
  training.learning_rate = options.learning_rate.value_or(training.learning_rate);
  training.glimpses = options.glimpses.value_or(training.glimpses);
  if (options.no_augmentation) training.augment = false;
  validate(training);
  return config;
}

/// Says where a part of the data has no image of a class.
void warn_of_missing_classes(const RunData& data) {
  const auto missing = [&](const std::vector<Index>& part) {
    std::vector<Index> labels;
    for (const Index image : part) labels.push_back(data.sample(image).label);
    return metrics::missing_classes(data.dataset.classes, labels);
  };
  for (const std::string& name : missing(data.split.train)) {
    std::cerr << "breakhis_train: warning: no training image is of class \"" << name
              << "\": the classifier cannot learn it\n";
  }
  if (data.split.validation.empty()) return;
  if (const auto absent = missing(data.split.validation); !absent.empty()) {
    std::cerr << "breakhis_train: warning: " << metrics::missing_classes_sentence("validation", absent)
              << ", and the best epoch is chosen without images of it\n";
  }
}

std::string number(double value, const char* format = "%.4f") {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// "epoch 3/30  loss 0.41  accuracy 0.83  validation: patients 0.91, images 0.90  12 s".
std::string epoch_line(const nlohmann::ordered_json& metrics, Index epochs, double seconds) {
  std::string line = "epoch " + std::to_string(metrics["epoch"].get<Index>()) + "/" + std::to_string(epochs) +
                     "  loss " + number(metrics["loss"].get<double>()) + "  reward " +
                     number(metrics["reward"].get<double>()) + "  accuracy " +
                     number(metrics["accuracy"].get<double>());
  if (const auto& validation = metrics["validation"]; !validation.is_null()) {
    line += "  validation: patients " + number(validation["group_recognition_rate"].get<double>()) + ", images " +
            number(validation["image_accuracy"].get<double>()) + ", cross-entropy " +
            number(validation["cross_entropy"].get<double>());
  }
  return line + "  " + report::format_duration(seconds);
}

/// Figures of one step, for TensorBoard.
std::vector<report::EventScalar> step_scalars(const StepReport& step) {
  std::vector<report::EventScalar> scalars;
  for_each_figure(step, [&](const char* name, double value) {
    scalars.push_back({"step/" + std::string(name), value});
  });
  return scalars;
}

void print_result(const RunState& state, const report::RunFolder& folder) {
  std::cout << "epochs:      " << state.epochs << '\n';
  if (state.best) {
    std::cout << "best epoch:  " << state.best->epoch << ", validation patient recognition rate "
              << number(state.best->group_recognition_rate) << ", cross-entropy " << number(state.best->cross_entropy)
              << '\n';
  }
  std::cout << "checkpoint:  " << folder.best().string() << "\ncurves:      " << folder.figures().string()
            << "\nreport:      " << folder.report().string() << '\n';
}

template <class B>
int train(B& b, const TrainOptions& options) {
  const RunData data = open_for_training(options.data);
  const RunConfig config = run_config(options, data.dataset);
  std::cout << program::describe(data);
  warn_of_missing_classes(data);
  std::cout << describe(training_memory<B>(config.model, config.training.batch * config.training.rollouts, options.keep())) << std::endl;
  report::RunFolder folder(options.out);
  TrainingRun<B> run(
      b, config, data, options.loader.options(config.training.batch),
      {.checkpoint = folder.checkpoint(), .best = folder.best(), .checkpoint_every = options.checkpoint_every},
      options.keep());
  folder.begin(run.description(), options.resume ? report::RunStart::resumed : report::RunStart::fresh);
  if (options.resume && std::filesystem::exists(folder.checkpoint())) run.resume();
  folder.open_metrics(run.state().epochs);
  if (run.state().epochs > 0 || run.state().position > 0) {
    std::cerr << "resumed after " << run.state().epochs << " epochs and " << run.state().images << " images\n";
  }

  const program::Interruption interruption;
  const Index epochs = config.training.epochs;
  const auto images = static_cast<Index>(data.split.train.size());
  const auto validation_images = static_cast<Index>(data.split.validation.size());
  std::optional<report::Progress> progress;
  std::optional<report::EventFileWriter> events;
  if (options.tensorboard) events.emplace(folder.path() / "tensorboard");
  const double run_began = report::steady_seconds();
  const Index epochs_before = run.state().epochs;
  double epoch_began = run_began;
  std::size_t known_bad = 0;
  const auto outcome = run.run({
      .stop_requested = [&] { return interruption.requested(); },
      .step_done =
          [&](const RunState& state, const StepReport& step) {
            const std::string label = "epoch " + std::to_string(state.epochs + 1) + "/" + std::to_string(epochs);
            if (!progress) progress.emplace(label, images + validation_images, state.position);
            progress->advance(state.position - progress->done(), "loss " + number(step.loss, "%.3f") + "  reward " +
                                                                     number(step.reward, "%.2f") + "  accuracy " +
                                                                     number(step.accuracy, "%.2f"));
            if (events) events->add(run.trainer().optimizer().steps(), step_scalars(step));
            known_bad = program::warn_of_bad_images("breakhis_train", run.bad_images(), known_bad);
          },
      .validated =
          [&](Index done) {
            if (progress) progress->advance(images + done - progress->done(), "validation");
          },
      .epoch_done =
          [&](const nlohmann::ordered_json& metrics) {
            progress.reset();
            folder.add_metrics(metrics);
            const double now = report::steady_seconds();
            std::cerr << epoch_line(metrics, epochs, now - epoch_began);
            const auto done = metrics["epoch"].get<Index>();
            if (done < epochs) {
              const double one = (now - run_began) / static_cast<double>(done - epochs_before);
              std::cerr << ", " << report::format_duration(one * static_cast<double>(epochs - done)) << " left";
            }
            std::cerr << '\n';
            nlohmann::ordered_json figures = metrics;
            figures.erase("epoch");
            if (events) events->add(done, report::event_scalars(figures, "epoch"));
            epoch_began = now;
          },
  });
  progress.reset();
  known_bad = program::warn_of_bad_images("breakhis_train", run.bad_images(), known_bad);
  folder.draw_curves();
  program::write_report("breakhis_train", folder);
  if (outcome == TrainingRun<B>::Outcome::stopped) {
    std::cerr << "breakhis_train: interrupted in epoch " << run.state().epochs + 1 << "; \""
              << folder.checkpoint().string() << "\" is written: the same command with --resume goes on there\n";
    return program::interrupted;
  }
  if (known_bad > 0) std::cout << "bad images:  " << known_bad << " left out\n";
  print_result(run.state(), folder);
  return program::success;
}

/// A sentence where no configuration can take `assignment`.
std::string field_problem(const std::string& assignment) {
  try {
    HybridAttentionConfig model;
    TrainingConfig config;
    set_any_field(assignment, model, config);
    return {};
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

int main(int argc, char* argv[]) {
  TrainOptions o;
  program::Options options("breakhis_train",
                           "Trains a hybrid attention classifier on labelled images, divided by patient.");
  program::add_data_option(options, o.data);
  program::add_kind_option(options, o.data);
  program::add_magnification_option(options, o.data);
  program::add_split_option(options, o.data);
  program::add_group_option(options, o.data);
  program::add_folds_option(options, o.data);
  options
      .add_option(
          "--validation", o.data.validation,
          "share of the training groups to choose the best epoch by; 0.15, or 0 with --split all, or where the data "
          "say which images validate")
      ->check(CLI::Range(0.0, 0.9));
  options.add_option("--preset", o.preset, "of the model and of its training")
      ->check(CLI::IsMember({"paper", "stable", "compact"}));
  options
      .add_option("--set", o.fields,
                  "NAME=VALUE, a field of the model (encoder.width=32) or of its training (training.decay=0.9); may be "
                  "repeated")
      ->check(field_problem)
      ->expected(1)
      ->take_all();
  options.add_option("--epochs", o.epochs, "to train; else the preset's")->check(CLI::Range(1, 1 << 24));
  options.add_option("--batch", o.batch, "images in a step; else the preset's")->check(CLI::Range(1, 1 << 16));
  options.add_option("--learning-rate", o.learning_rate, "of the first epoch; else the preset's")
      ->check(CLI::PositiveNumber);
  options
      .add_option_function<std::string>(
          "--glimpses",
          [&](const std::string& word) {
            o.glimpses = word == "random"   ? GlimpsePolicy::random
                         : word == "centre" ? GlimpsePolicy::centre
                                            : GlimpsePolicy::learned;
          },
          "of training: the policy's, which learns, or random or central ones; else the preset's")
      ->check(CLI::IsMember({"policy", "random", "centre"}));
  options.add_flag("--no-augmentation", o.no_augmentation, "do not turn and flip the training images");
  options.add_option("--seed", o.seed, "of the weights and of every draw");
  options.add_option("--out", o.out, "folder of the run")->required();
  options.add_flag("--resume", o.resume, "go on where the folder's checkpoint stands, or begin where there is none");
  options.add_option("--checkpoint-every", o.checkpoint_every, "steps; 0: after each epoch only")
      ->check(CLI::Range(0, 1 << 24));
  options.add_flag(
      "--recompute", o.recompute,
      "compute the activations of a glimpse again on the way back: the same numbers in less memory, slower");
  options.add_flag("--tensorboard", o.tensorboard, "also write event files for TensorBoard into tensorboard/");
  program::add_loader_options(options, o.loader);
  program::add_backend_options(options, o.backend);
  return program::run(options, argc, argv,
                      [&] { return program::with_backend(o.backend, [&](auto& b) { return train(b, o); }); });
}
