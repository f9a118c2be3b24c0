#pragma once

#include <saccade/data/cluttered_objects.hpp>
#include <saccade/data/epoch_order.hpp>
#include <saccade/metrics/hit_rate.hpp>
#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/trainer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "condition.hpp"
#include "convolutional_encoder.hpp"
#include "evaluation_split.hpp"
#include "finished_run.hpp"

/// Is learning where to look worth having? Objects among clutter, the set-up of Mnih et al. 2014: a model that learns
/// its glimpses, models made for glimpses that look at nothing, and a convolutional network that reads the whole image.
namespace bench {

using saccade::Index;

/// Who chooses the glimpses that a model is trained and judged on; `whole` has one, of the size of the image.
enum class Looker { learned, random, centre, whole };

inline constexpr std::array<std::string_view, 4> looker_names{"learned", "random", "centre", "whole"};

[[nodiscard]] inline std::string to_string(Looker looker) {
  return std::string(looker_names[static_cast<std::size_t>(looker)]);
}

/// What is asked of an image: the class of its object, or the sum of the classes of its two, after Ba et al. 2015.
enum class ClutterTask { object, sum };

inline constexpr std::array<std::string_view, 2> clutter_task_names{"object", "sum"};

[[nodiscard]] inline std::string to_string(ClutterTask task) {
  return std::string(clutter_task_names[static_cast<std::size_t>(task)]);
}

struct ClutterStudyOptions {
  saccade::HybridAttentionConfig model;  ///< of the glimpses; their number comes with the run
  saccade::TrainingConfig training;
  Index encoder_width = 32;     ///< filters of the network that reads a glimpse
  Index encoder_outputs = 256;  ///< features of a glimpse
  Index whole_width = 32;       ///< filters of the network that reads the whole image
  Index whole_epochs = 30;
  ClutterTask task = ClutterTask::object;
  saccade::data::ClutterOptions clutter{};  ///< the number of objects comes with the task
  EvaluationSplit evaluation_split = EvaluationSplit::test;
  Index validation_objects = 5000;  ///< the last ones of the training part; never trained on
};

/// Glimpses of 12 x 12 at 3 scales; a policy that learns from the probability of the label after every glimpse.
[[nodiscard]] inline ClutterStudyOptions default_clutter_study() {
  ClutterStudyOptions o;
  o.model = saccade::large_preset();
  o.model.classes = 10;
  o.model.sensor.side = 12;
  o.model.sensor.scales = 3;
  o.model.sensor.mean = {0.1F, 0.1F, 0.1F};
  o.model.sensor.deviation = {0.25F, 0.25F, 0.25F};
  o.model.fusion_width = 256;
  o.model.hidden = 256;
  o.model.policy.sigma = 0.25;
  o.model.policy.movement_penalty = 0;
  o.model.learner.baseline = saccade::Baseline::leave_one_out;
  o.model.glance = {.side = 15, .reduction = 4, .outputs = 16, .readout = saccade::Readout::positions};
  o.training.batch = 128;
  o.training.epochs = 30;
  o.training.learning_rate = 2e-3;
  o.training.decay = 0.9;
  o.training.sigma_epochs = 20;
  o.training.sigma_end = 0.05;
  o.training.rollouts = 2;
  o.training.adam.clip_norm = 5;
  o.training.augment = false;
  return o;
}

/// One model that is trained and judged.
struct ClutterRun {
  Looker looker = Looker::learned;
  Index glimpses = 6;
  std::uint64_t seed = 1;

  [[nodiscard]] std::string name() const {
    std::string text = to_string(looker);
    if (looker != Looker::whole) text.append("-").append(std::to_string(glimpses));
    return text.append("-seed").append(std::to_string(seed));
  }
};

/// The share of images that are answered wrongly after each glimpse, and of those whose objects were all met by then.
struct ClutterShares {
  std::vector<double> wrong;
  std::vector<double> met;
};

/// What makes a run's numbers what they are, for its file.
[[nodiscard]] inline Json describe(const ClutterRun& run, const ClutterStudyOptions& o, Index train_objects,
                                   const std::string& arithmetic) {
  return {{"looker", to_string(run.looker)},
          {"backend", arithmetic},
          {"glimpses", run.looker == Looker::whole ? 1 : run.glimpses},
          {"seed", run.seed},
          {"model", saccade::to_json(o.model)},
          {"training", saccade::to_json(o.training)},
          {"encoder", {{"width", o.encoder_width}, {"outputs", o.encoder_outputs}}},
          {"whole", {{"width", o.whole_width}, {"epochs", o.whole_epochs}}},
          {"task", to_string(o.task)},
          {"clutter", {{"side", o.clutter.side}, {"patches", o.clutter.patches}, {"patch_side", o.clutter.patch_side}}},
          {"train_objects", train_objects},
          {"evaluation_split", to_string(o.evaluation_split)}};
}

/// Trains and judges one model. The result depends on the options, the objects, the backend and the kind of processor.
template <class B>
class ClutterTrial {
  using Model = saccade::HybridAttentionClassifier<B, ConvolutionalEncoder<B>>;

 public:
  /// @param train  objects to train on, those held out included
  /// @param say    told a line after every epoch
  ClutterTrial(B& b, const ClutterRun& run, const ClutterStudyOptions& options, const saccade::data::ObjectSet& train,
               const saccade::data::ObjectSet& test, std::function<void(const std::string&)> say)
      : b_(&b), run_(run), o_(adapted(run, options)), train_(&train), test_(&test), say_(std::move(say)) {
    validate(o_.clutter, train);
    validate(o_.clutter, test);
    saccade::validate(o_.training);
    saccade::expect_config(o_.validation_objects > 0 && o_.validation_objects < train.count(),
                           "clutter_study: the training objects must be more than the " +
                               std::to_string(o_.validation_objects) + " that are held out, but are " +
                               std::to_string(train.count()));
  }

  /// The run's figures: its loss and reward by epoch, and the shares of wrong answers and of images whose objects were
  /// all met, after each glimpse, of one deterministic rollout and of the same model under policies that look at
  /// nothing.
  /// @throws NumericError
  [[nodiscard]] Json run() {
    saccade::Trainer<B, Model> trainer(*b_, make_model(), o_.training.adam, run_.seed);
    Json epochs = Json::array();
    const saccade::ExponentialDecay schedule{o_.training.learning_rate, o_.training.decay};
    for (Index epoch = 0; epoch < o_.training.epochs; ++epoch)
      epochs.push_back(train_epoch(trainer, epoch, schedule.at(epoch)));
    saccade::Evaluator<B, Model> evaluator(*b_, trainer.model(), o_.training.batch);
    Json errors = Json::object(), met = Json::object();
    for (const auto policy :
         {saccade::GlimpsePolicy::learned, saccade::GlimpsePolicy::random, saccade::GlimpsePolicy::centre}) {
      if (policy == saccade::GlimpsePolicy::learned && run_.looker != Looker::learned) continue;
      if (run_.looker == Looker::whole && policy != saccade::GlimpsePolicy::centre) continue;
      const ClutterShares shares = judge(trainer, evaluator, policy);
      errors[saccade::to_string(policy)] = shares.wrong;
      met[saccade::to_string(policy)] = shares.met;
    }
    // A model is judged by the glimpses that it was made for.
    const std::string own = run_.looker == Looker::whole ? "centre" : to_string(run_.looker);
    const double error = errors[own].back().get<double>();
    return {{"error", error}, {"error_by_glimpse", errors}, {"met_by_glimpse", met}, {"epochs", epochs}};
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
    return o;
  }

  [[nodiscard]] Model make_model() const {
    const saccade::GlimpseGeometry& sensor = o_.model.sensor;
    return Model(o_.model,
                 ConvolutionalEncoder<B>({.inputs = saccade::image_channels * sensor.scales,
                                          .side = sensor.side,
                                          .width = o_.encoder_width,
                                          .outputs = o_.encoder_outputs,
                                          .normalization = {}}),
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

  [[nodiscard]] ClutterShares judge(saccade::Trainer<B, Model>& trainer, saccade::Evaluator<B, Model>& evaluator,
                                    saccade::GlimpsePolicy policy) {
    const bool test = o_.evaluation_split == EvaluationSplit::test;
    const saccade::data::ObjectSet& set = test ? *test_ : *train_;
    std::vector<Index> part(static_cast<std::size_t>(test ? set.count() : o_.validation_objects));
    std::iota(part.begin(), part.end(), test ? Index{0} : set.count() - o_.validation_objects);
    const auto glimpses = static_cast<std::size_t>(o_.model.glimpses);
    ClutterShares shares{std::vector<double>(glimpses), std::vector<double>(glimpses)};
    const auto batch = static_cast<std::size_t>(evaluator.batch());
    for (std::size_t first = 0; first < part.size(); first += batch) {
      const auto objects = std::span(part).subspan(first, std::min(batch, part.size() - first));
      draw(set, objects, saccade::data::drawn_once);
      std::vector<saccade::OrientedImage<B>> images;
      for (const auto& handle : handles_) images.push_back({&handle});
      const auto predictions = evaluator.predict(trainer.parameters(), trainer.statistics(), images, policy, run_.seed,
                                                 {}, static_cast<Index>(first));
      for (std::size_t n = 0; n < predictions.size(); ++n) {
        std::vector<saccade::Box> unmet = pictures_[n].boxes;
        for (std::size_t t = 0; t < glimpses; ++t) {
          const std::vector<double>& p = predictions[n].probabilities[t];
          const auto answer = std::max_element(p.begin(), p.end()) - p.begin();
          if (answer != labels_[n]) ++shares.wrong[t];
          const saccade::Box& window = predictions[n].windows[t].front();
          std::erase_if(unmet, [&](const saccade::Box& box) { return saccade::metrics::hits(window, box); });
          if (unmet.empty()) ++shares.met[t];
        }
      }
    }
    for (std::vector<double>* share : {&shares.wrong, &shares.met})
      for (double& value : *share) value /= static_cast<double>(part.size());
    return shares;
  }

  B* b_;
  ClutterRun run_;
  ClutterStudyOptions o_;
  const saccade::data::ObjectSet* train_;
  const saccade::data::ObjectSet* test_;
  std::function<void(const std::string&)> say_;
  std::vector<saccade::data::ClutteredPicture> pictures_;
  std::vector<saccade::Image<B>> handles_;
  std::vector<Index> labels_;
};

}  // namespace bench
