#pragma once

#include <saccade/components/context_network.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/components/glimpse_sensor.hpp>
#include <saccade/components/soft_attention_block.hpp>
#include <saccade/core/backend.hpp>
#include <saccade/model/config.hpp>
#include <saccade/model/episode.hpp>
#include <saccade/model/first_location.hpp>
#include <saccade/model/parameters.hpp>
#include <saccade/model/parts.hpp>
#include <saccade/model/reward.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/ops/memory.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The whole method: at every step, look (Sensor), investigate (Encoder), fuse, remember (RecurrentCore), answer, and
/// choose where to look next (PolicyGradient). Weights are the caller's; the object holds the configuration only.
///
///     x_t = crop(image, l_{t-1});  g_t = fuse(encode(x_t), l_{t-1});  h_t = LSTM(h_{t-1}, g_t)
///     p_t = softmax(W_a h_t + b_a);  l_t ~ pi(. | h_t)
///
/// With a ContextNetwork the policy draws the first location as well, l_0 ~ pi(. | h_0 = 0, glance), and every later one
/// reads the glance beside h_t. Nothing but the location head does.
///
/// Source: Xu et al. 2019, sections 2.1 to 2.4.
template <Backend B, Encoder<B> E = SoftAttentionBlock<B>, Sensor<B> S = GlimpseSensor<B>>
class HybridAttentionClassifier {
 public:
  using Config = HybridAttentionConfig;
  using Parameters = ModelParameters<B, E>;
  using Statistics = ModelStatistics<B, E>;
  using Episode = saccade::Episode<B, E>;

  explicit HybridAttentionClassifier(const Config& config)
    requires std::constructible_from<E, SoftAttentionConfig> && std::constructible_from<S, GlimpseGeometry>
      : HybridAttentionClassifier(config, E(validated(config).encoder), S(validated(config).sensor)) {}

  /// With parts of your own; `config.encoder` and `config.sensor` are then not looked at, but for how a glance and a
  /// patch readout are normalised.
  HybridAttentionClassifier(const Config& config, E encoder, S sensor)
      : config_(validated(config)),
        sensor_(std::move(sensor)),
        encoder_(std::move(encoder)),
        fusion_({.features = encoder_.features(), .outputs = config_.fusion_width}),
        core_({.inputs = config_.fusion_width, .hidden = config_.hidden}),
        classifier_({.inputs = config_.hidden, .outputs = config_.classes}),
        policy_(config_.policy) {
    if (config_.glance.side > 0) glance_.push_back(ContextNetwork<B>(config_.glance));
    if (config_.policy.context == 0) return;
    const Shape patch = sensor_.patch_shape(1);
    context_.push_back(PatchReadout<B>({.inputs = patch[3],
                                          .side = patch[1],
                                          .outputs = config_.policy.context,
                                          .readout = config_.policy.context_readout,
                                          .normalization = config_.encoder.normalization}));
  }

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const E& encoder() const { return encoder_; }
  [[nodiscard]] const S& sensor() const { return sensor_; }
  [[nodiscard]] const PolicyGradient<B>& policy() const { return policy_; }
  /// Null without one.
  [[nodiscard]] const ContextNetwork<B>* glance() const { return glance_.empty() ? nullptr : &glance_[0]; }

  /// All zero; see `initialize`.
  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{encoder_.make_parameters(b), fusion_.make_parameters(b), core_.make_parameters(b),
                 classifier_.make_parameters(b), policy_.make_parameters(b)};
    for (const auto& context : context_) p.context.push_back(context.make_parameters(b));
    for (const auto& glance : glance_) p.glance.push_back(glance.make_parameters(b));
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    const Index sets = config_.running_statistics == RunningStatistics::shared ? 1 : config_.glimpses;
    for (Index i = 0; i < sets; ++i) statistics.sets.push_back(make_step_statistics(b));
    for (const auto& glance : glance_) statistics.glance.push_back(glance.make_statistics(b));
    return statistics;
  }

  /// For training that keeps every step, or for an evaluation that keeps the last one.
  [[nodiscard]] Episode make_episode(B& b, Index batch, Mode mode) const {
    return make_episode(b, batch, mode, mode == Mode::training ? Keep::every_step : Keep::last_step);
  }

  /// Every activation of a rollout over `batch` images.
  [[nodiscard]] Episode make_episode(B& b, Index batch, Mode mode, Keep keep) const {
    const Index kept = keep == Keep::every_step ? config_.glimpses : 1;
    const Index patches = mode == Mode::training ? config_.glimpses : kept;
    Episode episode{.batch = batch,
                    .mode = mode,
                    .steps = {},
                    .patches = {},
                    .glimpses = {},
                    .glance = {},
                    .h0 = b.zeros({batch, config_.hidden}),
                    .c0 = b.zeros({batch, config_.hidden}),
                    .core = core_.make_workspace(b, batch),
                    .labels = b.zeros({batch}),
                    .classes = b.zeros({batch}),
                    .reward = b.zeros({batch}),
                    .targets = b.zeros({batch, config_.classes}),
                    .chosen = b.zeros({batch, config_.classes}),
                    .staging = std::vector<Scalar<B>>(static_cast<std::size_t>(batch * config_.classes)),
                    .workspace = {}};
    for (Index t = 0; t < config_.glimpses; ++t) episode.steps.push_back(make_step(b, batch));
    for (Index i = 0; i < patches; ++i) episode.patches.push_back(make_map(b, sensor_.patch_shape(batch)));
    for (Index i = 0; i < kept; ++i) {
      episode.glimpses.push_back({encoder_.make_cache(b, batch, mode), {}});
      for (const auto& context : context_)
        episode.glimpses.back().context.push_back(context.make_cache(b, batch, mode));
    }
    for (const auto& glance : glance_) {
      episode.glance.push_back({.thumbnail = glance.make_cache(b, batch, mode),
                                .context = b.zeros({batch, config_.glance.outputs}),
                                .policy = policy_.make_cache(b, batch)});
    }
    if constexpr (TrainableBackend<B> && TrainableEncoder<E, B>) {
      if (mode == Mode::training) episode.workspace.push_back(make_workspace(b, batch, keep));
    } else if (mode == Mode::training) {
      throw ConfigError("HybridAttentionClassifier: training needs a TrainableBackend and a TrainableEncoder");
    }
    return episode;
  }

  /// The part of an episode that only backpropagate needs.
  [[nodiscard]] EpisodeWorkspace<B, E> make_workspace(B& b, Index batch, Keep keep) const
    requires TrainableBackend<B> && TrainableEncoder<E, B>
  {
    EpisodeWorkspace<B, E> w{.encoder = encoder_.make_workspace(b, batch),
                             .fusion = fusion_.make_workspace(b, batch),
                             .policy = policy_.make_workspace(b, batch),
                             .context = {},
                             .glance = {},
                             .discarded = {},
                             .d_context = b.zeros(context_shape(batch)),
                             .d_glance = b.zeros(glance_.empty() ? Shape{0} : Shape{batch, config_.glance.outputs}),
                             .d_loss = b.zeros({batch}),
                             .d_logits = b.zeros({batch, config_.classes}),
                             .d_glimpse = b.zeros({batch, config_.fusion_width}),
                             .d_features = b.zeros({batch, encoder_.features()}),
                             .d_h = {},
                             .d_c = {}};
    for (const auto& context : context_) w.context.push_back(context.make_workspace(b, batch));
    for (const auto& glance : glance_) w.glance.push_back(glance.make_workspace(b, batch));
    if (keep == Keep::last_step) w.discarded.push_back(make_step_statistics(b));
    for (int i = 0; i < 2; ++i) {
      w.d_h.push_back(b.zeros({batch, config_.hidden}));
      w.d_c.push_back(b.zeros({batch, config_.hidden}));
    }
    return w;
  }

  /// Puts the location of step t, (B, 2) in row-major order and not clamped, into the episode, for Locations::given.
  /// @throws ShapeError
  void set_locations(B& b, Episode& episode, Index t, std::span<const Scalar<B>> locations) const {
    ops::upload(b, locations, episode.given(static_cast<std::size_t>(t)));
  }

  /// Tells the backend which images the next rollout looks at, where the rollout is the body of ops::run_step. Checks
  /// them, too: a repetition does not.
  /// @throws ConfigError
  void stage(B& b, ImageBatch<B> images) const {
    if constexpr (requires { sensor_.stage(b, images); }) {
      sensor_.stage(b, images);
    } else if constexpr (ops::StagedImages<B>) {
      if (all_resident<B>(images)) b.stage_images(images);
    }
    for (const auto& glance : glance_) glance.stage(b, images);
  }

  /// Forward through all steps; fills the episode. `statistics` change in training mode only. Not to be recorded where
  /// an image is streamed: an ops::run_step that is told the images sees to it.
  void rollout(B& b, const Parameters& p, Statistics& statistics, ImageBatch<B> images, const RolloutOptions& options,
               Episode& episode) const {
    const auto glance = [&](auto& thumbnail) { glance_[0].look(b, images, thumbnail); };
    roll(
        b, p, statistics, options, episode,
        [&](const Tensor<B>& location, Tensor<B>& patches) { sensor_.forward(b, images, location, patches); }, glance);
  }

  /// Puts the labels into the episode, as class indices and as rows that are 1 at the label and 0 elsewhere.
  /// @throws ShapeError unless there is a label for each image; ConfigError if one is no class
  void set_labels(B& b, std::span<const Scalar<B>> labels, Episode& episode) const {
    ops::upload(b, labels, episode.labels);
    for (const Scalar<B> label : labels) {
      if (label >= 0 && label < static_cast<Scalar<B>>(config_.classes)) continue;
      throw ConfigError("model: a label must be from 0 to " + std::to_string(config_.classes - 1) + ", but is " +
                        std::to_string(static_cast<double>(label)));
    }
    std::fill(episode.staging.begin(), episode.staging.end(), Scalar<B>(0));
    for (std::size_t n = 0, row = 0; n < labels.size(); ++n, row += static_cast<std::size_t>(config_.classes))
      episode.staging[row + static_cast<std::size_t>(labels[n])] = Scalar<B>(1);
    b.upload(std::span<const Scalar<B>>(episode.staging), episode.targets);
  }

  /// Judges a rollout: every step's cross-entropy, the class answered at the last step, and the rewards of the steps
  /// that the configuration rewards, summed up to what followed each location.
  /// @throws ShapeError unless there is a label for each image; ConfigError if one is no class
  void score(B& b, std::span<const Scalar<B>> labels, const RolloutOptions& options, Episode& episode) const {
    set_labels(b, labels, episode);
    score(b, options, episode);
  }

  /// The same by the labels that set_labels has put into the episode.
  void score(B& b, const RolloutOptions& options, Episode& episode) const {
    score_rollout(b, config_.policy, options, episode);
  }

  /// Gradient of equation 5, L = cross-entropy - weight * J, means over the batch, plus the baseline's squared error.
  /// Gradients of parameters accumulate. Valid after `rollout` in training mode and `score`.
  void backpropagate(B& b, const Parameters& p, Episode& episode, Parameters& d_p,
                     PolicyTerms terms = PolicyTerms::included) const
    requires TrainableBackend<B> && TrainableEncoder<E, B>
  {
    if (episode.workspace.empty())
      throw ConfigError("HybridAttentionClassifier: backpropagate needs an episode made for training");
    EpisodeWorkspace<B, E>& w = episode.workspace[0];
    Tensor<B>*d_h = &w.d_h[0], *d_h_before = &w.d_h[1], *d_c = &w.d_c[0], *d_c_before = &w.d_c[1];
    b.fill(Scalar<B>(0), *d_h);
    b.fill(Scalar<B>(0), *d_c);
    if (!glance_.empty()) b.fill(Scalar<B>(0), w.d_glance);
    for (std::size_t t = episode.steps.size(); t-- > 0;) {
      EpisodeStep<B>& step = episode.steps[t];
      const Tensor<B>& h = t == 0 ? episode.h0 : episode.steps[t - 1].h;
      const Tensor<B>& c = t == 0 ? episode.c0 : episode.steps[t - 1].c;
      if (!episode.holds(t)) look_again(b, p, episode, t);
      backpropagate_heads(b, p, episode, t, terms, d_p, *d_h);
      if (terms == PolicyTerms::only) continue;
      core_.backward(b, p.core, step.glimpse, h, c, step.core, *d_h, *d_c, episode.core, d_p.core, w.d_glimpse,
                     *d_h_before, *d_c_before);
      std::swap(d_h, d_h_before);
      std::swap(d_c, d_c_before);
      fusion_.backward(b, p.fusion, step.glimpse, step.fusion, w.d_glimpse, w.fusion, d_p.fusion, w.d_features);
      encoder_.backward(b, p.encoder, episode.patch(t), episode.glimpse(t).encoder, w.d_features, w.encoder,
                        d_p.encoder);
    }
    if (!glance_.empty() && terms != PolicyTerms::excluded)
      backpropagate_first_location(b, glance_[0], policy_, p, episode, d_p, *d_h);
  }

 private:
  [[nodiscard]] EpisodeStep<B> make_step(B& b, Index batch) const {
    const Shape answers{batch, config_.classes};
    return {.location = b.zeros({batch, 2}),
            .features = b.zeros({batch, encoder_.features()}),
            .fusion = fusion_.make_cache(b, batch),
            .glimpse = b.zeros({batch, config_.fusion_width}),
            .core = core_.make_cache(b, batch),
            .h = b.zeros({batch, config_.hidden}),
            .c = b.zeros({batch, config_.hidden}),
            .logits = b.zeros(answers),
            .probabilities = b.zeros(answers),
            .loss = b.zeros({batch}),
            .outcome = b.zeros({batch}),
            .policy = policy_.make_cache(b, batch),
            .context = b.zeros(context_shape(batch))};
  }

  [[nodiscard]] StepStatistics<B, E> make_step_statistics(B& b) const {
    StepStatistics<B, E> statistics{encoder_.make_statistics(b), {}};
    for (const auto& context : context_) statistics.context.push_back(context.make_statistics(b));
    return statistics;
  }

  [[nodiscard]] Shape context_shape(Index batch) const {
    return context_.empty() ? Shape{0} : Shape{batch, config_.policy.context};
  }

  /// look(location, patches) crops; glance(cache) makes the thumbnails.
  template <class Look, class Glance>
  void roll(B& b, const Parameters& p, Statistics& statistics, const RolloutOptions& options, Episode& episode,
            Look look, Glance glance) const {
    if (options.sigma && config_.policy.learn_sigma)
      throw ConfigError("model: policy.sigma is learned, so no other one can be given");
    if (glance_.empty()) {
      place_first(b, config_.first_location, options, episode.steps[0].location);  // (B, 2)
    } else {
      glance(episode.glance[0].thumbnail);  // (B, s, s, 3)
      choose_first_location(b, glance_[0], policy_, p, statistics, options, episode);
    }
    for (std::size_t t = 0; t < episode.steps.size(); ++t) {
      EpisodeStep<B>& step = episode.steps[t];
      const Tensor<B>& h = t == 0 ? episode.h0 : episode.steps[t - 1].h;
      const Tensor<B>& c = t == 0 ? episode.c0 : episode.steps[t - 1].c;
      look(step.location, episode.patch(t));                                                  // (B, g, g, S*C)
      encode(b, p, statistics.at(t), episode, t);                                             // (B, F)
      fusion_.forward(b, p.fusion, step.features, step.location, step.fusion, step.glimpse);  // (B, G)
      core_.forward(b, p.core, step.glimpse, h, c, step.core, episode.core, step.h, step.c);  // (B, H)
      classifier_.forward(b, p.classifier, step.h, step.logits);                              // (B, K)
      ops::softmax(b, step.logits, step.probabilities);                                       // (B, K)
      set_context(b, p, statistics.at(t), episode, t);                                        // (B, context)
      policy_.locate(b, p.policy, step.h, step.policy, &step.context,
                     glance_.empty() ? nullptr : &episode.glance[0].context);
      policy_.predict_reward(b, p.policy, step.h, step.policy);
      step.policy.sigma = options.sigma.value_or(config_.policy.sigma);
      if (t + 1 == episode.steps.size()) break;  // the last step's location is never looked at: none is drawn
      choose_location(b, policy_, options, rollout_key(options, RandomStream::location, t), step.policy,
                      episode.steps[t + 1].location);  // (B, 2)
    }
  }

  void encode(B& b, const Parameters& p, StepStatistics<B, E>& statistics, Episode& episode, std::size_t t) const {
    encoder_.forward(b, p.encoder, statistics.encoder, episode.patch(t), episode.glimpse(t).encoder,
                     episode.steps[t].features, episode.mode);
    episode.held = t;
  }

  void set_context(B& b, const Parameters& p, StepStatistics<B, E>& statistics, Episode& episode, std::size_t t) const {
    if (context_.empty()) return;
    context_[0].forward(b, p.context[0], statistics.context[0], episode.patch(t), episode.glimpse(t).context[0],
                        episode.steps[t].context, episode.mode);
  }

  /// Computes the activations of step t once more, into the one cache that the episode has. The running statistics
  /// moved when the step was made: those that move here are thrown away.
  void look_again(B& b, const Parameters& p, Episode& episode, std::size_t t) const {
    StepStatistics<B, E>& discarded = episode.workspace[0].discarded[0];
    encode(b, p, discarded, episode, t);
    set_context(b, p, discarded, episode, t);
  }

  /// Adds what step t's heads send into h_t. The policy's terms leave the last step out: its location is never looked
  /// at, so its term would be variance and nothing else. The class term has the last step only, for the same reason:
  /// no other answer is rewarded.
  void backpropagate_heads(B& b, const Parameters& p, Episode& episode, std::size_t t, PolicyTerms terms,
                           Parameters& d_p, Tensor<B>& d_h) const {
    EpisodeStep<B>& step = episode.steps[t];
    EpisodeWorkspace<B, E>& w = episode.workspace[0];
    const bool last = t + 1 == episode.steps.size();
    const bool class_term = last && terms == PolicyTerms::included && config_.policy.class_term;
    if (terms != PolicyTerms::only && (last || config_.supervised_steps == SupervisedSteps::every)) {
      const double steps = config_.supervised_steps == SupervisedSteps::every ? static_cast<double>(episode.size()) : 1;
      const double weight = episode.batch > 0 ? 1.0 / (static_cast<double>(episode.batch) * steps) : 0.0;
      b.fill(static_cast<Scalar<B>>(weight), w.d_loss);
      ops::softmax_cross_entropy_backward(b, step.probabilities, episode.labels, w.d_loss, w.d_logits,
                                          Write::overwrite);
      if (class_term) {
        policy_.weigh(b, episode.reward, step.policy, w.policy);
        policy_.backward_class(b, step.probabilities, episode.classes, w.policy, w.d_logits);
      }
      classifier_.backward_parameters(b, step.h, w.d_logits, d_p.classifier);
      classifier_.backward_input(b, p.classifier, w.d_logits, d_h, Write::accumulate);
    }
    if (terms == PolicyTerms::excluded) return;
    if (!last) {
      policy_.weigh(b, credited(episode, t), step.policy, w.policy);
      policy_.backward_location(b, p.policy, step.h, step.policy, w.policy, d_p.policy, d_h, &w.d_context, &w.d_glance,
                                &episode.policy_mean(t));
      if (!context_.empty()) {
        context_[0].backward(b, p.context[0], episode.patch(t), episode.glimpse(t).context[0], w.d_context,
                             w.context[0], d_p.context[0]);
      }
    }
    if (!last || class_term) {
      policy_.backward_value(b, step.h, credited(episode, t), step.policy, w.policy, d_p.policy);
    }
  }

  Config config_;
  S sensor_;
  E encoder_;
  GlimpseFusion<B> fusion_;
  RecurrentCore<B> core_;
  LinearLayer<B> classifier_;
  PolicyGradient<B> policy_;
  std::vector<PatchReadout<B>> context_;  ///< one, or none
  std::vector<ContextNetwork<B>> glance_;    ///< one, or none
};

}  // namespace saccade
