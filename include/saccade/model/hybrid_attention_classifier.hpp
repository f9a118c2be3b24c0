#pragma once

#include <saccade/components/configured_encoder.hpp>
#include <saccade/components/location_policy.hpp>
#include <saccade/model/model_components.hpp>
#include <saccade/model/reward.hpp>
#include <saccade/model/rollout.hpp>
#include <saccade/ops/glimpse.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <algorithm>
#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The whole method: at every step, look (Sensor), investigate (Encoder), fuse, remember (RecurrentCore), answer, and
/// choose where to look next (Policy). How the policy learns is a learner's business, see training/learner.hpp. Weights
/// are the caller's; the object holds the configuration only.
///
///     x_t = crop(image, l_{t-1});  g_t = fuse(encode(x_t), l_{t-1});  h_t = LSTM(h_{t-1}, g_t)
///     p_t = softmax(W_a h_t + b_a);  l_t ~ pi(. | h_t)
///
/// With a ContextNetwork the policy draws the first location as well, l_0 ~ pi(. | h_0 = 0, glance), and every later
/// one reads the glance beside h_t. Nothing but the location head does.
///
/// Source: Xu et al. 2019, sections 2.1 to 2.4.
template <Backend B, Encoder<B> E = ConfiguredEncoder<B>, Sensor<B> S = GlimpseSensor<B>,
          Policy<B> P = LocationPolicy<B>>
class HybridAttentionClassifier : public ModelComponents<B, E, S, P> {
  using Components = ModelComponents<B, E, S, P>;
  using Components::classifier_, Components::config_, Components::core_, Components::encoder_, Components::fusion_,
      Components::glance_, Components::lattice_, Components::policy_, Components::readout_, Components::sensor_,
      Components::value_;

 public:
  using Config = HybridAttentionConfig;
  using Parameters = typename Components::Parameters;
  using Statistics = typename Components::Statistics;
  using Episode = typename Components::Episode;

  explicit HybridAttentionClassifier(const Config& config) requires std::constructible_from<E, EncoderConfig> &&
      std::constructible_from<S, GlimpseGeometry> && std::constructible_from<P, PolicyConfig>
      : HybridAttentionClassifier(config, E(validated(config).encoder), S(validated(config).sensor)) {}

  /// With an encoder and a sensor of your own; `config.encoder` and `config.sensor` are then not looked at, but for how
  /// thumbnail and patches are normalised for the policy.
  HybridAttentionClassifier(const Config& config, E encoder, S sensor) requires std::constructible_from<P, PolicyConfig>
      : HybridAttentionClassifier(config, std::move(encoder), std::move(sensor), P(validated(config).policy)) {}

  /// With a policy of your own as well; of `config.policy` then counts what a PatchReadout tells it, `patch` and
  /// `patch_readout`.
  HybridAttentionClassifier(const Config& config, E encoder, S sensor, P policy)
      : Components(config, std::move(encoder), std::move(sensor), std::move(policy)) {}

  /// Puts the location of step t, (B, L) in row-major order and not clamped, into the episode, for Locations::given.
  /// Such a rollout teaches a CellPolicy nothing: it knows no cell that was drawn.
  /// @throws ShapeError
  void set_locations(B& b, Episode& episode, Index t, std::span<const Scalar<B>> locations) const {
    ops::upload(b, locations, episode.given(static_cast<std::size_t>(t)));
  }

  /// Tells the backend and the episode which images the next rollout looks at, where the rollout is the body of
  /// ops::run_step. Checks them, too: a repetition does not.
  /// @throws ConfigError
  void stage(B& b, ImageBatch<B> images, Episode& episode) const {
    if constexpr (requires { sensor_.stage(b, images); }) {
      sensor_.stage(b, images);
    } else if constexpr (ops::StagedImages<B>) {
      if (all_resident<B>(images)) b.stage_images(images);
    }
    if (!glance_) return;
    glance_->stage(b, images);
    frame_thumbnails(b, images, episode);
  }

  /// Forward through all steps; fills the episode. `statistics` change in training mode only. Not to be recorded where
  /// an image is streamed: an ops::run_step that is told the images sees to it.
  void rollout(B& b, const Parameters& p, Statistics& statistics, ImageBatch<B> images, const RolloutOptions& options,
               Episode& episode) const {
    if (glance_) {
      if (!options.repeated) glance_->look(b, images, episode.glance->thumbnail);  // (B, s, s, 3)
      frame_thumbnails(b, images, episode);
      glance_->forward(b, *p.glance, *statistics.glance, episode.glance->thumbnail, episode.glance->context,
                       episode.mode, this->backbone_weights(p, statistics));  // (B, C)
      decide(b, p, options, rollout_key(options, RandomStream::first_location, 0), 0, episode);
    } else {
      place_first(b, options, episode);  // (B, L)
    }
    for (std::size_t t = 0; t < episode.steps.size(); ++t) {
      EpisodeStep<B>& step = episode.steps[t];
      const Tensor<B>& h = episode.state(t);
      const Tensor<B>& c = t == 0 ? episode.c0 : episode.steps[t - 1].c;
      if (lattice_) snap(b, episode, step.location);
      look(b, p, statistics.at(t), images, options, episode, t);                              // (B, F)
      fusion_.forward(b, p.fusion, step.features, step.location, step.fusion, step.glimpse);  // (B, G)
      core_.forward(b, p.core, step.glimpse, h, c, step.core, episode.core, step.h, step.c);  // (B, H)
      classifier_.forward(b, p.classifier, step.h, step.logits);                              // (B, K)
      ops::softmax(b, step.logits, step.probabilities);                                       // (B, K)
      read_out(b, p, statistics.at(t), episode, t);                                           // (B, P)
      decide(b, p, options, rollout_key(options, RandomStream::location, t), t + 1, episode);
    }
  }

  /// Puts the labels into the episode, as class indices and as rows that are 1 at the label and 0 elsewhere.
  /// @param class_weights  of the terms of an image of each class in the loss; none: 1
  /// @throws ShapeError unless there is a label for each image; ConfigError if one is no class
  void set_labels(B& b, std::span<const Scalar<B>> labels, Episode& episode,
                  std::span<const double> class_weights = {}) const {
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
    episode.weighted = !class_weights.empty();
    if (!episode.weighted) return;
    for (std::size_t n = 0; n < labels.size(); ++n)
      episode.staging[n] = static_cast<Scalar<B>>(class_weights[static_cast<std::size_t>(labels[n])]);
    b.upload(std::span<const Scalar<B>>(episode.staging).first(labels.size()), episode.weights);
  }

  /// Gives `to`, an episode over the same images, the labels and the frames of the thumbnails of `from`.
  void share_inputs(B& b, const Episode& from, Episode& to) const {
    ops::copy(b, from.labels, to.labels);
    ops::copy(b, from.targets, to.targets);
    if (!from.glance) return;
    ops::copy(b, from.glance->stretch, to.glance->stretch);
    ops::copy(b, from.glance->outside, to.glance->outside);
    to.glance->sizes = from.glance->sizes;
  }

  /// Judges a rollout: every step's cross-entropy, the class answered at the last step, and the rewards of the steps
  /// that the configuration rewards.
  /// @throws ShapeError unless there is a label for each image; ConfigError if one is no class
  void score(B& b, std::span<const Scalar<B>> labels, const RolloutOptions& options, Episode& episode) const {
    set_labels(b, labels, episode);
    score(b, options, episode);
  }

  /// The same by the labels that set_labels has put into the episode.
  void score(B& b, const RolloutOptions& options, Episode& episode) const {
    score_rollout(b, config_.learner, options, episode);
  }

  /// Gradient of cross-entropy - sum over decisions of advantage * ln pi, means over the batch (equations 3 and 5), and
  /// of the squared error of the ValueHead. Gradients of parameters accumulate. Valid after `rollout` in training mode,
  /// `score`, and a learner's advantages, whom only LearnedPart::classifier does without.
  void backpropagate(B& b, const Parameters& p, Episode& episode, Parameters& d_p, LearnedPart part = LearnedPart::all)
      const requires TrainableBackend<B> && TrainableEncoder<E, B> && TrainablePolicy<P, B> {
    if (!episode.workspace)
      throw ConfigError("HybridAttentionClassifier: backpropagate needs an episode made for training");
    EpisodeWorkspace<B, E, P>& w = *episode.workspace;
    Tensor<B>*d_h = &w.d_h[0], *d_h_before = &w.d_h[1], *d_c = &w.d_c[0], *d_c_before = &w.d_c[1];
    b.fill(Scalar<B>(0), *d_h);
    b.fill(Scalar<B>(0), *d_c);
    if (glance_) b.fill(Scalar<B>(0), w.d_context);
    for (std::size_t t = episode.steps.size(); t-- > 0;) {
      EpisodeStep<B>& step = episode.steps[t];
      const Tensor<B>& c = t == 0 ? episode.c0 : episode.steps[t - 1].c;
      if (!episode.holds(t)) look_again(b, p, episode, t);
      if (part != LearnedPart::policy) backpropagate_answer(b, p, episode, t, part, d_p, *d_h);
      if (part != LearnedPart::classifier) backpropagate_decision(b, p, episode, t + 1, part, d_p, *d_h);
      if (part == LearnedPart::policy) continue;
      core_.backward(b, p.core, step.glimpse, episode.state(t), c, step.core, *d_h, *d_c, episode.core, d_p.core,
                     w.d_glimpse, *d_h_before, *d_c_before);
      std::swap(d_h, d_h_before);
      std::swap(d_c, d_c_before);
      fusion_.backward(b, p.fusion, step.glimpse, step.fusion, w.d_glimpse, w.fusion, d_p.fusion, w.d_features);
      encoder_.backward(b, p.encoder, episode.patch(t), episode.glimpse(t).encoder, w.d_features, w.encoder,
                        d_p.encoder);
    }
    if (!glance_ || part == LearnedPart::classifier) return;
    // What goes into h_0 ends there: it is always 0.
    backpropagate_decision(b, p, episode, 0, part, d_p, *d_h);
    glance_->backward(b, *p.glance, episode.glance->thumbnail, w.d_context, *w.glance, *d_p.glance);
  }

 private:
  /// Says how the thumbnails lie over the images, where these have other sizes than before.
  void frame_thumbnails(B& b, ImageBatch<B> images, Episode& episode) const {
    EpisodeGlance<B>& glance = *episode.glance;
    const auto has_known_size = [&](std::size_t n) { return glance.sizes[n] == ops::seen_size(b, images[n]); };
    bool known = glance.sizes.size() == images.size();
    for (std::size_t n = 0; known && n < images.size(); ++n) known = has_known_size(n);
    if (known || static_cast<Index>(images.size()) != episode.batch) return;
    const std::size_t cells =
        images.empty() ? 0 : static_cast<std::size_t>(b.shape(glance.outside).size()) / images.size();
    std::vector<Scalar<B>> stretch(2 * images.size()), outside(cells * images.size());
    glance.sizes.clear();
    for (std::size_t n = 0; n < images.size(); ++n) {
      const ImageSize& size = glance.sizes.emplace_back(ops::seen_size(b, images[n]));
      glance_->frame(size.width, size.height, std::span<Scalar<B>, 2>(stretch.data() + 2 * n, 2),
                     std::span<Scalar<B>>(outside).subspan(n * cells, cells));
    }
    b.upload(std::span<const Scalar<B>>(stretch), glance.stretch);
    b.upload(std::span<const Scalar<B>>(outside), glance.outside);
  }

  /// The first location (B, L) where no policy chooses it.
  void place_first(B& b, const RolloutOptions& options, Episode& episode) const {
    if (options.locations == Locations::given || options.first_given) return;
    Tensor<B>& location = episode.steps[0].location;
    Tensor<B>& place = episode.zoomed ? episode.zoomed->place : location;
    if (options.locations == Locations::sample && config_.first_location == GlimpsePolicy::random) {
      if (config_.random_locations == RandomLocations::tissue) {
        throw ConfigError(
            "model: a rollout that begins on tissue needs its first location to be given (see place_on_tissue)");
      }
      ops::sample_uniform(b, Scalar<B>(-1), Scalar<B>(1), rollout_key(options, RandomStream::first_location, 0), place);
    } else {
      b.fill(Scalar<B>(0), place);
    }
    if (!episode.zoomed) return;
    episode.zoomed->widest(b);
    episode.zoomed->put(b, location);
  }

  /// Moves the place of each location to the lattice.
  void snap(B& b, Episode& episode, Tensor<B>& location) const {
    if (!episode.zoomed) return lattice_->snap(b, *episode.lattice, location);
    episode.zoomed->take(b, location);
    lattice_->snap(b, *episode.lattice, episode.zoomed->place);
    episode.zoomed->put(b, location);
  }

  /// Decision t, of which only the value is told where it is the last one: the class has been answered, and no further
  /// location is looked at.
  void decide(B& b, const Parameters& p, const RolloutOptions& options, const RandomKey& key, std::size_t t,
              Episode& episode) const {
    Decision<B, P>& decision = episode.decisions[t];
    if (value_) value_->forward(b, *p.value, episode.state(t), *decision.value);  // (B)
    if (t == episode.steps.size()) return;
    const PolicyInputs<B> inputs = episode.inputs(t);
    policy_.describe(b, p.policy, inputs, *decision.policy);
    if (options.sigma) {
      if constexpr (requires { policy_.set_sigma(*decision.policy, *options.sigma); }) {
        policy_.set_sigma(*decision.policy, *options.sigma);
      } else {
        throw ConfigError("model: a sigma was given, but the policy has none");
      }
    }
    if (options.locations == Locations::sample) {
      policy_.sample(b, key, inputs, *decision.policy);
    } else if (options.locations == Locations::mode) {
      policy_.take_mode(b, *decision.policy);
    }
    const Tensor<B>& drawn = policy_.drawn(*decision.policy);  // (B, L)
    if (!episode.zoomed) return ops::clamp(b, drawn, Scalar<B>(-1), Scalar<B>(1), episode.steps[t].location);
    episode.zoomed->take(b, drawn);
    ops::clamp(b, episode.zoomed->place, Scalar<B>(-1), Scalar<B>(1), episode.zoomed->place);
    episode.zoomed->put(b, episode.steps[t].location);
  }

  /// Features of step t's glimpses. What does not change is not computed again in a repetition, and with
  /// Episode::frozen_features not where it was looked at before, unless the way back has to look at the patch.
  void look(B& b, const Parameters& p, StepStatistics<B, E>& statistics, ImageBatch<B> images,
            const RolloutOptions& options, Episode& episode, std::size_t t) const {
    if (options.repeated && this->encoder_is_constant()) return;
    if constexpr (PartlyFrozenEncoder<E, B>) {
      if (encoder_.has_frozen_part(episode.mode)) return look_frozen(b, p, statistics, images, options, episode, t);
    }
    sensor_.forward(b, images, episode.steps[t].location, episode.patch(t));  // (B, g, g, S*C)
    encode(b, p, statistics, episode, t);                                     // (B, F)
  }

  /// The same where a first part of the encoder does not change.
  void look_frozen(B& b, const Parameters& p, StepStatistics<B, E>& statistics, ImageBatch<B> images,
                   const RolloutOptions& options, Episode& episode, std::size_t t) const {
    const Tensor<B>& location = episode.steps[t].location;
    Tensor<B>& features = episode.steps[t].features;
    typename E::Cache& cache = episode.glimpse(t).encoder;
    const bool known = options.repeated && episode.holds(t);
    const bool recalls = episode.frozen_features && (this->encoder_is_constant() || episode.holds_every_step());
    if (!known && recalls) {
      episode.frozen_features->find(b, images, location, t, encoder_.frozen_output(cache, features));
    } else if (!known) {
      sensor_.forward(b, images, location, episode.patch(t));
      encoder_.forward_frozen(b, p.encoder, statistics.encoder, episode.patch(t), cache, features, episode.mode);
    }
    encoder_.forward_rest(b, p.encoder, statistics.encoder, cache, features, episode.mode);
    episode.held = t;
  }

  void encode(B& b, const Parameters& p, StepStatistics<B, E>& statistics, Episode& episode, std::size_t t) const {
    encoder_.forward(b, p.encoder, statistics.encoder, episode.patch(t), episode.glimpse(t).encoder,
                     episode.steps[t].features, episode.mode);
    episode.held = t;
  }

  void read_out(B& b, const Parameters& p, StepStatistics<B, E>& statistics, Episode& episode, std::size_t t) const {
    if (!readout_) return;
    readout_->forward(b, *p.readout, *statistics.readout, episode.patch(t), *episode.glimpse(t).readout,
                      episode.steps[t].readout, episode.mode);
  }

  /// Computes the activations of step t once more, into the one cache that the episode has. The running statistics
  /// moved when the step was made: those that move here are thrown away.
  void look_again(B& b, const Parameters& p, Episode& episode, std::size_t t) const {
    StepStatistics<B, E>& discarded = *episode.workspace->discarded;
    if (!this->encoder_is_constant()) encode(b, p, discarded, episode, t);
    read_out(b, p, discarded, episode, t);
  }

  /// Adds what step t's answer sends into h_t, if it is supervised. The class term has the last step only: no other
  /// answer was drawn and rewarded.
  void backpropagate_answer(B& b, const Parameters& p, Episode& episode, std::size_t t, LearnedPart part,
                            Parameters& d_p, Tensor<B>& d_h) const {
    const bool every = config_.supervised_steps == SupervisedSteps::every;
    const bool last = t + 1 == episode.steps.size();
    if (!last && !every) return;
    EpisodeStep<B>& step = episode.steps[t];
    EpisodeWorkspace<B, E, P>& w = *episode.workspace;
    const double steps = every ? static_cast<double>(episode.size()) : 1;
    const double weight = episode.batch > 0 ? 1.0 / (static_cast<double>(episode.batch) * steps) : 0.0;
    b.fill(episode.weighted ? Scalar<B>(0) : static_cast<Scalar<B>>(weight), w.d_loss);
    if (episode.weighted) ops::axpy(b, static_cast<Scalar<B>>(weight), episode.weights, w.d_loss);
    ops::softmax_cross_entropy_backward(b, step.probabilities, episode.labels, w.d_loss, w.d_logits, Write::overwrite);
    if (last && has_class_term(part)) {
      // -advantage * grad log pi(class): the gradient of a cross-entropy against the class drawn.
      ops::softmax_cross_entropy_backward(b, step.probabilities, episode.classes, episode.decisions.back().advantage,
                                          w.d_logits, Write::accumulate);
    }
    classifier_.backward_parameters(b, step.h, w.d_logits, d_p.classifier);
    classifier_.backward_input(b, p.classifier, w.d_logits, d_h, Write::accumulate);
  }

  /// Adds the terms of decision t: the policy's, and the squared error of the ValueHead. The last location is never
  /// looked at, so there is no decision about it: its term would be variance and nothing else.
  void backpropagate_decision(B& b, const Parameters& p, Episode& episode, std::size_t t, LearnedPart part,
                              Parameters& d_p, Tensor<B>& d_h) const {
    EpisodeWorkspace<B, E, P>& w = *episode.workspace;
    Decision<B, P>& decision = episode.decisions[t];
    if (decision.policy) {
      if (readout_) b.fill(Scalar<B>(0), w.d_readout);
      policy_.score_gradient(b, p.policy, episode.inputs(t), *decision.policy, decision.advantage, w.policy, d_p.policy,
                             {.state = d_h, .patch = w.d_readout, .context = w.d_context});
      if (readout_ && t > 0) {
        readout_->backward(b, *p.readout, episode.patch(t - 1), *episode.glimpse(t - 1).readout, w.d_readout,
                           *w.readout, *d_p.readout);
      }
    }
    if (value_ && (decision.policy || has_class_term(part)))
      value_->backward(b, episode.state(t), decision.returns, *decision.value, *w.value, *d_p.value);
  }

  [[nodiscard]] bool has_class_term(LearnedPart part) const {
    return part == LearnedPart::all && config_.learner.class_term;
  }
};

}  // namespace saccade
