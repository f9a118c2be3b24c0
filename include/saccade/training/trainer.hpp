#pragma once

#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/ops/policy.hpp>
#include <saccade/ops/step.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/step_report.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline v0 {

/// Owns the weights of a run, their gradients and the optimiser's state, and makes steps. Neither data nor files are
/// its business. A step allocates nothing once every batch size has been seen. On a backend that is ops::RecordedStep
/// it is one recorded body, from clearing the gradients to the new weights.
template <TrainableBackend B, class Model = HybridAttentionClassifier<B>>
class Trainer {
 public:
  using Parameters = typename Model::Parameters;
  using Statistics = typename Model::Statistics;

  /// Weights start from `seed`, and every draw of training is keyed by it. `b` outlives the trainer. With
  /// Keep::last_step a step needs the memory of little more than one glimpse, and about a quarter more time; the numbers
  /// are the same, bit for bit.
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

  /// One update from a batch.
  /// @param labels  index of each image's class
  /// @throws ShapeError, ConfigError if the labels do not fit the images or the classes
  /// @throws NumericError if the loss or the gradient is not finite; the weights are then those of the step before, but
  ///         not the running statistics: go back to a checkpoint
  StepReport step(ImageBatch<B> images, std::span<const Index> labels, double learning_rate,
                  TrainingGlimpses glimpses = TrainingGlimpses::policy) {
    if (labels.size() != images.size()) {
      throw ShapeError("training: " + std::to_string(images.size()) + " images need as many labels, but there are " +
                       std::to_string(labels.size()));
    }
    B& b = *b_;
    Work& work = work_for(static_cast<Index>(images.size()));
    auto& episode = work.episode;
    const bool random = glimpses == TrainingGlimpses::random;
    const RolloutOptions options{.locations = random ? Locations::given : Locations::sample,
                                 .seed = seed_,
                                 .counter = static_cast<std::uint64_t>(adam_.steps())};
    labels_.assign(labels.begin(), labels.end());
    model_.set_labels(b, std::span<const Scalar<B>>(labels_), episode);
    model_.stage(b, images);
    adam_.prepare(b, learning_rate);
    ops::run_step(b, work.graphs[random ? 1 : 0], step_count(options), [&] {
      adam_.zero_gradients(b);
      if (random) give_random_locations(b, options, episode);
      model_.rollout(b, parameters_, statistics_, images, options, episode);
      model_.score(b, options, episode);
      model_.backpropagate(b, parameters_, episode, gradients_, random ? PolicyTerms::excluded : PolicyTerms::included);
      work.figures.gather(b, episode, adam_.measure(b));
      adam_.update(b);
    });
    const StepReport report = work.figures.read(b, model_.config().policy.weight);
    if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) {
      throw NumericError("training: at step " + std::to_string(adam_.steps() + 1) + " the " +
                         (std::isfinite(report.loss) ? "gradient" : "loss") +
                         " is not finite; lower the learning rate or clip the gradient");
    }
    adam_.count();
    return report;
  }

 private:
  /// What belongs to a batch size.
  struct Work {
    typename Model::Episode episode;
    StepFigures<B> figures;
    std::array<ops::StepGraph<B>, 2> graphs{};  ///< of a step on the policy's glimpses, and of one on random ones
  };

  Work& work_for(Index batch) {
    const auto found = works_.find(batch);
    if (found != works_.end()) return found->second;
    return works_
        .emplace(batch, Work{model_.make_episode(*b_, batch, Mode::training, keep_),
                             StepFigures<B>(*b_, batch, supervised_answers(model_.config()))})
        .first->second;
  }

  static void give_random_locations(B& b, const RolloutOptions& options, typename Model::Episode& episode) {
    for (std::size_t t = 0; t < episode.steps.size(); ++t) {
      Tensor<B>& place = t == 0 ? episode.steps[0].location : episode.steps[t - 1].policy.sample;
      ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), rollout_key(options, RandomStream::first_location, t), place);
    }
  }

  B* b_;
  Model model_;
  Parameters parameters_;
  Parameters gradients_;
  Statistics statistics_;
  Adam<B> adam_;
  std::uint64_t seed_;
  Keep keep_;
  std::map<Index, Work> works_;  ///< by batch size: the usual one and a last, shorter one
  std::vector<Scalar<B>> labels_;
};

}  // namespace saccade::inline v0
