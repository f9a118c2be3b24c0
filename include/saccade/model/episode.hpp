#pragma once

#include <saccade/components/context_network.hpp>
#include <saccade/components/glimpse_fusion.hpp>
#include <saccade/components/location_lattice.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/components/policy_inputs.hpp>
#include <saccade/components/recurrent_core.hpp>
#include <saccade/components/value_head.hpp>
#include <saccade/core/component.hpp>
#include <saccade/model/parameters.hpp>
#include <saccade/model/zoomed_locations.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Which of the encoder's activations an episode keeps: every step's, as pictures of the masks need them, or only the
/// last one's. Training needs every step's on the way back; where they are not kept, it computes them again (activation
/// checkpointing: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).
enum class Activations { every_step, last_step };

/// Everything of one step of a rollout but the encoder's activations.
template <class B>
struct EpisodeStep {
  Tensor<B> location;  // (B, L)  where this step looks, l_{t-1}; L = 2, or 3 with a zoom
  Tensor<B> features;  // (B, F)
  typename GlimpseFusion<B>::Cache fusion;
  Tensor<B> glimpse;  // (B, G)  g_t
  typename RecurrentCore<B>::Cache core;
  Tensor<B> h, c;           // (B, H)  after the step
  Tensor<B> logits;         // (B, K)
  Tensor<B> probabilities;  // (B, K)
  Tensor<B> loss;           // (B)     cross-entropy of this step's answer
  Tensor<B> reward;         // (B)     of this step's answer
  Tensor<B> readout;        // (B, P)  what the PatchReadout says of the glimpse, or of length 0
};

/// What is chosen in one state: decision t, for t < T, the location of step t, in the state before that step; decision
/// T the class, in the last state. What a learner makes of it stands beside it.
template <class B, class P>
struct Decision {
  std::optional<typename P::Cache> policy{};            ///< where the policy chooses a location
  std::optional<typename ValueHead<B>::Cache> value{};  ///< where there is a ValueHead
  Tensor<B> returns;                                    // (B)  what was earned after it
  Tensor<B> advantage;                                  // (B)  weight of its score in the gradient
};

/// Gradients on their way back through time.
template <class B, class E, class P>
struct EpisodeWorkspace {
  typename E::Workspace encoder;
  typename GlimpseFusion<B>::Workspace fusion;
  typename P::Workspace policy;
  std::optional<typename ValueHead<B>::Workspace> value{};
  std::optional<typename PatchReadout<B>::Workspace> readout{};
  std::optional<typename ContextNetwork<B>::Workspace> glance{};
  std::optional<StepStatistics<B, E>> discarded{};  ///< moved where activations are computed again
  Tensor<B> d_readout;                              // (B, P), or of length 0
  Tensor<B> d_context;                              // (B, C), or of length 0
  Tensor<B> d_loss;                                 // (B)
  Tensor<B> d_logits;                               // (B, K)
  Tensor<B> d_glimpse;                              // (B, G)
  Tensor<B> d_features;                             // (B, F)
  std::vector<Tensor<B>> d_h;                       // two (B, H), in turn
  std::vector<Tensor<B>> d_c;                       // two (B, H), in turn
};

/// The encoder's view of one step.
template <class B, class E>
struct EpisodeGlimpse {
  typename E::Cache encoder;
  std::optional<typename PatchReadout<B>::Cache> readout{};
};

/// Gives what the frozen part of an encoder makes of the glimpses at `location` (B, L), its `frozen_output`, and need
/// not look where it has looked before: see KeptFeatures. It does work on the host, so that a rollout with one is not
/// to be recorded.
template <class B>
struct FrozenFeatures {
  FrozenFeatures() = default;
  FrozenFeatures(const FrozenFeatures&) = delete;
  FrozenFeatures& operator=(const FrozenFeatures&) = delete;
  virtual ~FrozenFeatures() = default;

  /// @param step  of the rollout
  virtual void find(B& b, ImageBatch<B> images, const Tensor<B>& location, std::size_t step, Tensor<B>& output) = 0;
};

/// The look at the thumbnail, once a rollout and before its first step.
template <class B>
struct EpisodeGlance {
  typename ContextNetwork<B>::Cache thumbnail;
  Tensor<B> context;               // (B, C)
  Tensor<B> stretch;               // (B, 2)  see PolicyInputs
  Tensor<B> outside;               // (B, N), or of length 0 where the policy knows no cells
  std::vector<ImageSize> sizes{};  ///< of the images that `stretch` and `outside` belong to
};

/// All activations of T steps over a batch, sized once; the only owner of time. Made by
/// HybridAttentionClassifier::make_episode, and good for any number of batches of its size.
template <class B, class E, class P>
struct Episode {
  Index batch = 0;
  Mode mode = Mode::evaluation;
  std::vector<EpisodeStep<B>> steps;           ///< T
  std::vector<Decision<B, P>> decisions;       ///< T + 1
  std::vector<Tensor<B>> patches;              // (B, g, g, S*C): T, or one in evaluation with Activations::last_step
  std::vector<EpisodeGlimpse<B, E>> glimpses;  ///< T, or one with Activations::last_step
  std::optional<EpisodeGlance<B>> glance;
  std::optional<typename LocationLattice<B>::Cache> lattice;
  std::optional<ZoomedLocations<B>> zoomed;      ///< where the sensor has more than one zoom
  FrozenFeatures<B>* frozen_features = nullptr;  ///< null: every glimpse is looked at
  std::size_t held = 0;                          ///< the step whose activations are in the one of them
  Tensor<B> h0, c0;                              // (B, H), zero
  Tensor<B> no_readout;                          // (B, P), zero: before the first glimpse
  Tensor<B> nothing;                             // of length 0
  typename RecurrentCore<B>::Workspace core;
  Tensor<B> labels;   // (B)
  Tensor<B> classes;  // (B)  what was answered: the class that the reward judges
  Tensor<B> targets;  // (B, K)  1 at the label, else 0
  Tensor<B> chosen;   // (B, K)  probabilities of the labels alone
  Tensor<B> weights;  // (B)     of each image in the loss, if it is `weighted`
  bool weighted = false;
  std::vector<Scalar<B>> staging;                      ///< (B, K), on the host
  std::optional<EpisodeWorkspace<B, E, P>> workspace;  ///< in training

  [[nodiscard]] Index size() const { return static_cast<Index>(steps.size()); }
  [[nodiscard]] Tensor<B>& patch(std::size_t t) { return patches[patches.size() == 1 ? 0 : t]; }
  [[nodiscard]] EpisodeGlimpse<B, E>& glimpse(std::size_t t) { return glimpses[glimpses.size() == 1 ? 0 : t]; }
  [[nodiscard]] bool holds(std::size_t t) const { return glimpses.size() > 1 || held == t; }
  /// Whether no activations are computed again on the way back.
  [[nodiscard]] bool holds_every_step() const { return mode == Mode::evaluation || glimpses.size() == steps.size(); }
  [[nodiscard]] const EpisodeStep<B>& last() const { return steps.back(); }

  /// Of the last answer, (B).
  [[nodiscard]] const Tensor<B>& reward() const { return steps.back().reward; }

  /// The state before step t, (B, H).
  [[nodiscard]] const Tensor<B>& state(std::size_t t) const { return t == 0 ? h0 : steps[t - 1].h; }

  /// Where Locations::given expects the location of step t, (B, L): in place of the draw.
  [[nodiscard]] Tensor<B>& given(std::size_t t) {
    return decisions[t].policy ? P::drawn(*decisions[t].policy) : steps[t].location;
  }

  /// Where the policy would go at step t, (B, L).
  [[nodiscard]] const Tensor<B>& mode_of(std::size_t t) const {
    return decisions[t].policy ? P::mode(*decisions[t].policy) : steps[t].location;
  }

  /// What the policy reads when it makes decision t.
  [[nodiscard]] PolicyInputs<B> inputs(std::size_t t) const {
    return {.state = state(t),
            .patch = t == 0 ? no_readout : steps[t - 1].readout,
            .context = glance ? glance->context : nothing,
            .stretch = glance ? glance->stretch : nothing,
            .outside = glance ? glance->outside : nothing,
            .previous = t == 0 ? nothing : mode_of(t - 1)};
  }
};

}  // namespace saccade
