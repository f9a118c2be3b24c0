#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/data/augmentation.hpp>
#include <saccade/data/epoch_order.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/metrics/missing_classes.hpp>
#include <saccade/training/agreed_bad_images.hpp>
#include <saccade/training/class_weights.hpp>
#include <saccade/training/gradient_sum.hpp>
#include <saccade/training/learning_rate.hpp>
#include <saccade/training/left_out_images.hpp>
#include <saccade/training/listed_images.hpp>
#include <saccade/training/parted_batches.hpp>
#include <saccade/training/predict_images.hpp>
#include <saccade/training/run_config.hpp>
#include <saccade/training/run_events.hpp>
#include <saccade/training/run_state.hpp>
#include <saccade/training/same_run.hpp>
#include <saccade/training/shared_predictions.hpp>
#include <saccade/training/stained_images.hpp>
#include <saccade/training/starting_weights.hpp>
#include <saccade/training/synchronized_batches.hpp>
#include <saccade/training/trainer.hpp>
#include <saccade/training/training_checkpoint.hpp>
#include <saccade/training/validation_figures.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// A whole training run. Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE {

struct RunFiles {
  std::filesystem::path checkpoint;  ///< where the run stands
  std::filesystem::path best;        ///< the epoch that did best on the validation images; the last without any
  Index checkpoint_every = 0;        ///< steps between two checkpoints; 0: at the end of an epoch only
};

/// Trains epoch by epoch, judges each on the validation images, and keeps the checkpoints. The result depends on the
/// configuration and the images alone: not on the number of threads or of processes, nor on where a run was stopped and
/// resumed.
///
/// Several processes share the parts of each batch (TrainingConfig::parts) and the validation images. Their leader
/// writes the files; what one of them throws, and a question to stop that one of them answers with yes, ends the run of
/// all, see ProcessGroup. All of them read the checkpoint that a run goes on from: it goes on with any number.
template <TrainableBackend B>
class TrainingRun {
 public:
  using Model = HybridAttentionClassifier<B>;

  /// `keep` changes what a step costs, and nothing else; see Trainer. Backend and data outlive the run.
  /// @throws ConfigError, also where a process of `group` has another configuration, other images or other weights
  TrainingRun(B& b, const RunConfig& config, const RunData& data, const data::LoaderOptions& loader, RunFiles files,
              Activations keep = Activations::every_step, const ProcessGroup& group = {});

  ~TrainingRun();
  TrainingRun(const TrainingRun&) = delete;  // its parts point at one another
  TrainingRun& operator=(const TrainingRun&) = delete;

  [[nodiscard]] const RunState& state() const { return state_; }
  [[nodiscard]] const nlohmann::ordered_json& description() const { return description_; }
  [[nodiscard]] const std::vector<data::BadImage>& bad_images() const {
    return group().size() > 1 ? bad_.list() : loader_.bad_images();
  }
  [[nodiscard]] const data::TissueAreas& tissue() const { return tissue_; }  ///< that the model has asked for
  [[nodiscard]] Trainer<B>& trainer() { return trainer_; }
  [[nodiscard]] const StartingTensors& started_from() const { return started_from_; }  ///< of RunConfig::start_from

  /// Takes what a frozen encoder makes of glimpses from `store`, and puts it there: it saves time where glimpses repeat
  /// (HybridAttentionConfig::lattice), and changes no number. With TrainingConfig::stain no training image is ever seen
  /// twice: then it serves the validation alone.
  /// @throws ConfigError where the encoder is not frozen
  void keep_features(std::shared_ptr<FeatureStore<Scalar<B>>> store);

  /// Goes on where the checkpoint stands.
  /// @throws FileError where it is damaged or belongs to a run with another configuration
  void resume();

  enum class Outcome { complete, stopped };

  /// Runs to the configured number of epochs, or until it is asked to stop: the checkpoint then says where, in the
  /// middle of an epoch as well.
  /// @throws NumericError, FileError; the last checkpoint stays
  Outcome run(const RunEvents& events);

 private:
  /// @throws ConfigError where the best epoch cannot be chosen as configured, for want of a class
  void expect_classes_to_select_by() const;

  [[nodiscard]] const ProcessGroup& group() const { return sum_.group(); }

  /// False when it was asked to stop.
  bool train_epoch(double learning_rate, const RunEvents& events);

  /// The same with batches in parts.
  bool train_epoch_in_parts(const std::vector<Index>& order, double learning_rate, const RunEvents& events);

  /// Puts the images of a batch and their labels where a step finds them.
  void prepare(std::span<const ListedImage<B>> batch);

  /// Counts a step of a batch that ends at `position`, and tells of it.
  void count(const StepReport& report, Index images, Index position, const RunEvents& events);

  /// Figures of one deterministic rollout over the validation images, null without any; nothing when asked to stop.
  std::optional<nlohmann::ordered_json> validate_epoch(const RunEvents& events);

  /// Counts the epoch, and keeps its weights if they are the best.
  void finish_epoch(const nlohmann::ordered_json& validation);

  void save(const std::filesystem::path& path);

  B* b_;
  RunConfig config_;
  const RunData* data_;
  RunFiles files_;
  nlohmann::ordered_json description_;
  GradientSum<B> sum_;
  AgreedBadImages bad_;
  data::TissueAreas tissue_;
  data::Loader loader_;
  ListedImages<B> images_;
  StainedImages<B> stained_;
  Trainer<B> trainer_;
  RunState state_;
  std::optional<Evaluator<B, Model>> evaluator_;
  StartingTensors started_from_{};
  std::unique_ptr<SynchronizedBatches<B>> synchronized_{};  ///< null where they are not
  std::shared_ptr<FeatureStore<Scalar<B>>> features_{};
  std::vector<OrientedImage<B>> oriented_;
  std::vector<Index> labels_;
};

template <TrainableBackend B>
TrainingRun<B>::TrainingRun(B& b, const RunConfig& config, const RunData& data, const data::LoaderOptions& loader,
                            RunFiles files, Activations keep, const ProcessGroup& group)
    : b_(&b),
      config_(config),
      data_(&data),
      files_(std::move(files)),
      description_(describe_run(config, data)),
      sum_(group, config.training.parts),
      bad_(loader.max_bad_images),
      tissue_(data.dataset.size()),
      loader_(data.dataset.size(), decode_for(config.model, data.dataset, tissue_),
              config.training.stain > 0 ? loader : ListedImages<B>::adjusted(loader)),
      images_(b, loader_),
      stained_(b, loader_, config.seed, config.training.stain),
      trainer_(b, Model(config.model), config.training.adam, config.seed, keep) {
  validate(config.training, config.model);
  expect_config(config.model.classes == data.dataset.class_count(),
                "training: the model tells apart " + std::to_string(config.model.classes) +
                    " classes, but the data set has " + std::to_string(data.dataset.class_count()));
  trainer_.set_class_weights(
      class_weights(config_.training.class_weights, data::count_classes(data_->dataset, data_->split.train)));
  expect_classes_to_select_by();
  started_from_ = load_starting_weights(b, config, trainer_);
  expect_same_description(group, description_);
  synchronized_ = synchronized_batches(b, config_.training, group, static_cast<Index>(data.split.train.size()));
}

template <TrainableBackend B>
TrainingRun<B>::~TrainingRun() = default;

template <TrainableBackend B>
void TrainingRun<B>::keep_features(std::shared_ptr<FeatureStore<Scalar<B>>> store) {
  if (!trainer_.model().encoder().has_frozen_part(Mode::training))
    throw ConfigError("training: features can only be kept of a frozen encoder, but this one learns");
  features_ = std::move(store);
  images_.tell_content();
}

template <TrainableBackend B>
void TrainingRun<B>::resume() {
  const std::string name = files_.checkpoint.string();
  const SafetensorsFile file = read_checkpoint(files_.checkpoint);
  const CheckpointInfo info = checkpoint_info(file, name);
  reading_json(name, [&] {
    nlohmann::ordered_json before = info.run.value("config", nlohmann::ordered_json::object());
    before["model"] = to_json(info.model);
    if (const auto difference = run_difference(before, description_))
      throw FileError('"' + name + "\": belongs to another configuration: " + *difference);
    state_ = run_state_from_json(info.run.value("state", nlohmann::ordered_json::object()), name);
  });
  const auto images = static_cast<Index>(data_->split.train.size());
  const bool best_is_one = !state_.best || (state_.best->epoch >= 1 && state_.best->epoch <= state_.epochs);
  if (state_.epochs < 0 || state_.epochs > detail::most_steps || state_.position < 0 || state_.position > images ||
      state_.images < 0 || state_.images > state_.position || !best_is_one) {
    throw FileError('"' + name + "\": its run cannot stand where it says: after " + std::to_string(state_.epochs) +
                    " epochs, at image " + std::to_string(state_.position) + " of " + std::to_string(images));
  }
  leave_out_again(loader_, state_.left_out, data_->dataset, name);
  restore_training(trainer_, file, name);
}

template <TrainableBackend B>
auto TrainingRun<B>::run(const RunEvents& events) -> Outcome {
  const ExponentialDecay schedule{config_.training.learning_rate, config_.training.decay};
  if (features_ && config_.training.stain == 0) trainer_.keep_features(features_);
  expect_same_weights(group(), *b_, trainer_.optimizer().steps(), trainer_.parameters(), trainer_.statistics());
  while (state_.epochs < config_.training.epochs) {
    const double learning_rate = schedule.at(state_.epochs);
    std::optional<nlohmann::ordered_json> validation;
    if (train_epoch(learning_rate, events)) validation = validate_epoch(events);
    if (!validation) {
      save(files_.checkpoint);
      return Outcome::stopped;
    }
    nlohmann::ordered_json metrics{{"epoch", state_.epochs + 1}, {"learning_rate", learning_rate}};
    for_each_figure(state_.sums,
                    [&](const char* name, double sum) { metrics[name] = sum / static_cast<double>(state_.images); });
    if (const auto* policy = trainer_.model().policy().gaussian(); policy && policy->config().learn_sigma) {
      const auto sigma = policy->sigma(*b_, trainer_.parameters().policy.gaussian());
      metrics["sigma_x"] = sigma[0];
      metrics["sigma_y"] = sigma[1];
      metrics["entropy"] = location_entropy(sigma);
    }
    metrics["validation"] = *validation;
    finish_epoch(*validation);
    events.epoch_done(metrics);
    save(files_.checkpoint);
  }
  return Outcome::complete;
}

template <TrainableBackend B>
void TrainingRun<B>::expect_classes_to_select_by() const {
  if (config_.training.select_by != BestEpochBy::balanced_accuracy || data_->split.validation.empty()) return;
  std::vector<Index> labels;
  for (const Index image : data_->split.validation) labels.push_back(data_->sample(image).label);
  const auto missing = metrics::missing_classes(data_->dataset.classes, labels);
  expect_config(missing.empty(), "training: select_by is balanced_accuracy, but " +
                                     metrics::missing_classes_sentence("validation", missing));
}

template <TrainableBackend B>
bool TrainingRun<B>::train_epoch(double learning_rate, const RunEvents& events) {
  const auto epoch = static_cast<std::uint64_t>(state_.epochs);
  const std::vector<Index> order = data::epoch_order(data_->split.train, config_.seed, epoch);
  if (sum_.parts() > 1) return train_epoch_in_parts(order, learning_rate, events);
  const bool stained = config_.training.stain > 0;
  const std::vector<Index> rest(order.begin() + state_.position, order.end());
  stained ? stained_.start(rest, epoch) : images_.start(rest);
  while (true) {
    if (events.stop_requested()) return false;
    const std::span<const ListedImage<B>> batch =
        stained ? stained_.next(config_.training.batch) : images_.next(config_.training.batch);
    if (batch.empty()) break;
    // Bad images after the batch's last one are looked at again after a resumption: no harm is done.
    const auto last = std::find(order.begin() + state_.position, order.end(), batch.back().index);
    const auto report = over_sound_images<B>(loader_, batch, [&](std::span<const ListedImage<B>> sound) {
      prepare(sound);
      return trainer_.step(ImageBatch<B>(oriented_), labels_, learning_rate,
                           step_options_at(config_.training, config_.model.policy.sigma, state_.epochs));
    });
    state_.position = last - order.begin() + 1;
    if (report) count(*report, static_cast<Index>(labels_.size()), state_.position, events);
  }
  if (state_.images == 0) throw FileError("training: none of the training images can be used");
  return true;
}

template <TrainableBackend B>
bool TrainingRun<B>::train_epoch_in_parts(const std::vector<Index>& order, double learning_rate,
                                          const RunEvents& events) {
  PartedBatches<B> batches(sum_, order, state_.position, config_.training.batch);
  const bool stained = config_.training.stain > 0;
  stained ? stained_.start(batches.own(), static_cast<std::uint64_t>(state_.epochs)) : images_.start(batches.own());
  const auto load = [&](Index count, Index places) {
    return stained ? stained_.next(count, places) : images_.next(count, places);
  };
  while (!batches.done()) {
    if (!batches.load(load, events.stop_requested(), loader_, bad_)) return false;
    state_.position = batches.position();
    if (synchronized_ && batches.images() > 0 && batches.fewest() == 0) {
      events.left_out(batches.images());
      continue;
    }
    const auto report = over_sound_images(loader_, bad_, batches, [&](std::span<const ListedImage<B>> sound) {
      prepare(sound);
      return trainer_.step(sum_, batches.parts(ImageBatch<B>(oriented_), labels_), learning_rate,
                           step_options_at(config_.training, config_.model.policy.sigma, state_.epochs));
    });
    if (report) count(*report, batches.images(), state_.position, events);
  }
  if (state_.images == 0) group().fail(FileError("training: none of the training images can be used"));
  return true;
}

template <TrainableBackend B>
void TrainingRun<B>::prepare(std::span<const ListedImage<B>> batch) {
  oriented_.clear();
  labels_.clear();
  for (const auto& [index, image] : batch) {
    oriented_.push_back(image);
    if (config_.training.augment)
      oriented_.back().symmetry = data::draw_symmetry(config_.seed, static_cast<std::uint64_t>(state_.epochs), index);
    labels_.push_back(data_->sample(index).label);
  }
}

template <TrainableBackend B>
void TrainingRun<B>::count(const StepReport& report, Index images, Index position, const RunEvents& events) {
  state_.position = position;
  state_.images += images;
  add_weighted(state_.sums, report, static_cast<double>(images));
  events.step_done(state_, report);
  if (files_.checkpoint_every > 0 && trainer_.optimizer().steps() % files_.checkpoint_every == 0)
    save(files_.checkpoint);
}

template <TrainableBackend B>
std::optional<nlohmann::ordered_json> TrainingRun<B>::validate_epoch(const RunEvents& events) {
  const std::vector<Index>& part = data_->split.validation;
  if (part.empty()) return nlohmann::ordered_json(nullptr);
  // A policy that has learned nothing would judge the classifier where it never looked.
  const PredictOptions options{.policy = glimpses_at(config_.training, state_.epochs), .seed = config_.seed};
  if (!evaluator_) {
    const auto images = static_cast<Index>(part.size());
    evaluator_.emplace(*b_, trainer_.model(), std::min(config_.training.batch, images));
    if (features_) evaluator_->keep_features(features_, trainer_.parameters(), trainer_.statistics());
  }
  const auto go_on = [&](Index images) {
    events.validated(std::min(images * group().size(), static_cast<Index>(part.size())));
    return !events.stop_requested();
  };
  const auto predictions = predict_shared(group(), *b_, *evaluator_, trainer_.parameters(), trainer_.statistics(),
                                          images_, part, options, go_on, loader_, bad_);
  if (!predictions) return {};
  try {
    return validation_figures(*predictions, *data_, config_.model.classes, options.policy, state_.epochs + 1);
  } catch (const NumericError& error) {
    group().fail(error);
  }
}

template <TrainableBackend B>
void TrainingRun<B>::finish_epoch(const nlohmann::ordered_json& validation) {
  // A first stage on random glimpses was judged with random glimpses: its best is not comparable.
  if (state_.epochs == config_.training.random_epochs) state_.best.reset();
  ++state_.epochs;
  state_.position = state_.images = 0;
  state_.sums = {};
  bool keep = validation.is_null();
  if (!keep && validation["images"] > 0) {
    const BestEpoch candidate{.epoch = state_.epochs,
                              .learned_policy = validation["policy"] == to_string(GlimpsePolicy::learned),
                              .group_recognition_rate = validation["group_recognition_rate"].get<double>(),
                              .balanced_accuracy = validation["balanced_accuracy"].get<double>(),
                              .cross_entropy = validation["cross_entropy"].get<double>(),
                              .temperature = validation["temperature"].get<double>()};
    keep = !state_.best || candidate.better_than(*state_.best, config_.training.select_by);
    if (keep) state_.best = candidate;
  }
  if (keep) save(files_.best);
}

template <TrainableBackend B>
void TrainingRun<B>::save(const std::filesystem::path& path) {
  nlohmann::ordered_json config = description_;
  config.erase("model");
  config["training"].erase("epochs");  // when to stop may change, and the checkpoint be the same
  gather_left_out(group(), loader_, state_.left_out);
  group().together([&] {
    if (!group().leads()) return;
    save_checkpoint(path, trainer_,
                    {.model = config_.model,
                     .classes = data_->dataset.classes,
                     .run = {{"config", config}, {"state", to_json(state_)}}});
  });
}

}  // namespace saccade

#if !SACCADE_HEADER_ONLY
#include <saccade/compiled/training_run.hpp>
#endif
