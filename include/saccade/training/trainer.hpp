#pragma once

#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/config.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline v0 {

/// What one step of training was like; means over the batch.
struct StepReport {
  double cross_entropy = 0;  ///< of the supervised steps
  double reward = 0;         ///< J of equation 2
  double loss = 0;           ///< equation 5: cross-entropy - weight * reward
  double accuracy = 0;       ///< of the most probable class at the last step
  double gradient_norm = 0;  ///< before clipping
};

/// Owns the weights of a run, their gradients and the optimiser's state, and makes steps. Neither data nor files are its
/// business. A step allocates nothing once every batch size has been seen.
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
    auto& episode = episode_for(static_cast<Index>(images.size()));
    const bool random = glimpses == TrainingGlimpses::random;
    const RolloutOptions options{.locations = random ? Locations::given : Locations::sample,
                                 .seed = seed_,
                                 .counter = static_cast<std::uint64_t>(adam_.steps())};
    if (random) give_random_locations(b, options, episode);
    labels_.assign(labels.begin(), labels.end());
    set_gradients_zero();
    model_.rollout(b, parameters_, statistics_, images, options, episode);
    model_.score(b, std::span<const Scalar<B>>(labels_), options, episode);
    model_.backpropagate(b, parameters_, episode, gradients_,
                         random ? PolicyTerms::excluded : PolicyTerms::included);
    const StepReport report = summarize(episode, number(adam_.measure(b)));
    if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) {
      throw NumericError("training: at step " + std::to_string(adam_.steps() + 1) + " the " +
                         (std::isfinite(report.loss) ? "gradient" : "loss") +
                         " is not finite; lower the learning rate or clip the gradient");
    }
    adam_.step(b, learning_rate);
    return report;
  }

 private:
  typename Model::Episode& episode_for(Index batch) {
    const auto found = episodes_.find(batch);
    if (found != episodes_.end()) return found->second;
    return episodes_.emplace(batch, model_.make_episode(*b_, batch, Mode::training, keep_)).first->second;
  }

  static void give_random_locations(B& b, const RolloutOptions& options, typename Model::Episode& episode) {
    for (std::size_t t = 0; t < episode.steps.size(); ++t) {
      Tensor<B>& place = t == 0 ? episode.steps[0].location : episode.steps[t - 1].policy.sample;
      const RandomKey key{options.seed, RandomStream::first_location, (options.counter << 8) | t};
      ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), key, place);
    }
  }

  void set_gradients_zero() {
    if (gradient_list_.empty()) gradient_list_ = named_tensors<B>(gradients_);
    for (const auto& gradient : gradient_list_) b_->fill(Scalar<B>(0), *gradient.tensor);
  }

  /// Elements of a tensor on the host, in memory that is kept.
  std::span<const Scalar<B>> read(const Tensor<B>& tensor) {
    values_.resize(static_cast<std::size_t>(b_->shape(tensor).size()));
    b_->download(tensor, std::span<Scalar<B>>(values_));
    return values_;
  }

  double number(const Tensor<B>& tensor) { return static_cast<double>(read(tensor)[0]); }

  double mean(const Tensor<B>& tensor) {
    double sum = 0;
    const auto values = read(tensor);
    for (const Scalar<B> value : values) sum += static_cast<double>(value);
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
  }

  StepReport summarize(typename Model::Episode& episode, double squares) {
    StepReport report;
    const bool every = model_.config().supervised_steps == SupervisedSteps::every;
    if (every) {
      for (const auto& step : episode.steps) report.cross_entropy += mean(step.loss);
      report.cross_entropy /= static_cast<double>(episode.size());
    } else {
      report.cross_entropy = mean(episode.last().loss);
    }
    report.reward = mean(episode.reward);
    report.loss = report.cross_entropy - model_.config().policy.weight * report.reward;
    report.gradient_norm = std::sqrt(squares);
    // Backward is done with the sampled classes and their reward: their place serves for the accuracy.
    ops::most_probable(*b_, episode.last().probabilities, episode.classes);
    ops::correct(*b_, episode.classes, episode.labels, episode.reward);
    report.accuracy = mean(episode.reward);
    return report;
  }

  B* b_;
  Model model_;
  Parameters parameters_;
  Parameters gradients_;
  Statistics statistics_;
  Adam<B> adam_;
  std::uint64_t seed_;
  Keep keep_;
  std::map<Index, typename Model::Episode> episodes_;  ///< by batch size: the usual one and a last, shorter one
  std::vector<NamedTensor<Tensor<B>>> gradient_list_;
  std::vector<Scalar<B>> labels_;
  std::vector<Scalar<B>> values_;
};

}  // namespace saccade::inline v0
