#pragma once

#include <saccade/data/cluttered_objects.hpp>
#include <saccade/data/epoch_order.hpp>
#include <saccade/metrics/early_stopping.hpp>
#include <saccade/report/evaluation_json.hpp>
#include <saccade/report/policy_result.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/start_from.hpp>
#include <saccade/training/training_checkpoint.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "clutter_study.hpp"
#include "condition.hpp"
#include "convolutional_encoder.hpp"
#include "stopping_choice.hpp"

namespace bench {

/// Trains and judges one model. The result depends on the options, the objects, the backend and the kind of processor.
template <class B>
class ClutterTrial {
  using Model = saccade::HybridAttentionClassifier<B, ConvolutionalEncoder<B>>;

 public:
  /// @param train       objects to train on, those held out included
  /// @param checkpoint  where the trained model is kept
  /// @param say         told a line after every epoch
  ClutterTrial(B& b, const ClutterRun& run, const ClutterStudyOptions& options, const saccade::data::ObjectSet& train,
               const saccade::data::ObjectSet& test, std::filesystem::path checkpoint,
               std::function<void(const std::string&)> say)
      : b_(&b),
        run_(run),
        o_(adapted(run, options)),
        train_(&train),
        test_(&test),
        checkpoint_(std::move(checkpoint)),
        say_(std::move(say)) {
    validate(o_.clutter, train);
    validate(o_.clutter, test);
    saccade::validate(o_.training);
    saccade::expect_config(o_.validation_objects > 0 && o_.validation_objects < train.count(),
                           "clutter_study: the training objects must be more than the " +
                               std::to_string(o_.validation_objects) + " that are held out, but are " +
                               std::to_string(train.count()));
  }

  /// The run's figures, of one deterministic rollout and of the same model under policies that look at nothing:
  ///
  ///     error             share of wrong answers after the last of the glimpses that the model was made for
  ///     error_by_glimpse  by policy: the same after each glimpse
  ///     met_by_glimpse    by policy: share of the images whose objects have all been met by then
  ///     policies          by policy: the figures of report::to_json(PolicyResult)
  ///     stopping          see StoppingChoice; null without objects to choose by
  ///     epochs            loss, reward and training error
  ///
  /// Of the model's own policy temperature and threshold are chosen by the objects that are held out, unless these are
  /// what it is judged on.
  /// @throws NumericError; FileError where a checkpoint cannot be read or written
  [[nodiscard]] Json run() {
    saccade::Trainer<B, Model> trainer(*b_, make_model(), o_.training.adam, run_.seed);
    if (const std::filesystem::path start = starting_checkpoint(run_, o_); !start.empty()) {
      const saccade::StartingTensors tensors = saccade::start_from(
          *b_, saccade::read_checkpoint(start), trainer.parameters(), trainer.statistics(), start.string());
      say_(run_.name() + ": starts from " + to_string(tensors));
    }
    Json epochs = Json::array();
    const saccade::ExponentialDecay schedule{o_.training.learning_rate, o_.training.decay};
    for (Index epoch = 0; epoch < o_.training.epochs; ++epoch)
      epochs.push_back(train_epoch(trainer, epoch, schedule.at(epoch)));
    save_checkpoint(checkpoint_, trainer, {.model = o_.model, .classes = classes()});
    saccade::Evaluator<B, Model> evaluator(*b_, trainer.model(), o_.training.batch);
    // A model is judged by the glimpses that it was made for.
    const saccade::GlimpsePolicy own = run_.looker == Looker::learned  ? saccade::GlimpsePolicy::learned
                                       : run_.looker == Looker::random ? saccade::GlimpsePolicy::random
                                                                       : saccade::GlimpsePolicy::centre;
    Json figures{{"error", Json()}, {"stopping", Json()}};
    for (const auto policy :
         {saccade::GlimpsePolicy::learned, saccade::GlimpsePolicy::random, saccade::GlimpsePolicy::centre}) {
      if (policy == saccade::GlimpsePolicy::learned && run_.looker != Looker::learned) continue;
      if (run_.looker == Looker::whole && policy != saccade::GlimpsePolicy::centre) continue;
      saccade::report::PolicyResult result = judge(trainer, evaluator, policy, o_.evaluation_split);
      if (policy == own && o_.evaluation_split == EvaluationSplit::test) {
        const auto held_out = judge(trainer, evaluator, policy, EvaluationSplit::validation);
        result.temperature = saccade::metrics::calibrating_temperature(held_out.answers);
        figures["stopping"] = to_json(choose_stopping(held_out.early_stopping, result.early_stopping));
      }
      const std::string name = saccade::to_string(policy);
      std::vector<double> errors;
      for (const double right : result.accuracy_by_glimpse) errors.push_back(1 - right);
      figures["error_by_glimpse"][name] = errors;
      figures["met_by_glimpse"][name] = result.hit_rate->all_by_step();
      figures["policies"][name] = saccade::report::to_json(result, classes());
      if (policy == own) figures["error"] = errors.back();
    }
    figures["epochs"] = std::move(epochs);
    return figures;
  }

 private:
  /// The whole image is one glimpse of its size.
  static ClutterStudyOptions adapted(const ClutterRun& run, ClutterStudyOptions o) {
    o.model.glimpses = run.glimpses;
    o.clutter.objects = o.task == ClutterTask::sum ? 2 : 1;
    if (run.looker == Looker::learned) return o;
    remove_policy(o.model);
    if (run.looker != Looker::whole) return o;
    o.model.glimpses = 1;
    o.model.sensor.side = o.clutter.side;
    o.model.sensor.scales = 1;
    o.training.epochs = o.whole_epochs;
    o.encoder_width = o.whole_width;
    o.encoder_map = ClutterStudyOptions{}.encoder_map;
    return o;
  }

  [[nodiscard]] Model make_model() const {
    const saccade::GlimpseGeometry& sensor = o_.model.sensor;
    return Model(o_.model,
                 ConvolutionalEncoder<B>({.inputs = saccade::image_channels * sensor.scales,
                                          .side = sensor.side,
                                          .width = o_.encoder_width,
                                          .outputs = o_.encoder_outputs,
                                          .normalization = o_.model.encoder.normalization,
                                          .widest = o_.encoder_map}),
                 saccade::GlimpseSensor<B>(sensor));
  }

  /// Draws pictures of objects of `set` behind the backend's handles.
  void draw(const saccade::data::ObjectSet& set, std::span<const Index> objects, std::uint32_t epoch) {
    pictures_.clear();
    handles_.clear();
    labels_.clear();
    for (const Index object : objects) {
      const saccade::RandomKey key = saccade::data::clutter_key(run_.seed, epoch, object);
      pictures_.push_back(draw_cluttered_objects(set, object, o_.clutter, key));
      Index label = 0;
      for (const Index drawn : pictures_.back().objects) label += set.labels[static_cast<std::size_t>(drawn)];
      labels_.push_back(label);
    }
    for (const auto& picture : pictures_) handles_.push_back(saccade::ops::make_image(*b_, picture.image.view()));
  }

  [[nodiscard]] saccade::StepOptions step_options(Index epoch) const {
    using saccade::GlimpsePolicy;
    if (run_.looker == Looker::learned) return step_options_at(o_.training, o_.model.policy.sigma, epoch);
    // All glimpses at the middle are the same glimpses: nothing is gained by taking them twice.
    if (run_.looker != Looker::random) return {.glimpses = GlimpsePolicy::centre};
    return {.glimpses = GlimpsePolicy::random, .rollouts = o_.training.rollouts};
  }

  Json train_epoch(saccade::Trainer<B, Model>& trainer, Index epoch, double learning_rate) {
    std::vector<Index> part(static_cast<std::size_t>(train_->count() - o_.validation_objects));
    std::iota(part.begin(), part.end(), Index{0});
    const std::vector<Index> order = saccade::data::epoch_order(part, run_.seed, static_cast<std::uint64_t>(epoch));
    const auto begin = std::chrono::steady_clock::now();
    double cross_entropy = 0, reward = 0, right = 0;
    const auto batch = static_cast<std::size_t>(o_.training.batch);
    for (std::size_t first = 0; first < order.size(); first += batch) {
      const auto objects = std::span(order).subspan(first, std::min(batch, order.size() - first));
      draw(*train_, objects, static_cast<std::uint32_t>(epoch));
      std::vector<saccade::OrientedImage<B>> oriented;
      for (const auto& handle : handles_) oriented.push_back({&handle});
      const saccade::StepReport report =
          trainer.step(saccade::ImageBatch<B>(oriented), labels_, learning_rate, step_options(epoch));
      const auto count = static_cast<double>(objects.size());
      cross_entropy += count * report.cross_entropy;
      reward += count * report.reward;
      right += count * report.accuracy;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto count = static_cast<double>(order.size());
    char line[256];
    std::snprintf(line, sizeof line,
                  "%s: epoch %d of %d, cross-entropy %.3f, reward %.3f, training error %.1f %%, %.0f images/s",
                  run_.name().c_str(), static_cast<int>(epoch + 1), static_cast<int>(o_.training.epochs),
                  cross_entropy / count, reward / count, 100 * (1 - right / count), count / seconds);
    say_(line);
    return {
        {"cross_entropy", cross_entropy / count}, {"reward", reward / count}, {"training_error", 1 - right / count}};
  }

  /// "0", "1", ...: the answers that a model gives.
  [[nodiscard]] std::vector<std::string> classes() const {
    std::vector<std::string> names;
    for (Index label = 0; label < o_.model.classes; ++label) names.push_back(std::to_string(label));
    return names;
  }

  [[nodiscard]] saccade::report::PolicyResult judge(saccade::Trainer<B, Model>& trainer,
                                                    saccade::Evaluator<B, Model>& evaluator,
                                                    saccade::GlimpsePolicy policy, EvaluationSplit split) {
    const bool test = split == EvaluationSplit::test;
    const saccade::data::ObjectSet& set = test ? *test_ : *train_;
    std::vector<Index> part(static_cast<std::size_t>(test ? set.count() : o_.validation_objects));
    std::iota(part.begin(), part.end(), test ? Index{0} : set.count() - o_.validation_objects);
    saccade::report::GroundTruth truth{.classes = classes(), .group_noun = "image"};
    std::vector<saccade::ImagePrediction> predictions;
    const auto batch = static_cast<std::size_t>(evaluator.batch());
    for (std::size_t first = 0; first < part.size(); first += batch) {
      const auto objects = std::span(part).subspan(first, std::min(batch, part.size() - first));
      draw(set, objects, saccade::data::drawn_once);
      std::vector<saccade::OrientedImage<B>> images;
      for (const auto& handle : handles_) images.push_back({&handle});
      auto answers = evaluator.predict(trainer.parameters(), trainer.statistics(), images, policy, run_.seed, {},
                                       static_cast<Index>(first));
      for (std::size_t n = 0; n < answers.size(); ++n) {
        truth.labels.push_back(labels_[n]);
        truth.groups.push_back(std::to_string(objects[n]));
        truth.names.push_back(truth.groups.back());
        truth.regions.push_back(pictures_[n].boxes);
        predictions.push_back({static_cast<Index>(first + n), o_.clutter.side, o_.clutter.side, std::move(answers[n])});
      }
    }
    return saccade::report::judge(policy, truth, predictions, o_.model.sensor, run_.seed, 0);
  }

  B* b_;
  ClutterRun run_;
  ClutterStudyOptions o_;
  const saccade::data::ObjectSet* train_;
  const saccade::data::ObjectSet* test_;
  std::filesystem::path checkpoint_;
  std::function<void(const std::string&)> say_;
  std::vector<saccade::data::ClutteredPicture> pictures_;
  std::vector<saccade::Image<B>> handles_;
  std::vector<Index> labels_;
};

}  // namespace bench
