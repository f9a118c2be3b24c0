#pragma once

#include <saccade/model/feature_store.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/model/kept_features.hpp>
#include <saccade/ops/step.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/bad_places.hpp>
#include <saccade/training/class_weights.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/configured_learner.hpp>
#include <saccade/training/given_locations.hpp>
#include <saccade/training/gradient_sum.hpp>
#include <saccade/training/learner.hpp>
#include <saccade/training/or_as_before.hpp>
#include <saccade/training/step_recordings.hpp>
#include <saccade/training/step_report.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Owns the weights of a run, their gradients and the optimiser's state, and makes steps. Neither data nor files are
/// its business. A step over resident images allocates nothing once every batch size has been seen, and on a backend
/// that is ops::RecordedStep every pass of the learner is one recorded body, from clearing the gradients to the new
/// weights, or one for each part of a batch in parts and one for the update. A step with a streamed image in it has the
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
  ///         but not the running statistics: go back to a checkpoint
  /// @throws BadRowsError where streamed images turn out to be damaged: nothing has changed then, see or_as_before
  StepReport step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                  const StepOptions& how = {});

  /// The same from a batch that is taken in parts, by this trainer or by several, each with a share of them: see
  /// GradientSum. The update is the same in all, to the bit, and so are the weights, if they began as the same.
  /// @param own     the parts of this trainer's share that have images
  /// @return        figures of the whole batch
  /// @throws        as above, in all of them: see ProcessGroup. BadRowsError is the same in all, by places in the whole
  ///                batch
  StepReport step(GradientSum<B>& sum, std::span<const BatchPart<B>> own, double learning_rate,
                  const StepOptions& how = {});

  /// The same on one kind of glimpses, everything else as usual.
  StepReport step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate, GlimpsePolicy glimpses) {
    return step(images, labels, learning_rate, StepOptions{.glimpses = glimpses});
  }

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

  /// What belongs to a number of images, and of rollouts of each.
  struct Work {
    typename Model::Episode episode;
    StepFigures<B> figures;
    typename L::Work learner;
    StepRecordings<B> recordings{};
  };

  /// @param slot  of memory of its own: a part that several passes come back to has one
  Work& work_for(Index images, Index rollouts, Index slot = 0);

  [[nodiscard]] RolloutOptions rollout_options(const StepOptions& how, Index first) const;

  /// The same of what has been staged, with the locations that are drawn on tissue given.
  [[nodiscard]] RolloutOptions rollout_options(const StepOptions& how, Index first, Work& work) {
    return give_on_tissue(*b_, model_.config(), ImageBatch<B>(oriented_), how.glimpses, rollout_options(how, first),
                          places_, work.episode);
  }

  /// Puts every image and label where a pass finds them, as often as it is rolled out, all images before the first
  /// comes again.
  void stage(ImageBatch<B> images, std::span<const Index> labels, Index rollouts, Work& work);

  /// One pass over the batch that has been staged.
  StepReport update(Index pass, const RolloutOptions& options, const StepOptions& how, double learning_rate,
                    Work& work);

  /// The gradient of one pass over the images that have been staged: what stands in a body.
  void find_gradient(Index pass, RolloutOptions options, const StepOptions& how, Work& work);

  /// Runs a body of one pass, recorded where it can be.
  template <class Body>
  void run(Index pass, const RolloutOptions& options, const StepOptions& how, Work& work, const Body& body);

  /// One pass over a part, without an update.
  StepReport find_gradient_of(const BatchPart<B>& part, Index pass, const StepOptions& how);

  /// What an update of such a step changes.
  ops::ParameterList<B>& learning(const StepOptions& how);

  [[nodiscard]] Index passes(const StepOptions& how) const { return policy_learns(how) ? learner_.passes() : 1; }

  [[nodiscard]] NumericError not_finite(const char* what) const {
    return NumericError("training: at step " + std::to_string(adam_.steps() + 1) + " the " + what +
                        " is not finite; lower the learning rate or clip the gradient");
  }

  void judge(B& b, Index pass, ImageBatch<B> images, typename Model::Episode& episode, Work& work);

  B* b_;
  Model model_;
  L learner_;
  Parameters parameters_;
  Parameters gradients_;
  Statistics statistics_;
  Adam<B> adam_;
  std::map<LearnedPart, std::optional<ops::ParameterList<B>>> lists_{};  ///< of parts that learn alone; see learning
  std::uint64_t seed_;
  Activations keep_;
  std::int64_t rollouts_ = 0;
  std::vector<double> class_weights_{};
  std::unique_ptr<FrozenFeatures<B>> kept_features_{};
  /// By images, rollouts and slot: the usual, and a last, shorter batch.
  std::map<std::array<Index, 3>, Work> works_;
  StepRecordings<B> updates_{};       ///< of batches in parts, behind the sum
  std::vector<Tensor<B>*> moving_{};  ///< the running statistics, where batches are in parts
  std::optional<Tensor<B>>
      part_squares_{};  // (1)  where batches are in parts: marked where figures of a part are not finite
  std::vector<OrientedImage<B>> oriented_;  ///< of all rollouts of a step
  std::vector<Scalar<B>> labels_, places_;
};

template <TrainableBackend B, class Model, Learner<B, Model> L>
void Trainer<B, Model, L>::set_class_weights(std::vector<double> weights) {
  expect_class_weights(weights, model_.config().classes);
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
RolloutOptions Trainer<B, Model, L>::rollout_options(const StepOptions& how, Index first) const {
  return {.locations = how.glimpses == GlimpsePolicy::learned ? Locations::sample : Locations::given,
          .seed = seed_,
          .counter = static_cast<std::uint64_t>(rollouts_),
          .first = static_cast<std::uint32_t>(first * how.rollouts),
          .sigma = how.sigma};
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
void Trainer<B, Model, L>::stage(ImageBatch<B> images, std::span<const Index> labels, Index rollouts, Work& work) {
  oriented_.clear();
  labels_.clear();
  for (Index rollout = 0; rollout < rollouts; ++rollout) {
    oriented_.insert(oriented_.end(), images.begin(), images.end());
    for (const Index label : labels) labels_.push_back(static_cast<Scalar<B>>(label));
  }
  model_.set_labels(*b_, std::span<const Scalar<B>>(labels_), work.episode, class_weights_);
  model_.stage(*b_, ImageBatch<B>(oriented_), work.episode);
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
StepReport Trainer<B, Model, L>::step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                                      const StepOptions& how) {
  validate(how, images.size(), labels.size());
  Work& work = work_for(static_cast<Index>(labels.size()), how.rollouts);
  stage(images, labels, how.rollouts, work);
  const RolloutOptions options = rollout_options(how, 0, work);
  StepReport report;
  for (Index pass = 0; pass < passes(how); ++pass) {
    const StepReport figures =
        or_as_before(*b_, statistics_, images, pass, [&] { return update(pass, options, how, learning_rate, work); });
    if (pass == 0) report = figures;
  }
  ++rollouts_;
  return report;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
StepReport Trainer<B, Model, L>::step(GradientSum<B>& sum, std::span<const BatchPart<B>> own, double learning_rate,
                                      const StepOptions& how) {
  B& b = *b_;
  if (moving_.empty())
    for (const auto& named : named_tensors<B>(statistics_)) moving_.push_back(named.tensor);
  StepReport report;
  for (Index pass = 0; pass < passes(how); ++pass) {
    ops::ParameterList<B>& list = learning(how);
    StepReport figures = sum.sum(b, list, moving_, own, [&](const BatchPart<B>& part) {
      return in_pass(pass, [&] { return find_gradient_of(part, pass, how); });
    });
    if (!std::isfinite(figures.loss)) sum.group().fail(not_finite("loss"));
    adam_.prepare(b, learning_rate);
    ops::run_step(b, updates_.of(how, pass), step_count(rollout_options(how, 0)), [&] {
      adam_.measure(b, list);
      adam_.update(b, list);
    });
    Scalar<B> squares = 0;
    ops::download(b, adam_.squares(), std::span<Scalar<B>>(&squares, 1));
    figures.gradient_norm = std::sqrt(static_cast<double>(squares));
    if (!std::isfinite(figures.gradient_norm)) sum.group().fail(not_finite("gradient"));
    adam_.count();
    if (pass == 0) report = figures;
  }
  ++rollouts_;
  return report;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
StepReport Trainer<B, Model, L>::find_gradient_of(const BatchPart<B>& part, Index pass, const StepOptions& how) {
  validate(how, part.images.size(), part.labels.size());
  Work& work = work_for(static_cast<Index>(part.labels.size()), how.rollouts, learner_.passes() > 1 ? part.number : 0);
  stage(part.images, part.labels, how.rollouts, work);
  if (!part_squares_) part_squares_ = b_->zeros({1});
  const RolloutOptions options = rollout_options(how, part.first, work);
  run(pass, options, how, work, [&] {
    find_gradient(pass, options, how, work);
    b_->fill(Scalar<B>(0), *part_squares_);
    work.figures.gather(*b_, work.episode, *part_squares_);
  });
  StepReport report = work.figures.read(*b_, model_.config().learner.weight);
  // A figure that is not finite marks what is usually the length of the gradient.
  if (!std::isfinite(report.gradient_norm)) report.loss = std::numeric_limits<double>::quiet_NaN();
  return report;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
auto Trainer<B, Model, L>::work_for(Index images, Index rollouts, Index slot) -> Work& {
  const auto found = works_.find({images, rollouts, slot});
  if (found != works_.end()) return found->second;
  B& b = *b_;
  const Index batch = images * rollouts;
  Work work{model_.make_episode(b, batch, Mode::training, keep_),
            StepFigures<B>(b, batch, supervised_answers(model_.config())),
            learner_.make_work(b, model_, images, rollouts)};
  if (kept_features_) work.episode.frozen_features = kept_features_.get();
  return works_.emplace(std::array{images, rollouts, slot}, std::move(work)).first->second;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
void Trainer<B, Model, L>::find_gradient(Index pass, RolloutOptions options, const StepOptions& how, Work& work) {
  B& b = *b_;
  const ImageBatch<B> images(oriented_);
  if (pass > 0) {
    options.locations = Locations::given;  // where they were drawn
    options.repeated = true;
  }
  adam_.zero_gradients(b);
  if (how.glimpses != GlimpsePolicy::learned && !draws_on_tissue(model_.config(), how.glimpses))
    give_locations(b, options, how.glimpses, work.episode);
  model_.rollout(b, parameters_, statistics_, images, options, work.episode);
  if (pass == 0) model_.score(b, options, work.episode);
  const bool judged = policy_learns(how);
  if (judged) judge(b, pass, images, work.episode, work);
  model_.backpropagate(b, parameters_, work.episode, gradients_, judged ? how.part : LearnedPart::classifier);
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
template <class Body>
void Trainer<B, Model, L>::run(Index pass, const RolloutOptions& options, const StepOptions& how, Work& work,
                               const Body& body) {
  if (kept_features_) return body();
  ops::run_step(*b_, work.recordings.of(how, pass, options.first), step_count(options), ImageBatch<B>(oriented_), body);
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
StepReport Trainer<B, Model, L>::update(Index pass, const RolloutOptions& options, const StepOptions& how,
                                        double learning_rate, Work& work) {
  B& b = *b_;
  adam_.prepare(b, learning_rate);
  ops::ParameterList<B>& list = learning(how);
  run(pass, options, how, work, [&] {
    find_gradient(pass, options, how, work);
    work.figures.gather(b, work.episode, adam_.measure(b, list));
    adam_.update(b, list);
  });
  const StepReport report = work.figures.read(b, model_.config().learner.weight);
  if (!std::isfinite(report.loss)) throw not_finite("loss");
  if (!std::isfinite(report.gradient_norm)) throw not_finite("gradient");
  adam_.count();
  return report;
}

template <TrainableBackend B, class Model, Learner<B, Model> L>
ops::ParameterList<B>& Trainer<B, Model, L>::learning(const StepOptions& how) {
  if (how.glimpses != GlimpsePolicy::learned || how.part == LearnedPart::all) return adam_.learning();
  std::optional<ops::ParameterList<B>>& list = lists_[how.part];
  const std::string policy(Parameters::policy_pattern);
  if (!list) list = policy_learns(how) ? adam_.subset(*b_, {&policy, 1}) : adam_.all_but(*b_, policy);
  return *list;
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

}  // namespace saccade

#if !SACCADE_HEADER_ONLY
#include <saccade/compiled/trainer.hpp>
#endif
