#pragma once

#include <saccade/components/backbone.hpp>
#include <saccade/components/context_network.hpp>
#include <saccade/components/glimpse_fusion.hpp>
#include <saccade/components/glimpse_sensor.hpp>
#include <saccade/components/linear_layer.hpp>
#include <saccade/components/location_lattice.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/components/recurrent_core.hpp>
#include <saccade/components/value_head.hpp>
#include <saccade/core/backend.hpp>
#include <saccade/core/error.hpp>
#include <saccade/model/config.hpp>
#include <saccade/model/episode.hpp>
#include <saccade/model/parameters.hpp>
#include <saccade/model/parts.hpp>

#include <concepts>
#include <optional>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Whether an encoder may have a Backbone, whose map a glance can read.
template <class E>
concept has_backbone = requires(const typename E::Parameters& p) {
  p.pretrained().backbone;
}
|| requires(const typename E::Parameters& p) { p.backbone; };

/// The components of a HybridAttentionClassifier, and the memory for weights and rollouts. It holds no weights itself.
template <Backend B, Encoder<B> E, Sensor<B> S, Policy<B> P>
class ModelComponents {
 public:
  using Config = HybridAttentionConfig;
  using Parameters = ModelParameters<B, E, P>;
  using Statistics = ModelStatistics<B, E>;
  using Episode = saccade::Episode<B, E, P>;

  ModelComponents(const Config& config, E encoder, S sensor, P policy)
      : config_(validated(config)),
        sensor_(std::move(sensor)),
        encoder_(std::move(encoder)),
        fusion_({.features = encoder_.features(),
                 .location = config_.sensor.location_size(),
                 .outputs = config_.fusion_width}),
        core_({.inputs = config_.fusion_width, .hidden = config_.hidden}),
        classifier_({.inputs = config_.hidden, .outputs = config_.classes}),
        policy_(std::move(policy)) {
    if (config_.learner.baseline == Baseline::learned) value_.emplace(typename ValueHead<B>::Config{config_.hidden});
    if (config_.glance.side > 0) glance_.emplace(config_.glance);
    if (config_.lattice > 0) lattice_.emplace(config_.lattice);
    expect_config(config_.glance.input == GlanceInput::pixels || has_backbone<E>,
                  "model: glance.input backbone needs an encoder with a backbone");
    if (config_.policy.patch == 0) return;
    const Shape patch = sensor_.patch_shape(1);
    readout_.emplace(PatchReadoutConfig{.inputs = patch[3],
                                        .side = patch[1],
                                        .outputs = config_.policy.patch,
                                        .readout = config_.policy.patch_readout,
                                        .normalization = config_.encoder.normalization});
  }

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const E& encoder() const { return encoder_; }
  [[nodiscard]] const S& sensor() const { return sensor_; }
  [[nodiscard]] const P& policy() const { return policy_; }
  /// Null without one.
  [[nodiscard]] const ContextNetwork<B>* glance() const { return glance_ ? &*glance_ : nullptr; }

  /// Says which parameters never change, so that no work is done for them on the way back, where the encoder knows how.
  /// Episodes made before are of no more use.
  /// @param is_frozen  of a parameter's name, "encoder.backbone.stem.conv1.weight"
  void freeze(const Parameters& p, const IsFrozen& is_frozen) {
    if constexpr (requires { encoder_.freeze(p.encoder, "encoder.", is_frozen); })
      encoder_.freeze(p.encoder, "encoder.", is_frozen);
  }

  /// All zero; see `initialize`.
  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{encoder_.make_parameters(b), fusion_.make_parameters(b), core_.make_parameters(b),
                 classifier_.make_parameters(b), policy_.make_parameters(b)};
    if (value_) p.value = value_->make_parameters(b);
    if (readout_) p.readout = readout_->make_parameters(b);
    if (glance_) p.glance = glance_->make_parameters(b);
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics statistics;
    const Index sets = config_.running_statistics == RunningStatistics::shared ? 1 : config_.glimpses;
    for (Index i = 0; i < sets; ++i) statistics.sets.push_back(make_step_statistics(b));
    if (glance_) statistics.glance = glance_->make_statistics(b);
    return statistics;
  }

  /// For training that keeps every step, or for an evaluation that keeps the last one.
  [[nodiscard]] Episode make_episode(B& b, Index batch, Mode mode) const {
    return make_episode(b, batch, mode, mode == Mode::training ? Activations::every_step : Activations::last_step);
  }

  /// Every activation of a rollout over `batch` images.
  [[nodiscard]] Episode make_episode(B& b, Index batch, Mode mode, Activations keep) const {
    Episode episode = make_rollout_memory(b, batch, mode, keep);
    if constexpr (TrainableBackend<B> && TrainableEncoder<E, B> && TrainablePolicy<P, B>) {
      if (mode == Mode::training) episode.workspace.emplace(make_workspace(b, batch, keep));
    } else if (mode == Mode::training) {
      throw ConfigError(
          "HybridAttentionClassifier: training needs a TrainableBackend, a TrainableEncoder and a TrainablePolicy");
    }
    return episode;
  }

  /// As make_episode in Mode::evaluation: who calls this one alone compiles no memory of backpropagate.
  [[nodiscard]] Episode make_evaluation_episode(B& b, Index batch, Activations keep = Activations::last_step) const {
    return make_rollout_memory(b, batch, Mode::evaluation, keep);
  }

  /// The part of an episode that only backpropagate needs.
  [[nodiscard]] EpisodeWorkspace<B, E, P> make_workspace(B& b, Index batch, Activations keep) const requires
      TrainableBackend<B> && TrainableEncoder<E, B> && TrainablePolicy<P, B> {
    EpisodeWorkspace<B, E, P> w{.encoder = encoder_.make_workspace(b, batch),
                                .fusion = fusion_.make_workspace(b, batch),
                                .policy = policy_.make_workspace(b, batch),
                                .d_readout = b.zeros(readout_shape(batch)),
                                .d_context = b.zeros(glance_ ? Shape{batch, glance_->outputs()} : Shape{0}),
                                .d_loss = b.zeros({batch}),
                                .d_logits = b.zeros({batch, config_.classes}),
                                .d_glimpse = b.zeros({batch, config_.fusion_width}),
                                .d_features = b.zeros({batch, encoder_.features()}),
                                .d_h = {},
                                .d_c = {}};
    if (value_) w.value = value_->make_workspace(b, batch);
    if (readout_) w.readout = readout_->make_workspace(b, batch);
    if (glance_) w.glance = glance_->make_workspace(b, batch);
    if (keep == Activations::last_step) w.discarded = make_step_statistics(b);
    for (int i = 0; i < 2; ++i) {
      w.d_h.push_back(b.zeros({batch, config_.hidden}));
      w.d_c.push_back(b.zeros({batch, config_.hidden}));
    }
    return w;
  }

 protected:
  /// Whether nothing that training changes has a part in the features of a patch.
  [[nodiscard]] bool encoder_is_constant() const {
    if constexpr (requires { encoder_.is_constant(); }) {
      return encoder_.is_constant();
    } else {
      return false;
    }
  }

  /// Of the encoder, for a glance that reads its map; null where it has none.
  [[nodiscard]] static typename ContextNetwork<B>::Weights backbone_weights(const Parameters& p,
                                                                            Statistics& statistics) {
    StepStatistics<B, E>& set = statistics.at(0);
    if constexpr (requires { p.encoder.pretrained().backbone; }) {
      if (p.encoder.is_pretrained()) return {&p.encoder.pretrained().backbone, &set.encoder.pretrained().backbone};
    } else if constexpr (requires { p.encoder.backbone; }) {
      return {&p.encoder.backbone, &set.encoder.backbone};
    }
    return {};
  }

  Config config_;
  S sensor_;
  E encoder_;
  GlimpseFusion<B> fusion_;
  RecurrentCore<B> core_;
  LinearLayer<B> classifier_;
  P policy_;
  std::optional<ValueHead<B>> value_{};
  std::optional<PatchReadout<B>> readout_{};
  std::optional<LocationLattice<B>> lattice_{};
  std::optional<ContextNetwork<B>> glance_{};

 private:
  /// An episode without what only backpropagate needs.
  [[nodiscard]] Episode make_rollout_memory(B& b, Index batch, Mode mode, Activations keep) const {
    const Index kept = keep == Activations::every_step ? config_.glimpses : 1;
    const Index patches = mode == Mode::training ? config_.glimpses : kept;
    Episode episode{.batch = batch,
                    .mode = mode,
                    .steps = {},
                    .decisions = {},
                    .patches = {},
                    .glimpses = {},
                    .glance = {},
                    .lattice = {},
                    .zoomed = {},
                    .h0 = b.zeros({batch, config_.hidden}),
                    .c0 = b.zeros({batch, config_.hidden}),
                    .no_readout = b.zeros(readout_shape(batch)),
                    .nothing = b.zeros({0}),
                    .core = core_.make_workspace(b, batch),
                    .labels = b.zeros({batch}),
                    .classes = b.zeros({batch}),
                    .targets = b.zeros({batch, config_.classes}),
                    .chosen = b.zeros({batch, config_.classes}),
                    .weights = b.zeros({batch}),
                    .staging = std::vector<Scalar<B>>(static_cast<std::size_t>(batch * config_.classes)),
                    .workspace = {}};
    for (Index t = 0; t < config_.glimpses; ++t) episode.steps.push_back(make_step(b, batch));
    for (Index t = 0; t <= config_.glimpses; ++t) episode.decisions.push_back(make_decision(b, batch, t));
    for (Index i = 0; i < patches; ++i) episode.patches.push_back(make_map(b, sensor_.patch_shape(batch)));
    for (Index i = 0; i < kept; ++i) {
      episode.glimpses.push_back({make_encoder_cache(b, batch, mode, i == 0 ? nullptr : &episode.glimpses[0].encoder)});
      if (readout_) episode.glimpses.back().readout = readout_->make_cache(b, batch, mode);
    }
    if (glance_) {
      episode.glance.emplace(EpisodeGlance<B>{.thumbnail = glance_->make_cache(b, batch, mode),
                                              .context = b.zeros({batch, glance_->outputs()}),
                                              .stretch = b.zeros({batch, 2}),
                                              .outside = b.zeros(outside_shape(batch))});
    }
    if (lattice_) episode.lattice = lattice_->make_cache(b, batch);
    if (config_.sensor.zooms > 1) episode.zoomed.emplace(b, batch, config_.sensor.zooms);
    return episode;
  }

  [[nodiscard]] EpisodeStep<B> make_step(B& b, Index batch) const {
    const Shape answers{batch, config_.classes};
    return {.location = b.zeros({batch, config_.sensor.location_size()}),
            .features = b.zeros({batch, encoder_.features()}),
            .fusion = fusion_.make_cache(b, batch),
            .glimpse = b.zeros({batch, config_.fusion_width}),
            .core = core_.make_cache(b, batch),
            .h = b.zeros({batch, config_.hidden}),
            .c = b.zeros({batch, config_.hidden}),
            .logits = b.zeros(answers),
            .probabilities = b.zeros(answers),
            .loss = b.zeros({batch}),
            .reward = b.zeros({batch}),
            .readout = b.zeros(readout_shape(batch))};
  }

  /// The first location is the policy's only where it has a thumbnail to choose it by.
  [[nodiscard]] Decision<B, P> make_decision(B& b, Index batch, Index t) const {
    Decision<B, P> decision{.returns = b.zeros({batch}), .advantage = b.zeros({batch})};
    if (t < config_.glimpses && (t > 0 || glance_)) {
      decision.policy.emplace(policy_.make_cache(b, batch));
      const Shape location{batch, config_.sensor.location_size()}, drawn = b.shape(P::drawn(*decision.policy));
      expect_config(drawn == location, "model: with sensor.zooms " + std::to_string(config_.sensor.zooms) +
                                           " a location has the shape " + to_string(location) +
                                           ", but the policy draws " + to_string(drawn));
    }
    if (value_ && (t > 0 || glance_)) decision.value.emplace(value_->make_cache(b, batch));
    return decision;
  }

  /// An encoder may share what it throws away among the caches of an episode.
  [[nodiscard]] typename E::Cache make_encoder_cache(B& b, Index batch, Mode mode,
                                                     [[maybe_unused]] const typename E::Cache* sibling) const {
    if constexpr (requires { encoder_.make_cache(b, batch, mode, sibling); }) {
      return encoder_.make_cache(b, batch, mode, sibling);
    } else {
      return encoder_.make_cache(b, batch, mode);
    }
  }

  [[nodiscard]] StepStatistics<B, E> make_step_statistics(B& b) const {
    StepStatistics<B, E> statistics{encoder_.make_statistics(b)};
    if (readout_) statistics.readout = readout_->make_statistics(b);
    return statistics;
  }

  [[nodiscard]] Shape readout_shape(Index batch) const {
    return readout_ ? Shape{batch, config_.policy.patch} : Shape{0};
  }

  [[nodiscard]] Shape outside_shape(Index batch) const {
    return config_.policy.cells > 0 ? Shape{batch, config_.policy.cells * config_.policy.cells} : Shape{0};
  }
};

}  // namespace saccade
