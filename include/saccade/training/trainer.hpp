#pragma once

#include <saccade/model/feature_store.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/model/kept_features.hpp>
#include <saccade/ops/policy.hpp>
#include <saccade/ops/step.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/collective.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/configured_learner.hpp>
#include <saccade/training/learner.hpp>
#include <saccade/training/step_report.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Owns the weights of a run, their gradients and the optimiser's state, and makes steps. Neither data nor files are
/// its business. A step over resident images allocates nothing once every batch size has been seen, and on a backend
/// that is ops::RecordedStep every pass of the learner is one recorded body, from clearing the gradients to the new
/// weights, or two where a collective stands between gradient and update. A step with a streamed image in it has the
/// same numbers and is not recorded.
template <TrainableBackend B, class Model = HybridAttentionClassifier<B>,
          Learner<B, Model> L = ConfiguredLearner<B, Model>>
class Trainer {
 public:
  using Parameters = typename Model::Parameters;
  using Statistics = typename Model::Statistics;

  /// Weights start from `seed`, and every draw of training is keyed by it. `b` outlives the trainer. With
  /// Activations::last_step a step needs the memory of little more than one glimpse, and about a quarter more time; the
  /// numbers are the same, bit for bit.
  Trainer(B& b, Model model, const AdamConfig& adam, std::uint64_t seed,
          Activations keep = Activations::every_step) requires std::constructible_from<L, LearnerConfig>
      : Trainer(b, with_its_learner(std::move(model)), adam, seed, keep) {}

  /// With a learner of your own.
  Trainer(B& b, Model model, L learner, const AdamConfig& adam, std::uint64_t seed,
          Activations keep = Activations::every_step)
      : Trainer(b, Parts{std::move(model), std::move(learner)}, adam, seed, keep) {}

  ~Trainer();
  Trainer(const Trainer&) = delete;  // the optimiser points at the weights
  Trainer& operator=(const Trainer&) = delete;

  [[nodiscard]] B& backend() { return *b_; }
  [[nodiscard]] const Model& model() const { return model_; }
  /// Tensors to fill, not to replace: optimiser and recorded steps know where they are.
  [[nodiscard]] Parameters& parameters() { return parameters_; }
  [[nodiscard]] Parameters& gradients() { return gradients_; }
  [[nodiscard]] Statistics& statistics() { return statistics_; }
  [[nodiscard]] Adam<B>& optimizer() { return adam_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  /// Batches of images rolled out so far: every draw of training is keyed by their number.
  [[nodiscard]] std::int64_t rollouts() const { return rollouts_; }

  /// Continues after `steps` updates from `rollouts` batches, once weights and moments have been restored.
  void resume(std::int64_t steps, std::int64_t rollouts) {
    adam_.resume(steps);
    rollouts_ = rollouts;
  }

  /// Of the terms of an image of each class in the loss, from now on; none: 1 each.
  /// @throws ConfigError unless there is one for each class, greater than 0
  void set_class_weights(std::vector<double> weights);

  /// Makes every step from now on together with the other trainers of `collective`, which outlives this one;
  /// NoCollective ends that. Steps that were recorded are recorded anew.
  template <Collective<B> C>
  void set_collective(C& collective) {
    if constexpr (std::same_as<std::remove_const_t<C>, NoCollective>) {
      all_reduce_mean_ = nullptr;
    } else {
      all_reduce_mean_ = [&collective](B& b, ops::ParameterList<B>& list) { collective.all_reduce_mean(b, list); };
    }
    for (auto& [size, work] : works_)
      for (auto& pass : work.recordings) pass = {};
  }

  /// Takes what the frozen part of the encoder makes of glimpses from `store` from now on, and puts it there: the
  /// numbers of every step are the same. Steps are then not recorded.
  /// @throws ConfigError as KeptFeatures does
  void keep_features(std::shared_ptr<FeatureStore<Scalar<B>>> store) requires has_partly_frozen_encoder<Model, B> {
    kept_features_ = std::make_unique<KeptFeatures<B, Model>>(*b_, model_, parameters_, statistics_, std::move(store),
                                                              Mode::training);
    for (auto& [size, work] : works_) work.episode.frozen_features = kept_features_.get();
  }

  /// The updates from one batch of rollouts: one for each pass of the learner, or one where the policy does not learn.
  /// @param labels  index of each image's class
  /// @param how     what may differ from step to step
  /// @return        figures of the first pass
  /// @throws ShapeError, ConfigError if the labels do not fit the images or the classes
  /// @throws NumericError if the loss or the gradient is not finite; the weights are then those of the update before,
  /// but
  ///         not the running statistics: go back to a checkpoint
  StepReport step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                  const StepOptions& how = {});

  /// The same on one kind of glimpses, everything else as usual.
  StepReport step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate, GlimpsePolicy glimpses);

 private:
  struct Parts {
    Model model;
    L learner;
  };

  static Parts with_its_learner(Model model) {
    L learner(model.config().learner);
    return {std::move(model), std::move(learner)};
  }

  Trainer(B& b, Parts parts, const AdamConfig& adam, std::uint64_t seed, Activations keep);

  /// A pass on one kind of glimpses, recorded with the other options of its last one.
  struct Recording {
    StepOptions options;
    ops::StepGraph<B> graph;
    ops::StepGraph<B> graph_of_update{};  ///< where a collective stands between the two
  };

  /// What belongs to a number of images, and of rollouts of each.
  struct Work {
    typename Model::Episode episode;
    StepFigures<B> figures;
    typename L::Work learner;
    std::vector<std::array<Recording, 3>> recordings;  ///< by pass and by glimpses: learned, random, centre

    Recording& recording_of(const StepOptions& how, Index pass) {
      Recording& recording = recordings[static_cast<std::size_t>(pass)][static_cast<std::size_t>(how.glimpses)];
      if (recording.options != how) recording = {how, {}, {}};
      return recording;
    }
  };

  Work& work_for(Index images, Index rollouts);

  /// One pass over the batch that has been staged.
  StepReport update(Index pass, RolloutOptions options, const StepOptions& how, double learning_rate, Work& work);

  /// What learns in a step of LearnedPart::policy.
  ops::ParameterList<B>& policy_parameters();

  void judge(B& b, Index pass, ImageBatch<B> images, typename Model::Episode& episode, Work& work);

  /// Every image and label as often as it is rolled out, all images before the first comes again.
  void repeat(ImageBatch<B> images, std::span<const Index> labels, Index rollouts);

  static void give_locations(B& b, const RolloutOptions& options, GlimpsePolicy glimpses,
                             typename Model::Episode& episode);

  B* b_;
  Model model_;
  L learner_;
  Parameters parameters_;
  Parameters gradients_;
  Statistics statistics_;
  Adam<B> adam_;
  std::optional<ops::ParameterList<B>> policy_parameters_{};  ///< made when first asked for
  std::uint64_t seed_;
  Activations keep_;
  std::int64_t rollouts_ = 0;
  std::function<void(B&, ops::ParameterList<B>&)> all_reduce_mean_{};  ///< of the collective, or empty
  std::vector<double> class_weights_{};
  std::unique_ptr<FrozenFeatures<B>> kept_features_{};
  std::map<std::pair<Index, Index>, Work> works_;  ///< by images and rollouts: the usual, and a last, shorter batch
  std::vector<OrientedImage<B>> oriented_;         ///< of all rollouts of a step
  std::vector<Scalar<B>> labels_;
};

template <TrainableBackend B, class Model, Learner<B, Model> L>
void Trainer<B, Model, L>::set_class_weights(std::vector<double> weights) {
  const auto classes = static_cast<std::size_t>(model_.config().classes);
  expect_config(weights.empty() || weights.size() == classes, "training: " + std::to_string(classes) +
                                                                  " classes need as many weights, but there are " +
                                                                  std::to_string(weights.size()));
  for (const double weight : weights) {
    expect_config(weight > 0 && std::isfinite(weight),
                  "training: a class weight must be greater than 0, but is " + std::to_string(weight));
  }
  class_weights_ = std::move(weights);
  works_.clear();  // what has been recorded is of other weights
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
Trainer<B, Model, L>::Trainer(B& b, Parts parts, const AdamConfig& adam, std::uint64_t seed, Activations keep)
    : b_(&b),
      model_(std::move(parts.model)),
      learner_(std::move(parts.learner)),
      parameters_(model_.make_parameters(b)),
      gradients_(model_.make_parameters(b)),
      statistics_(model_.make_statistics(b)),
      adam_(b, adam, named_tensors<B>(parameters_), named_tensors<B>(gradients_)),
      seed_(seed),
      keep_(keep) {
  initialize(b, parameters_, seed);
  initialize(b, statistics_, seed);
  if constexpr (requires(const IsFrozen& is_frozen) { model_.freeze(parameters_, is_frozen); })
    model_.freeze(parameters_, [this](const std::string& name) { return adam_.is_frozen(name); });
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
Trainer<B, Model, L>::~Trainer() = default;

template <TrainableBackend B, class Model, Learner<B, Model> L>
StepReport Trainer<B, Model, L>::step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                                      const StepOptions& how) {
  if (labels.size() != images.size()) {
    throw ShapeError("training: " + std::to_string(images.size()) + " images need as many labels, but there are " +
                     std::to_string(labels.size()));
  }
  const bool learned = how.glimpses == GlimpsePolicy::learned;
  if (!learned && how.glimpses != GlimpsePolicy::random && how.glimpses != GlimpsePolicy::centre)
    throw ConfigError("training: glimpses must be learned, random or centre, but are " + to_string(how.glimpses));
  if (how.part == LearnedPart::policy && !learned)
    throw ConfigError("training: the policy alone can only be trained on its own glimpses");
  B& b = *b_;
  repeat(images, labels, how.rollouts);
  Work& work = work_for(static_cast<Index>(labels.size()), how.rollouts);
  const RolloutOptions options{.locations = learned ? Locations::sample : Locations::given,
                               .seed = seed_,
                               .counter = static_cast<std::uint64_t>(rollouts_),
                               .sigma = how.sigma};
  model_.set_labels(b, std::span<const Scalar<B>>(labels_), work.episode, class_weights_);
  model_.stage(b, ImageBatch<B>(oriented_), work.episode);
  StepReport report;
  for (Index pass = 0; pass < (learned ? learner_.passes() : 1); ++pass) {
    const StepReport figures = update(pass, options, how, learning_rate, work);
    if (pass == 0) report = figures;
  }
  ++rollouts_;
  return report;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
StepReport Trainer<B, Model, L>::step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                                      GlimpsePolicy glimpses) {
  return step(images, labels, learning_rate, StepOptions{.glimpses = glimpses});
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
auto Trainer<B, Model, L>::work_for(Index images, Index rollouts) -> Work& {
  const auto found = works_.find({images, rollouts});
  if (found != works_.end()) return found->second;
  B& b = *b_;
  const Index batch = images * rollouts;
  Work work{model_.make_episode(b, batch, Mode::training, keep_),
            StepFigures<B>(b, batch, supervised_answers(model_.config())),
            learner_.make_work(b, model_, images, rollouts),
            std::vector<std::array<Recording, 3>>(static_cast<std::size_t>(learner_.passes()))};
  if (kept_features_) work.episode.frozen_features = kept_features_.get();
  return works_.emplace(std::pair(images, rollouts), std::move(work)).first->second;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
StepReport Trainer<B, Model, L>::update(Index pass, RolloutOptions options, const StepOptions& how,
                                        double learning_rate, Work& work) {
  B& b = *b_;
  auto& episode = work.episode;
  const bool learned = how.glimpses == GlimpsePolicy::learned;
  const ImageBatch<B> images(oriented_);
  if (pass > 0) {
    options.locations = Locations::given;  // where they were drawn
    options.repeated = true;
  }
  adam_.prepare(b, learning_rate);
  ops::ParameterList<B>& learning = how.part == LearnedPart::policy ? policy_parameters() : adam_.learning();
  const auto find_gradient = [&] {
    adam_.zero_gradients(b);
    if (!learned) give_locations(b, options, how.glimpses, episode);
    model_.rollout(b, parameters_, statistics_, images, options, episode);
    if (pass == 0) model_.score(b, options, episode);
    if (learned) judge(b, pass, images, episode, work);
    model_.backpropagate(b, parameters_, episode, gradients_, learned ? how.part : LearnedPart::classifier);
  };
  const auto follow_gradient = [&] {
    work.figures.gather(b, episode, adam_.measure(b, learning));
    adam_.update(b, learning);
  };
  Recording& recording = work.recording_of(how, pass);
  const auto run = [&](const auto& body) {
    if (kept_features_) return body();
    ops::run_step(b, recording.graph, step_count(options), images, body);
  };
  if (all_reduce_mean_) {
    run(find_gradient);
    all_reduce_mean_(b, learning);
    ops::run_step(b, recording.graph_of_update, step_count(options), follow_gradient);
  } else {
    run([&] {
      find_gradient();
      follow_gradient();
    });
  }
  const StepReport report = work.figures.read(b, model_.config().learner.weight);
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) {
    throw NumericError("training: at step " + std::to_string(adam_.steps() + 1) + " the " +
                       (std::isfinite(report.loss) ? "gradient" : "loss") +
                       " is not finite; lower the learning rate or clip the gradient");
  }
  adam_.count();
  return report;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
ops::ParameterList<B>& Trainer<B, Model, L>::policy_parameters() {
  static const std::vector<std::string> patterns{std::string(Parameters::policy_pattern)};
  if (!policy_parameters_) policy_parameters_ = adam_.subset(*b_, patterns);
  return *policy_parameters_;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
void Trainer<B, Model, L>::judge(B& b, Index pass, ImageBatch<B> images, typename Model::Episode& episode, Work& work) {
  const Rollouts<B, Model> rollouts{model_, parameters_, statistics_, images, episode};
  if (pass == 0) return learner_.judge(b, rollouts, work.learner);
  if constexpr (requires { learner_.judge_again(b, rollouts, work.learner); }) {
    learner_.judge_again(b, rollouts, work.learner);
  } else {
    throw ConfigError("training: a learner of several passes needs judge_again");
  }
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
void Trainer<B, Model, L>::repeat(ImageBatch<B> images, std::span<const Index> labels, Index rollouts) {
  if (rollouts < 1) throw ConfigError("training: rollouts must be at least 1, but is " + std::to_string(rollouts));
  oriented_.clear();
  labels_.clear();
  for (Index rollout = 0; rollout < rollouts; ++rollout) {
    oriented_.insert(oriented_.end(), images.begin(), images.end());
    for (const Index label : labels) labels_.push_back(static_cast<Scalar<B>>(label));
  }
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
void Trainer<B, Model, L>::give_locations(B& b, const RolloutOptions& options, GlimpsePolicy glimpses,
                                          typename Model::Episode& episode) {
  for (std::size_t t = 0; t < episode.steps.size(); ++t) {
    Tensor<B>& place = episode.given(t);
    if (glimpses == GlimpsePolicy::centre) {
      b.fill(Scalar<B>(0), place);
      continue;
    }
    ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), rollout_key(options, RandomStream::first_location, t), place);
  }
}

}  // namespace saccade

#if !SACCADE_HEADER_ONLY
#include <saccade/compiled/trainer.hpp>
#endif
