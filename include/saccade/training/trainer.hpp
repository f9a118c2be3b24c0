#pragma once

#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/model/rollout_baseline.hpp>
#include <saccade/ops/policy.hpp>
#include <saccade/ops/step.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/collective.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/step_report.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Owns the weights of a run, their gradients and the optimiser's state, and makes steps. Neither data nor files are
/// its business. A step over resident images allocates nothing once every batch size has been seen, and on a backend
/// that is ops::RecordedStep it is one recorded body, from clearing the gradients to the new weights, or two where a
/// collective stands between gradient and update. A step with a streamed image in it has the same numbers and is not
/// recorded.
template <TrainableBackend B, class Model = HybridAttentionClassifier<B>>
class Trainer {
 public:
  using Parameters = typename Model::Parameters;
  using Statistics = typename Model::Statistics;

  /// Weights start from `seed`, and every draw of training is keyed by it. `b` outlives the trainer. With
  /// Keep::last_step a step needs the memory of little more than one glimpse, and about a quarter more time; the
  /// numbers are the same, bit for bit.
  Trainer(B& b, Model model, const AdamConfig& adam, std::uint64_t seed, Keep keep = Keep::every_step)
      : b_(&b),
        model_(std::move(model)),
        parameters_(model_.make_parameters(b)),
        gradients_(model_.make_parameters(b)),
        statistics_(model_.make_statistics(b)),
        adam_(b, adam, named_tensors<B>(parameters_), named_tensors<B>(gradients_)),
        seed_(seed),
        keep_(keep) {
    initialize(b, parameters_, seed);
    initialize(b, statistics_, seed);
  }

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

  /// Makes every step from now on together with the other trainers of `collective`, which outlives this one;
  /// NoCollective ends that. Steps that were recorded are recorded anew.
  template <Collective<B> C>
  void set_collective(C& collective) {
    if constexpr (std::same_as<std::remove_const_t<C>, NoCollective>) {
      all_reduce_mean_ = nullptr;
    } else {
      all_reduce_mean_ = [&collective](B& b, ops::ParameterList<B>& list) { collective.all_reduce_mean(b, list); };
    }
    for (auto& [size, work] : works_) work.recordings = {};
  }

  /// One update from a batch of images, resident or streamed.
  /// @param labels  index of each image's class
  /// @param how     what may differ from step to step
  /// @throws ShapeError, ConfigError if the labels do not fit the images or the classes
  /// @throws NumericError if the loss or the gradient is not finite; the weights are then those of the step before, but
  ///         not the running statistics: go back to a checkpoint
  StepReport step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                  const StepOptions& how = {}) {
    if (labels.size() != images.size()) {
      throw ShapeError("training: " + std::to_string(images.size()) + " images need as many labels, but there are " +
                       std::to_string(labels.size()));
    }
    B& b = *b_;
    repeat(images, labels, how.rollouts);
    images = oriented_;
    Work& work = work_for(static_cast<Index>(labels.size()), how.rollouts);
    auto& episode = work.episode;
    const bool learns = how.glimpses == TrainingGlimpses::policy;
    const bool policy_only = how.part == TrainedPart::policy;
    if (policy_only && !learns) throw ConfigError("training: the policy alone can only be trained on its own glimpses");
    const RolloutOptions options{.locations = learns ? Locations::sample : Locations::given,
                                 .seed = seed_,
                                 .counter = static_cast<std::uint64_t>(adam_.steps()),
                                 .sigma = how.sigma};
    model_.set_labels(b, std::span<const Scalar<B>>(labels_), episode);
    for (auto& greedy : work.greedy) model_.set_labels(b, std::span<const Scalar<B>>(labels_), greedy);
    model_.stage(b, images);
    adam_.prepare(b, learning_rate);
    ops::ParameterList<B>& learning = policy_only ? policy_parameters() : adam_.learning();
    const auto find_gradient = [&] {
      adam_.zero_gradients(b);
      if (!learns) give_locations(b, options, how.glimpses, episode);
      model_.rollout(b, parameters_, statistics_, images, options, episode);
      model_.score(b, options, episode);
      if (learns) set_baseline(b, images, work);
      model_.backpropagate(b, parameters_, episode, gradients_,
                           policy_only ? PolicyTerms::only
                           : learns    ? PolicyTerms::included
                                       : PolicyTerms::excluded);
    };
    const auto update = [&] {
      work.figures.gather(b, episode, adam_.measure(b, learning));
      adam_.update(b, learning);
    };
    Recording& recording = work.recording_of(how);
    if (all_reduce_mean_) {
      ops::run_step(b, recording.graph, step_count(options), images, find_gradient);
      all_reduce_mean_(b, learning);
      ops::run_step(b, recording.graph_of_update, step_count(options), update);
    } else {
      ops::run_step(b, recording.graph, step_count(options), images, [&] {
        find_gradient();
        update();
      });
    }
    const StepReport report = work.figures.read(b, model_.config().policy.weight);
    if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) {
      throw NumericError("training: at step " + std::to_string(adam_.steps() + 1) + " the " +
                         (std::isfinite(report.loss) ? "gradient" : "loss") +
                         " is not finite; lower the learning rate or clip the gradient");
    }
    adam_.count();
    return report;
  }

  /// The same on one kind of glimpses, everything else as usual.
  StepReport step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                  TrainingGlimpses glimpses) {
    return step(images, labels, learning_rate, StepOptions{.glimpses = glimpses});
  }

 private:
  /// A step on one kind of glimpses, recorded with the other options of its last one.
  struct Recording {
    StepOptions options;
    ops::StepGraph<B> graph;
    ops::StepGraph<B> graph_of_update{};  ///< where a collective stands between the two
  };

  /// What belongs to a number of images, and of rollouts of each.
  struct Work {
    typename Model::Episode episode;
    StepFigures<B> figures;
    std::vector<typename Model::Episode> greedy{};  ///< one for the self-critical baseline, else none
    std::vector<LeaveOneOut<B>> others{};           ///< one for the leave-one-out baseline, else none
    std::array<Recording, 3> recordings{};          ///< by kind of glimpses

    Recording& recording_of(const StepOptions& how) {
      Recording& recording = recordings[static_cast<std::size_t>(how.glimpses)];
      if (recording.options != how) recording = {how, {}, {}};
      return recording;
    }
  };

  /// What learns in a step of TrainedPart::policy.
  ops::ParameterList<B>& policy_parameters() {
    static const std::vector<std::string> patterns{"policy.*"};
    if (!policy_parameters_) policy_parameters_ = adam_.subset(*b_, patterns);
    return *policy_parameters_;
  }

  Work& work_for(Index images, Index rollouts) {
    const auto found = works_.find({images, rollouts});
    if (found != works_.end()) return found->second;
    B& b = *b_;
    const Index batch = images * rollouts;
    Work work{model_.make_episode(b, batch, Mode::training, keep_),
              StepFigures<B>(b, batch, supervised_answers(model_.config()))};
    const Baseline baseline = model_.config().policy.baseline;
    if (baseline == Baseline::self_critical) work.greedy.push_back(model_.make_episode(b, batch, Mode::evaluation));
    if (baseline == Baseline::leave_one_out) work.others.push_back(LeaveOneOut<B>(b, images, rollouts));
    return works_.emplace(std::pair(images, rollouts), std::move(work)).first->second;
  }

  /// Every image and label as often as it is rolled out, all images before the first comes again.
  void repeat(ImageBatch<B> images, std::span<const Index> labels, Index rollouts) {
    if (rollouts < 1) throw ConfigError("training: rollouts must be at least 1, but is " + std::to_string(rollouts));
    oriented_.clear();
    labels_.clear();
    for (Index rollout = 0; rollout < rollouts; ++rollout) {
      oriented_.insert(oriented_.end(), images.begin(), images.end());
      for (const Index label : labels) labels_.push_back(static_cast<Scalar<B>>(label));
    }
  }

  /// The baselines that come from other rollouts.
  void set_baseline(B& b, ImageBatch<B> images, Work& work) {
    for (auto& greedy : work.greedy) {
      const RolloutOptions means{.locations = Locations::mean};
      model_.rollout(b, parameters_, statistics_, images, means, greedy);
      model_.score(b, means, greedy);
      set_self_critical_baseline(b, greedy, work.episode);
    }
    for (LeaveOneOut<B>& others : work.others) others.apply(b, work.episode);
  }

  static void give_locations(B& b, const RolloutOptions& options, TrainingGlimpses glimpses,
                             typename Model::Episode& episode) {
    for (std::size_t t = 0; t < episode.steps.size(); ++t) {
      Tensor<B>& place = episode.given(t);
      if (glimpses == TrainingGlimpses::centre) {
        b.fill(Scalar<B>(0), place);
        continue;
      }
      ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), rollout_key(options, RandomStream::first_location, t), place);
    }
  }

  B* b_;
  Model model_;
  Parameters parameters_;
  Parameters gradients_;
  Statistics statistics_;
  Adam<B> adam_;
  std::optional<ops::ParameterList<B>> policy_parameters_;  ///< made when first asked for
  std::uint64_t seed_;
  Keep keep_;
  std::function<void(B&, ops::ParameterList<B>&)> all_reduce_mean_;  ///< of the collective, or empty
  std::map<std::pair<Index, Index>, Work> works_;  ///< by images and rollouts: the usual, and a last, shorter batch
  std::vector<OrientedImage<B>> oriented_;         ///< of all rollouts of a step
  std::vector<Scalar<B>> labels_;
};

}  // namespace saccade
