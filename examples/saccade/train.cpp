#include <saccade/core/number_text.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/report/event_file.hpp>
#include <saccade/report/progress.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/training/memory.hpp>
#include <saccade/training/training_run.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/describe_data.hpp"
#include "common/exit_code.hpp"
#include "common/feature_cache.hpp"
#include "common/group_noun.hpp"
#include "common/interruption.hpp"
#include "common/inventory.hpp"
#include "common/loader_choice.hpp"
#include "common/report.hpp"
#include "common/slides.hpp"
#include "common/tissue_warning.hpp"
#include "common/with_backend.hpp"
#include "processes.hpp"
#include "subcommands.hpp"
#include "train_options.hpp"

namespace {

using namespace saccade;

using program::TrainOptions;

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
                   .backend = options.backend.arithmetic(),
                   .weights = options.weights,
                   .start_from = options.start_from};
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
  if (!options.glimpses.empty()) set_field(training, "glimpses=" + options.glimpses, "training");
  if (options.no_augmentation) training.augment = false;
  validate(training, config.model);
  return config;
}

std::string number(double value, int digits = 4) { return fixed_text(value, digits); }

/// "epoch 3/30  loss 0.41  accuracy 0.83  validation: patients 0.91, images 0.90  12 s". @param noun  of a group
std::string epoch_line(const nlohmann::ordered_json& metrics, Index epochs, double seconds, const std::string& noun) {
  std::string line = "epoch " + std::to_string(metrics["epoch"].get<Index>()) + "/" + std::to_string(epochs) +
                     "  loss " + number(metrics["loss"].get<double>()) + "  reward " +
                     number(metrics["reward"].get<double>()) + "  accuracy " +
                     number(metrics["accuracy"].get<double>());
  if (const auto& validation = metrics["validation"]; !validation.is_null()) {
    line += "  validation: ";
    if (noun != "image") line += noun + "s " + number(validation["group_recognition_rate"].get<double>()) + ", ";
    line += "images " + number(validation["image_accuracy"].get<double>()) + ", cross-entropy " +
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

void print_result(const RunState& state, const report::RunFolder& folder, const std::string& noun) {
  std::cout << "epochs:      " << state.epochs << '\n';
  if (state.best) {
    std::cout << "best epoch:  " << state.best->epoch << ", validation " << noun << " recognition rate "
              << number(state.best->group_recognition_rate) << ", cross-entropy " << number(state.best->cross_entropy)
              << '\n';
  }
  std::cout << "checkpoint:  " << folder.best().string() << "\ncurves:      " << folder.figures().string()
            << "\nreport:      " << folder.report().string() << '\n';
}

/// What parts a batch is taken in, and what that means for batch normalisation; empty where it is undivided.
std::string describe_parts(const RunConfig& config, const ProcessGroup& group) {
  const TrainingConfig& training = config.training;
  if (training.parts == 1) return {};
  std::string text =
      "batches of " + std::to_string(training.batch) + " in " + std::to_string(training.parts) + " parts";
  if (group.size() > 1) text += ", by " + std::to_string(group.size()) + " processes";
  const EncoderConfig& encoder = config.model.encoder;
  const bool by_batch =
      encoder.backbone.kind != BackboneKind::none || encoder.normalization.normalization == Normalization::batch;
  const bool synchronized = training.batch_statistics == BatchStatistics::synchronized;
  return text + "; normalisation: " +
         (!by_batch      ? "of each image"
          : synchronized ? "batch, by the statistics of the whole batch"
                         : "batch, by the statistics of each part") +
         '\n';
}

template <class B>
int train_classifier(B& b, const TrainOptions& options, const ProcessGroup& group) {
  const Activations keep = options.recompute ? Activations::last_step : Activations::every_step;
  DataChoice choice = options.data;
  choice.options.slides = program::slide_reader();
  RunData data = open_for_training(choice);
  const RunConfig config = run_config(options, data.dataset);
  const std::string noun = program::group_noun(data.dataset);
  std::cout << program::describe(data);
  program::warn_of_missing_classes("saccade train", data);
  // No batch has more images than there are.
  const Index batch = std::min(config.training.batch, static_cast<Index>(data.split.train.size()));
  const Index largest_part = (batch + config.training.parts - 1) / config.training.parts;
  std::cout << describe_parts(config, group)
            << describe(training_memory<B>(config.model, largest_part * config.training.rollouts, keep,
                                           sizeof(Scalar<B>), config.training.adam))
            << '\n'
            << program::describe_slides(data.dataset) << std::flush;
  report::RunFolder folder(options.out);
  const auto start = options.resume ? report::RunStart::resumed : report::RunStart::fresh;
  group.together([&] {
    if (!group.leads()) return;
    program::own(folder, "saccade train");
    folder.expect_room_for(start);
  });
  data.inventory = program::take_inventory(data.dataset, data.split, {folder.images()});
  TrainingRun<B> run(
      b, config, data, options.loader.options(config.training.batch),
      {.checkpoint = folder.checkpoint(), .best = folder.best(), .checkpoint_every = options.checkpoint_every}, keep,
      group);
  if (!config.start_from.empty()) std::cout << "starts from: " << to_string(run.started_from()) << '\n' << std::flush;
  if (auto features = program::make_feature_store<Scalar<B>>(options.feature_cache_megabytes))
    run.keep_features(std::move(features));
  group.together([&] {
    if (group.leads()) folder.begin(run.description(), start, data.inventory);
  });
  if (options.resume && file_exists(folder.checkpoint())) run.resume();
  if (group.leads()) folder.open_metrics(run.state().epochs);
  if (run.state().epochs > 0 || run.state().position > 0) {
    std::cerr << "resumed after " << run.state().epochs << " epochs and " << run.state().images << " images\n";
  }

  const program::Interruption interruption;
  const Index epochs = config.training.epochs;
  const auto images = static_cast<Index>(data.split.train.size());
  const auto validation_images = static_cast<Index>(data.split.validation.size());
  std::optional<report::Progress> progress;
  std::optional<report::EventFileWriter> events;
  if (options.tensorboard && group.leads()) events.emplace(folder.path() / "tensorboard");
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
            progress->advance(state.position - progress->done(), "loss " + number(step.loss, 3) + "  reward " +
                                                                     number(step.reward, 2) + "  accuracy " +
                                                                     number(step.accuracy, 2));
            if (events) events->add(run.trainer().optimizer().steps(), step_scalars(step));
            known_bad = program::warn_of_bad_images("saccade train", run.bad_images(), known_bad);
          },
      .validated =
          [&](Index done) {
            if (progress) progress->advance(images + done - progress->done(), "validation");
          },
      .left_out =
          [&](Index left_out) {
            std::cerr << "saccade train: a batch of " << left_out << " images is left out: " << config.training.parts
                      << " parts, synchronized, need one each\n";
          },
      .epoch_done =
          [&](const nlohmann::ordered_json& metrics) {
            progress.reset();
            if (group.leads()) folder.add_metrics(metrics);
            const double now = report::steady_seconds();
            std::cerr << epoch_line(metrics, epochs, now - epoch_began, noun);
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
  known_bad = program::warn_of_bad_images("saccade train", run.bad_images(), known_bad);
  program::warn_of_missing_tissue("saccade train", data.dataset, run.tissue(), group);
  if (group.leads()) {
    folder.draw_curves();
    program::write_report("saccade train", folder);
  }
  if (outcome == TrainingRun<B>::Outcome::stopped) {
    std::cerr << "saccade train: interrupted in epoch " << run.state().epochs + 1 << "; \""
              << folder.checkpoint().string() << "\" is written: the same command with --resume goes on there\n";
    return program::interrupted;
  }
  if (known_bad > 0) std::cout << "bad images:  " << known_bad << " left out\n";
  print_result(run.state(), folder, noun);
  return program::success;
}

}  // namespace

std::string program::field_problem(const std::string& assignment) {
  try {
    HybridAttentionConfig model;
    TrainingConfig config;
    set_any_field(assignment, model, config);
    return {};
  } catch (const ConfigError& error) {
    return error.what();
  }
}

int program::train(const TrainOptions& options) {
  const Processes processes;
  return processes.run([&](const ProcessGroup& group) {
    return with_backend(options.backend, [&](auto& b) { return train_classifier(b, options, group); });
  });
}
